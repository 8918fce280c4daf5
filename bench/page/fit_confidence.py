"""Fit the confidence of the page finder on generated photos.

usage: python fit_confidence.py FEATURES.csv QUADS.json [FEATURES.csv QUADS.json ...]
           [--test FEATURES.csv QUADS.json] [--write HEADER]

FEATURES.csv comes from `page_scores MODEL features FOLDER/*.jpg`, QUADS.json from make_photos.py.
Two sums of boosted trees (boosted_trees.py), made probabilities by a logistic function that is fitted to
cross-validated sums, are fitted: "exact" (quad has IoU >= 0.95 with the truth) and "page" (IoU >= 0.80). A quad on a photo without a page is wrong
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
import boosted_trees  # noqa: E402
from score_quads import iou  # noqa: E402  (the scorer only, not its pictures)

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


def area_under_curve(p, y):
    order = np.argsort(np.argsort(p))
    good = y.sum()
    return (order[y > 0].sum() - good * (good - 1) / 2) / max(1, good * (len(y) - good))


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


def c_table(name, model):
    """The trees and the two numbers of the logistic function as C."""
    trees, scale, offset = model
    lines = ['static const confidence_tree %s_TREES[CONFIDENCE_TREES] = {' % name]
    for feature, threshold, leaf in trees:
        leaf = np.round(np.array(leaf) / boosted_trees.LEAF_UNIT)
        lines.append('    {%s},' % ', '.join(
            '{%s}' % ','.join('%d' % v for v in row) for row in (feature, threshold, leaf)))
    lines += ['};', 'static const double %s_SCALE = %.6f;' % (name, scale),
              'static const double %s_OFFSET = %.6f;' % (name, offset), '']
    return '\n'.join(lines)


HEADER = '''/* Written by bench/page/fit_confidence.py from %d generated photos: do not edit. */
#ifndef CLEARCUT_PAGE_CONFIDENCE_WEIGHTS_H
#define CLEARCUT_PAGE_CONFIDENCE_WEIGHTS_H

/* clang-format off */
enum { CONFIDENCE_FEATURES = %d, CONFIDENCE_TREES = %d, CONFIDENCE_LEVELS = %d };
#define CONFIDENCE_LEAF %g

/* Seven splits in heap order, right where the feature is above the threshold (in steps of
 * 1 / CONFIDENCE_LEVELS); eight leaves (in units of CONFIDENCE_LEAF). */
typedef struct confidence_tree {
    unsigned char feature[7];
    unsigned short threshold[7];
    short leaf[8];
} confidence_tree;

%s
%s
/* clang-format on */
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
    for name, table, least in (('exact', 'EXACT', 0.95), ('page', 'PAGE', 0.80)):
        y = (overlap >= least).astype(float)
        model, crossed = boosted_trees.fit(x, y)
        if test:
            report(name, boosted_trees.apply(model, test[1]), (test[2] >= least).astype(float),
                   test[2], test[3])
        else:
            report(name, crossed, y, overlap, label)
        tables.append(c_table(table, model))
    if args.write:
        with open(args.write, 'w') as out:
            out.write(HEADER % (len(x), len(names), boosted_trees.TREES,
                                boosted_trees.LEVELS, boosted_trees.LEAF_UNIT, *tables))


if __name__ == '__main__':
    main()
