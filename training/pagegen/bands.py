"""Bands along the edges of a sheet: borders, stripes, strips and blocks that run into an edge.

What makes them hard is that such a band looks like the ground beyond the edge: a dark bar on a dark
desk, a magnetic stripe with the card's own colour beyond it, a sheet that is half of one colour."""

import cv2
import numpy as np

from .noise import any_colour, chance, fractal
from .pictures import make_picture


def _side_view(img, side, start, end):
    """The part of a sheet between two distances from a side, in shares of the sheet's extent."""
    h, w = img.shape[:2]
    length = h if side < 2 else w
    first, last = int(length * start), max(int(length * start) + 2, int(length * end))
    if side == 0:
        return img[first:last]
    if side == 1:
        return img[max(0, h - last) : h - first]
    return img[:, first:last] if side == 2 else img[:, max(0, w - last) : w - first]


def _tone(rng):
    """Dark more often than not; else any colour."""
    pick = rng.random()
    if pick < 0.45:
        return any_colour(rng, 0, 60, 0.4)
    return any_colour(rng, 5, 140, 0.95) if pick < 0.75 else any_colour(rng, 0, 255, 0.9)


def _fill(rng, view):
    """One colour, a shade that changes along or across it, a pattern or a picture."""
    colour, pick = _tone(rng), rng.random()
    h, w = view.shape[:2]
    if pick < 0.62:
        view[:] = colour
    elif pick < 0.78:
        other = colour * np.float32(rng.uniform(0.5, 1.5)) if chance(rng, 0.6) else _tone(rng)
        t = np.linspace(0, 1, w if chance(rng, 0.5) else h, dtype=np.float32)
        t = t[None, :, None] if len(t) == w else t[:, None, None]
        view[:] = np.clip(colour * (1 - t) + other * t, 0, 255)
    elif pick < 0.9:
        field = fractal(rng, h, w, 4, 4)[..., None] * np.float32(rng.uniform(5, 30))
        view[:] = np.clip(colour + field, 0, 255)
    else:
        view[:] = make_picture(rng, max(8, h), max(8, w))[:h, :w]


def _stripe(rng, img, side):
    """A stripe near an edge, as the magnetic one, with something beyond it up to the edge."""
    start = rng.uniform(0.03, 0.16)
    end = start + rng.uniform(0.05, 0.24)
    if chance(rng, 0.6):
        _fill(rng, _side_view(img, side, 0, start))
    stripe = _side_view(img, side, start, end)
    stripe[:] = any_colour(rng, 0, 45, 0.3) if chance(rng, 0.75) else _tone(rng)
    if chance(rng, 0.3):
        _fill(rng, _side_view(img, side, end, end + rng.uniform(0.02, 0.1)))


def _block(rng, img, side):
    """Up to two thirds of the sheet in another colour."""
    _fill(rng, _side_view(img, side, 0, rng.uniform(0.25, 0.66)))


def _border(rng, img):
    """A frame along all sides, or all but one."""
    width, colour = rng.uniform(0.015, 0.1), _tone(rng)
    left_out = int(rng.integers(8))
    for side in range(4):
        if side != left_out:
            _side_view(img, side, 0, width * rng.choice([1, 1, 1.5]))[:] = colour


def _corner_piece(rng, img):
    """A slanting or round piece of colour in one corner."""
    h, w = img.shape[:2]
    x, y = (0 if chance(rng, 0.5) else w), (0 if chance(rng, 0.5) else h)
    a, b = rng.uniform(0.2, 0.9) * w, rng.uniform(0.15, 0.9) * h
    colour = tuple(float(v) for v in _tone(rng))
    if chance(rng, 0.5):
        points = [[x, y], [x + (a if x == 0 else -a), y], [x, y + (b if y == 0 else -b)]]
        cv2.fillPoly(img, [np.int32(points)], colour)
    else:
        cv2.ellipse(img, (x, y), (int(a) + 1, int(b) + 1), 0, 0, 360, colour, -1)


def add_edge_bands(page):
    """One to three of these along the edges of a page that is being drawn."""
    rng, img = page.rng, page.img
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        pick, side = rng.random(), int(rng.integers(4))
        if pick < 0.36:
            _fill(rng, _side_view(img, side, 0, rng.uniform(0.025, 0.3)))
        elif pick < 0.62:
            _stripe(rng, img, side)
        elif pick < 0.8:
            _block(rng, img, side)
        elif pick < 0.9:
            _corner_piece(rng, img)
        else:
            _border(rng, img)
