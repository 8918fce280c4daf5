"""Photos of generated scenes at full resolution, with the true corners.

usage: python make_photos.py FOLDER [--count 500] [--seed 1] [--megapixels 0.7]

The scenes of training/pagegen, rendered larger than the network sees them and not squashed to a
square, so that the whole way from photo to quad can be measured on known truth. Seeds from 100000
on are never used by training. Writes NNNNN.jpg and quads.json in the format of score_quads.py (label:
page, none, already-flat), with the generator's flags added."""
import argparse
import json
import math
import os
import sys

import cv2
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../training'))
from pagegen import camera, scene  # noqa: E402
from pagegen.noise import chance  # noqa: E402

SEED_BASE = 100000
POOL = 120  # scenes that share one set of textures
LABELS = {scene.NONE: 'none', scene.PAGE: 'page', scene.FLAT: 'already-flat'}


def capture(rng, img, _size):
    """Lens blur, noise and tone of the generator's camera, at full size."""
    if chance(rng, 0.25):
        img = cv2.GaussianBlur(img, (0, 0), rng.uniform(0.5, 2.5))
    elif chance(rng, 0.1):
        img = camera.motion_blur(rng, img, max(img.shape[:2]) * 0.012)
    if chance(rng, 0.12):
        img = img + (img - cv2.GaussianBlur(img, (0, 0), 1.0)) * np.float32(rng.uniform(0.3, 1.2))
    if chance(rng, 0.45):
        noise = rng.standard_normal(img.shape, dtype=np.float32)
        img = img + noise * np.float32(math.exp(rng.uniform(-0.7, 2.2)))
    if chance(rng, 0.06):
        img = np.repeat(img.mean(-1, keepdims=True), 3, -1)
    return np.clip(img, 0, 255).astype(np.uint8)


def make_photos(folder, count, seed, megapixels, desk, harsh):
    scene.AREA = int(megapixels * 1e6)
    camera.capture = capture
    rng = np.random.default_rng(SEED_BASE + seed)
    truth, pools = [], None
    for number in range(count):
        if number % POOL == 0:
            pools = scene.make_pools(rng, POOL, POOL // 2, POOL // 4)
        made = scene.make_scene(rng, pools, desk, harsh if desk else None)
        height, width = made.picture.shape[:2]
        name = '%05d.jpg' % number
        cv2.imwrite(os.path.join(folder, name), made.picture[..., ::-1],
                    [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 97))])
        corners = (made.quad * [width, height]).tolist() if made.kind == scene.PAGE else None
        truth.append({'file': name, 'width': width, 'height': height, 'label': LABELS[made.kind],
                      'corners': corners, 'uncertain': False, 'flags': int(made.flags)})
        if number % POOL == POOL - 1 or number == count - 1:
            with open(os.path.join(folder, 'quads.json'), 'w') as out:
                json.dump(truth, out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder')
    parser.add_argument('--count', type=int, default=500)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--megapixels', type=float, default=0.7)
    parser.add_argument('--desk', action='store_true', help='only scenes as in SmartDoc-2015')
    parser.add_argument('--harsh', action='store_true',
                        help='with --desk: night and overexposure too, not only office light')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    os.makedirs(args.folder, exist_ok=True)
    make_photos(args.folder, args.count, args.seed, args.megapixels, args.desk, args.harsh)


if __name__ == '__main__':
    main()
