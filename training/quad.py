"""From a mask to the four corners of a sheet; a compact stand-in for what the program does in C."""

import cv2
import numpy as np

GRID = 512  # the mask is enlarged to this side before outlines are taken


def line_through(p, q):
    """Normal and offset (n, c) with n.x = c."""
    d = q - p
    n = np.array([d[1], -d[0]]) / (np.linalg.norm(d) + 1e-9)
    return n, float(n @ p)


def meet(first, second):
    """Crossing of two lines, None if nearly parallel."""
    matrix = np.array([first[0], second[0]])
    if abs(np.linalg.det(matrix)) < 1e-3:
        return None
    return np.linalg.solve(matrix, [first[1], second[1]])


def four_sides(hull):
    """Drop hull sides, extending both neighbours, at the least added area until four are left."""
    points = [p.astype(float) for p in hull]
    while len(points) > 4:
        best, n = None, len(points)
        for i in range(n):
            a, b, c, d = points[i - 1], points[i], points[(i + 1) % n], points[(i + 2) % n]
            x = meet(line_through(a, b), line_through(c, d))
            if x is None or (x - b) @ (b - a) < -1e-6 or (x - c) @ (c - d) < -1e-6:
                continue
            u, v = x - b, c - b
            added = abs(u[0] * v[1] - u[1] * v[0]) / 2
            if best is None or added < best[0]:
                best = (added, i, x)
        if best is None:
            return None
        points[best[1]] = best[2]
        del points[(best[1] + 1) % n]
    return np.array(points) if len(points) == 4 else None


def overlap(quad, region):
    """Intersection over union of a quad with a 0/1 region."""
    filled = np.zeros(region.shape, np.uint8)
    cv2.fillPoly(filled, [np.round(quad * 16).astype(np.int32)], 1, shift=4)
    return (filled & region).sum() / max(1, (filled | region).sum())


def quad_overlap(first, second, size=512):
    """Intersection over union of two quads given in 0..1, inside the picture."""
    canvas = np.zeros((2, size, size), np.uint8)
    for layer, quad in zip(canvas, (first, second)):
        cv2.fillPoly(layer, [np.round((quad * size - 0.5) * 16).astype(np.int32)], 1, shift=4)
    return (canvas[0] & canvas[1]).sum() / max(1, (canvas[0] | canvas[1]).sum())


def robust_line(points, scale=1.5):
    """Total least squares line with Cauchy weights."""
    weight = np.ones(len(points))
    for _ in range(7):
        middle = (points * weight[:, None]).sum(0) / weight.sum()
        centred = points - middle
        _, axes = np.linalg.eigh((centred * weight[:, None]).T @ centred)
        normal = axes[:, 0]
        weight = 1 / (1 + (centred @ normal / scale) ** 2)
    return normal, float(normal @ middle)


def outline_points(prob, region):
    """Outline of the region with sub-pixel places where the probability crosses one half."""
    contours, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea)[:, 0]
    gy, gx = np.gradient(cv2.GaussianBlur(prob, (0, 0), 1.0))
    x, y = contour[:, 0], contour[:, 1]
    slope = np.stack([gx[y, x], gy[y, x]], -1)
    length = np.linalg.norm(slope, axis=1) + 1e-6
    step = np.clip((0.5 - prob[y, x]) / length, -1.5, 1.5)
    return contour, contour + slope / length[:, None] * step[:, None]


def refine(quad, contour, points, region):
    """Fit a line to each side's outline points and intersect, as long as the overlap holds."""
    size = region.shape[0]
    best = (overlap(quad, region), quad)
    on_frame = (contour < 2).any(1) | (contour > size - 3).any(1)
    for round_number in range(3):
        sides = [line_through(best[1][k], best[1][(k + 1) % 4]) for k in range(4)]
        far = np.stack([np.abs(points @ n - c) for n, c in sides], 1)
        nearest, distance = far.argmin(1), far.min(1)
        fitted = []
        for k in range(4):
            a, b = best[1][k], best[1][(k + 1) % 4]
            mine = (nearest == k) & (distance < size * (0.03 if round_number == 0 else 0.02))
            t = (points - a) @ (b - a) / ((b - a) @ (b - a) + 1e-9)
            mine &= (t > 0.04) & (t < 0.96)
            inner = mine & ~on_frame
            if mine.any() and inner.sum() >= 0.5 * mine.sum():
                mine = inner
            fitted.append(robust_line(points[mine]) if mine.sum() >= 12 else sides[k])
        corners = [meet(fitted[k - 1], fitted[k]) for k in range(4)]
        if any(c is None for c in corners):
            break
        corners = np.array(corners)
        if (corners < -size).any() or (corners > 2 * size).any():
            break
        value = overlap(corners, region)
        if value < best[0] - 0.004:
            break
        best = (value, corners)
    return best


def fit_quad(mask):
    """Corners (0..1, clockwise from anywhere), how well they cover the mask, and a reason.

    mask: probabilities of any size. Corners are None where there is no sheet or nothing to do."""
    prob = cv2.resize(mask, (GRID, GRID), interpolation=cv2.INTER_CUBIC)
    count, labels, stats, centres = cv2.connectedComponentsWithStats((prob > 0.5).astype(np.uint8))
    if count < 2:
        return None, 0.0, 'empty'
    off = np.linalg.norm(centres[1:] / GRID - 0.5, axis=1)
    pick = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA] * (1 - 0.6 * off)))
    region = (labels == pick).astype(np.uint8)
    if region.mean() < 0.015:
        return None, 0.0, 'small'
    if region.mean() > 0.985:
        return None, 0.0, 'flat'
    contour, points = outline_points(prob, region)
    cv2.fillPoly(region, [contour], 1)
    hull = cv2.approxPolyDP(cv2.convexHull(contour), GRID * 0.004, True)[:, 0]
    quad = four_sides(hull) if len(hull) >= 4 else None
    if quad is None:
        quad = cv2.boxPoints(cv2.minAreaRect(contour.astype(np.float32))).astype(float)
    value, quad = refine(quad, contour, points, region)
    return (quad + 0.5) / GRID, float(value), 'quad'
