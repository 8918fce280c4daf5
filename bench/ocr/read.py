"""Does flattening help reading? Character error rates of tesseract.

usage: python read.py CLEARCUT FOLDER [--out RESULT.json] [--ways photo,opencv,...] [--workers 1]

FOLDER holds NNN.jpg with the text in NNN.txt (make_photos.py). Each photo is read by
`tesseract - - -l eng` (one thread, page segmentation as it comes) in these ways:

  untouched  the photo as it is
  opencv     the usual four-point recipe: Canny on a copy 500 pixels high, the largest contour
             that approxPolyDP (2 % of its length) makes a quadrilateral, warpPerspective;
             the photo itself where there is none
  photo, clean, grey, bilevel   `clearcut scan --finish ...`; the photo where no page is found
  searchable the words that `clearcut scan --ocr eng -o x.pdf` puts under the page (finish
             photo: the picture keeps its shadows), as `pdftotext -raw` takes them out

The error is the edit distance to the truth over its length, both with every run of white
space as one space; at most 1."""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

WAYS = ['untouched', 'opencv', 'photo', 'clean', 'grey', 'bilevel', 'searchable']


def four_point(photo):
    """The recipe of a hundred tutorials."""
    scale = photo.shape[0] / 500
    small = cv2.resize(photo, (round(photo.shape[1] / scale), 500), interpolation=cv2.INTER_AREA)
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    edges = cv2.Canny(grey, 75, 200)
    contours = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:5]:
        near = cv2.approxPolyDP(contour, 0.02 * cv2.arcLength(contour, True), True)
        if len(near) == 4:
            break
    else:
        return None
    points = near.reshape(4, 2).astype(np.float32) * scale
    total, change = points.sum(1), np.diff(points, axis=1)[:, 0]
    quad = np.float32([points[total.argmin()], points[change.argmin()],
                       points[total.argmax()], points[change.argmax()]])
    w = int(max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[3])))
    h = int(max(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[2] - quad[1])))
    if w < 10 or h < 10:
        return None
    target = np.float32([[0, 0], [w - 1, 0], [w - 1, h - 1], [0, h - 1]])
    return cv2.warpPerspective(photo, cv2.getPerspectiveTransform(quad, target), (w, h))


def prepare(clearcut, source, way, folder):
    """The picture that is read, and what our scan said of it."""
    if way == 'untouched':
        return source, None
    target = os.path.join(folder, os.path.basename(source) + '.' + way + '.png')
    if way == 'searchable':
        target = target[:-3] + 'pdf'
        answer = subprocess.run([clearcut, 'scan', '--json', '--threads', '1', '--keep', '--ocr', 'eng',
                                 '-o', target, source], capture_output=True, text=True, check=True)
        return target, json.loads(answer.stdout)
    if way == 'opencv':
        flat = four_point(cv2.imread(source))
        if flat is None:
            return source, None
        cv2.imwrite(target, flat)
        return target, None
    answer = subprocess.run([clearcut, 'scan', '--json', '--threads', '1', '--finish', way, '-o',
                             target, source], capture_output=True, text=True, check=True)
    said = json.loads(answer.stdout)
    return (target if said['output'] else source), said


def read(picture):
    if picture.endswith('.pdf'):
        answer = subprocess.run(['pdftotext', '-raw', picture, '-'], capture_output=True)
        return answer.stdout.decode('utf-8', 'replace')
    answer = subprocess.run(['tesseract', picture, '-', '-l', 'eng'], capture_output=True,
                            env=dict(os.environ, OMP_THREAD_LIMIT='1'))
    return answer.stdout.decode('utf-8', 'replace')


def plain(text):
    return ' '.join(text.split())


def distance(a, b):
    """Levenshtein's, a row at a time."""
    b = np.frombuffer(b.encode('utf-32-le'), np.uint32)
    count = np.arange(len(b) + 1)
    row = count.copy()
    for i, character in enumerate(np.frombuffer(a.encode('utf-32-le'), np.uint32), 1):
        best = np.concatenate(([i], np.minimum(row[:-1] + (b != character), row[1:] + 1)))
        row = np.minimum.accumulate(best - count) + count  # insertions
    return int(row[-1])


def measure(job):
    clearcut, source, way, truth, folder = job
    picture, said = prepare(clearcut, source, way, folder)
    text = plain(read(picture))
    if picture != source:
        os.remove(picture)
    error = min(1.0, distance(truth, text) / max(1, len(truth)))
    return {'file': os.path.basename(source), 'way': way, 'error': round(error, 5),
            'flattened': picture != source if way in ('untouched', 'opencv')
            else said['status'] == 'corrected',
            'dewarped': bool(said and said.get('dewarped')),
            'rotated': said.get('rotated', 0) if said else 0}


def summary(rows, kinds):
    lines = []
    for kind in ['all'] + sorted(set(kinds.values())):
        for way in WAYS:
            errors = [r['error'] for r in rows if r['way'] == way and
                      kind in ('all', kinds[r['file']])]
            if errors:
                lines.append({'photos': kind, 'n': len(errors), 'way': way,
                              'mean': round(float(np.mean(errors)), 4),
                              'median': round(float(np.median(errors)), 4)})
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('clearcut')
    parser.add_argument('folder')
    parser.add_argument('--out')
    parser.add_argument('--ways', default=','.join(WAYS))
    parser.add_argument('--workers', type=int, default=1)
    parser.add_argument('--limit', type=int, default=10 ** 6)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    with open(os.path.join(args.folder, 'truth.json')) as f:
        truth = json.load(f)[:args.limit]
    kinds = {t['file']: t.get('cause') or t['kind'] + (', curled' if t['curl'] else '') for t in truth}
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for photo in truth:
            source = os.path.join(args.folder, photo['file'])
            with open(re.sub('jpg$', 'txt', source)) as f:
                text = plain(f.read())
            jobs += [(args.clearcut, source, way, text, folder) for way in args.ways.split(',')]
        with ThreadPoolExecutor(args.workers) as pool:
            rows = []
            for row in pool.map(measure, jobs):
                rows.append(row)
                print('%(file)s %(way)-9s %(error).4f' % row, file=sys.stderr, flush=True)
    lines = summary(rows, kinds)
    for line in lines:
        print('%(photos)-18s %(n)3d %(way)-9s mean %(mean).4f  median %(median).4f' % line)
    if args.out:
        with open(args.out, 'w') as f:
            json.dump({'summary': lines, 'photos': rows}, f, indent=1)
            f.write('\n')


if __name__ == '__main__':
    main()
