"""Compositing and colour conversion by Pillow, for tests/image/test_pixels.c.

Usage: image_pixels.py FOLDER

composite.bin: records of width, height (int32), a colour (4 bytes), an RGBA
picture, the picture over the colour. wide-rgb.png, wide-rgba.png and
gamma-grey.png carry profiles; srgb-NAME is the same converted to sRGB.
"""

import io
import struct
import sys

import numpy as np
from PIL import Image, ImageCms


def write_composites(folder, rng):
    with open(f"{folder}/composite.bin", "wb") as file:
        for number in range(40):
            color = rng.integers(0, 256, 4, dtype=np.uint8)
            color[3] = (0, 255, color[3], color[3])[number % 4]
            pixels = rng.integers(0, 256, (16, 16, 4), dtype=np.uint8)
            pixels[0, :, 3] = 0
            pixels[1, :, 3] = 255
            image = Image.fromarray(pixels)
            over = Image.alpha_composite(Image.new("RGBA", image.size, tuple(int(v) for v in color)),
                                         image)
            file.write(struct.pack("<2i", *image.size) + color.tobytes() + pixels.tobytes()
                       + np.asarray(over).tobytes())


def fixed(value):
    return struct.pack(">i", round(value * 65536))


def profile(space, tags):
    """A version 2 display profile of matrix or grey type (ICC.1:2001-04)."""
    tags = [(b"desc", b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(79)),
            (b"cprt", b"text" + bytes(4) + b"none\0\0\0\0")] + tags
    table = struct.pack(">I", len(tags))
    body = b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags:
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    size = start + len(body)
    white = fixed(0.9642) + fixed(1.0) + fixed(0.8249)
    header = (struct.pack(">I", size) + bytes(4) + b"\x02\x10\0\0" + b"mntr" + space + b"XYZ "
              + bytes(12) + b"acsp" + bytes(28) + white)
    return header + bytes(128 - len(header)) + table + body


def point(x, y, z):
    return b"XYZ " + bytes(4) + fixed(x) + fixed(y) + fixed(z)


def gamma(value):
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256)) + bytes(2)


# Adobe RGB (1998): primaries adapted to D50, gamma 2.2.
WIDE = profile(b"RGB ", [
    (b"wtpt", point(0.9505, 1, 1.0891)),
    (b"rXYZ", point(0.60974, 0.31111, 0.01947)), (b"gXYZ", point(0.20528, 0.62567, 0.06087)),
    (b"bXYZ", point(0.14919, 0.06322, 0.74457)),
    (b"rTRC", gamma(2.2)), (b"gTRC", gamma(2.2)), (b"bTRC", gamma(2.2))])
GREY = profile(b"GRAY", [(b"wtpt", point(0.9642, 1, 0.8249)), (b"kTRC", gamma(1.4))])


def write_profiles(folder, rng):
    srgb = ImageCms.createProfile("sRGB")
    wide = ImageCms.ImageCmsProfile(io.BytesIO(WIDE))
    grey = ImageCms.ImageCmsProfile(io.BytesIO(GREY))
    pixels = rng.integers(0, 256, (20, 30, 4), dtype=np.uint8)
    color = Image.fromarray(np.ascontiguousarray(pixels[:, :, :3]))
    color.save(f"{folder}/wide-rgb.png", icc_profile=WIDE)
    converted = ImageCms.profileToProfile(color, wide, srgb)
    converted.save(f"{folder}/srgb-wide-rgb.png", icc_profile=None)
    Image.fromarray(pixels).save(f"{folder}/wide-rgba.png", icc_profile=WIDE)
    with_alpha = np.dstack([np.asarray(converted), pixels[:, :, 3]])
    Image.fromarray(with_alpha).save(f"{folder}/srgb-wide-rgba.png")
    level = Image.fromarray(np.ascontiguousarray(pixels[:, :, 0]))
    level.save(f"{folder}/gamma-grey.png", icc_profile=GREY)
    as_rgb = ImageCms.profileToProfile(level, grey, srgb, outputMode="RGB")
    as_rgb.getchannel("G").save(f"{folder}/srgb-gamma-grey.png", icc_profile=None)


def main(folder):
    rng = np.random.default_rng(20261122)
    write_composites(folder, rng)
    write_profiles(folder, rng)


if __name__ == "__main__":
    main(sys.argv[1])
