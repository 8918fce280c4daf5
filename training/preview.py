"""Write a contact sheet of generated scenes, with masks and corners drawn in.

usage: python preview.py OUT.png [--count 48] [--seed 1] [--plain] [--kind 0|1|2]"""

import argparse
import time

import cv2
import numpy as np

from pagegen.scene import make_pools, make_scene

NAMES = ('none', 'page', 'flat')


def tile(scene, plain):
    """The scene with its mask in green and its corners in red, blue, yellow, magenta."""
    img = scene.picture.copy()
    if plain:
        return img
    mask = cv2.resize(scene.mask, img.shape[1::-1])
    outline = cv2.Canny(mask, 80, 160) > 0
    img[outline] = (0, 255, 0)
    colours = ((255, 0, 0), (0, 0, 255), (255, 255, 0), (255, 0, 255))
    if scene.kind == 1:
        for point, colour in zip(scene.quad * img.shape[0], colours):
            cv2.circle(img, tuple(int(v) for v in np.clip(point, -50, 400)), 3, colour, -1)
    cv2.putText(img, NAMES[scene.kind], (3, 12), 0, 0.4, (255, 255, 0), 1)
    return img


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('out')
    parser.add_argument('--count', type=int, default=48)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--plain', action='store_true', help='without labels')
    parser.add_argument('--kind', type=int, help='only scenes of this class')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    rng = np.random.default_rng(args.seed)
    pools = make_pools(rng)
    start, tiles, made = time.time(), [], 0
    while len(tiles) < args.count:
        scene = make_scene(rng, pools)
        made += 1
        if args.kind is None or scene.kind == args.kind:
            tiles.append(tile(scene, args.plain))
    print('%.1f scenes/s' % (made / (time.time() - start)))
    while len(tiles) % 8:
        tiles.append(np.zeros_like(tiles[0]))
    rows = [np.hstack(tiles[i : i + 8]) for i in range(0, len(tiles), 8)]
    cv2.imwrite(args.out, np.vstack(rows)[..., ::-1])


if __name__ == '__main__':
    main()
