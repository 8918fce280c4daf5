"""What happens after the corners, against the truth: curl, the way up, proportions.

usage: python flatten_truth.py CLEARCUT dewarp|upright|aspect [--count N] [--seed 1] [--out FILE.json]

All scenes are rendered by bench/ocr/make_photos.py's camera (see there for what it needs) with seeds
of their own; nothing in the program was fitted to them.

  dewarp   A4 sheets flat, curled (parabola, along or across, 2 to 7 % of the side) and folded (a ridge),
           each with --dewarp off, auto and on. Geometry: the sheet carries a lattice of dots 15 mm apart;
           the mean distance of each from where it belongs, in mm (7 if it is not found). Reading:
           the same pose with text; tesseract's character error after --finish clean.
  upright  sheets of text in many fonts, columns, receipts, forms, sparse pages and capitals, each turned
           by 0, 90, 180 and 270 degrees: put upright, turned wrongly, left as it lay.
  aspect   flat sheets of several proportions seen at up to 40 degrees, with and without the focal length in
           EXIF; the program's own corners, and the true ones: error of width / height, and which sheets
           are taken for the wrong format."""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np
from PIL import Image, ImageDraw

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../ocr'))
import make_photos as scenes  # noqa: E402
import read as reading  # noqa: E402

PER_MM = scenes.PER_MM


def rotation(angles):
    (cx, sx), (cy, sy), (cz, sz) = [(math.cos(a), math.sin(a)) for a in angles]
    return (np.array([[cz, sz, 0], [-sz, cz, 0], [0, 0, 1.0]]) @
            np.array([[1, 0, 0], [0, cx, sx], [0, -sx, cx]]) @
            np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]))


def camera(size_mm, frame, angles, lift, cover, focal_35mm=27.0):
    """From the sheet (0..1 each way) to the photo; lift(u, v) in mm off the table."""
    width, height = frame
    focal = focal_35mm / math.hypot(36, 24) * math.hypot(width, height)
    turn = rotation(angles)

    def raw(u, v):
        return np.stack([(u - 0.5) * size_mm[0], (v - 0.5) * size_mm[1], -lift(u, v)], -1) @ turn

    edge = raw(np.array([0, 1, 1, 0.0]), np.array([0, 0, 1, 1.0]))
    distance = 50.0
    while True:
        depth = edge[:, 2] + distance
        if depth.min() > 40:
            seen = focal * edge[:, :2] / depth[:, None]
            if np.all(np.abs(seen) < np.array(frame) * cover / 2):
                break
        distance *= 1.04

    def project(u, v):
        p = raw(u, v)
        return focal * p[..., :2] / (p[..., 2:] + distance) + (width / 2, height / 2)

    return project


def shoot(rng, sheet, project, frame, bent):
    """A photo of the sheet on a table under a soft uneven light."""
    width, height = frame
    image = cv2.resize(scenes.make_surface(rng).astype(np.float32), frame, interpolation=cv2.INTER_CUBIC)
    scenes.draw_sheet(image, sheet.astype(np.float32), project, 0.3 if bent else 0)
    fall = np.linspace(rng.uniform(0.7, 0.9), rng.uniform(0.85, 1.0), width, dtype=np.float32)
    image *= fall[None, :, None]
    image = cv2.GaussianBlur(image, (0, 0), 0.7)
    image += rng.standard_normal(image.shape, np.float32) * 3
    return np.clip(image, 0, 255).astype(np.uint8)


def save(path, image, focal_35mm=None):
    exif = Image.Exif()
    if focal_35mm:
        exif.get_ifd(0x8769)[0xA405] = int(round(focal_35mm))
    Image.fromarray(image).save(path, quality=92, exif=exif)


def scan(program, photo, *options):
    answer = subprocess.run([program, 'scan', '--json', '--threads', '1', *options, photo],
                            capture_output=True, text=True)
    return json.loads(answer.stdout)


# ---- curl ----

SPACING = 15  # mm


def dots_sheet(size_mm):
    sheet = np.full((int(size_mm[1] * PER_MM), int(size_mm[0] * PER_MM), 3), 250, np.uint8)
    places = [(x, y) for y in range(SPACING, int(size_mm[1]) - 5, SPACING)
              for x in range(SPACING, int(size_mm[0]) - 5, SPACING)]
    for x, y in places:
        cv2.circle(sheet, (x * PER_MM, y * PER_MM), int(1.3 * PER_MM), (40, 40, 40), -1, cv2.LINE_AA)
    return sheet, np.array(places, float)


def dot_error(page, size_mm, places):
    """Mean distance of the dots from where they belong, mm."""
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    scale = np.array([size_mm[0] / page.shape[1], size_mm[1] / page.shape[0]])
    window = int(12 / scale[0]) | 1
    dark = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, window, 40)
    count, _, stats, centres = cv2.connectedComponentsWithStats(dark)
    area = stats[:, 4] * scale[0] * scale[1]
    found = centres[(area > 2.5) & (area < 9)] * scale + scale / 2
    if len(found) == 0:
        return 7.0
    distance = np.linalg.norm(places[:, None] - found[None], axis=2).min(1)
    return float(np.minimum(distance, 7).mean())


def bend(kind, rng, size_mm):
    """Height of the sheet over the table."""
    if kind == 'flat':
        return lambda u, v: np.zeros_like(u)
    along = kind.endswith('down')
    depth = rng.uniform(0.02, 0.07) * size_mm[1 if along else 0]
    if kind.startswith('curl'):
        return lambda u, v: depth * 4 * (v if along else u) * (1 - (v if along else u))
    ridge = rng.uniform(0.35, 0.65)

    def fold(u, v):
        t = v if along else u
        return 0.6 * depth * np.minimum(t / ridge, (1 - t) / (1 - ridge))

    return fold


def measure_dewarp(program, count, seed, folder):
    size_mm, rows = (210.0, 297.0), []
    kinds = ['flat', 'curl across', 'curl down', 'fold across', 'fold down']
    words = scenes.corpus()
    for number in range(count):
        rng = np.random.default_rng([91, seed, number])
        kind = kinds[number % len(kinds)]
        lift = bend(kind, rng, size_mm)
        frame = (1800, 2400)
        angles = [math.radians(v) for v in (rng.uniform(-5, 30), rng.uniform(-18, 18), rng.normal(0, 3))]
        project = camera(size_mm, frame, angles, lift, rng.uniform(0.75, 0.92))
        dots, places = dots_sheet(size_mm)
        text, lines = scenes.text_sheet(rng, words, size_mm)
        truth = reading.plain('\n'.join(lines))
        row = {'kind': kind}
        for what, sheet in (('mm', dots), ('reading', text)):
            photo = os.path.join(folder, 'photo.jpg')
            save(photo, shoot(np.random.default_rng([92, seed, number]), sheet, project, frame, kind != 'flat'), 27)
            for way in ('off', 'auto', 'on'):
                out = os.path.join(folder, 'page.png')
                finish = 'photo' if what == 'mm' else 'clean'
                said = scan(program, photo, '--dewarp', way, '--finish', finish, '--rotate', '0', '-o', out)
                if said['status'] != 'corrected':
                    row['refused'] = True
                elif what == 'mm':
                    row[way + ' mm'] = round(dot_error(cv2.imread(out), size_mm, places), 3)
                    row[way + ' acted'] = said['dewarped']
                else:
                    read = reading.plain(reading.read(out))
                    row[way + ' reading'] = round(min(1, reading.distance(truth, read) / len(truth)), 4)
        print(row, file=sys.stderr, flush=True)
        rows.append(row)
    lines = []
    for kind in ['all'] + kinds:
        chosen = [r for r in rows if kind in ('all', r['kind']) and not r.get('refused')]
        lines.append({'sheets': kind, 'n': len(chosen)} |
                     {key: round(float(np.mean([r[key] for r in chosen])), 4) for key in
                      ('off mm', 'auto mm', 'on mm', 'off reading', 'auto reading', 'on reading', 'auto acted')
                      if chosen})
    return lines, rows


# ---- the way up ----

def form_sheet(rng, size_mm):
    w, h = (int(v * PER_MM) for v in size_mm)
    paper = Image.new('RGB', (w, h), (250, 250, 248))
    draw = ImageDraw.Draw(paper)
    size = int(rng.uniform(3.2, 4.2) * PER_MM)
    face = scenes.font(rng, scenes.FONTS, size)
    labels = ('Family name,Given names,Date of birth,Street and number,Postal code,City,Telephone,Occupation,'
              'Employer,Account holder,Name of the bank,Place and date,Signature').split(',')
    y = 30 * PER_MM
    draw.text((20 * PER_MM, 15 * PER_MM), 'Application for membership', fill=20, font=scenes.font(rng, scenes.FONTS, size * 2))
    for label in labels:
        draw.text((20 * PER_MM, y), label, fill=(30, 30, 30), font=face)
        draw.rectangle((80 * PER_MM, y - PER_MM, 190 * PER_MM, y + size + PER_MM), outline=(60, 60, 60), width=4)
        if rng.random() < 0.5:
            draw.text((83 * PER_MM, y), 'Example text', fill=(20, 20, 90), font=face)
        y += int(size * 3.2)
    return np.asarray(paper)


def sparse_sheet(rng, size_mm, words):
    w, h = (int(v * PER_MM) for v in size_mm)
    paper = Image.new('RGB', (w, h), (250, 250, 248))
    draw = ImageDraw.Draw(paper)
    face = scenes.font(rng, scenes.FONTS, int(rng.uniform(3.4, 5) * PER_MM))
    y = int(rng.uniform(30, 90) * PER_MM)
    for _ in range(int(rng.integers(3, 7))):
        line, _ = scenes.wrap(words, int(rng.integers(len(words))), face, 130 * PER_MM)
        draw.text((30 * PER_MM, y), line, fill=(30, 30, 30), font=face)
        y += 9 * PER_MM
    return np.asarray(paper)


def capitals_sheet(rng, size_mm, words):
    w, h = (int(v * PER_MM) for v in size_mm)
    paper = Image.new('RGB', (w, h), (250, 250, 248))
    draw = ImageDraw.Draw(paper)
    face = scenes.font(rng, scenes.FONTS, int(4 * PER_MM))
    at = int(rng.integers(len(words)))
    for y in range(25 * PER_MM, 150 * PER_MM, 6 * PER_MM):
        line, at = scenes.wrap(words, at, face, 160 * PER_MM)
        draw.text((22 * PER_MM, y), line.upper(), fill=(30, 30, 30), font=face)
    return np.asarray(paper)


def upright_sheet(kind, rng, words):
    a4 = (210.0, 297.0)
    if kind == 'receipt':
        size = (80.0, float(rng.uniform(100, 150)))
        return scenes.receipt_sheet(rng, size[1])[0], size
    if kind == 'form':
        return form_sheet(rng, a4), a4
    if kind == 'sparse':
        return sparse_sheet(rng, a4, words), a4
    if kind == 'capitals':
        return capitals_sheet(rng, a4, words), a4
    return scenes.text_sheet(rng, words, a4)[0], a4


def measure_upright(program, count, seed, folder):
    kinds, rows, words = ['text', 'receipt', 'form', 'sparse', 'capitals'], [], scenes.corpus()
    for number in range(count):
        rng = np.random.default_rng([93, seed, number])
        kind = kinds[number % len(kinds)]
        sheet, size_mm = upright_sheet(kind, rng, words)
        frame = (1800, 2400)
        angles = [math.radians(v) for v in (rng.uniform(-5, 25), rng.uniform(-12, 12), rng.normal(0, 3))]
        project = camera(size_mm, frame, angles, lambda u, v: np.zeros_like(u), rng.uniform(0.75, 0.92))
        image = shoot(rng, sheet, project, frame, False)
        for turned in range(4):  # quarter turns counter-clockwise that the photo was turned by
            photo = os.path.join(folder, 'photo.jpg')
            save(photo, np.ascontiguousarray(np.rot90(image, turned)), 27)
            said = scan(program, photo, '-o', os.path.join(folder, 'page.png'))
            if said['status'] != 'corrected':
                answer = 'refused'
            elif said['rotated'] == 90 * turned and (turned or said['rotation_sure']):
                answer = 'upright'
            else:
                answer = 'left' if said['rotated'] == 0 else 'wrong'
            rows.append({'kind': kind, 'turned': 90 * turned, 'answer': answer})
        print(rows[-4:], file=sys.stderr, flush=True)
    lines = []
    for kind in ['all'] + kinds:
        for turned in ('any', 0, 90, 180, 270):
            chosen = [r['answer'] for r in rows if kind in ('all', r['kind']) and turned in ('any', r['turned'])
                      and r['answer'] != 'refused']
            lines.append({'sheets': kind, 'turned': turned, 'n': len(chosen)} |
                         {a: chosen.count(a) for a in ('upright', 'wrong', 'left')})
    return lines, rows


# ---- proportions ----

SHEETS = {'A4': (210.0, 297.0), 'letter': (215.9, 279.4), 'legal': (215.9, 355.6), 'ID-1': (53.98, 85.6),
          'square': (200.0, 200.0), '4:5': (200.0, 250.0), '3:2': (100.0, 150.0)}


def measure_aspect(program, count, seed, folder):
    rows, words = [], scenes.corpus()
    for number in range(count):
        rng = np.random.default_rng([94, seed, number])
        name = list(SHEETS)[number % len(SHEETS)]
        size_mm = SHEETS[name] if rng.random() < 0.6 else SHEETS[name][::-1]
        w, h = (int(v * PER_MM) for v in size_mm)
        sheet = np.full((h, w, 3), 246, np.uint8)
        text = scenes.text_sheet(rng, words, (180.0, 180.0))[0]
        inner = cv2.resize(text, (w * 8 // 10, h * 8 // 10), interpolation=cv2.INTER_AREA)
        sheet[h // 10:h // 10 + inner.shape[0], w // 10:w // 10 + inner.shape[1]] = inner
        focal = float(rng.integers(24, 36))
        frame = (2016, 1512) if rng.random() < 0.3 else (1512, 2016)
        angles = [math.radians(v) for v in (rng.uniform(-10, 40), rng.uniform(-30, 30), rng.normal(0, 8))]
        project = camera(size_mm, frame, angles, lambda u, v: np.zeros_like(u), rng.uniform(0.6, 0.9), focal)
        image = shoot(rng, sheet, project, frame, False)
        corners = project(np.array([0, 1, 1, 0.0]), np.array([0, 0, 1, 1.0]))
        true, photo = size_mm[0] / size_mm[1], os.path.join(folder, 'photo.jpg')
        row = {'sheet': name}
        for known in ('with focal length', 'without'):
            save(photo, image, focal if known != 'without' else None)
            for source in ('found', 'true'):
                given = ['--corners', json.dumps(corners.round(2).tolist())] if source == 'true' else []
                given += ['--rotate', '0', '-o', os.path.join(folder, 'page.png')]
                said = scan(program, photo, *given)
                if not said.get('aspect_used'):
                    continue
                measured = said.get('aspect') or scan(program, photo, '--measured', *given)['aspect_used']
                row[known + ', ' + source] = round(abs(math.log(measured / true)), 5)
                row[known + ', ' + source + ' format'] = said['paper'] or 'none'
        print(row, file=sys.stderr, flush=True)
        rows.append(row)
    lines = []
    for key in ('with focal length, true', 'without, true', 'with focal length, found', 'without, found'):
        have = [r for r in rows if key in r]
        if not have:
            continue
        errors = np.array([r[key] for r in have])
        formats = [r for r in have if r['sheet'] in ('A4', 'letter', 'legal', 'ID-1')]
        others = [r for r in have if r not in formats]
        lines.append({'case': key, 'n': len(have), 'median %': round(100 * float(np.median(errors)), 2),
                      '95th %': round(100 * float(np.percentile(errors, 95)), 2),
                      'over 2.5 %': round(float((errors > 0.025).mean()), 3),
                      'formats': len(formats),
                      'right format': sum(r[key + ' format'] == r['sheet'] for r in formats),
                      'wrong format': sum(r[key + ' format'] not in (r['sheet'], 'none') for r in formats),
                      'others': len(others),
                      'taken for a format': sum(r[key + ' format'] not in ('none', 'receipt') for r in others)})
    return lines, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('clearcut')
    parser.add_argument('what', choices=['dewarp', 'upright', 'aspect'])
    parser.add_argument('--count', type=int, default=40)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--out')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    measure = {'dewarp': measure_dewarp, 'upright': measure_upright, 'aspect': measure_aspect}[args.what]
    with tempfile.TemporaryDirectory() as folder:
        lines, rows = measure(args.clearcut, args.count, args.seed, folder)
    for line in lines:
        print('  '.join('%s %s' % item for item in line.items()))
    if args.out:
        with open(args.out, 'w') as f:
            json.dump({'summary': lines, 'scenes': rows}, f, indent=1)
            f.write('\n')


if __name__ == '__main__':
    main()
