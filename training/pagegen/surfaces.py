"""Textures of desks, floors, walls and cloths, made once per shard and seen from many angles."""

import math

import cv2
import numpy as np

from .noise import any_colour, chance, fractal, mix

SIZE = 512
KINDS = (
    'wood',
    'wood',
    'wood',
    'wood',
    'plain',
    'plain',
    'light',
    'dark',
    'dark',
    'stone',
    'weave',
    'weave',
    'cloth',
    'tiles',
    'tiles',
    'stripes',
    'motif',
    'speckle',
    'leather',
    'carpet',
    'foliage',
    'metal',
)


def _unit(field, spread=0.4):
    return np.clip(field * spread + 0.5, 0, 1)


def _pair(rng, saturation=0.6):
    first = any_colour(rng, 20, 250, saturation)
    if chance(rng, 0.65):
        return first, first * np.float32(rng.uniform(0.5, 0.95))
    return first, any_colour(rng, 10, 250, saturation)


def wood(rng, n):
    red = rng.uniform(45, 240)
    green = red * rng.uniform(0.58, 0.92)
    light = np.float32([red, green, green * rng.uniform(0.45, 0.95)])
    dark = light * np.float32(rng.uniform(0.4, 0.92))
    stretch = (rng.uniform(6, 14), rng.uniform(0.3, 0.7))
    grain = fractal(rng, n, n, 5, 2, 0.7, stretch) * rng.uniform(0.5, 1.5)
    if chance(rng, 0.5):
        grain = np.sin(grain * rng.uniform(3, 10)) * 0.8
    img = mix(light, dark, _unit(grain + 0.4 * fractal(rng, n, n, 2, 3)))
    if chance(rng, 0.45):
        plank = int(rng.integers(40, 170))
        for y in range(int(rng.integers(plank)), n, plank):
            img[y : y + plank] *= rng.uniform(0.82, 1.12)
            img[y : y + int(rng.integers(1, 4))] *= rng.uniform(0.3, 0.85)
    return img


def plain(rng, n, low=20, high=250, saturation=0.6):
    first = any_colour(rng, low, high, saturation)
    img = mix(first, first * np.float32(rng.uniform(0.8, 1.1)), _unit(fractal(rng, n, n, 3, 1)))
    return img + rng.standard_normal((n, n, 1)).astype(np.float32) * np.float32(rng.uniform(0, 6))


def stone(rng, n):
    first, second = _pair(rng, 0.35)
    field = fractal(rng, n, n, 6, 2, 0.62)
    y, x = np.mgrid[0:n, 0:n].astype(np.float32) / n
    wave = x * rng.uniform(-4, 4) + y * rng.uniform(-4, 4) + field * rng.uniform(0.5, 3)
    vein = (0.5 + 0.5 * np.sin(wave * 6)) ** rng.uniform(0.5, 5)
    return mix(first, second, vein)


def weave(rng, n):
    """Cloth whose threads can be seen, light or dark."""
    first = any_colour(rng, 150, 250, 0.35) if chance(rng, 0.5) else any_colour(rng, 15, 220, 0.6)
    second = first * np.float32(rng.uniform(0.6, 0.95))
    y, x = np.mgrid[0:n, 0:n].astype(np.float32)
    pitch = math.exp(rng.uniform(math.log(2.5), math.log(14)))
    fx, fy = 6.28 / pitch, 6.28 / (pitch * rng.uniform(0.7, 1.4))
    wobble = fractal(rng, n, n, 3, 6) * rng.uniform(0, 1.2)
    thread = np.sin(x * fx + wobble) * np.sin(y * fy - wobble)
    img = mix(
        first,
        second,
        np.clip(0.5 + thread * rng.uniform(0.2, 0.5) + 0.2 * fractal(rng, n, n, 5, 8), 0, 1),
    )
    slub = fractal(rng, n, n, 2, 40, 0.8, (rng.uniform(0.1, 3), rng.uniform(0.1, 3)))
    return img * (1 + slub * rng.uniform(0, 0.1))[..., None]


def cloth(rng, n):
    """Folded or chequered fabric."""
    img = weave(rng, n)
    if chance(rng, 0.7):
        folds = np.sin(rng.uniform(2, 5) * fractal(rng, n, n, 3, 1.5))
        img = img * (1 + rng.uniform(0.05, 0.4) * folds)[..., None]
    if chance(rng, 0.5):
        for axis in (0, 1):
            pitch = int(rng.integers(20, 100))
            width, tint = int(rng.integers(3, pitch)), any_colour(rng, 0, 255, 0.8)
            view = img if axis else img.transpose(1, 0, 2)
            for start in range(0, n, pitch):
                view[start : start + width] = view[start : start + width] * 0.55 + tint * 0.45
    return img


def tiles(rng, n):
    first, second = _pair(rng)
    img = mix(first, second, _unit(fractal(rng, n, n, 5, 3)))
    pitch = int(rng.integers(25, 170))
    width = int(pitch * rng.uniform(0.7, 2.2))
    gap, line = any_colour(rng, 10, 240, 0.3), int(rng.integers(1, 8))
    shifted = chance(rng, 0.4)
    for row, y in enumerate(range(0, n, pitch)):
        start = -(width // 2) if shifted and row % 2 else 0
        for x in range(start, n, width):
            img[y : y + pitch, max(0, x) : x + width] *= rng.uniform(0.88, 1.1)
            if x >= 0:
                img[y : y + pitch, x : x + line] = gap
        img[y : y + line] = gap
    return img


def stripes(rng, n):
    first, second = _pair(rng, 0.8)
    x, pitch = np.arange(n, dtype=np.float32), rng.uniform(6, 90)
    if chance(rng, 0.5):
        wave = 0.5 + 0.5 * np.sin(x * 6.28 / pitch)
    else:
        wave = ((x % pitch) < pitch * rng.uniform(0.2, 0.8)).astype(np.float32)
    img = mix(first, second, np.repeat(wave[None].astype(np.float32), n, 0))
    return img + fractal(rng, n, n, 4, 4)[..., None] * np.float32(rng.uniform(0, 18))


def motif(rng, n):
    pitch = int(rng.integers(30, 130))
    cell = np.empty((pitch, pitch, 3), np.float32)
    cell[:] = any_colour(rng, 20, 250, 0.6)
    for _ in range(int(rng.integers(2, 7))):
        centre = tuple(int(v) for v in rng.integers(0, pitch, 2))
        axes = tuple(int(v) for v in rng.integers(2, pitch // 2, 2))
        colour = tuple(float(v) for v in any_colour(rng, 0, 255, 0.8))
        cv2.ellipse(
            cell,
            centre,
            axes,
            float(rng.uniform(0, 180)),
            0,
            360,
            colour,
            int(rng.choice([-1, 2, 3])),
        )
    count = n // pitch + 1
    img = np.tile(cell, (count, count, 1))[:n, :n]
    return img + fractal(rng, n, n, 4, 8)[..., None] * np.float32(rng.uniform(0, 20))


def speckle(rng, n):
    """Terrazzo, granite, sand, cork."""
    first = any_colour(rng, 20, 240, 0.5)
    img = first + fractal(rng, n, n, 4, 5, 0.7)[..., None] * np.float32(rng.uniform(3, 30))
    for cells in (rng.uniform(40, 120), rng.uniform(90, 250)):
        spots = fractal(rng, n, n, 1, cells)
        over = np.clip((spots - rng.uniform(0.8, 1.8)) * 4, 0, 1)
        img = mix(img, any_colour(rng, 0, 255, 0.5), over)
    return img


def leather(rng, n):
    first = any_colour(rng, 10, 200, 0.6)
    bumps = fractal(rng, n, n, 4, 26, 0.75) + 0.5 * fractal(rng, n, n, 3, 2)
    return first * (1 + rng.uniform(0.05, 0.25) * bumps)[..., None]


def carpet(rng, n):
    first = any_colour(rng, 15, 220, 0.6)
    grain = rng.standard_normal((n, n)).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.6, 2.2)) * 3
    img = first * (1 + rng.uniform(0.08, 0.3) * grain)[..., None]
    return img * (1 + 0.12 * fractal(rng, n, n, 4, 3))[..., None]


def foliage(rng, n):
    """Grass, leaves, gravel: many small lit pieces."""
    base = np.float32([rng.uniform(30, 110), rng.uniform(50, 140), rng.uniform(10, 80)])
    if chance(rng, 0.4):
        base = any_colour(rng, 40, 170, 0.3)
    img = np.empty((n, n, 3), np.float32)
    img[:] = base * 0.5
    size = rng.uniform(4, 26)
    for _ in range(500):
        centre = tuple(int(v) for v in rng.integers(0, n, 2))
        axes = (int(size * rng.uniform(0.5, 1.5)) + 1, int(size * rng.uniform(0.15, 0.6)) + 1)
        colour = base * rng.uniform(0.5, 1.9) + rng.uniform(-12, 12, 3)
        cv2.ellipse(
            img,
            centre,
            axes,
            float(rng.uniform(0, 180)),
            0,
            360,
            tuple(float(v) for v in colour),
            -1,
        )
    return img


def metal(rng, n):
    first = any_colour(rng, 60, 230, 0.12)
    brushed = fractal(rng, n, n, 3, 60, 0.8, (2.0, 0.03))
    glow = fractal(rng, n, n, 2, 1, 0.5, (0.5, 1.5))
    return first * (1 + 0.05 * brushed + rng.uniform(0.05, 0.3) * glow)[..., None]


def make_surface(rng, size=SIZE, kind=None):
    """One square texture, uint8; of a random kind unless one is named."""
    kind = kind or KINDS[rng.integers(len(KINDS))]
    if kind == 'light':
        img = plain(rng, size, 190, 252, 0.06)
    elif kind == 'dark':
        img = plain(rng, size, 6, 60, 0.3)
    else:
        img = {
            'wood': wood,
            'plain': plain,
            'stone': stone,
            'weave': weave,
            'cloth': cloth,
            'tiles': tiles,
            'stripes': stripes,
            'motif': motif,
            'speckle': speckle,
            'leather': leather,
            'carpet': carpet,
            'foliage': foliage,
            'metal': metal,
        }[kind](rng, size)
    return np.ascontiguousarray(np.clip(img, 0, 255).astype(np.uint8))


def view_surface(rng, texture, h, w, spread=0.35):
    """The texture seen at a random slant, as a float picture (h, w, 3)."""
    n = texture.shape[0]
    inset = rng.uniform(0, 1, (4, 2)) * spread * n
    inner = np.float32([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    src = np.float32([[0, 0], [n, 0], [n, n], [0, n]]) + (inset * inner).astype(np.float32)
    src = np.roll(src, int(rng.integers(4)), 0)
    if chance(rng, 0.5):
        src = src[::-1].copy()
    dst = np.float32([[0, 0], [w, 0], [w, h], [0, h]])
    matrix = cv2.getPerspectiveTransform(src, dst)
    return cv2.warpPerspective(texture, matrix, (w, h), flags=cv2.INTER_LINEAR).astype(np.float32)
