"""Draw the demo photo: an invented invoice on a wooden desk, with its true corners.

usage: python make_demo_photo.py [--photo ../assets/demo-page.jpg] [--seed 7]

Writes the picture and, beside it, a .json with {"corners": [[x, y] * 4]} in pixels (pixel centres
at integer + 0.5; top left, top right, bottom right, bottom left of the sheet)."""

import argparse
import json
import math
import os

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pagegen.noise import fractal, mix
from pagegen.paint import blend, darken, ellipse_points, polygon, stroke

WIDTH, HEIGHT = 1600, 1200
SHEET_W, SHEET_H = 1240, 1754
FOCAL_LENGTH_35MM = 27  # a phone's main camera; written into the EXIF data
FONTS = '/usr/share/fonts/truetype/lato/Lato-%s.ttf'
INK, GREY, ACCENT = (28, 30, 36), (110, 114, 122), (18, 92, 110)
ITEMS = (
    ('Oak shelf, oiled, 90 cm', 2, 48.50),
    ('Wall bracket, black steel', 4, 6.20),
    ('Screws 4 x 40, box of 100', 1, 5.90),
    ('Linseed oil, 500 ml', 3, 11.40),
    ('Sandpaper, grain 120', 6, 0.95),
    ('Delivery, Lower Mill Lane', 1, 12.00),
)


def sheet_corners():
    """Corners of an A4 sheet before a real camera: the proportions can be recovered from them."""
    focal = FOCAL_LENGTH_35MM / math.hypot(36, 24) * math.hypot(WIDTH, HEIGHT)
    roll, tilt, distance = math.radians(5), math.radians(33), 372.0  # distance in mm
    corners = []
    for x, y in ((-105, -148.5), (105, -148.5), (105, 148.5), (-105, 148.5)):
        turned_x = x * math.cos(roll) - y * math.sin(roll)
        turned_y = x * math.sin(roll) + y * math.cos(roll)
        depth = distance - turned_y * math.sin(tilt)
        corners.append([WIDTH / 2 + focal * (turned_x - 4) / depth,
                        HEIGHT / 2 + focal * (turned_y * math.cos(tilt) - 16) / depth])
    return np.float32(corners)


def font(weight, size):
    return ImageFont.truetype(FONTS % weight, size)


def draw_invoice():
    """The flat sheet."""
    page = Image.new('RGB', (SHEET_W, SHEET_H), (250, 249, 245))
    draw = ImageDraw.Draw(page)
    draw.rectangle((96, 50, SHEET_W - 96, 60), fill=ACCENT)
    draw.ellipse((96, 96, 186, 186), fill=ACCENT)
    draw.polygon(((118, 158), (141, 112), (164, 158)), fill=(250, 249, 245))
    draw.text((212, 92), 'Tannhill Joinery', fill=INK, font=font('Bold', 54))
    draw.text(
        (214, 156), 'Shelves, tables and repairs since 1987', fill=GREY, font=font('Regular', 26)
    )
    draw.text((96, 270), 'INVOICE', fill=ACCENT, font=font('Black', 84))
    for row, (name, value) in enumerate(
        (('Number', '2041-118'), ('Date', '14 March'), ('Due', '28 March'))
    ):
        draw.text((800, 282 + 40 * row), name, fill=GREY, font=font('Regular', 30))
        draw.text((960, 282 + 40 * row), value, fill=INK, font=font('Bold', 30))
    for row, text in enumerate(('To', 'Marla Quist', '7 Lower Mill Lane', 'Brackenford')):
        draw.text(
            (96, 430 + 42 * row), text, fill=GREY if row == 0 else INK, font=font('Regular', 30)
        )
    draw_table(draw, 640)
    y = 1360
    for text in (
        'Please pay within fourteen days and give the invoice number.',
        'Thank you for choosing solid wood.',
    ):
        draw.text((96, y), text, fill=INK, font=font('Regular', 28))
        y += 44
    points = [
        (110 + 9 * t, 1530 + 26 * math.sin(t * 0.9) - 16 * math.sin(t * 0.37)) for t in range(34)
    ]
    draw.line(points, fill=(30, 44, 120), width=5, joint='curve')
    draw.line((96, 1584, 470, 1584), fill=GREY, width=2)
    draw.text((96, 1594), 'J. Tannhill', fill=GREY, font=font('Regular', 24))
    rng, x = np.random.default_rng(3), 820
    while x < 1140:
        bar = int(rng.integers(2, 9))
        draw.rectangle((x, 1500, x + bar, 1590), fill=INK)
        x += bar + int(rng.integers(3, 9))
    draw.line((96, 1680, 1144, 1680), fill=ACCENT, width=3)
    draw.text(
        (96, 1694),
        'Tannhill Joinery  -  Sawpit Yard 3  -  Brackenford',
        fill=GREY,
        font=font('Regular', 22),
    )
    return np.asarray(page)


def draw_table(draw, y):
    """Items, prices and the sum."""
    columns = (96, 720, 880, 1144)
    draw.rectangle((96, y, 1144, y + 56), fill=(221, 232, 234))
    for x, text in zip(columns, ('Item', 'Qty', 'Price', 'Amount')):
        place(draw, x, y + 10, text, font('Bold', 30), x == columns[-1])
    total = 0.0
    for name, count, price in ITEMS:
        y += 66
        total += count * price
        for x, text in zip(columns, (name, str(count), '%.2f' % price, '%.2f' % (count * price))):
            place(draw, x, y + 6, text, font('Regular', 30), x == columns[-1])
        draw.line((96, y + 56, 1144, y + 56), fill=(200, 204, 208), width=2)
    y += 90
    place(draw, 720, y, 'Total', font('Black', 44), False)
    place(draw, 1144, y, '%.2f' % total, font('Black', 44), True)


def place(draw, x, y, text, face, right):
    """Text that starts (or, if right, ends) at x."""
    draw.text((x - face.getlength(text) if right else x, y), text, fill=INK, font=face)


def draw_desk(rng):
    """Planks of warm brown wood."""
    img = np.empty((HEIGHT, WIDTH, 3), np.float32)
    light, dark = np.float32([156, 112, 74]), np.float32([96, 62, 38])
    edge = 0
    while edge < HEIGHT:
        high = int(rng.integers(210, 290))
        part = slice(edge, min(HEIGHT, edge + high))
        rows = part.stop - part.start
        slow = fractal(rng, rows, WIDTH, 4, 2, 0.6, (3, 0.6))
        rings = np.sin(slow * 5 + np.linspace(0, 9, rows, dtype=np.float32)[:, None])
        fibre = fractal(rng, rows, WIDTH, 3, 24, 0.8, (6, 0.25))
        tone = np.clip(0.45 + 0.22 * rings + 0.16 * fibre + 0.12 * slow, 0, 1)
        img[part] = mix(light, dark, tone) * np.float32(rng.uniform(0.92, 1.06))
        img[part.start : part.start + 3] *= 0.45
        img[part.start + 3 : part.start + 6] *= 1.08
        edge += high
    return img


def things(rng, img):
    """A pencil and a mug at the edge."""
    a, b = np.array([1330.0, 330.0]), np.array([1505.0, 790.0])
    shaft = stroke(img.shape, [a, b], 26)
    darken(img, shape=shaft, strength=0.5, blur=9, dx=12, dy=10)
    blend(img, shaft, np.float32([206, 158, 52]))
    side = stroke(img.shape, [a + (7, -2), b + (7, -2)], 7)
    blend(img, side, np.float32([232, 190, 92]))
    step = (a - b) / np.linalg.norm(a - b)
    normal = np.array([-step[1], step[0]])
    wood = polygon(img.shape, [a + normal * 13, a - normal * 13, a + step * 52])
    blend(img, wood, np.float32([226, 190, 150]))
    lead = polygon(
        img.shape, [a + step * 38 + normal * 4, a + step * 38 - normal * 4, a + step * 54]
    )
    blend(img, lead, np.float32([40, 40, 44]))
    blend(img, stroke(img.shape, [b, b - step * 34], 26), np.float32([196, 108, 104]))
    cup = np.float32([118, 236])
    outer = polygon(img.shape, ellipse_points(cup, (168, 160), 0, 90))
    darken(img, outer, 0.5, 22, 26, 20)
    blend(img, outer, np.float32([224, 226, 224]))
    blend(
        img, polygon(img.shape, ellipse_points(cup, (150, 142), 0, 90)), np.float32([188, 190, 190])
    )
    blend(
        img,
        polygon(img.shape, ellipse_points(cup + (3, 5), (140, 131), 0, 90)),
        np.float32([58, 34, 20]),
    )
    gleam = polygon(img.shape, ellipse_points(cup + (-42, -46), (36, 15), -0.7), 6)
    blend(img, (gleam[0] * 0.35, gleam[1]), np.float32([205, 190, 170]))


def put_sheet(rng, img, sheet, corners):
    """Sheet in perspective, a soft fold across it and a shadow beneath."""
    flat = np.float32([[0, 0], [SHEET_W, 0], [SHEET_W, SHEET_H], [0, SHEET_H]])
    t = np.linspace(-0.5, 0.5, SHEET_H, dtype=np.float32)[:, None, None]
    relief = 1 + 0.035 * np.tanh(t * 70) - 0.05 * np.exp(-((t / 0.003) ** 2))
    grain = 1 + 0.006 * rng.standard_normal((SHEET_H, SHEET_W, 1)).astype(np.float32)
    wave = 1 + 0.012 * fractal(rng, SHEET_H, SHEET_W, 3, 2)[..., None]
    lit = sheet.astype(np.float32) * relief * grain * wave
    big = 2  # drawn at twice the size and averaged, against jagged edges
    matrix = cv2.getPerspectiveTransform(flat, corners * big)
    # warpPerspective takes pixel centres at integers: move both pictures by half a pixel
    to_edge = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(to_edge) @ matrix @ to_edge
    size = (WIDTH * big, HEIGHT * big)
    colour = cv2.warpPerspective(
        lit, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    colour = cv2.resize(colour, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    shape = polygon(img.shape, corners)
    darken(img, shape, 0.34, 22, 16, 20)
    darken(img, shape, 0.4, 5, 3, 4)
    blend(img, shape, colour)


def light(rng, img):
    """Window light from the upper left, a soft shadow from the right, lens fall-off."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    lamp = np.exp(-(((x - 420) / 1150) ** 2 + ((y - 180) / 1000) ** 2))
    field = 0.58 + 0.52 * lamp
    shade = polygon(
        img.shape, np.float32([[1010, 1250], [1180, 690], [1420, 470], [1700, 420], [1700, 1250]])
    )
    img *= field[..., None] * np.float32([1.04, 1.0, 0.93])
    darken(img, shade, 0.26, 75)
    far = ((x - WIDTH / 2) / WIDTH) ** 2 + ((y - HEIGHT / 2) / HEIGHT) ** 2
    img *= (1 - 0.28 * far)[..., None]


def sensor(rng, img):
    """Slight blur, noise that is stronger in the shadows."""
    img = cv2.GaussianBlur(np.clip(img, 0, 255), (0, 0), 0.7)
    noise = rng.standard_normal(img.shape).astype(np.float32)
    noise = 0.6 * noise + 1.3 * cv2.GaussianBlur(noise, (0, 0), 1.0)
    img = img + noise * (2.4 - 1.2 * img / 255)
    return np.clip(img, 0, 255).astype(np.uint8)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--photo', default=os.path.join(here, '..', 'assets', 'demo-page.jpg'))
    parser.add_argument('--seed', type=int, default=7)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    img = draw_desk(rng)
    things(rng, img)
    put_sheet(rng, img, draw_invoice(), sheet_corners())
    light(rng, img)
    picture = sensor(rng, img)
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = FOCAL_LENGTH_35MM  # FocalLengthIn35mmFilm
    Image.fromarray(picture).save(args.photo, quality=88, exif=exif)
    corners = [[float(v) for v in point] for point in sheet_corners()]
    with open(os.path.splitext(args.photo)[0] + '.json', 'w') as f:
        json.dump({'corners': corners}, f)
        f.write('\n')
    print('corners', corners, '%d bytes' % os.path.getsize(args.photo))


if __name__ == '__main__':
    main()
