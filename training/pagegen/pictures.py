"""Pictures that look a little like photographs: printed in magazines, shown on screens, and used
as scenes without a page."""

import numpy as np

from .noise import any_colour, chance, fractal, mix, skin_colour
from .paint import blend, darken, ellipse_points, polygon, ramp, volume, wobbly_points


def soft_colours(rng, h, w):
    """Blurred coloured shapes, like a background out of focus."""
    first, second = any_colour(rng, 10, 250, 0.7), any_colour(rng, 10, 250, 0.7)
    img = mix(first, second, np.clip(fractal(rng, h, w, 3, 1.5) * 0.5 + 0.5, 0, 1))
    for _ in range(int(rng.integers(0, 12))):
        size = max(h, w) * rng.uniform(0.03, 0.35)
        centre = rng.uniform(0, 1, 2) * (w, h)
        soft = rng.uniform(0.05, 0.4) * size
        blend(
            img,
            polygon(img.shape, ellipse_points(centre, (size, size * rng.uniform(0.3, 1))), soft),
            any_colour(rng, 0, 255, 0.8),
        )
    return img


def lump(rng, img, centre, size, colour):
    """A lit, textured, rounded body with a shadow: food, stone, animal, cushion."""
    h, w = img.shape[:2]
    outline = wobbly_points(rng, centre, (size * rng.uniform(0.6, 1.4), size), 0.35)
    shape = polygon((h, w), outline, rng.uniform(0, 0.04) * size)
    if shape is None:
        return
    if chance(rng, 0.7):
        darken(
            img, shape, rng.uniform(0.2, 0.6), size * 0.15, rng.normal(0, size * 0.1), size * 0.12
        )
    _, (x0, y0, x1, y1) = shape
    stretch = (rng.uniform(0.3, 3), rng.uniform(0.3, 3))
    skin = fractal(rng, y1 - y0, x1 - x0, 5, rng.uniform(3, 14), 0.7, stretch)
    body = colour * (1 + rng.uniform(0.03, 0.3) * skin)[..., None]
    body = body * volume(shape, centre, size * 1.2, rng.uniform(0, 6.28), rng.uniform(0.1, 0.5))
    blend(img, shape, body)


def lumps(rng, h, w, img=None):
    """Several lumps on a plate or a plain ground."""
    img = soft_colours(rng, h, w) if img is None else img
    size = max(h, w)
    centre = np.array([w, h]) * rng.uniform(0.25, 0.75, 2)
    if chance(rng, 0.6):
        plate = ellipse_points(
            centre, (size * rng.uniform(0.25, 0.6), size * rng.uniform(0.2, 0.5))
        )
        shape = polygon((h, w), plate)
        darken(img, shape, 0.4, size * 0.03, 0, size * 0.02)
        blend(img, shape, any_colour(rng, 160, 255, 0.2))
        inner = polygon(
            (h, w), (plate - np.float32(centre)) * 0.75 + np.float32(centre), size * 0.01
        )
        darken(img, inner, rng.uniform(0.03, 0.15), size * 0.01)
    base = any_colour(rng, 40, 240, 0.8)
    for _ in range(int(rng.integers(1, 12))):
        where = centre + rng.normal(0, 0.16 * size, 2)
        colour = (
            base * np.float32(rng.uniform(0.7, 1.3))
            if chance(rng, 0.6)
            else any_colour(rng, 20, 250, 0.8)
        )
        lump(rng, img, where, size * rng.uniform(0.04, 0.28), colour)
    return img


def landscape(rng, h, w):
    """Sky over hills over ground, trees and perhaps a house-like box."""
    img = np.empty((h, w, 3), np.float32)
    sky = np.float32([rng.uniform(90, 250), rng.uniform(130, 250), rng.uniform(160, 255)])
    fade = np.linspace(0, 1, h, dtype=np.float32)[:, None, None]
    img[:] = sky * (1 - fade) + any_colour(rng, 150, 255, 0.3) * fade
    if chance(rng, 0.6):
        cloud = np.clip(fractal(rng, h, w, 5, 2, 0.6, (1.5, 0.7)), 0, 1) * rng.uniform(0, 0.9)
        img = mix(img, np.float32([250, 250, 250]), cloud)
    horizon = rng.uniform(0.25, 0.7)
    for layer in range(int(rng.integers(1, 4))):
        line = fractal(rng, 1, w, 6, 3, 0.55)[0] * rng.uniform(0.01, 0.09) * h
        top = h * (horizon + 0.1 * layer) + line
        below = np.clip(np.arange(h, dtype=np.float32)[:, None] - top[None], 0, 1)
        ground = any_colour(rng, 20, 190, 0.7) * np.float32([0.9, 1.05, 0.7])
        texture = fractal(rng, h, w, 5, 8, 0.75, (1.6, 0.8)) * rng.uniform(0.05, 0.35)
        img = mix(img, ground * (1 + texture)[..., None], below)
    for _ in range(int(rng.integers(0, 7))):
        centre = (rng.uniform(0, w), h * (horizon + rng.uniform(-0.15, 0.3)))
        lump(rng, img, centre, h * rng.uniform(0.03, 0.22), any_colour(rng, 10, 150, 0.7))
    return img


def portrait(rng, h, w):
    """Head and shoulders, or an animal's face with fur."""
    img = soft_colours(rng, h, w)
    size = min(h, w) * rng.uniform(0.18, 0.42)
    centre = np.array([w * rng.uniform(0.3, 0.7), h * rng.uniform(0.3, 0.55)])
    colour = skin_colour(rng)
    if chance(rng, 0.4):
        for side in (-1, 1):
            lump(rng, img, centre + (side * size * 0.7, -size * 0.8), size * 0.35, colour * 0.8)
    lump(rng, img, centre + (0, size * 2.1), size * 1.6, any_colour(rng, 10, 240, 0.7))
    lump(rng, img, centre - (0, size * 0.25), size * 1.12, any_colour(rng, 10, 200, 0.5))
    face = polygon((h, w), ellipse_points(centre, (size * 0.78, size)), size * 0.02)
    if face is not None:
        blend(img, face, colour * volume(face, centre, size, rng.uniform(0, 6.28), 0.25))
    for dx, dy, sx, sy, tone in (
        (-0.3, -0.1, 0.13, 0.07, 40),
        (0.3, -0.1, 0.13, 0.07, 40),
        (0, 0.2, 0.1, 0.12, 110),
        (0, 0.52, 0.28, 0.07, 90),
    ):
        spot = polygon(
            (h, w),
            ellipse_points(centre + np.array([dx, dy]) * size, (sx * size, sy * size)),
            size * 0.02,
        )
        blend(img, spot, np.float32([tone + 20, tone, tone]))
    return img


def gradient(rng, h, w):
    """Two colours running into each other."""
    first, second = any_colour(rng, 0, 255, 0.8), any_colour(rng, 0, 255, 0.8)
    return mix(first, second, ramp(h, w, rng.uniform(0, 6.28), 0, max(h, w)))


def make_picture(rng, h, w):
    """Any of the above, (h, w, 3) float."""
    h, w = max(8, int(h)), max(8, int(w))
    maker = (soft_colours, lumps, landscape, portrait, gradient)[
        rng.choice(5, p=(0.2, 0.22, 0.28, 0.2, 0.1))
    ]
    return np.clip(maker(rng, h, w), 0, 255)
