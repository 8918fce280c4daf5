"""Pictures resized by Pillow, for tests/image/test_resample.c.

Usage: image_resize.py FOLDER           writes FOLDER/cases.bin
       image_resize.py --golden         prints the table of golden hashes

cases.bin is a sequence of records: six little-endian int32 (channels, width,
height, filter, new width, new height), the source bytes, the result bytes.
"""

import struct
import sys

import numpy as np
from PIL import Image

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
FILTERS = [
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
]

LANCZOS = 3

# width, height, new width, new height
SIZES = [
    (1, 1, 1, 1), (1, 1, 7, 5), (7, 5, 1, 1), (2, 2, 3, 3), (3, 3, 2, 2),
    (1, 40, 40, 1), (40, 1, 1, 40), (5, 300, 300, 5), (17, 13, 17, 31), (17, 13, 31, 13),
    (17, 13, 16, 12), (33, 47, 34, 48), (31, 9, 32, 33), (64, 64, 32, 32), (64, 64, 128, 128),
    (100, 75, 320, 320), (101, 67, 33, 129), (255, 3, 4, 200), (640, 480, 320, 320),
    (320, 320, 640, 480), (1000, 7, 3, 3), (3, 1000, 9, 1), (8, 8, 1000, 8), (8, 8, 8, 1000),
]
LARGE = [
    (3, (4000, 3000, 320, 320)), (1, (320, 320, 2048, 1536)), (4, (1024, 1023, 320, 321)),
    (3, (65535, 1, 320, 320)), (1, (1, 65500, 9, 320)), (3, (2, 3, 5000, 3)),
]
GOLDEN = [
    (1, (640, 480, 320, 320)), (3, (640, 480, 320, 320)), (3, (37, 53, 111, 17)),
    (4, (37, 53, 111, 17)), (2, (61, 7, 13, 90)), (1, (32, 32, 201, 100)),
]


def generated(channels, width, height, seed):
    """The same bytes as random_image() of image_test.h."""
    state = seed
    out = bytearray(width * height * channels)
    for i in range(len(out)):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = (state >> 8) & 0xFF
    return np.frombuffer(bytes(out), np.uint8).reshape(height, width, channels)


def pictures(rng, channels, width, height):
    """Noise, black and white noise (strong overshoot), a soft ramp."""
    shape = (height, width, channels)
    yield rng.integers(0, 256, shape, dtype=np.uint8)
    yield (rng.integers(0, 2, shape) * 255).astype(np.uint8)
    ramp = np.add.outer(np.arange(height), np.arange(width))[:, :, None] * 3 + np.arange(channels) * 60
    yield (ramp % 256).astype(np.uint8)


def resize(pixels, size, number):
    channels = pixels.shape[2]
    flat = pixels[:, :, 0] if channels == 1 else pixels
    image = Image.fromarray(np.ascontiguousarray(flat))
    assert image.mode == MODES[channels], image.mode
    return np.asarray(image.resize(size, FILTERS[number]))


def write_case(file, pixels, size, number):
    height, width, channels = pixels.shape
    result = resize(pixels, size, number)
    file.write(struct.pack("<6i", channels, width, height, number, *size))
    file.write(pixels.tobytes())
    file.write(result.tobytes())


def write_cases(folder):
    rng = np.random.default_rng(20261122)
    with open(folder + "/cases.bin", "wb") as file:
        for channels in MODES:
            for width, height, new_width, new_height in SIZES:
                for pixels in pictures(rng, channels, width, height):
                    for number in range(len(FILTERS)):
                        write_case(file, pixels, (new_width, new_height), number)
        for channels, (width, height, new_width, new_height) in LARGE:
            pixels = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
            write_case(file, pixels, (new_width, new_height), LANCZOS)
        for _ in range(300):
            channels = int(rng.integers(1, 5))
            width, height, new_width, new_height = (int(v) for v in rng.integers(1, 90, 4))
            pixels = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
            write_case(file, pixels, (new_width, new_height), int(rng.integers(0, 4)))


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def print_golden():
    for channels, (width, height, new_width, new_height) in GOLDEN:
        pixels = generated(channels, width, height, 1)
        for number in range(len(FILTERS)):
            value = fnv(resize(pixels, (new_width, new_height), number).tobytes())
            print(f"    {{{channels}, {width}, {height}, {number}, {new_width}, {new_height}, "
                  f"0x{value:016x}u}},")


if __name__ == "__main__":
    if sys.argv[1] == "--golden":
        print_golden()
    else:
        write_cases(sys.argv[1])
