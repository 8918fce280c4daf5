#!/usr/bin/env python3
"""The before/after picture of the README: the bundled photo with the corners that
clearcut found, and the flat page beside it.

    bench/readme_picture.py --clearcut build/clearcut --out docs/before-after.jpg
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

from PIL import Image, ImageDraw

HEIGHT = 560
GAP = 24


def scan(clearcut, photo, flat):
    """Corners of the page; the flat page lies in `flat` afterwards."""
    done = subprocess.run(
        [clearcut, "scan", "--json", "-o", str(flat), str(photo)],
        capture_output=True,
        text=True,
        check=True,
    )
    return [tuple(corner) for corner in json.loads(done.stdout)["corners"]]


def fitted(image):
    width = round(image.width * HEIGHT / image.height)
    return image.resize((width, HEIGHT), Image.Resampling.LANCZOS)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--clearcut", default="build/clearcut")
    parser.add_argument("--photo", default="assets/demo-page.jpg")
    parser.add_argument("--out", default="docs/before-after.jpg")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        flat_path = pathlib.Path(folder) / "flat.png"
        corners = scan(args.clearcut, args.photo, flat_path)
        photo = Image.open(args.photo).convert("RGB")
        ImageDraw.Draw(photo).line([*corners, corners[0]], fill=(20, 200, 120), width=5)
        before, after = fitted(photo), fitted(Image.open(flat_path).convert("RGB"))

    sheet = Image.new("RGB", (before.width + GAP + after.width, HEIGHT), (255, 255, 255))
    sheet.paste(before, (0, 0))
    sheet.paste(after, (before.width + GAP, 0))
    sheet.save(args.out, quality=85, optimize=True)


if __name__ == "__main__":
    main()
