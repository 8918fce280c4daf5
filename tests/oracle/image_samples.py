"""Print tests/image/samples.h: small files of every kind, for the tests that
damage them. Needs Pillow; only run to add a sample:

    python tests/oracle/image_samples.py > tests/image/samples.h
"""

import io
import os
import sys

import numpy as np
from PIL import Image, ImageCms

sys.path.insert(0, os.path.dirname(__file__))
import image_codecs  # noqa: E402

EXIF = Image.Exif()
EXIF[0x0112] = 6
EXIF[0x011A] = 72.0
EXIF[0x0128] = 2
EXIF.get_ifd(0x8769)[0xA405] = 26


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def samples():
    rng = np.random.default_rng(1)
    color = Image.fromarray(image_codecs.soft(12, 20, 3, rng))
    clear = color.copy()
    clear.putalpha(color.getchannel("G"))
    values = rng.integers(0, 16, (9, 11, 1))
    palette = image_codecs.chunk(b"PLTE", rng.integers(0, 256, 48, dtype=np.uint8).tobytes())
    trns = image_codecs.chunk(b"tRNS", bytes(range(0, 250, 25)))
    deep = rng.integers(0, 65536, (5, 6, 4))
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    yield "png_rgb", saved(color, "PNG", dpi=(300, 300))
    yield "png_adam7_palette", image_codecs.png(values, 4, 3, True, palette + trns)
    yield "png_rgba16", image_codecs.png(deep, 16, 6)
    yield "png_profile_exif", saved(clear, "PNG", icc_profile=icc, exif=EXIF.tobytes())
    yield "jpeg_rgb", saved(color, "JPEG", quality=80, exif=EXIF.tobytes())
    yield "jpeg_grey", saved(color.convert("L"), "JPEG", quality=80)
    yield "jpeg_progressive", saved(color, "JPEG", quality=80, progressive=True)
    yield "jpeg_cmyk", saved(color.convert("CMYK"), "JPEG", quality=80)
    yield "jpeg_restart_profile", saved(color, "JPEG", quality=80, restart_marker_blocks=1,
                                        icc_profile=icc)
    yield "webp_lossy", saved(color, "WEBP", quality=80, exif=EXIF.tobytes())
    yield "webp_lossy_alpha", saved(clear, "WEBP", quality=80)
    yield "webp_lossless", saved(clear, "WEBP", lossless=True, icc_profile=icc)
    yield "webp_animated", saved(color, "WEBP", save_all=True, append_images=[clear])
    yield "tiff_rgb", saved(color, "TIFF", compression="tiff_deflate", icc_profile=icc)
    yield "tiff_rgba_lzw", saved(clear, "TIFF", compression="tiff_lzw")
    yield "tiff_palette", saved(color.quantize(16), "TIFF", compression="packbits")
    yield "tiff_group4", saved(color.convert("1"), "TIFF", compression="group4")
    yield "tiff_cmyk", saved(color.convert("CMYK"), "TIFF")
    yield "tiff_jpeg", saved(color, "TIFF", compression="jpeg")
    yield "tiff_pages", saved(color.convert("L"), "TIFF", save_all=True, append_images=[color])
    small = color.resize((9, 5))
    runs = bytes([3, 1, 0, 3, 2, 3, 4, 0, 0, 0, 0, 2, 2, 0, 4, 5, 0, 1])
    yield "gif_interlaced", saved(small.quantize(8), "GIF", interlace=True, transparency=0)
    yield "gif_animated", saved(small.quantize(4), "GIF", save_all=True,
                                append_images=[small.rotate(90).quantize(4)])
    yield "bmp_rgb", saved(small, "BMP")
    yield "bmp_runs", image_codecs.bmp(6, 2, 8, 1, bytes(range(32)), runs)
    yield "bmp_fields", image_codecs.bmp(6, -2, 16, 3, b"", bytes(range(50, 74)),
                                         bytes.fromhex("00f80000e00700001f000000"))
    yield "avif", saved(color, "AVIF", quality=60, exif=EXIF.tobytes())


def print_bytes(name, data):
    print(f"static const uint8_t {name}[] = {{")
    for start in range(0, len(data), 20):
        print("    " + " ".join(f"{value}," for value in data[start:start + 20]))
    print("};\n")


def main():
    found = list(samples())
    print("/* Written by tests/oracle/image_samples.py: small files of every kind. */")
    print("/* clang-format off */")
    print("#ifndef CLEARCUT_TESTS_IMAGE_SAMPLES_H\n#define CLEARCUT_TESTS_IMAGE_SAMPLES_H\n")
    print("#include <stddef.h>\n#include <stdint.h>\n")
    for name, data in found:
        print_bytes(name, data)
    print("typedef struct sample {\n    const char *name;\n    const uint8_t *data;\n"
          "    size_t size;\n} sample;\n")
    print("static const sample samples[] = {")
    for name, _ in found:
        print(f'    {{"{name}", {name}, sizeof {name}}},')
    print("};\n\n#endif")


if __name__ == "__main__":
    main()
