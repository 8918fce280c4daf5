"""Papers that are not the one looked for, and the rule that says which one is meant.

Meant is the sheet with the largest visible area, weighted by how central it lies: area x (1 - 0.6 d),
d the distance of its centre from the picture's in picture sizes (src/page/outline.c weighs alike).
Every other paper of a scene is kept at or below MOST of that of the sheet looked for, so that the answer
never hangs on a hair. A pile beneath the sheet is another matter: there the uppermost sheet is meant."""

import math

import cv2
import numpy as np

from .noise import chance
from .paint import blend
from .place import Bend, draw_sheet, random_bend, random_quad
from .sheets import vary_sheet

MOST = 0.5
CENTRALITY = 0.6


def rank(quad, w, h, hidden_by=None):
    """Visible share of the picture, weighted by centrality; 0..1."""
    frame = np.float32([[0, 0], [w, 0], [w, h], [0, h]])
    area, part = cv2.intersectConvexConvex(cv2.convexHull(np.float32(quad)), frame)
    if area <= 0 or part is None:
        return 0.0
    centre = part.reshape(-1, 2).mean(0)
    if hidden_by is not None:
        area -= cv2.intersectConvexConvex(
            cv2.convexHull(part.reshape(-1, 2)), cv2.convexHull(np.float32(hidden_by))
        )[0]
    far = math.hypot(centre[0] / w - 0.5, centre[1] / h - 0.5)
    return max(0.0, area / (w * h) * (1 - CENTRALITY * far))


def draw_other(props, quad, bent=True):
    """Draw a sheet that is not the one looked for."""
    rng = props.rng
    sheet = vary_sheet(rng, props.any_sheet())
    drawn = draw_sheet(rng, sheet, quad, props.w, props.h, random_bend(rng, sheet) if bent else Bend())
    if drawn is None:
        return
    colour, shape = drawn
    props.shadow(shape, 0.5, 0.012)
    blend(props.img, shape, colour * np.float32(rng.uniform(0.75, 1.0)))


def _lesser_quad(props, quad):
    """Corners of another paper of lower rank; None if none was hit upon."""
    rng, centre = props.rng, quad.mean(0)
    limit = MOST * rank(quad, props.w, props.h)
    for _ in range(12):
        other = random_quad(
            rng,
            props.any_sheet().ratio,
            props.w,
            props.h,
            rng.uniform(0.25, 1),
            rng.uniform(-3.14, 3.14) if chance(rng, 0.5) else rng.normal(0, 0.2),
            rng.uniform(0, 0.6),
        )
        angle, far = rng.uniform(0, 6.28), rng.uniform(0.3, 0.85) * props.size
        away = np.float32([math.cos(angle), math.sin(angle)]) * np.float32(far)
        other = (other - other.mean(0) + centre + away).astype(np.float32)
        if rank(other, props.w, props.h, quad) <= limit:
            return other
    return None


def draw_others(props, quad, count):
    """Further sheets of lower rank, lying about or partly under the one looked for."""
    for _ in range(int(count)):
        other = _lesser_quad(props, quad)
        if other is not None:
            draw_other(props, other)


def draw_pile(props, quad):
    """A pile beneath, each sheet a little turned and shifted."""
    rng, centre = props.rng, quad.mean(0)
    for _ in range(int(rng.integers(1, 5))):
        angle = rng.normal(0, 0.05)
        turn = np.float32([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        shift = rng.normal(0, 0.02, 2) * props.size
        draw_other(props, ((quad - centre) @ turn + centre + shift).astype(np.float32), False)
