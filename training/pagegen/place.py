"""Poses of a sheet before the camera, and drawing it: perspective, bends, creases, torn edges."""

import dataclasses
import math

import cv2
import numpy as np

from .noise import chance

STEP = 2  # coordinates are computed on every second pixel and interpolated


def random_roll(rng):
    """In-plane turn: mostly near upright, some sideways, some anyhow."""
    pick = rng.random()
    if pick < 0.52:
        return rng.normal(0, 0.13) + (math.pi if chance(rng, 0.08) else 0.0)
    if pick < 0.66:
        return rng.choice([-1, 1]) * math.pi / 2 + rng.normal(0, 0.13)
    return rng.uniform(-math.pi, math.pi)


def random_tilt(rng):
    return min(abs(rng.normal(0, 0.38)), 1.1)


def project(rng, ratio, roll, tilt):
    """Corners of a tilted unit-area rectangle through a pinhole, without position or size."""
    half_h = math.sqrt(ratio) / 2
    half_w = 0.25 / half_h
    flat = np.array([[-half_w, -half_h], [half_w, -half_h], [half_w, half_h], [-half_w, half_h]])
    c, s = math.cos(roll), math.sin(roll)
    flat = flat @ np.array([[c, s], [-s, c]])
    if chance(rng, 0.6):  # leaning away from a camera held in front of the sheet, or towards it
        lean = (1 if chance(rng, 0.75) else -1) * math.pi / 2 + rng.normal(0, 0.4)
    else:
        lean = rng.uniform(0, 2 * math.pi)
    along = np.array([math.cos(lean), math.sin(lean)])
    depth = flat @ along
    squeezed = flat + np.outer(depth * (math.cos(tilt) - 1), along)
    distance = rng.uniform(1.4, 3.6) + depth * math.sin(tilt)
    return squeezed / np.maximum(distance, 0.2)[:, None]


def random_quad(rng, ratio, w, h, cover, roll=None, tilt=None, off_centre=1.0):
    """Four corners (texture order: top left, top right, bottom right, bottom left)."""
    quad = project(
        rng,
        ratio,
        random_roll(rng) if roll is None else roll,
        random_tilt(rng) if tilt is None else tilt,
    )
    low, high = quad.min(0), quad.max(0)
    frame = np.array([w, h], float)
    scales = frame / (high - low)
    scale = (scales.max() * 0.9 if chance(rng, 0.12) else scales.min()) * cover
    room = frame - (high - low) * scale
    reach = np.maximum(room * 0.9, frame * 0.06) * off_centre
    centre = frame / 2 + rng.uniform(-0.5, 0.5, 2) * reach
    return ((quad - (low + high) / 2) * scale + centre).astype(np.float32)


@dataclasses.dataclass
class Bend:
    """What makes a sheet differ from a flat rectangle; lengths in sheet sizes."""

    waves: list = dataclasses.field(default_factory=list)  # (angle, phase, frequency, height)
    ridges: list = dataclasses.field(default_factory=list)  # (angle, position, height)
    lumps: np.ndarray = None  # small height map
    creases: list = dataclasses.field(default_factory=list)  # (angle, position, darkness, step)
    rough: float = 0.0
    radius: float = 0.0
    ear: tuple = None
    torn: tuple = None  # profiles of what is missing at the top and the bottom, in heights
    light: float = 0.6
    lift: float = 0.5

    @property
    def curved(self):
        return bool(self.waves or self.ridges or self.lumps is not None)


def _torn_profile(rng):
    """How much is missing along an end that was torn or cut with a serrated edge."""
    if chance(rng, 0.4):
        return np.zeros(65, np.float32)
    rough = rng.standard_normal(65).cumsum() * rng.uniform(0, 0.002)
    teeth = np.abs((np.arange(65) * rng.uniform(0.1, 0.5)) % 1 - 0.5) * rng.uniform(0, 0.008)
    profile = rough - np.linspace(rough[0], rough[-1], 65) + teeth
    return (profile - np.percentile(profile, 15)).astype(np.float32)


def random_bend(rng, sheet):
    """How crumpled a sheet of this kind may be."""
    bend = Bend(light=rng.uniform(0.1, 1.6), lift=rng.uniform(0.2, 1.0))
    if sheet.is_card:
        if chance(rng, 0.85 if sheet.kind == 'plastic' else 0.15):
            bend.radius = rng.uniform(0.03, 0.065)
        if chance(rng, 0.1):
            bend.waves.append((rng.choice([0, 1.57]), 0.0, 0.5, rng.normal(0, 0.01)))
        return bend
    receipt = sheet.kind == 'receipt'
    if chance(rng, 0.6 if receipt else 0.5):
        height = rng.choice([0.012, 0.03, 0.06]) * (1.3 if receipt else 1.0)
        angle = rng.choice([0, 1.57]) if chance(rng, 0.7) else rng.uniform(0, 3.14)
        for _ in range(int(rng.integers(1, 3))):
            bend.waves.append(
                (
                    angle + rng.normal(0, 0.15),
                    rng.uniform(0, 6.28),
                    rng.uniform(0.3, 1.2),
                    rng.normal(0, height),
                )
            )
    if chance(rng, 0.35 if receipt else 0.25):
        height = math.exp(rng.uniform(math.log(0.003), math.log(0.03)))
        for _ in range(int(rng.integers(3, 10))):
            bend.ridges.append(
                (rng.uniform(0, 3.14), rng.uniform(-0.5, 0.5), rng.normal(0, height))
            )
    if chance(rng, 0.25):
        cells = int(rng.integers(4, 13))
        grid = rng.standard_normal((cells, cells)).astype(np.float32) * rng.uniform(0.001, 0.009)
        bend.lumps = cv2.resize(grid, (64, 64), interpolation=cv2.INTER_CUBIC)
    if chance(rng, 0.32):
        angle = rng.choice([0, 1.5708])
        for _ in range(int(rng.integers(1, 4))):
            where = float(rng.choice([0, -0.17, 0.17, rng.uniform(-0.35, 0.35)]))
            bend.creases.append(
                (angle + rng.normal(0, 0.02), where, rng.uniform(0, 0.3), rng.normal(0, 0.08))
            )
            if chance(rng, 0.6):
                bend.ridges.append((angle, where, rng.normal(0, 0.03)))
            if chance(rng, 0.3):
                angle = 1.5708 - angle
    if chance(rng, 0.22):
        bend.rough = rng.uniform(0.0005, 0.006)
    if chance(rng, 0.09):
        bend.ear = (int(rng.integers(2)), int(rng.integers(2)), rng.uniform(0.04, 0.16))
    if chance(rng, 0.3 if receipt else 0.05):
        bend.torn = (_torn_profile(rng), _torn_profile(rng))
    if chance(rng, 0.03):
        bend.radius = rng.uniform(0.01, 0.04)
    return bend


def _along(u, v, ratio, angle):
    """Coordinate across the sheet in a direction, -0.5..0.5 of its longer side."""
    unit = 1 / max(1.0, ratio)
    return (u - 0.5) * math.cos(angle) * unit + (v - 0.5) * ratio * math.sin(angle) * unit


def _raw_height(bend, u, v, ratio):
    z = np.zeros_like(u)
    for angle, phase, frequency, height in bend.waves:
        z += np.float32(height) * np.cos(6.283 * frequency * _along(u, v, ratio, angle) + phase)
    for angle, position, height in bend.ridges:
        z += np.float32(height) * np.abs(_along(u, v, ratio, angle) - np.float32(position))
    if bend.lumps is not None:
        z += cv2.remap(
            bend.lumps, u * 63, v * 63, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return z


def _height(bend, u, v, ratio):
    """Height over the plane through the four corners."""
    u, v = np.clip(u, -0.15, 1.15), np.clip(v, -0.15, 1.15)
    cu, cv = np.float32([[0, 1], [0, 1]]), np.float32([[0, 0], [1, 1]])
    corner = _raw_height(bend, cu, cv, ratio)
    plane = (corner[0, 0] * (1 - u) + corner[0, 1] * u) * (1 - v) + (
        corner[1, 0] * (1 - u) + corner[1, 1] * u
    ) * v
    return _raw_height(bend, u, v, ratio) - plane


def _uv(matrix, x, y):
    m = matrix
    w = np.maximum(m[2, 0] * x + m[2, 1] * y + m[2, 2], 1e-3)
    return (m[0, 0] * x + m[0, 1] * y + m[0, 2]) / w, (m[1, 0] * x + m[1, 1] * y + m[1, 2]) / w


def _steepness(field):
    """Change per full-resolution pixel."""
    gy, gx = np.gradient(field)
    return np.clip(np.sqrt(gx * gx + gy * gy) / STEP, 1e-5, 0.5)


def _edge_distance(bend, u, v, ratio):
    """Distance to the outline in pixels, positive inside."""
    du, dv = _steepness(u), _steepness(v)
    first, last = v, 1 - v
    if bend.torn is not None:
        at = np.clip(u, 0, 1) * 64
        first = v - np.interp(at, np.arange(65), bend.torn[0]).astype(np.float32)
        last = 1 - v - np.interp(at, np.arange(65), bend.torn[1]).astype(np.float32)
    distance = np.minimum(np.minimum(u, 1 - u) / du, np.minimum(first, last) / dv)
    if bend.radius > 0:
        across = np.abs(u - 0.5) - 0.5 + bend.radius
        down = (np.abs(v - 0.5) - 0.5) * ratio + bend.radius
        corner = bend.radius - np.hypot(np.maximum(across, 0), np.maximum(down, 0))
        distance = np.where((across > 0) & (down > 0), np.minimum(distance, corner / du), distance)
    if bend.ear:
        ear = _ear_distance(bend.ear, u, v, ratio)
        distance = np.minimum(distance, ear / np.maximum(du, dv * ratio))
    return distance, du, dv


def _ear_distance(ear, u, v, ratio):
    right, low, size = ear
    return (1 - u if right else u) + (1 - v if low else v) * ratio - size


def _shading(rng, bend, u, v, ratio, z, size):
    shade = np.ones_like(u)
    if bend.curved:
        gy, gx = np.gradient(z)
        angle = rng.uniform(0, 6.28)
        slope = (gx * math.cos(angle) + gy * math.sin(angle)) * size / STEP
        shade += np.float32(bend.light) * slope
    for angle, position, darkness, step in bend.creases:
        t = _along(u, v, ratio, angle) - position
        shade *= 1 + np.float32(step) * np.tanh(t * 60)
        shade *= 1 - np.float32(darkness) * np.exp(-((t / 0.01) ** 2))
    if bend.ear:  # the turned corner lies on the sheet, with a shadow along the fold
        right, low, length = bend.ear
        near_u, near_v = (1 - u if right else u), (1 - v if low else v) * ratio
        flap = (near_u < length) & (near_v < length) & (near_u + near_v > length)
        shade = np.where(flap, shade * (0.86 if chance(rng, 0.5) else 1.08), shade)
    return np.clip(shade, 0.25, 1.7)


def draw_sheet(rng, sheet, quad, w, h, bend):
    """Colour picture of the sheet and its shape in a (h, w) picture; None if nearly off it."""
    size = math.sqrt(max(1.0, cv2.contourArea(quad)))
    pad = 6 + int(0.08 * size if bend.curved else 0)
    x0, y0 = (max(0, int(v) - pad) for v in quad.min(0))
    x1, y1 = min(w, int(quad[:, 0].max()) + pad), min(h, int(quad[:, 1].max()) + pad)
    x1, y1 = x0 + (x1 - x0) // STEP * STEP, y0 + (y1 - y0) // STEP * STEP
    if w - x1 == 1:
        x1, x0 = x1 + 1, x0 + 1
    if h - y1 == 1:
        y1, y0 = y1 + 1, y0 + 1
    if x1 - x0 < 8 or y1 - y0 < 8:
        return None
    unit = np.float32([[0, 0], [1, 0], [1, 1], [0, 1]])
    matrix = cv2.getPerspectiveTransform(quad, unit).astype(np.float32)
    if (matrix[2] @ np.float32([*quad.mean(0), 1])) < 0:
        matrix = -matrix
    x = np.arange(x0, x1, STEP, dtype=np.float32)[None] + STEP / 2
    y = np.arange(y0, y1, STEP, dtype=np.float32)[:, None] + STEP / 2
    u, v = _uv(matrix, x, y)
    ratio, z = sheet.ratio, None
    if bend.curved:
        lift = rng.normal(0, 1, 2)
        lift = lift / np.linalg.norm(lift) * bend.lift * size
        for _ in range(2):
            z = _height(bend, u, v, ratio)
            u, v = _uv(matrix, x - z * np.float32(lift[0]), y - z * np.float32(lift[1]))
    if bend.rough > 0:
        for field in (u, v):
            grid = rng.standard_normal((26, 26)).astype(np.float32) * np.float32(bend.rough)
            field += cv2.resize(grid, u.shape[::-1], interpolation=cv2.INTER_CUBIC)
    distance, du, dv = _edge_distance(bend, u, v, ratio)
    shade = _shading(rng, bend, u, v, ratio, z, size)
    full = (x1 - x0, y1 - y0)
    alpha = np.clip(cv2.resize(distance, full) + 0.5, 0, 1)
    scale = max(
        float(np.median(du)) * sheet.levels[0].shape[1],
        float(np.median(dv)) * sheet.levels[0].shape[0],
    )
    level = int(np.clip(round(math.log2(max(scale, 0.5)) + 0.2), 0, len(sheet.levels) - 1))
    texture = sheet.levels[level]
    map_x = cv2.resize(u, full) * texture.shape[1] - np.float32(0.5)
    map_y = cv2.resize(v, full) * texture.shape[0] - np.float32(0.5)
    colour = cv2.remap(texture, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shade = cv2.resize(shade, full)
    colour = cv2.multiply(colour, cv2.merge([shade] * 3), dtype=cv2.CV_32F)
    return colour, (alpha, (x0, y0, x1, y1))
