"""Fonts, invented words and lines of print or handwriting."""

import functools
import glob
import math

from PIL import ImageFont

SKIP = ('emoji', 'symbol', 'math', 'awesome', 'braille')
LETTERS = 'etaoinshrdlucmfwypvbgkjqxz'


@functools.lru_cache(maxsize=None)
def font_files():
    """Every installed text font, in a fixed order."""
    found = glob.glob('/usr/share/fonts/**/*.ttf', recursive=True)
    found += glob.glob('/usr/share/fonts/**/*.otf', recursive=True)
    kept = sorted(f for f in found if not any(s in f.lower() for s in SKIP))
    if not kept:
        raise SystemExit('no fonts: install the Debian packages named in README.md')
    return kept


@functools.lru_cache(maxsize=512)
def load_font(path, size):
    try:
        return ImageFont.truetype(path, size)
    except OSError:
        return ImageFont.load_default()


def any_font(rng, size):
    files = font_files()
    return load_font(files[rng.integers(len(files))], max(4, int(size)))


def word(rng):
    if rng.random() < 0.12:
        return str(rng.integers(0, 99999))
    count = int(rng.integers(1, 11))
    letters = ''.join(LETTERS[int(26 * v**1.6)] for v in rng.random(count))
    return letters.capitalize() if rng.random() < 0.15 else letters


def words(rng, count):
    """Text of at most count characters."""
    text = ''
    while len(text) < count:
        text += word(rng) + ' '
    return text[:count]


def scribble(rng, draw, x, y, length, size, ink):
    """One line of made-up handwriting along y."""
    end = x + length
    while x < end:
        count = int(rng.integers(6, 30))
        step = rng.uniform(1.4, 2.6) * size / 18
        drift = rng.standard_normal(count).cumsum() * size * 0.07
        points = [
            (x + i * step, y - size * 0.3 + drift[i] + math.sin(i * 1.7) * size * 0.22)
            for i in range(count)
        ]
        draw.line(points, fill=ink, width=int(rng.integers(1, 3)))
        x = points[-1][0] + rng.uniform(0.2, 0.7) * size
