"""Fit a confidence for quads: logistic regression on features of held-out generated scenes.

usage: python confidence.py FEATURES.npz [--good 0.9]

FEATURES.npz comes from `evaluate.py MODEL scenes FOLDER --dump`. Prints weights for the raw
features (so that a program can use them as they are) and what several thresholds keep and pass."""

import argparse
import json

import numpy as np


def fit_logistic(x, y, weight_decay=1e-3, rounds=60):
    """Newton's method on standardised features; returns weights and offset for raw features."""
    mean, spread = x.mean(0), x.std(0) + 1e-6
    z = np.c_[(x - mean) / spread, np.ones(len(x))]
    w = np.zeros(z.shape[1])
    ridge = np.full(z.shape[1], weight_decay * len(x))
    ridge[-1] = 0
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-np.clip(z @ w, -30, 30)))
        slope = z.T @ (p - y) + ridge * w
        curve = (z * (p * (1 - p) + 1e-6)[:, None]).T @ z + np.diag(ridge + 1e-9)
        w -= np.linalg.solve(curve, slope)
    raw = w[:-1] / spread
    return raw, float(w[-1] - raw @ mean)


def confidence(x, weights, offset):
    return 1 / (1 + np.exp(-np.clip(x @ weights + offset, -30, 30)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('features')
    parser.add_argument(
        '--good', type=float, default=0.9, help='IoU from which a quad counts as good'
    )
    parser.add_argument('--json', help='write the weights here')
    args = parser.parse_args()
    data = np.load(args.features)
    names, rows = [str(n) for n in data['names']], data['rows'].astype(float)
    iou, kind = rows[:, names.index('iou')], rows[:, names.index('kind')]
    x, y = rows[:, : names.index('iou')], (iou >= args.good).astype(float)
    half = np.arange(len(x)) % 2 == 0
    weights, offset = fit_logistic(x[half], y[half])
    p = confidence(x[~half], weights, offset)
    good, none = y[~half] > 0, kind[~half] == 0
    print(
        '%d quads, %.1f%% good; fitted on one half, measured on the other'
        % (len(x), 100 * y.mean())
    )
    for threshold in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
        passed = p > threshold
        print(
            'threshold %.1f: keeps %.1f%% of the good, passes %.1f%% of the bad (%.1f%% of those '
            'without a page)'
            % (
                threshold,
                100 * passed[good].mean(),
                100 * passed[~good].mean(),
                100 * passed[none].mean() if none.any() else 0,
            )
        )
    weights, offset = fit_logistic(x, y)
    for name, w in zip(names, weights):
        print('%-17s %9.4f' % (name, w))
    print('%-17s %9.4f' % ('offset', offset))
    if args.json:
        with open(args.json, 'w') as f:
            json.dump(
                {'features': names[: len(weights)], 'weights': weights.tolist(), 'offset': offset},
                f,
            )
            f.write('\n')


if __name__ == '__main__':
    main()
