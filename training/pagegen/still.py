"""Scenes without a page that look like one to a careless eye: plates, beds, windows, doors,
keyboards, screens, cloths, rugs."""

import numpy as np

from . import grounds, objects, places
from .noise import any_colour, chance
from .paint import blend, box_points, darken, ellipse_points, polygon, round_box_points, stroke
from .pictures import lump


def _plate_outline(rng, centre, radius):
    """Round, oval or (often white) square plate."""
    if chance(rng, 0.45):
        sides = np.float32([2 * radius, 2 * radius * rng.uniform(0.45, 1)])
        angle = rng.uniform(0, 3.14)
        return round_box_points(centre, sides, angle, min(sides) * rng.uniform(0.05, 0.3))
    return ellipse_points(centre, (radius, radius * rng.uniform(0.55, 1)), rng.uniform(0, 3.14))


def plate(props):
    """Food on a plate, with cutlery; close or from afar."""
    rng, size = props.rng, props.size
    centre = np.float32([props.w, props.h]) * np.float32(rng.uniform(0.3, 0.7, 2))
    radius = size * rng.uniform(0.25, 0.75)
    outline = _plate_outline(rng, centre, radius)
    shape = polygon(props.img.shape, outline)
    props.shadow(shape, 0.6, 0.03)
    colour = any_colour(rng, 195, 255, 0.1) if chance(rng, 0.75) else any_colour(rng, 20, 240, 0.8)
    blend(props.img, shape, colour)
    for scale, strength in ((rng.uniform(0.9, 0.97), 0.06), (rng.uniform(0.65, 0.85), 0.12)):
        inner = (outline - centre) * np.float32(scale) + centre
        ring = polygon(props.img.shape, inner, size * 0.004)
        darken(props.img, ring, rng.uniform(0, strength), size * 0.006)
        blend(props.img, polygon(props.img.shape, inner * 1.0), colour) if chance(rng, 0.3) else None
    base = any_colour(rng, 50, 240, 0.9)
    for _ in range(int(rng.integers(1, 14))):
        where = centre + rng.normal(0, 0.3, 2) * radius
        tone = base * rng.uniform(0.6, 1.2) if chance(rng, 0.6) else any_colour(rng, 20, 250, 0.9)
        lump(rng, props.img, where, radius * rng.uniform(0.08, 0.55), np.float32(tone))
    for _ in range(int(rng.integers(0, 3))):
        objects.pen(props, props.spot(), size * rng.uniform(0.4, 0.8))
    if chance(rng, 0.3):
        objects.disc(props, props.spot(), size * rng.uniform(0.2, 0.5))


def bed(props):
    """A bed in a room: mattress, blanket, pillows, headboard."""
    rng, w, h = props.rng, props.w, props.h
    if chance(rng, 0.8):
        places.room(props)
    x0, x1 = np.sort(rng.uniform(-0.1, 1.1, 2)) * w
    x1 = max(x1, x0 + 0.35 * w)
    y0, y1 = h * rng.uniform(0.3, 0.6), h * rng.uniform(0.65, 1.1)
    lean, spread = rng.normal(0, 0.15) * w, rng.uniform(0.0, 0.25) * w
    top = np.float32(
        [[x0 + lean, y0], [x1 + lean, y0], [x1 + spread, y1], [x0 - spread, y1]]
    )
    drop = np.float32([0, h * rng.uniform(0.04, 0.2)])
    head = np.float32([top[0] - (0, h * 0.2), top[1] - (0, h * 0.2), top[1], top[0]])
    blend(props.img, polygon(props.img.shape, head), any_colour(rng, 20, 230, 0.5))
    cloth = any_colour(rng, 150, 255, 0.3) if chance(rng, 0.6) else any_colour(rng, 15, 240, 0.8)
    for a, b in ((1, 2), (2, 3), (3, 0)):
        face = np.stack([top[a], top[b], top[b] + drop, top[a] + drop])
        blend(props.img, polygon(props.img.shape, face), cloth * np.float32(rng.uniform(0.4, 0.85)))
    blanket = grounds.toned(rng, props.any_surface(), 60, 240) if chance(rng, 0.6) else cloth
    blend(props.img, polygon(props.img.shape, top), blanket)
    if chance(rng, 0.6):  # the sheet turned back at the head
        t = np.float32(rng.uniform(0.15, 0.5))
        strip = np.stack([top[0], top[1], top[1] * (1 - t) + top[2] * t, top[0] * (1 - t) + top[3] * t])
        blend(props.img, polygon(props.img.shape, strip), any_colour(rng, 170, 255, 0.15))
    for k in range(int(rng.integers(1, 4))):
        where = top[0] + (top[1] - top[0]) * np.float32((k + 0.5) / 3) + (0, h * 0.04)
        outline = round_box_points(
            where, (w * rng.uniform(0.15, 0.3), h * rng.uniform(0.07, 0.15)), rng.normal(0, 0.15), h * 0.03
        )
        shape = polygon(props.img.shape, outline, 1.0)
        props.shadow(shape, 0.5, 0.02)
        blend(props.img, shape, any_colour(rng, 120, 255, 0.3))
    for _ in range(int(rng.integers(2, 9))):  # folds
        a = props.spot()
        line = stroke(props.img.shape, [a, a + rng.normal(0, 0.12, 2) * (w, h)], 2)
        darken(props.img, line, rng.uniform(-0.2, 0.35), 3.0)


def _facing(props, least=0.35, most=0.95):
    """A large quad seen nearly from the front."""
    rng = props.rng
    sides = np.array([props.w, props.h]) * rng.uniform(least, most, 2)
    where = np.array([props.w, props.h]) * rng.uniform(0.35, 0.65, 2)
    quad = box_points(where, sides, rng.normal(0, 0.06))
    return quad + (rng.normal(0, 0.05, (4, 2)) * sides).astype(np.float32)


def windows(props):
    """A wall with one to three windows, seen from within or without."""
    rng = props.rng
    props.img *= np.float32(rng.uniform(0.3, 1.1))
    for _ in range(int(rng.integers(1, 4))):
        places.window(props, _facing(props, 0.2, 0.8))
    if chance(rng, 0.5):  # curtains
        for side in (0, 1):
            x = props.w * (rng.uniform(0, 0.25) if side == 0 else rng.uniform(0.75, 1))
            curtain = box_points((x, props.h / 2), (props.w * rng.uniform(0.1, 0.4), props.h * 1.2))
            blend(props.img, polygon(props.img.shape, curtain), props.any_surface())


def doors(props):
    """One or two doors or cupboard fronts, close."""
    for _ in range(int(props.rng.integers(1, 3))):
        places.door(props, _facing(props, 0.3, 0.9))


def keyboard(props):
    """A keyboard or laptop, close."""
    rng = props.rng
    where = np.array([props.w, props.h]) * rng.uniform(0.35, 0.65, 2)
    if chance(rng, 0.5):
        deck = box_points(where, np.array([props.w, props.h]) * rng.uniform(0.6, 1.1, 2), rng.normal(0, 0.2))
        shape = polygon(props.img.shape, deck)
        props.shadow(shape)
        blend(props.img, shape, any_colour(rng, 15, 235, 0.12))
    objects.keys(props, where, props.size * rng.uniform(0.45, 1.2))
    if chance(rng, 0.5):
        objects.clutter(props, rng.integers(1, 4), 0.3)


def display(props):
    """A screen that shows text or a picture, close, with its bezel; often with moire."""
    rng = props.rng
    if chance(rng, 0.4):
        places.room(props)
    quad = _facing(props, 0.5, 1.15)
    places.screen(props, quad)
    if chance(rng, 0.5):
        objects.keys(props, np.array([props.w * 0.5, props.h * 0.92]), props.size * 0.5)
    if chance(rng, 0.5):
        moire(rng, props.img, polygon(props.img.shape, quad))


def moire(rng, img, shape=None):
    """Coloured rings and stripes as of a screen's pixels against the sensor's, in place."""
    h, w = img.shape[:2]
    y, x = np.mgrid[0:h, 0:w].astype(np.float32) / np.float32(max(h, w))
    angle, pitch = rng.uniform(0, 3.14), rng.uniform(8, 60)
    bow = rng.normal(0, 0.4) * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    phase = 6.283 * pitch * (x * np.cos(angle) + y * np.sin(angle) + bow)
    field = np.stack([np.sin(phase + k * rng.uniform(0, 1.5)) for k in range(3)], -1)
    field = (1 + np.float32(rng.uniform(0.02, 0.15)) * field).astype(np.float32)
    if shape is None:
        img *= field
    else:
        blend(img, shape, np.clip(img * field, 0, 255))


def set_table(props):
    """A table with place mats, coasters and dishes but no sheet."""
    rng = props.rng
    for _ in range(int(rng.integers(1, 3))):
        fake = box_points(props.spot(-0.25), props.size * rng.uniform(0.15, 0.5, 2), rng.normal(0, 0.3))
        grounds.mat(props, fake, (25, 200), square=False)
    for _ in range(int(rng.integers(1, 6))):
        where, size = props.spot(-0.05), props.size * rng.uniform(0.1, 0.5)
        (objects.disc, objects.disc, objects.rounded, grounds.coaster, objects.pen)[
            rng.integers(5)
        ](props, where, size)


def draped(props):
    """Cloths, rugs and cushions laid over each other."""
    rng = props.rng
    for _ in range(int(rng.integers(1, 4))):
        outline = box_points(props.spot(0), props.size * rng.uniform(0.3, 1.2, 2), rng.uniform(0, 3.14))
        outline = np.concatenate(
            [np.linspace(outline[i], outline[(i + 1) % 4], 9)[:-1] for i in range(4)]
        )
        outline = outline + rng.normal(0, 0.012, outline.shape) * props.size
        shape = polygon(props.img.shape, outline, rng.uniform(0, 1.5))
        props.shadow(shape, 0.5, 0.02)
        blend(props.img, shape, props.any_surface())
    if chance(rng, 0.4):
        objects.clutter(props, rng.integers(1, 5), 0.35)


ALL = (plate, plate, bed, bed, windows, doors, keyboard, display, display, set_table, draped)
