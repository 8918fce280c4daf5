"""Random colours and smooth random fields used by all other modules."""

import cv2
import numpy as np


def chance(rng, p):
    """True with probability p."""
    return rng.random() < p


def fractal(rng, h, w, octaves=4, cells=2.0, gain=0.55, stretch=(1.0, 1.0)):
    """Sum of smooth random grids of growing fineness, about zero mean and unit spread."""
    field = np.zeros((h, w), np.float32)
    amplitude, total = 1.0, 0.0
    for i in range(octaves):
        rows = min(h, max(2, int(cells * 2**i * stretch[0])))
        cols = min(w, max(2, int(cells * 2**i * stretch[1])))
        grid = rng.standard_normal((rows, cols)).astype(np.float32) * np.float32(amplitude)
        field += cv2.resize(grid, (w, h), interpolation=cv2.INTER_CUBIC)
        total += amplitude**2
        amplitude *= gain
    return field / np.float32(np.sqrt(total) * 0.8)


def any_colour(rng, low=0, high=255, saturation=0.5):
    """A colour of brightness low..high whose saturation is at most the one given, mostly less."""
    value = rng.uniform(low, high)
    depth = saturation * rng.random() ** 1.5
    hue = rng.random() * 6
    ramp = np.clip([abs(hue - 3) - 1, 2 - abs(hue - 2), 2 - abs(hue - 4)], 0, 1)
    return (value * (1 - depth + depth * ramp)).astype(np.float32)


def paper_colour(rng):
    """White, grey, cream or coloured paper."""
    pick = rng.random()
    if pick < 0.55:
        return np.full(3, rng.uniform(222, 255), np.float32) + rng.uniform(-5, 5, 3).astype('f4')
    if pick < 0.70:
        return np.full(3, rng.uniform(150, 225), np.float32) + rng.uniform(-6, 6, 3).astype('f4')
    if pick < 0.84:
        return np.float32([250, 242, rng.uniform(185, 235)]) * np.float32(rng.uniform(0.82, 1))
    return any_colour(rng, 140, 255, 0.45)


def skin_colour(rng):
    """From dark to light skin under warm or neutral light."""
    red = rng.uniform(70, 245)
    green = red * rng.uniform(0.58, 0.84)
    return np.float32([red, green, green * rng.uniform(0.66, 0.97)])


def mix(first, second, weight):
    """Blend two colours (or pictures) by a field of weights (h, w)."""
    weight = weight[..., None]
    return first * (1 - weight) + second * weight
