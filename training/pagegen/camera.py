"""What light, lens, sensor and file format do to a scene."""

import math

import cv2
import numpy as np

from .noise import chance, fractal
from .paint import ramp

CELL = 4  # light changes slowly: it is computed on every fourth pixel


def _shadow_field(rng, h, w):
    """Soft-edged shadow of something outside the picture (a head, an arm, a window frame)."""
    mask = np.zeros((h, w), np.float32)
    if chance(rng, 0.25):
        pitch = rng.uniform(0.15, 0.5) * w
        angle = rng.uniform(0, 3.14)
        y, x = np.mgrid[0:h, 0:w].astype(np.float32)
        t = (x * math.cos(angle) + y * math.sin(angle)) / pitch
        mask = (np.mod(t, 1) < rng.uniform(0.1, 0.5)).astype(np.float32)
    else:
        count = int(rng.integers(3, 9))
        centre = rng.uniform(-0.2, 1.2, 2) * (w, h)
        t = np.sort(rng.uniform(0, 6.28, count))
        radius = rng.uniform(0.1, 0.9, count) * max(h, w)
        points = np.stack([centre[0] + np.cos(t) * radius, centre[1] + np.sin(t) * radius], -1)
        cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 1.0, shift=4)
    return cv2.GaussianBlur(mask, (0, 0), math.exp(rng.uniform(0.0, 2.4)))


def light_field(rng, h, w):
    """Multiplier for each pixel and channel, at 1/CELL size."""
    h, w = -(-h // CELL), -(-w // CELL)
    field = np.ones((h, w), np.float32)
    if chance(rng, 0.75):
        field *= (
            1 + rng.uniform(0, 0.65) * (ramp(h, w, rng.uniform(0, 6.28), 0, max(h, w)) - 0.5) * 1.6
        )
    if chance(rng, 0.35):
        field *= 1 - rng.uniform(0.1, 0.6) * _shadow_field(rng, h, w)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    if chance(rng, 0.3):
        centre, reach = rng.uniform(0, 1, 2), rng.uniform(0.25, 0.8)
        far = (x / w - centre[0]) ** 2 + (y / h - centre[1]) ** 2
        field *= rng.uniform(0.45, 0.9) + np.exp(-far / (2 * reach * reach)) * rng.uniform(0.3, 0.8)
    if chance(rng, 0.4):
        far = (x / w - 0.5) ** 2 + (y / h - 0.5) ** 2
        field *= 1 - rng.uniform(0, 0.9) * far
    if chance(rng, 0.2):
        field *= 1 + 0.12 * fractal(rng, h, w, 3, 2)
    tint = (
        rng.uniform(0.82, 1.18, 3).astype(np.float32)
        if chance(rng, 0.55)
        else np.ones(3, np.float32)
    )
    return np.maximum(field, 0.05)[..., None] * tint


def _glare(rng, img):
    """Reflection of a lamp or window, added."""
    h, w = img.shape[:2]
    rows, cols = h // CELL + 1, w // CELL + 1
    y, x = np.mgrid[0:rows, 0:cols].astype(np.float32)
    size = rng.uniform(0.04, 0.25) * max(rows, cols)
    stretch = rng.uniform(0.4, 1)
    cx, cy = rng.random(2) * (cols, rows)
    spot = np.exp(-((x - cx) ** 2 + ((y - cy) / stretch) ** 2) / (2 * size * size))
    img += cv2.resize(spot.astype(np.float32) * rng.uniform(20, 200), (w, h))[..., None]


def _night(rng, img):
    """Little light: dim, warm or cold, noisy; returns the picture."""
    tint = rng.uniform(0.6, 1.15, 3).astype(np.float32)
    img = img * (tint * np.float32(rng.uniform(0.15, 0.5)))
    noise = rng.standard_normal(img.shape, dtype=np.float32)
    return img + cv2.GaussianBlur(noise, (0, 0), 0.8) * np.float32(rng.uniform(2, 16))


def motion_blur(rng, img, longest):
    """Streaks of a camera that moved, up to `longest` pixels."""
    length = int(rng.uniform(3, max(4, longest)))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, 3.14)
    middle = (length - 1) / 2
    step = (math.cos(angle) * middle, math.sin(angle) * middle)
    cv2.line(
        kernel,
        (round(middle - step[0]), round(middle - step[1])),
        (round(middle + step[0]), round(middle + step[1])),
        1.0,
    )
    return cv2.filter2D(img, -1, kernel / kernel.sum())


def expose(rng, img, office=False):
    """Light, exposure and tone curve, in place; returns 0..255. No night, no overexposure in an office."""
    h, w = img.shape[:2]
    field = cv2.resize(light_field(rng, h, w), (w, h))
    img = cv2.multiply(img, field)
    if chance(rng, 0.18):
        _glare(rng, img)
    if not office and chance(rng, 0.05):
        return np.clip(_night(rng, img), 0, 255)
    if not office and chance(rng, 0.05):
        return np.clip(img * np.float32(rng.uniform(1.3, 2.2)), 0, 255)
    if chance(rng, 0.65):
        goal = rng.uniform(55, 190)
        img *= np.float32(np.clip(goal / max(float(img.mean()), 1), 0.45, 1.9))
    img = np.clip(img, 0, 255)
    if chance(rng, 0.4):
        table = (255 * (np.arange(256) / 255) ** rng.uniform(0.6, 1.6)).astype(np.float32)
        img = table[img.astype(np.uint8)]
    if chance(rng, 0.15):
        floor = rng.uniform(0, 45)
        img = floor + img * np.float32(rng.uniform(0.6, 1) * (255 - floor) / 255)
    return img


def capture(rng, img, size):
    """Lens blur, reduction to size x size, sensor noise, compression; returns uint8."""
    if chance(rng, 0.25):
        img = cv2.GaussianBlur(img, (0, 0), rng.uniform(0.5, 1.9))
    elif chance(rng, 0.13):
        img = motion_blur(rng, img, max(img.shape[:2]) * 0.04)
    small = cv2.resize(img, (size, size), interpolation=cv2.INTER_AREA)
    if chance(rng, 0.12):
        blurred = cv2.GaussianBlur(small, (0, 0), 1.0)
        small = small + (small - blurred) * np.float32(rng.uniform(0.3, 1.2))
    if chance(rng, 0.45):
        noise = rng.standard_normal(small.shape, dtype=np.float32)
        if chance(rng, 0.4):
            noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.5, 1.2)) * 2
        small = small + noise * np.float32(math.exp(rng.uniform(-0.7, 2.2)))
    if chance(rng, 0.06):
        small = np.repeat(small.mean(-1, keepdims=True), 3, -1)
    small = np.clip(small, 0, 255).astype(np.uint8)
    if chance(rng, 0.35):
        quality = int(rng.integers(30, 95))
        small = cv2.imdecode(cv2.imencode('.jpg', small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)
    return small
