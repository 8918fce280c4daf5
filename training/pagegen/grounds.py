"""What a sheet may lie on that ends inside the picture: mats, cloths, trays, boards, coasters."""

import math

import numpy as np

from .noise import any_colour, chance
from .paint import (
    blend,
    box_points,
    darken,
    ellipse_points,
    polygon,
    round_box_points,
    stroke,
    wobbly_points,
)


def toned(rng, texture, low, high):
    """A texture brought to a mean brightness between low and high."""
    goal = rng.uniform(low, high)
    return np.clip(texture * np.float32(goal / max(float(texture.mean()), 12)), 0, 255)


def _slanted(rng, points, amount=0.06):
    """Points seen a little from the side: one axis shrinks towards one end."""
    centre = points.mean(0)
    local = points - centre
    reach = np.abs(local).max() + 1e-6
    angle = rng.uniform(0, 6.28)
    depth = (local @ np.float32([math.cos(angle), math.sin(angle)])) / reach
    return (centre + local / (1 + amount * rng.standard_normal() * depth)[:, None]).astype(
        np.float32
    )


def _outline(rng, centre, sides, angle, square=True):
    """Outline of a mat: rectangle (unless not square), round corners, ellipse or loose cloth."""
    pick = rng.uniform(0 if square else 0.5, 1)
    if pick < 0.5:
        points = box_points(centre, sides, angle)
        points = np.concatenate(
            [np.linspace(points[i], points[(i + 1) % 4], 8)[:-1] for i in range(4)]
        ).astype(np.float32)
    elif pick < 0.78:
        points = round_box_points(centre, sides, angle, min(sides) * rng.uniform(0.02, 0.25))
    elif pick < 0.92:
        points = ellipse_points(centre, sides / 2, angle)
    else:
        return wobbly_points(rng, centre, sides / 2, 0.25)
    points = _slanted(rng, points)
    if chance(rng, 0.25):  # cloth whose sides do not run straight
        points = points + rng.normal(0, 0.006, points.shape).astype(np.float32) * np.float32(
            max(sides)
        )
    return points


def _fringe(props, points, colour, length):
    """Threads that hang out along part of the outline."""
    rng, centre = props.rng, points.mean(0)
    first = int(rng.integers(len(points)))
    for k in range(len(points) // 3):
        a, b = points[(first + k) % len(points)], points[(first + k + 1) % len(points)]
        for t in np.linspace(0, 1, 9):
            root = a * (1 - t) + b * t
            out = root - centre
            tip = root + out / (np.linalg.norm(out) + 1e-6) * length * rng.uniform(0.6, 1.2)
            blend(props.img, stroke(props.img.shape, [root, tip], 1), colour)


def _finish_edge(props, points, texture):
    """Hem, printed border, raised rim or fringe of a mat."""
    rng, shape = props.rng, props.img.shape
    centre, tone = points.mean(0), texture.mean((0, 1))
    pick = rng.random()
    if pick < 0.3:
        for _ in range(int(rng.integers(1, 4))):
            inner = centre + (points - centre) * np.float32(rng.uniform(0.75, 0.98))
            closed = np.concatenate([inner, inner[:1]])
            colour = tone * rng.uniform(0.5, 1.3) if chance(rng, 0.5) else any_colour(rng, 10, 250)
            blend(props.img, stroke(shape, closed, rng.uniform(1, 7)), np.clip(colour, 0, 255))
    elif pick < 0.5:  # rim of a tray: bright outside, shaded inside
        closed = np.concatenate([points, points[:1]])
        width = props.size * rng.uniform(0.008, 0.03)
        blend(props.img, stroke(shape, closed, width), np.clip(tone * 1.2 + 8, 0, 255))
        inner = centre + (points - centre) * np.float32(0.96)
        blend(
            props.img,
            stroke(shape, np.concatenate([inner, inner[:1]]), width * 0.6),
            tone * np.float32(rng.uniform(0.4, 0.85)),
        )
    elif pick < 0.6:
        _fringe(props, points, np.clip(tone * rng.uniform(0.8, 1.2), 0, 255), props.size * 0.03)


def mat(props, quad, tones=None, square=True):
    """Something flat beneath the sheet that ends inside the picture; returns its mean colour.

    With square false it is never a plain rectangle, which alone could pass for a sheet."""
    rng = props.rng
    span = quad.max(0) - quad.min(0)
    sides = span * rng.uniform(1.1, 2.8, 2) + rng.uniform(0, 0.2) * props.size
    centre = quad.mean(0) + rng.normal(0, 0.15, 2) * (sides - span)
    if chance(rng, 0.5):
        along = quad[1] - quad[0]
        angle = math.atan2(along[1], along[0]) + rng.normal(0, 0.08)
        long_first = np.linalg.norm(along) > np.linalg.norm(quad[3] - quad[0])
        if long_first != (sides[0] > sides[1]):
            sides = sides[::-1]
        if abs(math.sin(angle)) > 0.35:  # turned: the bounding box says little about its sides
            sides = np.array([np.linalg.norm(along), np.linalg.norm(quad[3] - quad[0])])
            sides = sides * rng.uniform(1.15, 2.4, 2)
    else:
        angle = rng.normal(0, 0.08) if chance(rng, 0.6) else rng.uniform(0, 3.14)
    points = _outline(rng, centre, np.float32(sides), angle, square)
    texture = props.any_surface()
    if tones is None:
        tones = (150, 240) if chance(rng, 0.6) else (12, 200)
    texture = toned(rng, texture, *tones)
    if chance(rng, 0.2):
        texture = texture * 0.15 + texture.mean((0, 1)) * np.float32(0.85)
    shape = polygon(props.img.shape, points)
    props.shadow(shape, 0.6, 0.015)
    blend(props.img, shape, texture)
    _finish_edge(props, points, texture)
    return texture.mean((0, 1))


def coaster(props, where, size):
    """Small round or square mat, as clutter."""
    rng = props.rng
    sides = np.float32([size, size * rng.uniform(0.7, 1.1)])
    points = (
        ellipse_points(where, sides / 2)
        if chance(rng, 0.5)
        else round_box_points(where, sides, rng.uniform(0, 1.57), size * rng.uniform(0.02, 0.2))
    )
    shape = polygon(props.img.shape, points)
    props.shadow(shape)
    blend(props.img, shape, toned(rng, props.any_surface(), 20, 235))


def raised_board(props, quad):
    """Clip board, book or carton that shows a side face, beneath the sheet."""
    rng, centre = props.rng, quad.mean(0)
    top = (quad - centre) * np.float32(rng.uniform(1.04, 1.5)) + centre
    top = top + np.float32(rng.normal(0, 0.015, 2) * props.size)
    drop = np.float32([rng.normal(0, 0.02), rng.uniform(0.005, 0.06)]) * np.float32(props.size)
    lower = polygon(props.img.shape, top + drop)
    props.shadow(lower, 0.7, 0.03)
    colour = any_colour(rng, 15, 240, 0.6)
    for i in range(4):
        face = np.stack([top[i], top[(i + 1) % 4], top[(i + 1) % 4] + drop, top[i] + drop])
        blend(
            props.img, polygon(props.img.shape, face), colour * np.float32(rng.uniform(0.35, 0.9))
        )
    upper = polygon(props.img.shape, top)
    if chance(rng, 0.5):
        blend(props.img, upper, toned(rng, props.any_surface(), 20, 230))
    else:
        blend(props.img, upper, colour)
    if chance(rng, 0.3):  # clamp
        middle = (top[0] + top[1]) / 2
        along = (top[1] - top[0]) * np.float32(0.14)
        down = (top[3] - top[0]) * np.float32(0.04)
        clamp = np.stack([middle - along, middle + along, middle + along + down, middle - along + down])
        darken(props.img, polygon(props.img.shape, clamp), 0.5, 2.0, 1, 1)
        blend(props.img, polygon(props.img.shape, clamp), any_colour(rng, 60, 230, 0.1))
