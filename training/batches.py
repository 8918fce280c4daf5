"""Training batches from shards of scenes: choice, augmentation, targets."""

import glob
import os

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from make_scenes import BAD
from pagegen.scene import MASK

CORNER_SIGMA = 1.6 / 128  # of the picture
PAGE = 1


class Shards:
    """All complete shards of a folder; more may appear while training runs."""

    def __init__(self, folder):
        self.folder, self.parts = folder, []
        self.index = np.zeros((0, 2), np.int64)
        self.refresh()

    def refresh(self):
        """Take up new shards, in the order in which they appear."""
        known = {path for path, _, _ in self.parts}
        for path in sorted(glob.glob(os.path.join(self.folder, 's*_labels.npz'))):
            if path in known:
                continue
            labels = dict(np.load(path))
            pictures = np.load(path.replace('_labels.npz', '_pictures.npy'), mmap_mode='r')
            good = np.nonzero(labels['kinds'] != BAD)[0]
            pairs = np.stack([np.full(len(good), len(self.parts)), good], 1)
            self.parts.append((path, pictures, labels))
            self.index = np.concatenate([self.index, pairs])

    def __len__(self):
        return len(self.index)

    def get(self, number):
        """Picture, mask, quad (0..1), class, flags of one scene."""
        part, row = self.index[number]
        _, pictures, labels = self.parts[part]
        return (
            pictures[row],
            labels['masks'][row],
            labels['quads'][row],
            int(labels['kinds'][row]),
            int(labels['flags'][row]),
        )


def crop_window(rng, quad, kind):
    """A window (x0, y0, x1, y1) in 0..1 that holds the sheet as far as it is in the picture.

    It is a whole number of mask pixels, so that picture and mask are cut alike."""
    if kind == PAGE:
        low, high = np.clip(quad.min(0), 0, 1), np.clip(quad.max(0), 0, 1)
    else:
        low = rng.uniform(0.1, 0.5, 2)
        high = np.minimum(1, low + rng.uniform(0.4, 0.6, 2))
    gap = 0.02 + 0.1 * rng.random(4)
    first = np.maximum(0, low - gap[:2]) * rng.random(2)
    last = 1 - (1 - np.minimum(1, high + gap[2:])) * rng.random(2)
    return np.concatenate([np.floor(first * MASK), np.ceil(last * MASK)]) / MASK


def _cut(img, window, size):
    """Part of a square picture, scaled to size x size."""
    n = img.shape[0]
    x0, y0, x1, y1 = (int(round(v * n)) for v in window)
    shrinks = (x1 - x0) >= size and (y1 - y0) >= size
    return cv2.resize(
        np.ascontiguousarray(img[y0:y1, x0:x1]),
        (size, size),
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
    )


def augment(rng, picture, mask, quad, kind, size):
    """Crop, scale, mirror and turn one scene."""
    window = crop_window(rng, quad, kind) if rng.random() < 0.4 else np.array([0.0, 0.0, 1.0, 1.0])
    picture, mask = _cut(picture, window, size), _cut(mask, window, size // 2)
    quad = ((quad - window[:2]) / (window[2:] - window[:2])).astype(np.float32)
    if rng.random() < 0.5:
        picture, mask, quad = (
            picture[:, ::-1],
            mask[:, ::-1],
            np.float32([1, 0]) + quad * np.float32([-1, 1]),
        )
    if rng.random() < 0.3:
        picture, mask, quad = (
            picture[::-1],
            mask[::-1],
            np.float32([0, 1]) + quad * np.float32([1, -1]),
        )
    if rng.random() < 0.3:
        picture, mask, quad = picture.transpose(1, 0, 2), mask.T, quad[:, ::-1]
    return picture, mask, quad


def photometric(x, generator):
    """Gain, colour cast, tone curve, grey, noise: for a batch of pictures 0..1."""

    def uniform(low, high, *shape):
        return torch.rand(shape, generator=generator) * (high - low) + low

    n = x.shape[0]
    x = x * uniform(0.85, 1.15, n, 3, 1, 1) * uniform(0.7, 1.3, n, 1, 1, 1)
    x = x.clamp_(0, 1)
    curved = torch.rand(n, generator=generator) < 0.25
    if curved.any():
        x[curved] = x[curved] ** uniform(0.65, 1.5, int(curved.sum()), 1, 1, 1)
    grey = torch.rand(n, generator=generator) < 0.08
    if grey.any():
        x[grey] = x[grey].mean(1, keepdim=True)
    return x


def corner_heat(quads, kinds, size):
    """Highest of four Gaussians, one at each corner; empty unless there is a page."""
    t = (torch.arange(size) + 0.5) / size
    scale = 1 / (2 * CORNER_SIGMA**2)
    gx = torch.exp(-((t[None, None] - quads[..., 0:1]) ** 2) * scale)
    gy = torch.exp(-((t[None, None] - quads[..., 1:2]) ** 2) * scale)
    heat = torch.einsum('nky,nkx->nkyx', gy, gx).amax(1, keepdim=True)
    return heat * (kinds == PAGE).float()[:, None, None, None]


def edge_map(mask):
    """Where the mask changes from one pixel to the next."""
    return (F.max_pool2d(mask, 3, 1, 1) + F.max_pool2d(-mask, 3, 1, 1)).clamp(0, 1)


def make_batch(shards, numbers, size, rng=None):
    """Pictures and targets; augmented if rng is given."""
    pictures, masks, quads, kinds = [], [], [], []
    for number in numbers:
        picture, mask, quad, kind, _ = shards.get(number)
        if rng is not None:
            picture, mask, quad = augment(rng, picture, mask, quad, kind, size)
        pictures.append(picture)
        masks.append(mask)
        quads.append(quad)
        kinds.append(kind)
    x = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    mask = torch.from_numpy(np.stack(masks)).float()[:, None] / 255
    if size != x.shape[-1]:
        x = F.interpolate(x, size=(size, size), mode='area')
        mask = F.interpolate(mask, size=(size // 2, size // 2), mode='area')
    if rng is not None:
        x = photometric(x, torch.Generator().manual_seed(int(rng.integers(2**31))))
    kinds = torch.tensor(kinds)
    heat = corner_heat(torch.from_numpy(np.stack(quads).astype(np.float32)), kinds, size // 2)
    x = x.contiguous(memory_format=torch.channels_last)
    return x, mask, edge_map(mask), heat, kinds
