"""Composites whose alpha is known: hair-like strokes, smooth outlines, thin spokes and
wide soft edges before textures cut out of photos."""

import glob
import os

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

KINDS = ("hair", "smooth", "spokes", "soft")


def texture(photos, width, height, random):
    """A part of a photo, tinted, with the grain that scaling it up has lost."""
    photo = ImageOps.exif_transpose(Image.open(photos[random.integers(len(photos))]))
    photo = photo.convert("RGB")
    scale = max(width / photo.width, height / photo.height) * random.uniform(1.0, 2.0)
    photo = photo.resize((int(photo.width * scale) + 1, int(photo.height * scale) + 1),
                         Image.Resampling.BICUBIC)
    x = random.integers(photo.width - width + 1)
    y = random.integers(photo.height - height + 1)
    part = np.asarray(photo.crop((x, y, x + width, y + height)), np.float32) / 255
    tinted = part * random.uniform(0.4, 1.1, 3).astype(np.float32)
    return np.clip(tinted + random.normal(0, 0.008, part.shape).astype(np.float32), 0, 1)


def strands(draw, outline, angles, side, random):
    for _ in range(260):
        start = random.integers(len(outline))
        angle = angles[start] + random.normal(0, 0.5)
        at = outline[start] - 0.02 * side * np.array([np.cos(angle), np.sin(angle)])
        length, bend, width = random.uniform(0.03, 0.14) * side, random.normal(0, 1.2), \
            max(1.0, side / 1536 * random.uniform(0.8, 4.0))
        for step in range(24):
            angle += bend / 24
            to = at + np.array([np.cos(angle), np.sin(angle)]) * length / 24
            draw.line([tuple(at), tuple(to)], fill=255,
                      width=max(1, round(width * (1 - step / 24) + 0.5)))
            at = to


def make_alpha(kind, width, height, random):
    """Drawn at twice the size, averaged down."""
    side = 2 * min(width, height)
    canvas = Image.new("L", (2 * width, 2 * height), 0)
    draw = ImageDraw.Draw(canvas)
    center = np.array([2 * width * random.uniform(0.42, 0.58), 2 * height * random.uniform(0.45, 0.6)])
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius = side * 0.27 * (1 + 0.12 * np.sin(2 * angles + random.uniform(0, 6)) +
                            0.06 * np.sin(5 * angles + random.uniform(0, 6)))
    outline = center + np.stack([radius * np.cos(angles), 1.1 * radius * np.sin(angles)], axis=1)
    draw.polygon([tuple(point) for point in outline], fill=255)
    if kind == "hair":
        strands(draw, outline, angles, side, random)
    if kind == "spokes":
        for angle in random.uniform(0, 2 * np.pi, 10):
            end = center + side * random.uniform(0.3, 0.45) * np.array([np.cos(angle), np.sin(angle)])
            draw.line([tuple(center), tuple(end)], fill=255, width=int(side * random.uniform(0.006, 0.02)))
    blur = side * 0.012 if kind == "soft" else random.uniform(0.8, 1.8)
    canvas = canvas.filter(ImageFilter.GaussianBlur(blur))
    return np.asarray(canvas.resize((width, height), Image.Resampling.BOX), np.float32) / 255


def make(kind, width, height, seed, folder):
    """(picture as bytes, alpha 0..1)"""
    random = np.random.default_rng(seed)
    photos = sorted(glob.glob(os.path.join(folder, "*.jpg")))
    alpha = make_alpha(kind, width, height, random)
    subject, ground = (texture(photos, width, height, random) for _ in range(2))
    mixed = alpha[..., None] * subject + (1 - alpha[..., None]) * ground
    return np.round(mixed * 255).astype(np.uint8), alpha
