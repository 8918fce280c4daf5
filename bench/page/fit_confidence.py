"""Fit the confidence of the page finder on generated photos.

usage: python fit_confidence.py FEATURES.csv QUADS.json [FEATURES.csv QUADS.json ...]
           [--test FEATURES.csv QUADS.json] [--write HEADER]

FEATURES.csv comes from `page_scores MODEL features FOLDER/*.jpg`, QUADS.json from make_photos.py.
Two logistic functions of the features and their log odds are fitted by Newton's method with a ridge: "exact" (quad
has IoU >= 0.95 with the truth) and "page" (IoU >= 0.80). A quad on a photo without a page is wrong
for both. Only photos for which the finder has a quad, and one that is not the frame, take part: the
others never ask for a confidence. Prints five-fold cross-validated figures, or those of other photos
given with --test; --write replaces
src/page/confidence_weights.h. The photos of ../shared/data/pages are never used here."""
import argparse
import csv
import json
import os
import sys

import numpy as np

SHARED = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../shared/data/pages')
sys.path.insert(0, os.environ.get('CLEARCUT_PAGES', SHARED))
from score_quads import iou  # noqa: E402  (the scorer only, not its pictures)

RIDGE = 10.0
ODDS_FLOOR = 0.01  # as in src/page/confidence.c
FLAT_IOU = 0.965  # as in src/page/confidence.c
FIRST_FEATURE, FEATURE_END = 'first_fit_iou', 'fit0'


def read(features_path, truth_path):
    """Feature names, matrix, IoU with the truth (0 where there is no page), class of each photo."""
    with open(truth_path) as f:
        truth = {t['file']: t for t in json.load(f)}
    with open(features_path) as f:
        rows = list(csv.DictReader(f))
    columns = list(rows[0])
    names = columns[columns.index(FIRST_FEATURE):columns.index(FEATURE_END)]
    x, overlap, label = [], [], []
    for row in rows:
        t = truth.get(row['file'])
        if t is None or row['outcome'] != '0' or float(row['frame_iou']) > FLAT_IOU:
            continue
        quad = [[float(row['refined%d' % (2 * i + j)]) for j in range(2)] for i in range(4)]
        x.append([float(row[n]) for n in names])
        overlap.append(iou(quad, t['corners'], t['width'], t['height']) if t['corners'] else 0.0)
        label.append(t['label'])
    return names, np.array(x), np.array(overlap), np.array(label)


def with_log_odds(x):
    """Each feature followed by its log odds, which spread what is nearly 0 or nearly 1."""
    x = np.clip(x, 0, 1)
    return np.stack([x, np.log((x + ODDS_FLOOR) / (1 + ODDS_FLOOR - x))], 2).reshape(len(x), -1)


def fit(x, y):
    """Weights (last one constant) of a logistic function, in the features' own units."""
    x = with_log_odds(x)
    mean, scale = x.mean(0), x.std(0) + 1e-6
    z = np.c_[(x - mean) / scale, np.ones(len(x))]
    w = np.zeros(z.shape[1])
    penalty = RIDGE * np.r_[np.ones(len(w) - 1), 0]
    for _ in range(50):
        p = 1 / (1 + np.exp(-z @ w))
        gradient = z.T @ (p - y) + penalty * w
        hessian = (z * (p * (1 - p))[:, None]).T @ z + np.diag(penalty + 1e-9)
        step = np.linalg.solve(hessian, gradient)
        w -= step
        if np.abs(step).max() < 1e-8:
            break
    return np.r_[w[:-1] / scale, w[-1] - (w[:-1] * mean / scale).sum()]


def apply(w, x):
    return 1 / (1 + np.exp(-(with_log_odds(x) @ w[:-1] + w[-1])))


def area_under_curve(p, y):
    order = np.argsort(np.argsort(p))
    good = y.sum()
    return (order[y > 0].sum() - good * (good - 1) / 2) / max(1, good * (len(y) - good))


def cross_validate(x, y, folds=5):
    rng = np.random.default_rng(1)
    part = rng.integers(folds, size=len(y))
    p = np.zeros(len(y))
    for k in range(folds):
        p[part == k] = apply(fit(x[part != k], y[part != k]), x[part == k])
    return p


def report(name, p, y, overlap, label):
    print('%s: %d photos, %.3f right, mean confidence %.3f, area under ROC %.4f' % (
        name, len(y), y.mean(), p.mean(), area_under_curve(p, y)))
    for low in np.arange(0, 1, 0.2):
        s = (p >= low) & (p < low + 0.2 + 1e-9)
        if s.any():
            print('  confidence %.1f-%.1f: %4d photos, %.3f right' % (low, low + 0.2, s.sum(), y[s].mean()))
    for t in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        s = p >= t
        print('  threshold %.1f: keeps %.3f of right, passes %.3f of wrong (%d of %d pageless), '
              'mean IoU of pages kept %.4f, below 0.80 %.3f' % (
                  t, s[y > 0].mean(), s[y == 0].mean(), (s & (label == 'none')).sum(),
                  (label == 'none').sum(), overlap[s & (label == 'page')].mean(),
                  (overlap[s & (label == 'page')] < 0.8).mean()))


def c_table(name, names, w):
    lines = ['static const double %s[2 * CC_FEATURE_COUNT + 1] = {' % name]
    lines += ['    %.5f, %.5f, /* %s */' % (w[2 * i], w[2 * i + 1], n) for i, n in enumerate(names)]
    lines += ['    %.5f, /* constant */' % w[-1], '};', '']
    return '\n'.join(lines)


HEADER = '''/* Written by bench/page/fit_confidence.py from %d generated photos: do not edit. */
#ifndef CLEARCUT_PAGE_CONFIDENCE_WEIGHTS_H
#define CLEARCUT_PAGE_CONFIDENCE_WEIGHTS_H

#include "page/evidence.h"

%s
%s
#endif
'''


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('files', nargs='+')
    parser.add_argument('--test', nargs=2)
    parser.add_argument('--write')
    args = parser.parse_args()
    sets = [read(*pair) for pair in zip(args.files[::2], args.files[1::2])]
    names = sets[0][0]
    x, overlap, label = (np.concatenate([s[i] for s in sets]) for i in (1, 2, 3))
    test = read(*args.test) if args.test else None
    tables = []
    for name, table, least in (('exact', 'EXACT_WEIGHTS', 0.95), ('page', 'PAGE_WEIGHTS', 0.80)):
        y = (overlap >= least).astype(float)
        w = fit(x, y)
        if test:
            report(name, apply(w, test[1]), (test[2] >= least).astype(float), test[2], test[3])
        else:
            report(name, cross_validate(x, y), y, overlap, label)
        tables.append(c_table(table, names, w))
    if args.write:
        with open(args.write, 'w') as out:
            out.write(HEADER % (len(x), *tables))


if __name__ == '__main__':
    main()
