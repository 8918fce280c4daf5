"""Things that lie about: pens, cups, phones, boxes, cables, hands and other clutter."""

import math

import cv2
import numpy as np
from PIL import Image, ImageDraw

from .noise import any_colour, chance, fractal, skin_colour
from .paint import (
    blend,
    box_points,
    darken,
    ellipse_points,
    polygon,
    round_box_points,
    stroke,
    volume,
    wobbly_points,
)
from .pictures import lump
from .surfaces import view_surface
from .text import any_font, words


class Props:
    """Shared material for a scene: random numbers, the picture and the pools of textures."""

    def __init__(self, rng, img, surfaces, sheets, pictures):
        self.rng, self.img = rng, img
        self.surfaces, self.sheets, self.pictures = surfaces, sheets, pictures
        self.pageless = False  # then nothing may be drawn that could pass for a sheet
        self.h, self.w = img.shape[:2]
        self.size = math.sqrt(self.h * self.w)

    def any_surface(self, h=None, w=None):
        texture = self.surfaces[self.rng.integers(len(self.surfaces))]
        return view_surface(self.rng, texture, h or self.h, w or self.w)

    def any_picture(self, h, w):
        source = self.pictures[self.rng.integers(len(self.pictures))]
        return cv2.resize(source, (max(2, int(w)), max(2, int(h)))).astype(np.float32)

    def any_sheet(self):
        return self.sheets[self.rng.integers(len(self.sheets))]

    def spot(self, margin=0.05):
        return self.rng.uniform(-margin, 1 + margin, 2) * (self.w, self.h)

    def shadow(self, shape, strong=0.6, reach=0.02):
        rng = self.rng
        darken(
            self.img,
            shape,
            rng.uniform(0.1, strong),
            self.size * math.exp(rng.uniform(-6, -3.3)),
            rng.normal(0, reach) * self.size,
            rng.normal(0, reach) * self.size,
        )


def _fill(props, shape, colour, textured=0.5):
    """Colour, perhaps a texture, perhaps a picture."""
    if shape is None:
        return
    rng = props.rng
    _, (x0, y0, x1, y1) = shape
    pick = rng.random()
    if pick < textured * 0.5:
        colour = (
            colour * (1 + rng.uniform(0.03, 0.25) * fractal(rng, y1 - y0, x1 - x0, 4, 3))[..., None]
        )
    elif pick < textured * 0.8:
        colour = props.any_surface(y1 - y0, x1 - x0)
    elif pick < textured:
        colour = props.any_picture(y1 - y0, x1 - x0)
    if chance(rng, 0.6):
        centre = ((x0 + x1) / 2, (y0 + y1) / 2)
        colour = np.asarray(colour, np.float32) * volume(
            shape, centre, max(x1 - x0, y1 - y0), rng.uniform(0, 6.28), rng.uniform(0, 0.5)
        )
    blend(props.img, shape, colour)


def slab(props, where, size):
    """A flat or slightly thick rectangle: book, folder, mat, tile, box lid."""
    rng = props.rng
    angle = rng.uniform(0, 3.14) if chance(rng, 0.6) else rng.normal(0, 0.07)
    sides = size * rng.uniform(0.25, 1, 2) * (0.6 if props.pageless else 1.0)
    points = round_box_points(where, sides, angle, min(sides) * rng.choice([0, 0, 0.05, 0.2]))
    shape = polygon(props.img.shape, points)
    props.shadow(shape)
    if chance(rng, 0.4):
        lower = polygon(props.img.shape, points + rng.normal(0, 0.012 * props.size, 2))
        blend(props.img, lower, any_colour(rng, 20, 230, 0.3))
    if props.pageless:
        _fill(props, shape, any_colour(rng, 5, 120, 0.9), 1.0)
        for _ in range(int(rng.integers(0, 4))):
            inner = round_box_points(where, sides * rng.uniform(0.3, 0.95), angle, 1)
            blend(
                props.img,
                stroke(props.img.shape, inner, rng.uniform(1, 4)),
                any_colour(rng, 0, 200, 0.7),
            )
    else:
        _fill(props, shape, any_colour(rng, 5, 235, 0.8), 0.6)


def disc(props, where, size):
    """Cup, bowl, plate, coin or roll of tape seen from above."""
    rng = props.rng
    radius, flat = size * 0.4, rng.uniform(0.6, 1)
    outline = ellipse_points(where, (radius, radius * flat))
    shape = polygon(props.img.shape, outline)
    props.shadow(shape, 0.6, 0.03)
    colour = any_colour(rng, 20, 250, 0.7)
    _fill(props, shape, colour, 0.2)
    for scale in sorted(rng.uniform(0.3, 0.95, int(rng.integers(0, 4))))[::-1]:
        inner = polygon(
            props.img.shape, ellipse_points(where, (radius * scale, radius * flat * scale))
        )
        tone = colour * rng.uniform(0.4, 1.2) if chance(rng, 0.6) else any_colour(rng, 10, 240, 0.7)
        blend(props.img, inner, np.clip(tone, 0, 255))
    if chance(rng, 0.3):
        handle = np.float32(where) + np.float32([radius, 0])
        ring = ellipse_points(handle, (radius * 0.35, radius * 0.3), 0, 20)
        blend(props.img, stroke(props.img.shape, ring, radius * 0.15), colour)


def pen(props, where, size):
    rng = props.rng
    angle, length = rng.uniform(0, 6.28), size * rng.uniform(0.6, 1.6)
    step = np.array([math.cos(angle), math.sin(angle)]) * length / 2
    width = max(2, length * rng.uniform(0.03, 0.08))
    shape = stroke(props.img.shape, [where - step, where + step], width)
    props.shadow(shape)
    colour = any_colour(rng, 0, 255, 0.9)
    blend(props.img, shape, colour)
    tip = stroke(props.img.shape, [where + step * rng.uniform(0.3, 0.8), where + step], width)
    blend(props.img, tip, any_colour(rng, 0, 255, 0.5))
    light = np.array([-step[1], step[0]]) / length * width * 0.4
    blend(
        props.img,
        stroke(props.img.shape, [where - step + light, where + step + light], 1),
        np.clip(colour * 1.4 + 20, 0, 255),
    )


def cable(props, where, size):
    rng = props.rng
    points = np.cumsum(rng.normal(0, size * 0.35, (6, 2)), 0) + where
    t = np.linspace(0, 5, 40)
    smooth = np.stack([np.interp(t, range(6), points[:, k]) for k in (0, 1)], -1)
    smooth = cv2.GaussianBlur(smooth.astype(np.float32), (1, 9), 2, borderType=cv2.BORDER_REPLICATE)
    shape = stroke(props.img.shape, smooth, props.size * rng.uniform(0.004, 0.02))
    props.shadow(shape, 0.5, 0.008)
    blend(props.img, shape, any_colour(rng, 0, 255, 0.4))


def phone(props, where, size):
    """Phone or tablet with a dark or lit screen."""
    rng = props.rng
    angle = rng.uniform(0, 3.14) if chance(rng, 0.5) else rng.normal(0, 0.15)
    sides = np.array([size * 0.5, size * rng.uniform(0.7, 1.1)])
    outer = round_box_points(where, sides, angle, sides[0] * rng.uniform(0.05, 0.18))
    shape = polygon(props.img.shape, outer)
    props.shadow(shape)
    blend(
        props.img,
        shape,
        any_colour(rng, 0, 80, 0.3) if chance(rng, 0.8) else any_colour(rng, 180, 250, 0.2),
    )
    inner = polygon(
        props.img.shape, box_points(where, sides * (0.92, rng.uniform(0.78, 0.94)), angle)
    )
    if inner is not None:
        _, (x0, y0, x1, y1) = inner
        screen = (
            props.any_picture(y1 - y0, x1 - x0) * np.float32(rng.uniform(0.3, 1))
            if chance(rng, 0.4)
            else any_colour(rng, 2, 60, 0.3)
        )
        blend(props.img, inner, screen)


def keys(props, where, size):
    """Keyboard."""
    rng = props.rng
    cols, rows = int(rng.integers(8, 16)), int(rng.integers(3, 7))
    angle = rng.normal(0, 0.3) + (1.57 if chance(rng, 0.2) else 0)
    key = size * rng.uniform(0.09, 0.2)
    body = any_colour(rng, 5, 235, 0.15)
    shape = polygon(
        props.img.shape, box_points(where, (cols * key * 1.05, rows * key * 1.1), angle)
    )
    props.shadow(shape)
    blend(props.img, shape, body)
    turn = np.float32([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    cap = np.clip(body * rng.uniform(0.7, 1.4) + rng.uniform(-20, 30), 0, 255)
    for row in range(rows):
        for col in range(cols):
            at = np.float32([col - cols / 2 + 0.5, row - rows / 2 + 0.5]) * key @ turn + np.float32(
                where
            )
            blend(
                props.img,
                polygon(props.img.shape, box_points(at, (key * 0.8, key * 0.8), angle)),
                cap,
            )


def solid(props, where, size):
    """A box with three visible faces."""
    rng = props.rng
    base = box_points(where, size * rng.uniform(0.3, 1, 2), rng.uniform(0, 3.14))
    rise = np.float32([rng.normal(0, 0.15), -rng.uniform(0.15, 0.8)]) * size
    top = base + rise * 1.0
    colour, shape = any_colour(rng, 30, 235, 0.7), polygon(props.img.shape, base)
    props.shadow(shape, 0.6, 0.04)
    order = sorted(range(4), key=lambda i: base[i, 1] + base[(i + 1) % 4, 1])
    for i in order:
        j = (i + 1) % 4
        face = polygon(props.img.shape, np.stack([base[i], base[j], top[j], top[i]]))
        blend(props.img, face, colour * np.float32(rng.uniform(0.4, 1.0)))
    lid = polygon(props.img.shape, top)
    _fill(props, lid, np.clip(colour * rng.uniform(0.8, 1.3), 0, 255), 0.4)


def leaf(props, where, size):
    """Sprig of leaves."""
    rng = props.rng
    base = np.float32([rng.uniform(20, 120), rng.uniform(60, 170), rng.uniform(10, 90)])
    for _ in range(int(rng.integers(2, 14))):
        angle = rng.uniform(0, 6.28)
        reach = np.array([math.cos(angle), math.sin(angle)]) * size * rng.uniform(0.1, 0.6)
        axes = (size * rng.uniform(0.1, 0.3), size * rng.uniform(0.03, 0.12))
        shape = polygon(props.img.shape, ellipse_points(where + reach, axes, angle))
        props.shadow(shape, 0.4)
        _fill(props, shape, base * np.float32(rng.uniform(0.6, 1.4)), 0.2)


def scrap(props, where, size):
    """A rag, stain, bag or patch without straight sides."""
    rng = props.rng
    outline = wobbly_points(rng, where, size * rng.uniform(0.2, 0.7, 2), 0.5)
    shape = polygon(props.img.shape, outline, rng.uniform(0, 3) if chance(rng, 0.4) else 0)
    if chance(rng, 0.7):
        props.shadow(shape)
    _fill(props, shape, any_colour(rng, 0, 255, 0.8), 0.7)


def rounded(props, where, size):
    lump(props.rng, props.img, where, size * 0.4, any_colour(props.rng, 10, 245, 0.8))


def lettering(props, where, size):
    """Letters straight on whatever is there."""
    rng = props.rng
    h = max(6, int(size * rng.uniform(0.06, 0.3)))
    mask = np.zeros((int(h * 1.5), h * 7), np.uint8)
    pil = Image.fromarray(mask)
    ImageDraw.Draw(pil).text(
        (2, 0), words(rng, int(rng.integers(3, 14))), fill=255, font=any_font(rng, h)
    )
    flat = np.float32(
        [[0, 0], [mask.shape[1], 0], [mask.shape[1], mask.shape[0]], [0, mask.shape[0]]]
    )
    quad = box_points(where, (mask.shape[1], mask.shape[0]), rng.normal(0, 0.3)) + rng.normal(
        0, h * 0.15, (4, 2)
    ).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(flat, quad)
    alpha = cv2.warpPerspective(np.array(pil), matrix, (props.w, props.h))
    blend(
        props.img,
        (alpha.astype(np.float32) / 255, (0, 0, props.w, props.h)),
        any_colour(rng, 0, 255, 0.9),
    )


KINDS = (
    slab,
    slab,
    slab,
    disc,
    disc,
    pen,
    pen,
    cable,
    phone,
    keys,
    solid,
    leaf,
    scrap,
    scrap,
    rounded,
    lettering,
)


def clutter(props, count, largest=0.35):
    """Some random things anywhere."""
    rng = props.rng
    for _ in range(int(count)):
        size = props.size * math.exp(rng.uniform(math.log(0.05), math.log(largest)))
        KINDS[rng.integers(len(KINDS))](props, props.spot(), size)


def small_things(props, where_from, count):
    """Clips, pens and coins that lie on the sheet itself."""
    rng = props.rng
    for _ in range(count):
        a, b = rng.random(2)
        where = (where_from[0] * (1 - a) + where_from[1] * a) * (1 - b) + (
            where_from[3] * (1 - a) + where_from[2] * a
        ) * b
        kind = (pen, disc, cable, rounded, scrap)[rng.integers(5)]
        kind(props, where, props.size * rng.uniform(0.03, 0.14))


def fastenings(props, quad):
    """Staples, paper clips and sticky notes at the sheet's edges."""
    rng = props.rng
    for _ in range(int(rng.integers(1, 3))):
        side, t = int(rng.integers(4)), rng.uniform(0.03, 0.97)
        edge = quad[side] * (1 - t) + quad[(side + 1) % 4] * t
        into = (quad.mean(0) - edge) * np.float32(rng.uniform(0.02, 0.12))
        where, tone = edge + into, any_colour(rng, 60, 250, 0.2)
        pick = rng.random()
        if pick < 0.4:
            step = rng.normal(0, 1, 2)
            step = step / (np.linalg.norm(step) + 1e-6) * props.size * 0.014
            shape = stroke(props.img.shape, [where - step, where + step], 2)
            props.shadow(shape, 0.4, 0.004)
            blend(props.img, shape, tone)
        elif pick < 0.75:
            out = -into / (np.linalg.norm(into) + 1e-6) * props.size * rng.uniform(0.02, 0.05)
            across = np.float32([-out[1], out[0]]) * np.float32(0.25)
            loop = [where - across, edge + out - across, edge + out + across, where + across]
            colour = any_colour(rng, 20, 240, 0.9)
            blend(props.img, stroke(props.img.shape, loop, max(1, props.size * 0.006)), colour)
        else:
            size = props.size * rng.uniform(0.05, 0.14)
            note = box_points(where, (size, size), rng.uniform(0, 3.14))
            shape = polygon(props.img.shape, note)
            props.shadow(shape, 0.3, 0.006)
            blend(props.img, shape, any_colour(rng, 170, 255, 0.8))


def _limb(props, points, width, skin, shadow=True):
    """A finger, arm or sleeve: a thick line that is lighter along its middle."""
    shape = stroke(props.img.shape, points, width)
    if shape is None:
        return
    if shadow:
        props.shadow(shape, 0.55, 0.015)
    alpha = shape[0]
    bright = cv2.GaussianBlur(alpha, (0, 0), max(0.5, width * 0.25))
    grain = 1.0
    if chance(props.rng, 0.3):
        grain = (1 + 0.05 * fractal(props.rng, *alpha.shape, 4, 6))[..., None]
    blend(props.img, shape, skin * (0.5 + 0.6 * bright[..., None]) * grain)


def _towards_edge(rng, quad):
    """A point on a side, the outward direction there, and along the side."""
    side = int(rng.integers(4))
    t = rng.uniform(0.15, 0.85)
    point = quad[side] * (1 - t) + quad[(side + 1) % 4] * t
    out = point - quad.mean(0)
    out = out / (np.linalg.norm(out) + 1e-6)
    return point, out, np.array([-out[1], out[0]])


class Hand:
    """A hand that holds the sheet: palm and arm behind it, thumb in front."""

    def __init__(self, props, quad):
        rng = props.rng
        self.props, self.skin = props, skin_colour(rng)
        self.point, self.out, self.side = _towards_edge(rng, quad)
        self.width = props.size * rng.uniform(0.06, 0.17)
        self.palm = self.point + self.out * self.width * rng.uniform(0.2, 1.4)

    def behind(self):
        props, rng, width = self.props, self.props.rng, self.width
        far = self.palm + (self.out + rng.normal(0, 0.4, 2)) * props.size * 1.2
        _limb(props, [self.palm, far], width * rng.uniform(0.9, 1.6), self.skin)
        if chance(rng, 0.5):
            cuff = self.palm + (far - self.palm) * rng.uniform(0.15, 0.4)
            _limb(props, [cuff, far], width * rng.uniform(1.4, 2.2), any_colour(rng, 5, 240, 0.7))
        _limb(props, [self.point - self.out * width * 0.3, self.palm], width * 1.5, self.skin)
        for k in range(int(rng.integers(0, 5))):
            start = self.point + self.side * (k - 1.5) * width * 0.5 + self.out * width * 0.3
            tip = (
                start
                - self.out * width * rng.uniform(0.5, 1.5)
                + self.side * rng.normal(0, 0.2) * width
            )
            _limb(props, [tip, start], max(2, width * 0.42), self.skin)

    def thumb(self):
        props, rng, width = self.props, self.props.rng, self.width
        tip = (
            self.point
            - self.out * width * rng.uniform(0.2, 1.6)
            + self.side * rng.normal(0, 0.5) * width
        )
        thick = max(3, width * rng.uniform(0.45, 0.8))
        _limb(
            props,
            [tip, (tip + self.palm) / 2 + self.side * rng.normal(0, 0.15) * width, self.palm],
            thick,
            self.skin,
        )
        if chance(rng, 0.6):
            nail(props, tip, self.out, thick, self.skin)


def nail(props, tip, out, thick, skin):
    angle = math.atan2(out[1], out[0])
    shape = polygon(props.img.shape, ellipse_points(tip, (thick * 0.3, thick * 0.22), angle), 0.6)
    blend(props.img, shape, np.clip(skin * 1.15 + np.float32([8, 0, 4]), 0, 255))


def fingers(props, quad):
    """One to four fingers reaching over a side."""
    rng = props.rng
    point, out, side = _towards_edge(rng, quad)
    reach = np.linalg.norm(point - quad.mean(0)) * rng.uniform(0.05, 0.4)
    thick, skin = props.size * rng.uniform(0.03, 0.09), skin_colour(rng)
    count = int(rng.choice([1, 1, 2, 3, 4]))
    lean = rng.normal(0, 0.3) * side
    for k in range(count):
        tip = point - out * reach * rng.uniform(0.7, 1.1) + side * (k - count / 2) * thick * 1.05
        knuckle = tip + (out + lean) * thick * rng.uniform(2, 4)
        far = knuckle + (out + lean + rng.normal(0, 0.1, 2)) * props.size * rng.uniform(0.2, 0.8)
        _limb(props, [tip, knuckle, far], thick, skin)
        if chance(rng, 0.5):
            nail(props, tip, out, thick, skin)


def paw(props, quad):
    """Something soft (a paw, a cloth, a plant) that covers part of a side."""
    rng = props.rng
    point, out, _ = _towards_edge(rng, quad)
    where = point + out * props.size * rng.uniform(-0.02, 0.1)
    kind = (rounded, scrap, leaf)[rng.integers(3)]
    kind(props, where, props.size * rng.uniform(0.08, 0.3))
