"""Rooms and other surroundings, and whole scenes that hold no page."""

import math

import cv2
import numpy as np
from PIL import Image, ImageDraw

from . import objects
from .noise import any_colour, chance, fractal
from .paint import (
    blend,
    box_points,
    darken,
    ellipse_points,
    polygon,
    ramp,
    round_box_points,
    stroke,
    whole,
)
from .text import any_font, words


def _quad_fill(props, points, colour):
    blend(props.img, polygon(props.img.shape, points), colour)


def _warp_into(props, picture, quad):
    """Draw a flat picture into a quad."""
    h, w = picture.shape[:2]
    flat = np.float32([[0, 0], [w, 0], [w, h], [0, h]])
    matrix = cv2.getPerspectiveTransform(flat, np.float32(quad))
    seen = cv2.warpPerspective(
        picture.astype(np.float32), matrix, (props.w, props.h), flags=cv2.INTER_AREA
    )
    blend(props.img, polygon(props.img.shape, quad), seen)


def _between(quad, x0, y0, x1, y1):
    """Part of a quad given in its own 0..1 coordinates (bilinear)."""

    def at(x, y):
        top = quad[0] * (1 - x) + quad[1] * x
        low = quad[3] * (1 - x) + quad[2] * x
        return top * (1 - y) + low * y

    return np.float32([at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1)])


def window(props, quad):
    """Bright opening with bars, perhaps with curtains."""
    rng = props.rng
    _quad_fill(props, quad, any_colour(rng, 60, 250, 0.3))
    glass = _between(quad, 0.06, 0.06, 0.94, 0.94)
    if chance(rng, 0.5):
        _quad_fill(props, glass, any_colour(rng, 200, 255, 0.2))
    else:
        _warp_into(props, props.any_picture(120, 120) * np.float32(rng.uniform(0.8, 1.6)), glass)
    bar = any_colour(rng, 30, 250, 0.2)
    panes = int(rng.integers(1, 4))
    if props.pageless and panes == 1:  # one bare pane, overexposed, could not be told from paper
        panes, bar = 2, any_colour(rng, 5, 90, 0.3)
    for t in np.linspace(0, 1, panes + 1)[1:-1]:
        _quad_fill(props, _between(quad, t - 0.02, 0, t + 0.02, 1), bar)
        if chance(rng, 0.5):
            _quad_fill(props, _between(quad, 0, t - 0.02, 1, t + 0.02), bar)


def door(props, quad):
    """Leaf with panels, frame and handle; also cupboard fronts."""
    rng = props.rng
    colour = any_colour(rng, 30, 250, 0.5)
    _quad_fill(props, quad, colour * np.float32(rng.uniform(0.6, 1.0)))
    leaf = _between(quad, 0.05, 0.03, 0.95, 1)
    if chance(rng, 0.5):
        blend(props.img, polygon(props.img.shape, leaf), props.any_surface())
    else:
        _quad_fill(props, leaf, colour)
    # A light leaf with a single panel could not be told from a card.
    rows, cols = int(rng.integers(2 if props.pageless else 1, 4)), int(rng.integers(1, 3))
    for r in range(rows):
        for c in range(cols):
            x, y = 0.12 + c * 0.8 / cols, 0.08 + r * 0.86 / rows
            part = _between(quad, x, y, x + 0.64 / cols, y + 0.7 / rows)
            darken(props.img, polygon(props.img.shape, part), rng.uniform(0.1, 0.4), 1.0, -1, -1)
            if chance(rng, 0.4):
                _quad_fill(props, part, np.clip(colour * rng.uniform(0.8, 1.2), 0, 255))
    knob = _between(quad, 0.86, 0.5, 0.92, 0.53)
    _quad_fill(props, knob, any_colour(rng, 30, 230, 0.3))


def framed(props, quad):
    """Picture on a wall."""
    rng = props.rng
    shape = polygon(props.img.shape, quad)
    props.shadow(shape, 0.4, 0.01)
    _quad_fill(props, quad, any_colour(rng, 5, 240, 0.6))
    rim = rng.uniform(0.05, 0.15)
    inner = _between(quad, rim, rim, 1 - rim, 1 - rim)
    if chance(rng, 0.3):
        _quad_fill(props, inner, any_colour(rng, 180, 250, 0.1))
        inner = _between(quad, 2 * rim, 2 * rim, 1 - 2 * rim, 1 - 2 * rim)
    _warp_into(props, props.any_picture(100, 100), inner)


def screen(props, quad):
    """Television, monitor or laptop lid: bezel and glowing content."""
    rng = props.rng
    shape = polygon(props.img.shape, quad)
    props.shadow(shape, 0.5, 0.02)
    pick = rng.random()
    # Only a dark screen may have a light bezel: a lit page in one would pass for paper.
    light = pick < 0.35 and chance(rng, 0.4)
    _quad_fill(
        props, quad, any_colour(rng, 120, 220, 0.1) if light else any_colour(rng, 2, 60, 0.2)
    )
    rim = rng.uniform(0.025, 0.07)
    inner = _between(quad, rim, rim, 1 - rim, 1 - rim * rng.uniform(1, 3))
    if pick < 0.35:
        _quad_fill(props, inner, any_colour(rng, 0, 45, 0.4))
    elif pick < 0.7:
        _warp_into(props, props.any_picture(160, 220) * np.float32(rng.uniform(0.6, 1.4)), inner)
    else:
        page = props.any_sheet().levels[0]
        cut = page[: max(60, page.shape[0] // 2)]
        _warp_into(props, 255 - cut if chance(rng, 0.4) else cut, inner)
    foot = (quad[2] + quad[3]) / 2
    down = (quad[3] - quad[0]) * rng.uniform(0.1, 0.3)
    if chance(rng, 0.5):
        side = (quad[2] - quad[3]) * 0.12
        _quad_fill(
            props,
            np.float32([foot - side, foot + side, foot + side + down, foot - side + down]),
            any_colour(rng, 5, 90, 0.1),
        )


def sign(props, quad, colour=None):
    """Board with letters: road sign, shop sign, number plate."""
    rng = props.rng
    ground = any_colour(rng, 5, 255, 0.9) if colour is None else colour
    ink = any_colour(rng, 0, 60, 0.5) if ground.mean() > 120 else any_colour(rng, 190, 255, 0.3)
    long_side = 220
    ratio = np.linalg.norm(quad[3] - quad[0]) / max(1.0, np.linalg.norm(quad[1] - quad[0]))
    h, w = (
        (long_side, int(long_side / ratio))
        if ratio > 1
        else (max(24, int(long_side * ratio)), long_side)
    )
    w = max(24, w)
    pil = Image.new('RGB', (w, h), tuple(int(v) for v in ground))
    draw = ImageDraw.Draw(pil)
    tone = tuple(int(v) for v in ink)
    lines = int(np.clip(round(h / w * 2 + rng.uniform(0, 2)), 1, 5))
    size = h / lines * rng.uniform(0.5, 0.85)
    for k in range(lines):
        draw.text(
            (w * rng.uniform(0.03, 0.15), h * k / lines + size * 0.1),
            words(rng, max(2, int(w / size * 1.7))),
            fill=tone,
            font=any_font(rng, size),
        )
    if chance(rng, 0.6):
        draw.rectangle((2, 2, w - 3, h - 3), outline=tone, width=int(rng.integers(1, 6)))
    if chance(rng, 0.4):
        draw.rectangle(
            (0, 0, w * 0.09, h), fill=tuple(int(v) for v in any_colour(rng, 20, 200, 0.9))
        )
    _warp_into(props, np.array(pil), quad)


def shelf(props, quad):
    """Row of book backs or packets."""
    rng = props.rng
    _quad_fill(props, quad, any_colour(rng, 10, 120, 0.4))
    x = 0.0
    while x < 0.97:
        step = rng.uniform(0.03, 0.14)
        _quad_fill(
            props,
            _between(quad, x, rng.uniform(0, 0.4), min(1, x + step * 0.93), 1),
            any_colour(rng, 10, 240, 0.8),
        )
        x += step


def _tilted_box(props, centre, sides, skew=0.05):
    rng = props.rng
    quad = box_points(centre, sides, rng.normal(0, 0.04))
    return quad + (rng.normal(0, skew, (4, 2)) * np.float32(sides)).astype(np.float32) * 0.5


def room(props):
    """Inside of a room: five planes and furnishings."""
    rng, w, h = props.rng, props.w, props.h
    cx, cy = w * rng.uniform(0.15, 0.85), h * rng.uniform(0.3, 0.6)
    bw, bh = w * rng.uniform(0.2, 0.9), h * rng.uniform(0.25, 0.7)
    back = box_points((cx, cy), (bw, bh))
    far = np.float32([[0, 0], [w, 0], [w, h], [0, h]]) * 3 - np.float32([w, h])
    for i, tone in ((0, 1.1), (1, 0.8), (2, 0.9), (3, 1.0)):
        face = np.stack([back[i], back[(i + 1) % 4], far[(i + 1) % 4], far[i]])
        plane = props.any_surface() if chance(rng, 0.5) else any_colour(rng, 40, 245, 0.4)
        blend(props.img, polygon((h, w), face), plane * np.float32(tone * rng.uniform(0.6, 1.2)))
    blend(
        props.img,
        polygon((h, w), back),
        props.any_surface() if chance(rng, 0.3) else any_colour(rng, 60, 250, 0.35),
    )
    makers = (window, window, door, framed, framed, screen, shelf)
    for _ in range(int(rng.integers(1, 7))):
        sides = np.array([w, h]) * rng.uniform(0.06, 0.4, 2)
        where = np.array([cx, cy]) + rng.normal(0, 0.28, 2) * (w, h)
        makers[rng.integers(len(makers))](props, _tilted_box(props, where, sides))
    for _ in range(int(rng.integers(0, 6))):
        where = np.array([rng.uniform(0, w), h * rng.uniform(0.5, 1.0)])
        kind = (objects.solid, objects.rounded, objects.slab, objects.leaf, objects.disc)[
            rng.integers(5)
        ]
        kind(props, where, props.size * rng.uniform(0.1, 0.5))
    if chance(rng, 0.3):
        spot = polygon(
            (h, w), ellipse_points(props.spot(), (props.size * 0.05,) * 2), props.size * 0.02
        )
        blend(props.img, spot, np.float32([255, 250, 235]))


def jumble(props):
    """Large vague shapes of all kinds, as behind a sheet held up."""
    rng, w, h = props.rng, props.w, props.h
    for _ in range(int(rng.integers(3, 11))):
        pick = rng.random()
        if pick < 0.35:
            angle = rng.choice([0, 1.57, 3.14, 4.71]) + rng.normal(0, 0.25)
            shape = whole(ramp(h, w, angle, rng.uniform(0.02, 0.45)))
        elif pick < 0.8:
            shape = polygon(
                (h, w), _tilted_box(props, props.spot(0), props.size * rng.uniform(0.08, 0.7, 2))
            )
        else:
            shape = polygon(
                (h, w), ellipse_points(props.spot(0), props.size * rng.uniform(0.04, 0.3, 2))
            )
        if chance(rng, 0.5):
            props.shadow(shape)
        if chance(rng, 0.2):
            blend(props.img, shape, any_colour(rng, 190, 255, 0.15))
        else:
            blend(props.img, shape, props.any_surface() * np.float32(rng.uniform(0.4, 1.4)))


def defocus(props, least=-0.3, most=1.6):
    sigma = math.exp(props.rng.uniform(least, most))
    props.img[:] = cv2.GaussianBlur(props.img, (0, 0), sigma)


def street(props):
    """House fronts, sky, signs, lamp posts."""
    rng, w, h = props.rng, props.w, props.h
    props.img[:] = props.any_picture(h, w)
    for _ in range(int(rng.integers(0, 4))):
        quad = _tilted_box(
            props,
            (rng.uniform(0, w), h * rng.uniform(0.2, 0.6)),
            (w * rng.uniform(0.2, 0.8), h * rng.uniform(0.3, 1.0)),
            0.15,
        )
        blend(props.img, polygon((h, w), quad), props.any_surface())
        rows, cols = int(rng.integers(1, 6)), int(rng.integers(1, 6))
        glass = any_colour(rng, 10, 230, 0.4)
        for r in range(rows):
            for c in range(cols):
                part = _between(
                    quad, (c + 0.2) / cols, (r + 0.2) / rows, (c + 0.8) / cols, (r + 0.8) / rows
                )
                _quad_fill(props, part, glass * np.float32(rng.uniform(0.6, 1.2)))
    for _ in range(int(rng.integers(0, 4))):
        where, tone = props.spot(0), any_colour(rng, 20, 120, 0.2)
        if chance(rng, 0.6):
            pole = stroke((h, w), [where, where + (rng.normal(0, 5), h)], props.size * 0.015)
            blend(props.img, pole, tone)
        sign(props, _tilted_box(props, where, props.size * rng.uniform(0.08, 0.4, 2)))
    if chance(rng, 0.4):
        vehicle(props, small=True)


def vehicle(props, small=False):
    """Front of a car: bonnet, lamps, grille, number plate."""
    rng, w, h = props.rng, props.w, props.h
    scale = rng.uniform(0.3, 0.6) if small else rng.uniform(0.9, 1.7)
    centre = np.array([w * rng.uniform(0.3, 0.7), h * rng.uniform(0.45, 0.75)])
    unit, paint_tone = props.size * scale, any_colour(rng, 5, 230, 0.9)
    body = polygon(
        (h, w), round_box_points(centre, (unit, unit * 0.6), rng.normal(0, 0.05), unit * 0.12)
    )
    props.shadow(body)
    light = ramp(h, w, 1.57, rng.uniform(-0.2, 0.2), unit * 0.5)[..., None]
    blend(props.img, body, paint_tone * (1.25 - 0.6 * light))
    grille = box_points(centre + (0, unit * 0.02), (unit * rng.uniform(0.3, 0.6), unit * 0.14))
    _quad_fill(props, grille, any_colour(rng, 5, 50, 0.1))
    for y in np.linspace(0, 1, int(rng.integers(3, 7))):
        blend(
            props.img,
            stroke((h, w), _between(grille, 0, y, 1, y)[:2], 2),
            any_colour(rng, 90, 220, 0.1),
        )
    for side in (-1, 1):
        lamp = polygon(
            (h, w),
            ellipse_points(centre + (side * unit * 0.38, -unit * 0.03), (unit * 0.09, unit * 0.06)),
        )
        blend(props.img, lamp, any_colour(rng, 160, 255, 0.15))
    plate = _tilted_box(
        props,
        centre + (rng.normal(0, unit * 0.04), unit * rng.uniform(0.1, 0.22)),
        (unit * 0.34, unit * 0.075),
        0.03,
    )
    _quad_fill(props, plate + (plate - plate.mean(0)) * 0.12, any_colour(rng, 0, 40, 0.1))
    sign(props, plate, any_colour(rng, 190, 255, 0.4))


def wall_panels(props):
    """Close view of cupboards, radiators, lifts, boxes: panels that are no pages."""
    rng, w, h = props.rng, props.w, props.h
    cols, rows = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    base = any_colour(rng, 30, 250, 0.4)
    wall = np.float32([[0, 0], [w, 0], [w, h], [0, h]])
    wall = wall + (rng.normal(0, 0.12, (4, 2)) * (w, h)).astype(np.float32)
    wall += (wall - wall.mean(0)) * rng.uniform(0, 0.6)
    for r in range(rows):
        for c in range(cols):
            gap = rng.uniform(0.01, 0.05)
            part = _between(
                wall, c / cols + gap, r / rows + gap, (c + 1) / cols - gap, (r + 1) / rows - gap
            )
            shape = polygon((h, w), part)
            props.shadow(shape, 0.5, 0.006)
            if chance(rng, 0.3):
                door(props, part)
            else:
                blend(props.img, shape, base * np.float32(rng.uniform(0.8, 1.15)))
            if chance(rng, 0.3):
                knob = _between(part, 0.42, 0.06, 0.58, 0.1)
                _quad_fill(props, knob, any_colour(rng, 20, 230, 0.2))
    if chance(rng, 0.3):
        objects.clutter(props, rng.integers(1, 5))


def screens(props):
    """Desk or wall with one or two large screens."""
    rng, w, h = props.rng, props.w, props.h
    if chance(rng, 0.5):
        room(props)
    for _ in range(int(rng.integers(1, 3))):
        sides = np.array([rng.uniform(0.3, 0.95), rng.uniform(0.25, 0.6)]) * (w, h)
        screen(
            props,
            _tilted_box(props, (w * rng.uniform(0.3, 0.7), h * rng.uniform(0.3, 0.6)), sides, 0.1),
        )
    if chance(rng, 0.5):
        objects.keys(props, np.array([w * rng.uniform(0.3, 0.7), h * 0.9]), props.size * 0.4)


def packages(props):
    """Boxes, tins and cushions, some lettered."""
    rng = props.rng
    for _ in range(int(rng.integers(1, 5))):
        where, size = props.spot(-0.15), props.size * rng.uniform(0.25, 0.8)
        (objects.solid, objects.solid, objects.rounded, objects.disc)[rng.integers(4)](
            props, where, size
        )
        for _ in range(int(rng.integers(0, 3))):
            objects.lettering(props, where + rng.normal(0, 0.1, 2) * size, size)


def desk(props):
    objects.clutter(props, props.rng.integers(2, 18), props.rng.choice([0.3, 0.6]))


def photograph(props):
    props.img[:] = props.any_picture(props.h, props.w)
    if chance(props.rng, 0.4):
        props.img *= (1 + 0.1 * fractal(props.rng, props.h, props.w, 5, 12, 0.8))[..., None]


def bare(props):
    """Only a surface, perhaps with a bright or dark patch of light."""
    rng = props.rng
    if chance(rng, 0.5):
        shape = polygon(
            (props.h, props.w),
            _tilted_box(props, props.spot(0), props.size * rng.uniform(0.2, 0.9, 2), 0.2),
            props.size * rng.uniform(0.005, 0.06),
        )
        darken(props.img, shape, rng.uniform(-0.7, 0.6), props.size * 0.01)


def holding_nothing(props):
    """Hands and arms without a sheet."""
    rng = props.rng
    if chance(rng, 0.6):
        room(props)
        defocus(props)
    for _ in range(int(rng.integers(1, 3))):
        fake = box_points(
            props.spot(-0.25), props.size * rng.uniform(0.1, 0.5, 2), rng.uniform(0, 3.14)
        )
        objects.fingers(props, fake)
    if chance(rng, 0.6):
        objects.KINDS[rng.integers(len(objects.KINDS))](props, props.spot(-0.3), props.size * 0.3)


PAGELESS = (
    room,
    room,
    street,
    street,
    vehicle,
    wall_panels,
    wall_panels,
    screens,
    screens,
    packages,
    desk,
    desk,
    photograph,
    photograph,
    photograph,
    bare,
    holding_nothing,
    jumble,
)


def pageless(props, more=()):
    """Turn the canvas into a scene without any sheet: one of PAGELESS or of more."""
    rng, props.pageless = props.rng, True
    kinds = PAGELESS + tuple(more)
    kinds[rng.integers(len(kinds))](props)
    if chance(rng, 0.15):
        objects.clutter(props, rng.integers(1, 6), 0.4)
    if chance(rng, 0.35):
        defocus(props, -0.8, 0.7)
