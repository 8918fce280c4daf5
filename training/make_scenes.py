"""Generate shards of scenes.

usage: python make_scenes.py FOLDER [--first 0] [--count 1] [--step 1] [--scenes 4000] [--seed 1]

Shard k depends only on the seed and k, so shards can be made in any order by several processes
(--first 0 --step 2 and --first 1 --step 2). A shard is two files: sNNNN_pictures.npy (read with
memory mapping) and sNNNN_labels.npz, written last, under its final name only when complete."""

import argparse
import os
import time
import traceback

import cv2
import numpy as np

from pagegen.scene import MASK, SIZE, make_pools, make_scene

BAD = 255  # class of a scene that failed


def shard_paths(folder, number):
    stem = os.path.join(folder, 's%04d' % number)
    return stem + '_pictures.npy', stem + '_labels.npz'


def make_shard(folder, number, scenes, seed):
    """Write one shard; returns scenes per second."""
    start = time.time()
    rng = np.random.default_rng([seed, number])
    pools = make_pools(rng)
    pictures_path, labels_path = shard_paths(folder, number)
    pictures = np.lib.format.open_memmap(pictures_path, 'w+', np.uint8, (scenes, SIZE, SIZE, 3))
    masks = np.zeros((scenes, MASK, MASK), np.uint8)
    quads = np.zeros((scenes, 4, 2), np.float32)
    kinds, flags = np.full(scenes, BAD, np.uint8), np.zeros(scenes, np.int32)
    for i in range(scenes):
        try:
            scene = make_scene(rng, pools)
        except Exception:  # one odd scene must not lose the shard: it is marked and left out
            traceback.print_exc()
            continue
        pictures[i], masks[i], quads[i] = scene.picture, scene.mask, scene.quad
        kinds[i], flags[i] = scene.kind, scene.flags
    pictures.flush()
    with open(labels_path + '.part', 'wb') as f:
        np.savez(f, masks=masks, quads=quads, kinds=kinds, flags=flags)
    os.replace(labels_path + '.part', labels_path)
    print(
        'shard %d: %.1f scenes/s, %d failed'
        % (number, scenes / (time.time() - start), (kinds == BAD).sum()),
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder')
    parser.add_argument('--first', type=int, default=0)
    parser.add_argument('--count', type=int, default=1)
    parser.add_argument('--step', type=int, default=1)
    parser.add_argument('--scenes', type=int, default=4000)
    parser.add_argument('--seed', type=int, default=1)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    os.makedirs(args.folder, exist_ok=True)
    for k in range(args.count):
        number = args.first + k * args.step
        if not os.path.exists(shard_paths(args.folder, number)[1]):
            make_shard(args.folder, number, args.scenes, args.seed)


if __name__ == '__main__':
    main()
