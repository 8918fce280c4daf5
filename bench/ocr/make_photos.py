"""Photos of printed pages at full resolution, with the text that is on them.

usage: python make_photos.py FOLDER [--count 64] [--seed 1] [--width 3200] [--causes]

Sheets of A4, Letter and receipt paper with English text (Debian's licence texts, prices for
the receipts) under a pinhole camera: on the surfaces of training/pagegen, with tilt, roll,
curl (a third of them), uneven lamps, cast shadows, blur, noise and JPEG. Writes NNN.jpg,
NNN.txt (the lines from top to bottom, columns one after the other) and truth.json (corners,
kind, curl). Needs cv2, numpy, Pillow and the fonts of training/README.md; everything is
seeded.

--causes: what makes reading hard, one thing at a time. Flat A4 sheets from straight above in even
light are the first fifth ("none"); in the other fifths the same sheets are curled, seen at an angle
("perspective"), under lamps with a cast shadow ("shadow"), or photographed with half the pixels each way
("small"). truth.json then has "cause"."""
import argparse
import glob
import json
import math
import os
import sys

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../training'))
from pagegen.noise import fractal  # noqa: E402
from pagegen.surfaces import make_surface  # noqa: E402

PER_MM = 9  # pixels of a sheet's texture: 229 dpi
FONTS = ['lato/Lato-Regular.ttf', 'dejavu/DejaVuSans.ttf', 'dejavu/DejaVuSerif.ttf',
         'liberation2/LiberationSerif-Regular.ttf', 'liberation2/LiberationSans-Regular.ttf',
         'roboto/unhinted/RobotoTTF/Roboto-Regular.ttf', 'crosextra/Carlito-Regular.ttf']
MONO = ['dejavu/DejaVuSansMono.ttf', 'liberation2/LiberationMono-Regular.ttf']
GOODS = ('bread rolls apples coffee butter yoghurt tomatoes onions rice noodles soap paper '
         'matches candles pears cheese olives honey lemons flour sugar salt pepper tea').split()


def font(rng, names, size):
    found = [n for n in names if os.path.exists('/usr/share/fonts/truetype/' + n)]
    return ImageFont.truetype('/usr/share/fonts/truetype/' + found[rng.integers(len(found))], size)


def corpus():
    """Sentences of plain English."""
    text = ''
    for name in ('GPL-2', 'GPL-3', 'LGPL-2.1', 'Apache-2.0', 'GFDL-1.3'):
        path = '/usr/share/common-licenses/' + name
        if os.path.exists(path):
            text += open(path, encoding='ascii', errors='ignore').read() + '\n'
    words = [w for w in text.split() if all(c.isalnum() or c in ".,;:'()-" for c in w)]
    return [w for w in words if len(w) < 16]


def wrap(words, start, face, width):
    """One line of words from `start` on that fits; the index after it."""
    line = words[start % len(words)]
    at = start + 1
    while face.getlength(line + ' ' + words[at % len(words)]) <= width:
        line += ' ' + words[at % len(words)]
        at += 1
    return line, at


def text_sheet(rng, words, size_mm):
    w, h = (int(v * PER_MM) for v in size_mm)
    paper = Image.new('RGB', (w, h), tuple(int(v) for v in rng.integers(244, 256, 3)))
    draw, lines = ImageDraw.Draw(paper), []
    size = int(rng.uniform(3.2, 4.4) * PER_MM)  # 9 to 12.5 points
    face, head = font(rng, FONTS, size), font(rng, FONTS, int(size * 1.7))
    margin = int(rng.uniform(16, 26) * PER_MM)
    ink = tuple(int(v) for v in rng.integers(0, 70, 3))
    at, y = int(rng.integers(len(words))), margin
    title = ' '.join(words[(at + i) % len(words)] for i in range(4))
    draw.text((margin, y), title, fill=ink, font=head)
    lines.append(title)
    y += int(size * 3)
    columns = 2 if rng.random() < 0.25 else 1
    gap = 9 * PER_MM
    width = (w - 2 * margin - (columns - 1) * gap) / columns
    room = int(h * rng.uniform(0.3, 0.6)) - margin
    for column in range(columns):
        line_y = y
        while line_y < room:
            for _ in range(int(rng.integers(3, 9))):
                if line_y >= room:
                    break
                line, at = wrap(words, at, face, width)
                draw.text((margin + column * (width + gap), line_y), line, fill=ink, font=face)
                lines.append(line)
                line_y += int(size * 1.35)
            line_y += int(size * 0.8)
    return np.asarray(paper), lines


def receipt_sheet(rng, height_mm):
    w, h = 80 * PER_MM, int(height_mm * PER_MM)
    tone = int(rng.integers(238, 254))
    paper = Image.new('RGB', (w, h), (tone, tone, tone - int(rng.integers(0, 8))))
    draw, lines = ImageDraw.Draw(paper), []
    size = int(rng.uniform(2.9, 3.4) * PER_MM)
    face = font(rng, MONO, size)
    ink = (int(rng.integers(20, 110)),) * 3
    margin, y = 5 * PER_MM, 7 * PER_MM
    total = 0.0
    rows = ['CORNER SHOP', '%d High Street' % rng.integers(1, 200),
            'Tel. 0%d %d' % (rng.integers(100, 999), rng.integers(100000, 999999)), '']
    while y + (len(rows) + 5) * size * 1.3 < h:
        name = '%d %s %s' % (rng.integers(1, 6), GOODS[rng.integers(len(GOODS))],
                             GOODS[rng.integers(len(GOODS))])
        price = round(float(rng.uniform(0.4, 30)), 2)
        total += price
        # the price follows at once: two columns would be read in another order
        rows.append('%s  %.2f' % (name, price))
    rows += ['', 'TOTAL  %.2f' % total, 'Thank you and goodbye']
    for row in rows:
        draw.text((margin, y), row, fill=ink, font=face)
        y += int(size * 1.3)
        if row:
            lines.append(' '.join(row.split()))
    return np.asarray(paper), lines


CAUSES = ['none', 'curl', 'perspective', 'shadow', 'small']


def pose(rng, size_mm, width, height, curl, cause):
    """Where points of the sheet (0..1 each way) fall in the photo."""
    focal = 27 / math.hypot(36, 24) * math.hypot(width, height)
    tilt, yaw = (math.radians(v) for v in rng.uniform((-8, -20), (35, 20)))
    roll = math.radians(rng.normal(0, 4))
    if cause is not None and cause != 'perspective':
        tilt, yaw = math.radians(2), math.radians(-1)
    w, h = size_mm
    axis = int(rng.integers(2))  # which way it is curled

    def turn(p):
        c, s = math.cos(roll), math.sin(roll)
        p = p @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
        c, s = math.cos(tilt), math.sin(tilt)
        p = p @ np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
        c, s = math.cos(yaw), math.sin(yaw)
        return p @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])

    def raw(u, v):
        t = u if axis == 0 else v
        lift = -curl * (w if axis == 0 else h) * 4 * t * (1 - t)
        return turn(np.stack([(u - 0.5) * w, (v - 0.5) * h, lift], -1))

    corners = raw(np.array([0, 1, 1, 0.0]), np.array([0, 0, 1, 1.0]))
    cover = rng.uniform(0.72, 0.95)
    distance = 200.0
    for _ in range(60):  # as near as the frame allows
        seen = focal * corners[:, :2] / (corners[:, 2:] + distance)
        if np.any(corners[:, 2] + distance < 50) or np.any(
                np.abs(seen) > np.array([width, height]) * cover / 2):
            distance *= 1.06
    shift = rng.uniform(-0.02, 0.02, 2) * (width, height)

    def project(u, v):
        p = raw(u, v)
        return focal * p[..., :2] / (p[..., 2:] + distance) + (width / 2, height / 2) + shift

    return project


def draw_sheet(img, sheet, project, curl):
    """Sheet into the photo cell by cell; flat ones in one piece."""
    height, width = img.shape[:2]
    cells = 24 if curl else 1
    sh, sw = sheet.shape[:2]
    steps = np.linspace(0, 1, cells + 1)
    alpha = np.zeros((height, width), np.float32)
    for j in range(cells):
        for i in range(cells):
            u = np.array([steps[i], steps[i + 1], steps[i + 1], steps[i]])
            v = np.array([steps[j], steps[j], steps[j + 1], steps[j + 1]])
            quad = project(u, v).astype(np.float32)
            x0, y0 = np.maximum(np.floor(quad.min(0)).astype(int) - 2, 0)
            x1, y1 = np.minimum(np.ceil(quad.max(0)).astype(int) + 2, (width, height))
            if x1 <= x0 or y1 <= y0:
                continue
            source = np.float32(np.stack([u * sw, v * sh], -1))
            matrix = cv2.getPerspectiveTransform(source, np.float32(quad - (x0, y0)))
            part = cv2.warpPerspective(sheet, matrix, (int(x1 - x0), int(y1 - y0)),
                                       flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
            mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
            cv2.fillConvexPoly(mask, np.int32(np.round((quad - (x0, y0)) * 16)), 255,
                               cv2.LINE_AA if not curl else cv2.LINE_8, 4)
            share = (mask / np.float32(255))[..., None]
            if curl:  # the light follows the slope
                part = part * np.float32(1 - curl * (u.mean() - 0.5))
            region = img[y0:y1, x0:x1]
            region[:] = region * (1 - share) + part * share
            alpha[y0:y1, x0:x1] = np.maximum(alpha[y0:y1, x0:x1], share[..., 0])
    return alpha


def light(rng, img):
    """Lamps of two colours, a cast shadow in most photos, fall-off."""
    height, width = img.shape[:2]
    y, x = np.mgrid[0:height:8, 0:width:8].astype(np.float32)
    field = np.zeros(y.shape + (3,), np.float32) + np.float32(rng.uniform(0.35, 0.6))
    for _ in range(2):
        cx, cy = rng.uniform(-0.2, 1.2, 2) * (width, height)
        colour = np.float32([1, 1, 1]) + np.float32(rng.uniform(-0.1, 0.1, 3))
        spread = rng.uniform(0.5, 1.1) * width
        lamp = np.exp(-(((x - cx) ** 2 + (y - cy) ** 2) / spread ** 2))
        field += lamp[..., None] * colour * np.float32(rng.uniform(0.2, 0.5))
    if rng.random() < 0.75:
        shade = np.zeros(y.shape, np.float32)
        centre = rng.uniform(0.2, 0.8, 2) * y.shape[::-1]
        angle = rng.uniform(0, 6.28)
        away = np.array([math.cos(angle), math.sin(angle)])
        side = np.array([-away[1], away[0]])
        points = np.array([centre + side * 60, centre - side * 60,
                           centre - side * 120 + away * 900, centre + side * 120 + away * 900])
        cv2.fillConvexPoly(shade, np.int32(points), 1.0)
        shade = cv2.GaussianBlur(shade, (0, 0), rng.uniform(2, 14))
        field *= 1 - shade[..., None] * np.float32(rng.uniform(0.25, 0.6))
    img *= cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)


def photograph(rng, sheet, size_mm, width, height, curl, cause=None):
    ground = cv2.resize(make_surface(rng).astype(np.float32), (width, height),
                        interpolation=cv2.INTER_CUBIC)
    ground *= 1 + 0.04 * rng.standard_normal((height, width, 1), np.float32)
    img = np.clip(ground, 0, 255).astype(np.float32)
    project = pose(rng, size_mm, width, height, curl, cause)
    worn = sheet * (1 + 0.015 * fractal(rng, *sheet.shape[:2], 4, 3)[..., None])
    outline = project(np.array([0, 1, 1, 0.0]), np.array([0, 0, 1, 1.0]))
    shadow = np.zeros((height // 4, width // 4), np.float32)
    cv2.fillConvexPoly(shadow, np.int32(outline / 4 + (4, 6)), 0.4)
    shadow = cv2.resize(cv2.GaussianBlur(shadow, (0, 0), 5), (width, height))
    img *= 1 - shadow[..., None]
    draw_sheet(img, worn.astype(np.float32), project, curl)
    if cause in (None, 'shadow'):
        light(rng, img)
    else:
        img *= 0.85
    img = cv2.GaussianBlur(img, (0, 0), rng.uniform(0.6, 1.3))
    img += rng.standard_normal(img.shape, np.float32) * np.float32(rng.uniform(2, 6))
    return np.clip(img, 0, 255).astype(np.uint8), outline


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder')
    parser.add_argument('--count', type=int, default=64)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--width', type=int, default=3200)
    parser.add_argument('--causes', action='store_true')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    os.makedirs(args.folder, exist_ok=True)
    words, truth = corpus(), []
    for number in range(args.count):
        cause = CAUSES[number * len(CAUSES) // args.count] if args.causes else None
        sheet_number = number % -(-args.count // len(CAUSES)) if args.causes else number
        rng = np.random.default_rng([77, args.seed, sheet_number])
        kind = 'receipt' if number % 4 == 3 else 'letter' if number % 8 == 1 else 'A4'
        kind = 'A4' if args.causes else kind
        if kind == 'receipt':
            size = (80.0, float(rng.uniform(90, 150)))
            sheet, lines = receipt_sheet(rng, size[1])
        else:
            size = (210.0, 297.0) if kind == 'A4' else (215.9, 279.4)
            sheet, lines = text_sheet(rng, words, size)
        curled = cause == 'curl' if args.causes else number % 3 == 2
        curl = float(rng.uniform(0.02, 0.07)) if curled else 0.0
        tall = kind == 'receipt' or rng.random() < 0.8
        width = args.width // 2 if cause == 'small' else args.width
        long_side, short_side = width, width * 3 // 4
        frame = (short_side, long_side) if tall else (long_side, short_side)
        photo, outline = photograph(rng, sheet, size, *frame, curl, cause)
        name = '%03d' % number
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0xA405] = 27
        Image.fromarray(photo).save(os.path.join(args.folder, name + '.jpg'),
                                    quality=int(rng.integers(82, 95)), exif=exif)
        with open(os.path.join(args.folder, name + '.txt'), 'w') as out:
            out.write('\n'.join(lines) + '\n')
        truth.append({'file': name + '.jpg', 'kind': kind, 'curl': curl,
                      'size_mm': size, 'corners': outline.tolist()} |
                     ({'cause': cause} if cause else {}))
    with open(os.path.join(args.folder, 'truth.json'), 'w') as out:
        json.dump(truth, out, indent=1)


if __name__ == '__main__':
    main()
