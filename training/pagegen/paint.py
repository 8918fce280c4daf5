"""Painting on a float picture (h, w, 3; 0..255): shapes, blends and cast shadows.

A shape is a pair (alpha, box): a float coverage picture and the box (x0, y0, x1, y1) of the
picture that it belongs to, so that small objects cost little."""

import math

import cv2
import numpy as np

SHIFT = 4


def _box(points, shape, pad):
    low = np.floor(points.min(0)).astype(int) - pad
    high = np.ceil(points.max(0)).astype(int) + pad + 1
    x0, y0 = max(0, low[0]), max(0, low[1])
    x1, y1 = min(shape[1], high[0]), min(shape[0], high[1])
    return (x0, y0, x1, y1) if x1 - x0 > 1 and y1 - y0 > 1 else None


def polygon(shape, points, soft=0.0):
    """Coverage of a filled polygon; None when it is off the picture."""
    points = np.asarray(points, np.float32)
    if not np.isfinite(points).all() or np.abs(points).max() > 20000:
        return None
    box = _box(points, shape, int(3 * soft) + 1)
    if box is None:
        return None
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    fixed = np.round((points - np.float32(box[:2]) - 0.5) * (1 << SHIFT)).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, SHIFT)
    if soft > 0.2:
        mask = cv2.GaussianBlur(mask, (0, 0), soft)
    return mask.astype(np.float32) * np.float32(1 / 255), box


def stroke(shape, points, width):
    """Coverage of a thick line through the points with round ends."""
    points = np.asarray(points, np.float32)
    width = max(1, int(round(width)))
    if not np.isfinite(points).all() or np.abs(points).max() > 20000:
        return None
    box = _box(points, shape, width // 2 + 2)
    if box is None:
        return None
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    fixed = np.round((points - np.float32(box[:2]) - 0.5) * (1 << SHIFT)).astype(np.int32)
    cv2.polylines(mask, [fixed], False, 255, width, cv2.LINE_AA, SHIFT)
    return mask.astype(np.float32) * np.float32(1 / 255), box


def ellipse_points(centre, axes, angle=0.0, count=40):
    """Points around an ellipse (angle in radians)."""
    t = np.linspace(0, 2 * math.pi, count, endpoint=False)
    x, y = axes[0] * np.cos(t), axes[1] * np.sin(t)
    c, s = math.cos(angle), math.sin(angle)
    return np.stack([centre[0] + c * x - s * y, centre[1] + s * x + c * y], -1).astype(np.float32)


def box_points(centre, size, angle=0.0):
    """Corners of a turned rectangle (angle in radians)."""
    c, s = math.cos(angle), math.sin(angle)
    x, y = size[0] / 2, size[1] / 2
    local = np.float32([[-x, -y], [x, -y], [x, y], [-x, y]])
    return local @ np.float32([[c, s], [-s, c]]) + np.float32(centre)


def round_box_points(centre, size, angle, radius):
    """Outline of a turned rectangle with round corners."""
    c, s = math.cos(angle), math.sin(angle)
    x, y = max(0.0, size[0] / 2 - radius), max(0.0, size[1] / 2 - radius)
    local = []
    for k, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        t = np.linspace(k * math.pi / 2, (k + 1) * math.pi / 2, 6)
        local.append(np.stack([sx * x + radius * np.cos(t), sy * y + radius * np.sin(t)], -1))
    local = np.concatenate(local).astype(np.float32)
    return local @ np.float32([[c, s], [-s, c]]) + np.float32(centre)


def wobbly_points(rng, centre, axes, rough=0.3, count=24):
    """A closed smooth outline that wanders about an ellipse."""
    t = np.linspace(0, 2 * math.pi, count, endpoint=False)
    radius = np.ones(count)
    for k in range(1, 5):
        radius += rough * rng.normal(0, 1 / k) * np.cos(k * t + rng.uniform(0, 6.28)) * 0.5
    radius = np.clip(radius, 0.15, 3)
    return np.stack(
        [centre[0] + axes[0] * radius * np.cos(t), centre[1] + axes[1] * radius * np.sin(t)], -1
    ).astype(np.float32)


def blend(img, shape, colour):
    """Paint a colour (3,) or a picture of the box's or the whole picture's size over img."""
    if shape is None:
        return
    alpha, (x0, y0, x1, y1) = shape
    part = img[y0:y1, x0:x1]
    colour = np.asarray(colour, np.float32)
    if colour.ndim == 3 and colour.shape[:2] != part.shape[:2]:
        colour = colour[y0:y1, x0:x1]
    if colour.ndim == 1:
        colour = np.broadcast_to(colour, part.shape)
    part[:] = cv2.blendLinear(
        np.ascontiguousarray(part),
        np.ascontiguousarray(colour),
        1 - alpha,
        np.ascontiguousarray(alpha),
    )


def darken(img, shape, strength, blur, dx=0.0, dy=0.0):
    """Multiply img by a soft shadow of the shape, moved by (dx, dy)."""
    if shape is None:
        return
    alpha, (x0, y0, x1, y1) = shape
    reach = int(2.5 * blur + max(abs(dx), abs(dy))) + 2
    h, w = img.shape[:2]
    a0, b0, a1, b1 = max(0, x0 - reach), max(0, y0 - reach), min(w, x1 + reach), min(h, y1 + reach)
    step = 4 if blur > 3 else 2
    cols, rows = (a1 - a0) // step + 1, (b1 - b0) // step + 1
    move = np.float32([[1 / step, 0, (x0 + dx - a0) / step], [0, 1 / step, (y0 + dy - b0) / step]])
    small = cv2.warpAffine(alpha, move, (cols, rows), flags=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.5, blur / step), borderType=cv2.BORDER_REPLICATE)
    full = cv2.resize(small, (cols * step, rows * step))[: b1 - b0, : a1 - a0]
    img[b0:b1, a0:a1] *= (1 - np.float32(strength) * full)[..., None]


def whole(alpha):
    """Shape that spans the whole picture."""
    return alpha, (0, 0, alpha.shape[1], alpha.shape[0])


def ramp(h, w, angle, offset=0.0, softness=1.0):
    """0..1 step along a direction; offset in picture sizes from the centre."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    size = max(h, w)
    t = (x - w / 2) * math.cos(angle) + (y - h / 2) * math.sin(angle) - offset * size
    return np.clip(t / softness + 0.5, 0, 1).astype(np.float32)


def volume(shape, points_centre, size, angle, depth):
    """Light factor over a shape's box that makes it look rounded: brighter to one side."""
    _, (x0, y0, x1, y1) = shape
    x = (np.arange(x0, x1, dtype=np.float32) - points_centre[0]) * math.cos(angle)
    y = (np.arange(y0, y1, dtype=np.float32) - points_centre[1]) * math.sin(angle)
    t = np.clip((x[None] + y[:, None]) / max(size, 4.0), -1, 1)
    return (1 + depth * t)[..., None]
