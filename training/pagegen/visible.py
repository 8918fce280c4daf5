"""Can the sheet be made out at all in the finished picture?

Now and then light, blur or chance leaves a sheet of exactly the tone of what lies around it, or all of
both burnt out or black. Nobody could mark such a picture, and a label on it teaches nothing but guessing.
The outline is looked at in pieces: where the mean colours within a few pixels on both sides of it are
nearly the same, that piece cannot be seen. A sheet one of whose sides is hardly seen anywhere, or whose
whole outline is hardly seen, is not to be made out. (A fifth of the scenes have little contrast on
purpose; they stay, as long as some of each side shows.)"""

import cv2
import numpy as np

LEAST_STEP = 3.0  # grey levels
LEAST_OF_SIDE = 0.2
LEAST_OF_ALL = 0.45
REACH = 5  # pixels of the mask


def _mean_near(img, weight):
    size = (2 * REACH + 1, 2 * REACH + 1)
    total = cv2.boxFilter(weight, -1, size, normalize=False)
    near = cv2.boxFilter(img * weight[..., None], -1, size, normalize=False)
    return near / np.maximum(total, 1e-3)[..., None]


def _side_of(points, quad):
    """The nearest side of a quad for each point."""
    distances = []
    for a, b in zip(quad, np.roll(quad, -1, 0)):
        along = b - a
        t = np.clip(((points - a) @ along) / max(float(along @ along), 1e-9), 0, 1)
        distances.append(np.linalg.norm(points - a - t[:, None] * along, axis=1))
    return np.argmin(distances, 0)


def can_be_seen(picture, mask, quad):
    """picture of any size, mask (float 0..1, square) and quad (0..1) as in a Scene."""
    n = mask.shape[0]
    small = cv2.resize(picture, (n, n), interpolation=cv2.INTER_AREA).astype(np.float32)
    inside = (mask > 0.5).astype(np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    ring_in = inside - cv2.erode(inside, np.ones((7, 7), np.uint8), borderValue=1)
    ring_out = cv2.dilate(inside, np.ones((7, 7), np.uint8), borderValue=0) - inside
    edge = cv2.dilate(inside, kernel, borderValue=0) - inside
    y, x = np.nonzero(edge)
    if len(y) < 8:
        return False
    step = _mean_near(small, ring_in.astype(np.float32)) - _mean_near(
        small, ring_out.astype(np.float32)
    )
    seen = np.sqrt((step[y, x] ** 2).mean(-1)) > LEAST_STEP
    side = _side_of((np.stack([x, y], -1) + 0.5) / n, quad)
    parts = [seen[side == k].mean() for k in range(4) if (side == k).sum() >= 6]
    return seen.mean() >= LEAST_OF_ALL and (not parts or min(parts) >= LEAST_OF_SIDE)
