"""Does Pillow read our files as we meant them? For tests/image/test_encode.c.

Usage: image_check.py FOLDER

For each FOLDER/NAME.raw (width, height, channels, largest difference as int32,
then the samples) opens FOLDER/NAME with Pillow, fully, and compares.
"""

import pathlib
import struct
import sys

import numpy as np
from PIL import Image

Image.MAX_IMAGE_PIXELS = None


def check(raw):
    data = raw.read_bytes()
    width, height, channels, tolerance = struct.unpack("<4i", data[:16])
    expected = np.frombuffer(data[16:], np.uint8).reshape(height, width, channels)
    with Image.open(raw.with_suffix("")) as image:
        image.load()
        actual = np.asarray(image)
    if actual.ndim == 2:
        actual = actual[:, :, None]
    if actual.shape != expected.shape:
        return f"shape {actual.shape}, not {expected.shape}"
    worst = int(np.abs(actual.astype(int) - expected).max())
    return f"differs by {worst}" if worst > tolerance else None


def main(folder):
    files = sorted(pathlib.Path(folder).glob("*.raw"))
    wrong = 0
    for raw in files:
        problem = check(raw)
        if problem:
            print(f"{raw.stem}: {problem}")
            wrong += 1
    print(f"Pillow read {len(files)} files")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
