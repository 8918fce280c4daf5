"""Measure a checkpoint (.pt) or exported model (.onnx).

usage: python evaluate.py MODEL photos FOLDER [--out PREDICTIONS.json] [--sheet OUT.png]
       python evaluate.py MODEL scenes FOLDER [--count 2000] [--dump FEATURES.npz]

photos: a folder with quads.json and score_quads.py (used only to measure, never to train or tune).
scenes: shards of held-out generated scenes; --dump writes the features for a confidence model."""

import argparse
import json
import os
import subprocess
import sys

import cv2
import numpy as np
from PIL import Image, ImageOps

from quad import fit_quad, quad_overlap

SIZE = 256
FEATURES = (
    'fit',
    'weakest side',
    'mean side',
    'weakest corner',
    'mean corner',
    'none',
    'page',
    'flat',
    'inside',
    'outside',
    'area',
    'sides in picture',
)


class Model:
    """Runs a checkpoint or an ONNX file: picture (uint8, SIZE x SIZE x 3) to maps and classes."""

    def __init__(self, path, threads=1):
        if path.endswith('.onnx'):
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            self.session = onnxruntime.InferenceSession(path, options)
            self.run = lambda x: self.session.run(None, {'image': x})
        else:
            import torch
            import network

            torch.set_num_threads(threads)
            net = network.fold_norms(network.load(path))

            def run(x):
                with torch.no_grad():
                    maps, classes = net(torch.from_numpy(x))
                return maps.sigmoid().numpy(), classes.softmax(1).numpy()

            self.run = run

    def __call__(self, picture):
        x = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32) / 255
        maps, classes = self.run(x)
        return maps[0], classes[0]


def features(maps, classes, quad, fit):
    """Evidence for or against a quad; see FEATURES."""
    size = maps.shape[1]
    edge = cv2.dilate(maps[1], np.ones((3, 3), np.uint8))
    heat = cv2.dilate(maps[2], np.ones((5, 5), np.uint8))
    sides, corners = [], []
    for k in range(4):
        a, b = quad[k], quad[(k + 1) % 4]
        points = a + np.linspace(0.04, 0.96, 48)[:, None] * (b - a)
        points = points[((points > 0.012) & (points < 0.988)).all(1)]
        if len(points) > 5:
            at = (points * size).astype(int)
            sides.append(edge[at[:, 1], at[:, 0]].mean())
        if ((a > 0.01) & (a < 0.99)).all():
            x, y = (a * size).astype(int)
            corners.append(heat[y, x])
    inside = np.zeros((size, size), np.uint8)
    cv2.fillPoly(inside, [np.round((quad * size - 0.5) * 16).astype(np.int32)], 1, shift=4)
    mean = lambda part: float(maps[0][part].mean()) if part.any() else 0.0
    return np.array(
        [
            fit,
            min(sides, default=0.5),
            np.mean(sides or [0.5]),
            min(corners, default=0.5),
            np.mean(corners or [0.5]),
            *classes,
            mean(inside > 0),
            mean(inside == 0),
            inside.mean(),
            len(sides) / 4,
        ],
        np.float32,
    )


def decide(maps, classes):
    """The quad to report, or None, by the mask and the class head alone."""
    quad, fit, why = fit_quad(maps[0])
    if quad is not None and classes[0] > 0.6:
        return None, fit, 'class none'
    if quad is not None and classes[2] > 0.7 and (maps[0] > 0.5).mean() > 0.85:
        return None, fit, 'class flat'
    return quad, fit, why


def read_photo(path):
    return np.asarray(ImageOps.exif_transpose(Image.open(path)).convert('RGB'))


def panel(small, maps, classes, truth, quad, title):
    """One tile of the contact sheet."""
    img = cv2.resize(small, (240, 240)).astype(np.float32)
    mask = cv2.resize(maps[0], (240, 240))[..., None]
    img = np.clip(img * (0.6 + 0.4 * mask) + np.float32([0, 70, 0]) * mask * 0.4, 0, 255).astype(
        np.uint8
    )
    for points, colour in ((truth, (0, 0, 255)), (quad, (255, 0, 0))):
        if points is not None:
            cv2.polylines(
                img, [np.round(np.float32(points) * 240).astype(np.int32)], True, colour, 1
            )
    cv2.putText(img, title, (2, 11), 0, 0.36, (255, 255, 0), 1)
    cv2.putText(img, '%.2f %.2f %.2f' % tuple(classes), (2, 236), 0, 0.36, (255, 255, 0), 1)
    return img


def measure_photos(model, folder, out, sheet):
    with open(os.path.join(folder, 'quads.json')) as f:
        entries = json.load(f)
    predictions, tiles = {}, []
    for entry in entries:
        photo = read_photo(os.path.join(folder, entry['file']))
        small = cv2.resize(photo, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        maps, classes = model(small)
        quad, _, why = decide(maps, classes)
        frame = np.array([entry['width'], entry['height']])
        predictions[entry['file']] = None if quad is None else (quad * frame).tolist()
        truth = None if entry['corners'] is None else np.array(entry['corners']) / frame
        tiles.append(panel(small, maps, classes, truth, quad, entry['file'][:14] + ' ' + why))
    with open(out, 'w') as f:
        json.dump(predictions, f)
    if sheet:
        while len(tiles) % 9:
            tiles.append(np.zeros_like(tiles[0]))
        rows = [np.hstack(tiles[i : i + 9]) for i in range(0, len(tiles), 9)]
        cv2.imwrite(sheet, np.vstack(rows)[..., ::-1])
    score = os.path.join(folder, 'score_quads.py')
    subprocess.run(
        [sys.executable, score, os.path.join(folder, 'quads.json'), out, '--per-file'], check=True
    )


def measure_scenes(model, folder, count, dump):
    from batches import Shards
    from pagegen.scene import FLAGS

    shards = Shards(folder)
    rows, values, flags, alarms = [], [], [], {0: [0, 0], 2: [0, 0]}
    for number in range(min(count, len(shards))):
        picture, _, truth, kind, flag = shards.get(number)
        maps, classes = model(picture)
        raw, fit, _ = fit_quad(maps[0])
        quad = decide(maps, classes)[0]
        if kind != 1:
            alarms[kind][0] += quad is not None
            alarms[kind][1] += 1
        value = quad_overlap(raw, truth) if raw is not None and kind == 1 else 0.0
        if raw is not None:
            rows.append(np.concatenate([features(maps, classes, raw, fit), [value, kind, flag]]))
        if kind == 1:
            values.append(value if quad is not None else 0.0)
            flags.append(flag)
    values, flags = np.array(values), np.array(flags)

    def report(name, chosen):
        part = values[chosen]
        if len(part):
            print(
                '%-13s %5d  mean %.4f  median %.4f  >=0.95 %5.1f%%  <0.80 %5.1f%%'
                % (
                    name,
                    len(part),
                    part.mean(),
                    np.median(part),
                    100 * (part >= 0.95).mean(),
                    100 * (part < 0.8).mean(),
                )
            )

    report('pages', values >= 0)
    for name, bit in FLAGS.items():
        report(name, (flags & bit) > 0)
    print('alarms: none %d of %d, flat %d of %d' % (*alarms[0], *alarms[2]))
    if dump:
        np.savez(dump, names=np.array(FEATURES + ('iou', 'kind', 'flags')), rows=np.array(rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model')
    parser.add_argument('what', choices=('photos', 'scenes'))
    parser.add_argument('folder')
    parser.add_argument('--out', default='predictions.json')
    parser.add_argument('--sheet')
    parser.add_argument('--count', type=int, default=2000)
    parser.add_argument('--dump')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    model = Model(args.model)
    if args.what == 'photos':
        measure_photos(model, args.folder, args.out, args.sheet)
    else:
        measure_scenes(model, args.folder, args.count, args.dump)


if __name__ == '__main__':
    main()
