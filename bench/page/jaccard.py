"""Jaccard index in the page's own plane, as SmartDoc-2015 challenge 1 measures it.

usage: python jaccard.py QUADS.json PREDICTIONS.json [--per-file]

QUADS.json comes from `make_photos.py FOLDER --desk --megapixels 2.0736` (A4 sheets on desks seen by a
hand-held camera, 1920 x 1080 and other shapes), PREDICTIONS.json from `page_scores MODEL quads
FOLDER/*.jpg`. The homography that takes the true corners to an upright A4 sheet is applied to the found
quad; the index is their intersection over union there (Burie et al., ICDAR 2015), so that the far end of
a slanted page counts as much as the near one. A page that was refused counts 0. Frames that cut the page
are left out, as in the original. Standard library only."""
import argparse
import json
import os
import sys

SHARED = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../shared/data/pages')
sys.path.insert(0, os.environ.get('CLEARCUT_PAGES', SHARED))
from score_quads import area, clip, simple  # noqa: E402  (the scorer only, not its pictures)

SHEET = [(0.0, 0.0), (210.0, 0.0), (210.0, 297.0), (0.0, 297.0)]


def solve(a, b):
    """Gaussian elimination with pivots."""
    n = len(b)
    rows = [list(r) + [v] for r, v in zip(a, b)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, n):
            factor = rows[r][i] / rows[i][i]
            rows[r] = [x - factor * y for x, y in zip(rows[r], rows[i])]
    x = [0.0] * n
    for i in reversed(range(n)):
        x[i] = (rows[i][n] - sum(rows[i][j] * x[j] for j in range(i + 1, n))) / rows[i][i]
    return x


def homography(source, target):
    a, b = [], []
    for (x, y), (u, v) in zip(source, target):
        a += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        b += [u, v]
    return solve(a, b) + [1.0]


def apply(h, point):
    x, y = point
    w = h[6] * x + h[7] * y + h[8]
    return ((h[0] * x + h[1] * y + h[2]) / w, (h[3] * x + h[4] * y + h[5]) / w)


def jaccard(found, truth):
    h = homography(truth, SHEET)
    quad = simple([apply(h, p) for p in found])
    shared = clip(quad, SHEET)
    joint = abs(area(shared)) if len(shared) > 2 else 0.0
    return joint / (abs(area(quad)) + abs(area(SHEET)) - joint)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('truth')
    parser.add_argument('predictions')
    parser.add_argument('--per-file', action='store_true')
    args = parser.parse_args()
    with open(args.predictions) as f:
        found = json.load(f)
    with open(args.truth) as f:
        entries = json.load(f)
    values, cluttered = [], []
    for e in entries:
        whole = e['corners'] and all(
            0 <= x <= e['width'] and 0 <= y <= e['height'] for x, y in e['corners'])
        if not whole or e['file'] not in found:
            continue
        quad = found[e['file']]
        values.append(jaccard(quad, e['corners']) if quad else 0.0)
        cluttered.append(bool(e.get('flags', 0) & 1))
        if args.per_file:
            print('%s %.4f%s' % (e['file'], values[-1], '' if quad else ' refused'))
    for name, keep in (('all', [True] * len(values)), ('clear desk', [not c for c in cluttered]),
                       ('cluttered desk', cluttered)):
        part = sorted(v for v, k in zip(values, keep) if k)
        if part:
            print('%-15s %4d frames: mean Jaccard %.4f, median %.4f, worst %.4f, under 0.95: %d' % (
                name, len(part), sum(part) / len(part), part[len(part) // 2], part[0],
                sum(v < 0.95 for v in part)))


if __name__ == '__main__':
    main()
