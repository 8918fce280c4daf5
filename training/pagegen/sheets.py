"""Flat sheets of paper and cards as textures: what is printed or written on them."""

import dataclasses

import cv2
import numpy as np
from PIL import Image, ImageDraw

from .bands import add_edge_bands
from .noise import any_colour, chance, fractal, paper_colour
from .pictures import make_picture
from .text import any_font, scribble, words

LONG_SIDE = 576
KINDS = (
    'text',
    'text',
    'text',
    'letter',
    'form',
    'form',
    'table',
    'receipt',
    'receipt',
    'receipt',
    'receipt',
    'card',
    'card',
    'card',
    'card',
    'card',
    'plastic',
    'plastic',
    'plastic',
    'plastic',
    'notes',
    'notes',
    'notes',
    'music',
    'magazine',
    'magazine',
    'newspaper',
    'blank',
    'photo',
)
RATIOS = (1.414, 1.414, 1.414, 1.294, 1.294, 1.0, 1.25, 1.5, 0.707, 0.77)


@dataclasses.dataclass
class Sheet:
    """A texture with its half-size copies, and what kind of sheet it is."""

    levels: list
    kind: str

    @property
    def ratio(self):
        """Height over width."""
        return self.levels[0].shape[0] / self.levels[0].shape[1]

    @property
    def is_card(self):
        return self.kind in ('card', 'plastic')


class Page:
    """Drawing state while a sheet is being filled."""

    def __init__(self, rng, kind, size, paper):
        self.rng, self.kind, self.paper = rng, kind, paper
        self.h, self.w = size
        self.img = np.empty((self.h, self.w, 3), np.float32)
        self.img[:] = paper
        self.dark = float(paper.mean()) < 120
        self.ink = self._ink()
        self.margin = int(self.w * rng.uniform(0.03, 0.13))
        self.font_size = int(rng.integers(6, 15))
        self.draw = None

    def _ink(self):
        rng = self.rng
        if self.kind == 'receipt':
            tone = rng.uniform(20, 150)
            return (int(tone), int(tone), int(tone + rng.uniform(0, 25)))
        if chance(rng, 0.2):
            colour = any_colour(rng, 150, 255, 0.6) if self.dark else any_colour(rng, 20, 140, 0.9)
        else:
            tone = rng.uniform(170, 255) if self.dark else rng.uniform(0, 100)
            colour = np.full(3, tone)
        return tuple(int(v) for v in colour)

    def start_ink(self):
        """From here on everything is drawn with Pillow."""
        self.pil = Image.fromarray(np.clip(self.img, 0, 255).astype(np.uint8))
        self.draw = ImageDraw.Draw(self.pil)

    def done(self):
        return np.array(self.pil)


def add_pictures(page, count, largest=0.95):
    rng = page.rng
    for _ in range(int(count)):
        bh = int(page.h * rng.uniform(0.08, 0.5))
        bw = int(page.w * rng.uniform(0.1, largest))
        y = int(rng.integers(0, max(1, page.h - bh)))
        x = int(rng.integers(0, max(1, page.w - bw)))
        if chance(rng, 0.25):
            x, bw = 0, page.w
        if chance(rng, 0.6):
            page.img[y : y + bh, x : x + bw] = make_picture(rng, bh, bw)[:bh, :bw]
        else:
            page.img[y : y + bh, x : x + bw] = any_colour(rng, 0, 255, 0.9)


def add_shapes(page, count):
    """Large coloured shapes that run off the sheet: the designs of cards and covers."""
    rng, size = page.rng, np.array([page.w, page.h])
    for _ in range(int(count)):
        colour = tuple(float(v) for v in any_colour(rng, 0, 255, 0.9))
        pick = rng.random()
        if pick < 0.45:  # a slanting part
            angle, at = rng.uniform(0, 6.28), rng.uniform(-0.3, 0.3, 2) * size + size / 2
            along = np.array([np.cos(angle), np.sin(angle)]) * 2 * page.w
            out = np.array([-along[1], along[0]])
            points = [at - along, at + along, at + along + out, at - along + out]
            cv2.fillPoly(page.img, [np.int32(points)], colour)
        elif pick < 0.75:
            centre = tuple(int(v) for v in rng.uniform(-0.1, 1.1, 2) * size)
            axes = tuple(int(v) + 1 for v in rng.uniform(0.1, 0.8, 2) * size)
            cv2.ellipse(page.img, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
        else:  # waves
            x = np.arange(0, page.w + 8, 8)
            y = page.h * (
                rng.uniform(0.1, 0.9) + 0.1 * np.sin(x * rng.uniform(0.003, 0.02) + rng.uniform(0, 6))
            )
            points = np.concatenate([np.stack([x, y], -1), [[page.w + 8, page.h], [0, page.h]]])
            cv2.fillPoly(page.img, [np.int32(points)], colour)


def add_dots(page):
    """A grid of punched or printed dots, as of stamp cards and pill packets."""
    rng = page.rng
    pitch = page.w * rng.uniform(0.06, 0.16)
    radius, colour = pitch * rng.uniform(0.15, 0.4), tuple(float(v) for v in any_colour(rng, 0, 255))
    for y in np.arange(page.h * rng.uniform(0.1, 0.5), page.h * 0.95, pitch):
        for x in np.arange(page.w * 0.06, page.w * 0.95, pitch):
            if chance(rng, 0.85):
                cv2.circle(page.img, (int(x), int(y)), max(1, int(radius)), colour, -1)


def add_heading(page, y):
    rng = page.rng
    size = page.font_size * rng.uniform(1.6, 4)
    x = page.margin if chance(rng, 0.5) else page.w * rng.uniform(0.1, 0.4)
    page.draw.text(
        (x, y), words(rng, int(rng.integers(5, 22))), fill=page.ink, font=any_font(rng, size)
    )
    return y + size * 1.4


def add_columns(page, y, end, columns):
    rng = page.rng
    font = any_font(rng, page.font_size)
    pitch = page.font_size * rng.uniform(1.1, 2.2)
    width = (page.w - 2 * page.margin) / columns
    for column in range(columns):
        at = y
        while at < end:
            count = int(width / (page.font_size * 0.55) * rng.uniform(0.75, 1))
            if chance(rng, 0.1):
                count = int(count * rng.uniform(0.2, 0.8))
            page.draw.text(
                (page.margin + column * width, at),
                words(rng, max(2, count - 2)),
                fill=page.ink,
                font=font,
            )
            at += pitch * (2 if chance(rng, 0.08) else 1)


def add_receipt(page, y):
    rng = page.rng
    font = any_font(rng, page.font_size)
    pitch = page.font_size * rng.uniform(1.05, 1.9)
    end = page.h * rng.uniform(0.6, 0.98)
    right = page.w - page.margin - page.font_size * 3.2
    room = (page.w - 2 * page.margin) / (page.font_size * 0.55)
    while y < end:
        text = words(rng, max(2, int(room * rng.uniform(0.2, 0.7))))
        x = page.margin if chance(rng, 0.8) else page.w * rng.uniform(0.1, 0.5)
        page.draw.text((x, y), text, fill=page.ink, font=font)
        if chance(rng, 0.65):
            page.draw.text(
                (right, y),
                '%d.%02d' % (rng.integers(300), rng.integers(100)),
                fill=page.ink,
                font=font,
            )
        if chance(rng, 0.06):
            page.draw.line((page.margin, y, page.w - page.margin, y), fill=page.ink)
        y += pitch * (1.8 if chance(rng, 0.08) else 1)
    if chance(rng, 0.5):
        add_bars(
            page,
            page.margin,
            int(page.h * rng.uniform(0.75, 0.92)),
            page.w - 2 * page.margin,
            page.h * 0.06,
        )


def add_bars(page, x, y, width, height):
    """Bar code."""
    end = x + width
    while x < end:
        bar = int(page.rng.integers(1, 5))
        page.draw.rectangle((x, y, x + bar - 1, y + height), fill=page.ink)
        x += bar + int(page.rng.integers(1, 4))


def add_grid(page, y):
    """A ruled table, some cells filled with text."""
    rng = page.rng
    x0, x1 = page.margin, page.w - page.margin
    rows, row_h, cols = int(rng.integers(2, 16)), int(rng.integers(10, 32)), int(rng.integers(1, 7))
    font = any_font(rng, min(page.font_size, row_h * 0.7))
    shaded = tuple(int(v) for v in any_colour(rng, 100, 230, 0.5))
    for row in range(rows + 1):
        if row < rows and chance(rng, 0.12):
            page.draw.rectangle((x0, y + row * row_h, x1, y + (row + 1) * row_h), fill=shaded)
        page.draw.line((x0, y + row * row_h, x1, y + row * row_h), fill=page.ink)
    step = (x1 - x0) / cols
    for col in range(cols + 1):
        page.draw.line((x0 + col * step, y, x0 + col * step, y + rows * row_h), fill=page.ink)
    for row in range(rows):
        for col in range(cols):
            if chance(rng, 0.5):
                count = int(step / (page.font_size * 0.6) * rng.uniform(0.3, 0.9))
                page.draw.text(
                    (x0 + col * step + 3, y + row * row_h + 1),
                    words(rng, max(2, count)),
                    fill=page.ink,
                    font=font,
                )
    return y + rows * row_h


def add_notes(page):
    rng = page.rng
    pitch = int(rng.integers(14, 32))
    rule = tuple(int(v) for v in any_colour(rng, 110, 225, 0.5))
    if chance(rng, 0.6):
        for y in range(pitch * 2, page.h, pitch):
            page.draw.line((0, y, page.w, y), fill=rule)
        if chance(rng, 0.4):
            for x in range(pitch, page.w, pitch):
                page.draw.line((x, 0, x, page.h), fill=rule)
        if chance(rng, 0.5):
            page.draw.line((page.margin * 1.3, 0, page.margin * 1.3, page.h), fill=(220, 90, 90))
    y, end = pitch * 2, page.h * rng.uniform(0.3, 1)
    ink = (
        page.ink
        if chance(rng, 0.5)
        else (int(rng.integers(20, 90)), 40, int(rng.integers(90, 200)))
    )
    while y < end:
        scribble(rng, page.draw, page.margin, y, page.w * rng.uniform(0.3, 0.9), pitch, ink)
        y += pitch


def add_music(page):
    rng = page.rng
    y = int(page.h * 0.08)
    while y < page.h * 0.93:
        gap = int(rng.integers(4, 7))
        for i in range(5):
            page.draw.line(
                (page.margin, y + i * gap, page.w - page.margin, y + i * gap), fill=page.ink
            )
        for x in range(page.margin, page.w - page.margin, int(rng.integers(8, 20))):
            at = y + rng.uniform(-1, 5) * gap
            page.draw.ellipse((x, at, x + gap * 1.3, at + gap), fill=page.ink)
            page.draw.line((x + gap * 1.2, at, x + gap * 1.2, at - 3 * gap), fill=page.ink)
        y += gap * int(rng.integers(8, 14))


def add_card_print(page):
    rng = page.rng
    y = page.h * rng.uniform(0.06, 0.35)
    if chance(rng, 0.8):
        y = add_heading(page, y)
    for _ in range(int(rng.integers(1, 9))):
        x = page.margin if chance(rng, 0.6) else page.w * rng.uniform(0.05, 0.6)
        page.draw.text(
            (x, y),
            words(rng, int(rng.integers(4, 26))),
            fill=page.ink,
            font=any_font(rng, page.font_size * rng.uniform(1, 2)),
        )
        y += page.font_size * rng.uniform(1.6, 3)


def add_plastic_print(page):
    """Bank, identity or club card: stripe, chip, portrait, raised digits."""
    rng, draw = page.rng, page.draw
    h, w = page.h, page.w
    if chance(rng, 0.3):
        y = h * rng.uniform(0.03, 0.2) if chance(rng, 0.7) else h * rng.uniform(0.6, 0.78)
        draw.rectangle(
            (0, y, w, y + h * 0.2), fill=tuple(int(v) for v in any_colour(rng, 0, 60, 0.3))
        )
        if chance(rng, 0.6):
            draw.rectangle((w * 0.05, h * 0.42, w * 0.7, h * 0.56), fill=(235, 235, 225))
    if chance(rng, 0.5):
        draw.rounded_rectangle((w * 0.1, h * 0.36, w * 0.23, h * 0.56), 6, fill=(205, 180, 110))
    size = h * rng.uniform(0.07, 0.13)
    digits = '  '.join('%04d' % rng.integers(10000) for _ in range(4))
    draw.text(
        (w * 0.08, h * rng.uniform(0.56, 0.68)), digits, fill=page.ink, font=any_font(rng, size)
    )
    for _ in range(int(rng.integers(1, 6))):
        draw.text(
            (w * rng.uniform(0.05, 0.6), h * rng.uniform(0.05, 0.92)),
            words(rng, int(rng.integers(4, 22))),
            fill=page.ink,
            font=any_font(rng, size * 0.6),
        )
    for _ in range(int(rng.integers(0, 3))):
        x, y, r = w * rng.uniform(0.6, 0.9), h * rng.uniform(0.1, 0.85), h * rng.uniform(0.05, 0.13)
        draw.ellipse(
            (x - r, y - r, x + r, y + r), fill=tuple(int(v) for v in any_colour(rng, 30, 255, 0.9))
        )


def _size(rng, kind):
    if kind == 'receipt':
        ratio = np.exp(rng.uniform(np.log(1.1), np.log(4.8 if chance(rng, 0.8) else 8.0)))
        if chance(rng, 0.06):
            ratio = 1 / ratio
    elif kind in ('card', 'plastic'):
        ratio = 1 / rng.uniform(1.4, 1.9) if kind == 'card' else 1 / rng.uniform(1.5, 1.65)
        if chance(rng, 0.12):
            ratio = 1 / ratio
    elif kind == 'newspaper':
        ratio = rng.uniform(1.1, 1.7)
    elif kind == 'photo':
        ratio = rng.choice([0.667, 0.75, 1.0, 1.333, 1.5])
    else:
        ratio = rng.choice(RATIOS) * rng.uniform(0.95, 1.05)
    if ratio >= 1:
        return LONG_SIDE, max(72, int(LONG_SIDE / ratio))
    return max(80, int(LONG_SIDE * ratio)), LONG_SIDE


def _paper(rng, kind):
    if kind == 'plastic':
        return any_colour(rng, 8, 255, 0.9) if chance(rng, 0.6) else any_colour(rng, 5, 60, 0.4)
    if kind == 'card' and chance(rng, 0.5):
        return any_colour(rng, 15, 255, 0.8)
    if kind == 'magazine' and chance(rng, 0.35):
        return any_colour(rng, 15, 255, 0.8)
    if kind == 'newspaper':
        return np.float32([235, 228, 210]) * np.float32(rng.uniform(0.75, 1))
    if chance(rng, 0.04):
        return any_colour(rng, 10, 110, 0.6)
    return paper_colour(rng)


def _decorate(rng, page):
    """What lies under the print."""
    kind = page.kind
    if (kind in ('card', 'plastic') and chance(rng, 0.5)) or (
        kind == 'magazine' and chance(rng, 0.2)
    ):
        tint = any_colour(rng, 0, 90, 0.9)
        page.img += fractal(rng, page.h, page.w, 4, 2)[..., None] * tint * 0.6
    if kind in ('card', 'plastic'):
        if chance(rng, 0.45):
            add_shapes(page, rng.integers(1, 5))
        elif chance(rng, 0.25):
            page.img = make_picture(rng, page.h, page.w)
        if chance(rng, 0.45):
            add_edge_bands(page)
        if chance(rng, 0.08):
            add_dots(page)
    elif kind == 'magazine' and chance(rng, 0.4):
        add_shapes(page, rng.integers(1, 4))
    if kind in ('text', 'letter', 'form', 'table', 'magazine', 'receipt') and chance(
        rng, 0.05 if kind == 'receipt' else 0.2
    ):
        add_edge_bands(page)
    if kind == 'photo':
        page.img = make_picture(rng, page.h, page.w)
        if chance(rng, 0.6):
            rim = int(page.w * rng.uniform(0.02, 0.07))
            page.img[:rim] = page.img[-rim:] = page.paper
            page.img[:, :rim] = page.img[:, -rim:] = page.paper
    counts = {
        'magazine': (1, 5),
        'card': (0, 3),
        'plastic': (0, 3),
        'text': (0, 2),
        'letter': (0, 2),
        'form': (0, 2),
        'newspaper': (1, 4),
    }
    if kind in counts:
        add_pictures(
            page, rng.integers(*counts[kind]), 0.5 if kind in ('text', 'newspaper') else 0.95
        )


def _print(rng, page):
    kind, y = page.kind, page.h * rng.uniform(0.02, 0.12)
    if kind in ('text', 'letter', 'magazine', 'newspaper', 'form', 'table', 'receipt') and chance(
        rng, 0.7
    ):
        y = add_heading(page, y)
    if kind in ('text', 'letter', 'magazine', 'newspaper'):
        columns = {
            'text': int(rng.choice([1, 1, 2])),
            'letter': 1,
            'magazine': int(rng.integers(1, 4)),
            'newspaper': int(rng.integers(2, 6)),
        }[kind]
        add_columns(page, y, page.h * rng.uniform(0.5, 0.98), columns)
    elif kind in ('form', 'table'):
        for _ in range(int(rng.integers(1, 4))):
            y = add_grid(page, y) + page.h * rng.uniform(0.02, 0.1)
        if chance(rng, 0.6):
            add_columns(page, y, page.h * rng.uniform(0.6, 0.98), 1)
    elif kind == 'receipt':
        add_receipt(page, y)
    elif kind == 'card':
        add_card_print(page)
    elif kind == 'plastic':
        add_plastic_print(page)
    elif kind == 'notes':
        add_notes(page)
    elif kind == 'music':
        add_music(page)


def make_sheet(rng, kind=None):
    """One random sheet."""
    kind = kind or KINDS[rng.integers(len(KINDS))]
    page = Page(rng, kind, _size(rng, kind), _paper(rng, kind))
    _decorate(rng, page)
    page.start_ink()
    _print(rng, page)
    img = page.done()
    if kind not in ('receipt', 'photo') and chance(rng, 0.14):
        rim = int(page.w * rng.uniform(0.02, 0.08))
        colour = tuple(int(v) for v in any_colour(rng, 0, 200, 0.8))
        cv2.rectangle(
            img, (rim, rim), (page.w - rim, page.h - rim), colour, int(rng.integers(1, 8))
        )
    if kind not in ('card', 'plastic', 'photo') and chance(rng, 0.05):
        for y in np.linspace(0.1, 0.9, int(rng.choice([2, 4, 20]))):
            cv2.circle(
                img, (int(page.w * 0.04), int(y * page.h)), max(2, page.w // 60), (40, 35, 30), -1
            )
    levels = [img]
    while max(levels[-1].shape[:2]) > 100:
        half = levels[-1]
        levels.append(
            cv2.resize(
                half,
                (max(4, half.shape[1] // 2), max(4, half.shape[0] // 2)),
                interpolation=cv2.INTER_AREA,
            )
        )
    return Sheet(levels, kind)


def vary_sheet(rng, sheet):
    """A cheap variant: tinted, turned round, or cut to another format."""
    levels = sheet.levels
    if chance(rng, 0.3) and not sheet.is_card:
        top, left = rng.uniform(0, 0.3, 2)
        bottom, right = rng.uniform(0.75, 1, 2)
        levels = [
            v[
                int(top * v.shape[0]) : max(2, int(bottom * v.shape[0])),
                int(left * v.shape[1]) : max(2, int(right * v.shape[1])),
            ]
            for v in levels
        ]
        if min(levels[0].shape[:2]) < 90:
            levels = sheet.levels
    if chance(rng, 0.1):
        levels = [np.ascontiguousarray(v[::-1, ::-1]) for v in levels]
    return Sheet(levels, sheet.kind)
