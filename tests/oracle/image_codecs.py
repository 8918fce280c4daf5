"""Picture files of every kind and the pixels they hold, for
tests/image/test_codec_oracle.c.

Usage: image_codecs.py FOLDER

Writes FOLDER/manifest, a line for each file: name, tolerance (largest difference
of a sample), orientation, dots per inch, 1 if a colour profile must arrive, note
(a word that the decoder's note must contain, or -). FOLDER/NAME.raw holds the
expected upright picture: width, height, channels as int32, then the samples.
"""

import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageCms, ImageOps

EXIF_ORIENTATION = 0x0112
SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


class Folder:
    def __init__(self, path):
        self.path = path
        self.lines = []

    def add(self, name, data, expected, tolerance=0, orientation=1, dpi=0, profile=0, note="-"):
        with open(f"{self.path}/{name}", "wb") as file:
            file.write(data)
        self.describe(name, expected, tolerance, orientation, dpi, profile, note)

    def save(self, name, image, expected=None, tolerance=0, orientation=1, dpi=0, profile=0,
             note="-", **options):
        image.save(f"{self.path}/{name}", **options)
        if expected is None:
            expected = as_array(Image.open(f"{self.path}/{name}"))
        self.describe(name, expected, tolerance, orientation, dpi, profile, note)

    def describe(self, name, expected, tolerance, orientation, dpi, profile, note):
        if expected.ndim == 2:
            expected = expected[:, :, None]
        height, width, channels = expected.shape
        with open(f"{self.path}/{name}.raw", "wb") as file:
            file.write(struct.pack("<3i", width, height, channels))
            file.write(np.ascontiguousarray(expected, dtype=np.uint8).tobytes())
        self.lines.append(f"{name} {tolerance} {orientation} {dpi} {profile} {note}\n")

    def finish(self):
        with open(f"{self.path}/manifest", "w") as file:
            file.writelines(self.lines)


def as_array(image):
    """As clearcut delivers it: grey stays grey, everything else becomes colour."""
    image = ImageOps.exif_transpose(image)
    if image.mode == "1":
        image = image.convert("L")
    elif image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode in ("CMYK", "YCbCr"):
        image = image.convert("RGB")
    return np.asarray(image)


def soft(height, width, channels, rng):
    """Gradients and a little noise: what lossy formats are made for."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [(60 + 40 * c + 90 * np.sin((x * (c + 1) + y * 2) / 17.0) + rng.integers(0, 4, x.shape))
              for c in range(channels)]
    return np.clip(np.stack(planes, axis=2), 0, 255).astype(np.uint8)


def round_16(values):
    """value * 255 / 65535, to the nearest."""
    return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


# ---- PNG, written here so that every kind can be had ----

def chunk(name, data):
    return (struct.pack(">I", len(data)) + name + data
            + struct.pack(">I", zlib.crc32(name + data)))


def pack_row(row, bits):
    """One row of samples (1-D) to bytes, most significant bit first."""
    if bits == 16:
        return row.astype(">u2").tobytes()
    if bits == 8:
        return row.astype(np.uint8).tobytes()
    values = np.zeros(-(-row.size * bits // 8) * (8 // bits), np.uint8)
    values[:row.size] = row
    packed = np.zeros(values.size * bits // 8, np.uint8)
    per_byte = 8 // bits
    for i in range(per_byte):
        packed |= values[i::per_byte] << (8 - bits * (i + 1))
    return packed.tobytes()


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
         (0, 1, 1, 2)]


def png(samples, bits, color_type, interlaced=False, before=b""):
    """samples: height x width x channels of the raw values."""
    height, width = samples.shape[:2]
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    data = b""
    for left, top, step_x, step_y in passes:
        part = samples[top::step_y, left::step_x]
        if part.size:
            data += b"".join(b"\0" + pack_row(row.reshape(-1), bits) for row in part)
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before
            + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def add_png(folder, rng):
    for interlaced in (False, True):
        tag = "adam7" if interlaced else "plain"
        for height, width in ((1, 1), (5, 3), (13, 19), (33, 31)):
            size = f"{width}x{height}-{tag}"
            add_png_grey(folder, rng, height, width, interlaced, size)
            add_png_palette(folder, rng, height, width, interlaced, size)
            add_png_color(folder, rng, height, width, interlaced, size)


def add_png_grey(folder, rng, height, width, interlaced, size):
    for bits in (1, 2, 4, 8, 16):
        top = (1 << bits) - 1
        values = rng.integers(0, top + 1, (height, width, 1))
        values[0, 0] = top
        grey = round_16(values) if bits == 16 else (values * (255 // top)).astype(np.uint8)
        folder.add(f"grey{bits}-{size}.png", png(values, bits, 0, interlaced), grey)
        key = int(values[height // 2, width // 2, 0])
        alpha = np.where(values == key, 0, 255).astype(np.uint8)
        folder.add(f"grey{bits}-key-{size}.png",
                   png(values, bits, 0, interlaced, chunk(b"tRNS", struct.pack(">H", key))),
                   np.concatenate([grey, alpha], axis=2))


def add_png_palette(folder, rng, height, width, interlaced, size):
    for bits in (1, 2, 4, 8):
        colors = rng.integers(0, 256, (1 << bits, 3), dtype=np.uint8)
        alphas = rng.integers(0, 256, max(1, (1 << bits) // 2), dtype=np.uint8)
        values = rng.integers(0, 1 << bits, (height, width, 1))
        palette = chunk(b"PLTE", colors.tobytes())
        folder.add(f"palette{bits}-{size}.png", png(values, bits, 3, interlaced, palette),
                   colors[values[:, :, 0]])
        full = np.concatenate([alphas, np.full((1 << bits) - alphas.size, 255, np.uint8)])
        folder.add(f"palette{bits}-alpha-{size}.png",
                   png(values, bits, 3, interlaced, palette + chunk(b"tRNS", alphas.tobytes())),
                   np.concatenate([colors[values[:, :, 0]], full[values]], axis=2))


def add_png_color(folder, rng, height, width, interlaced, size):
    for bits in (8, 16):
        for channels, color_type in ((2, 4), (3, 2), (4, 6)):
            values = rng.integers(0, 1 << bits, (height, width, channels))
            expected = round_16(values) if bits == 16 else values
            folder.add(f"color{channels}-{bits}-{size}.png",
                       png(values, bits, color_type, interlaced), expected)
        values = rng.integers(0, 1 << bits, (height, width, 3))
        key = values[height // 2, width // 2]
        alpha = np.where((values == key).all(axis=2, keepdims=True), 0, 255)
        expected = round_16(values) if bits == 16 else values
        folder.add(f"rgb-key-{bits}-{size}.png",
                   png(values, bits, 2, interlaced, chunk(b"tRNS", key.astype(">u2").tobytes())),
                   np.concatenate([expected, alpha], axis=2))


def add_png_chunks(folder, rng):
    values = rng.integers(0, 256, (9, 11, 3))
    plain = chunk(b"gAMA", struct.pack(">I", 22222)) + chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1))
    folder.add("chunks.png", png(values, 8, 2, False, plain), values, dpi=300)
    profile = chunk(b"iCCP", b"x\0\0" + zlib.compress(SRGB_PROFILE))
    folder.add("profile.png", png(values, 8, 2, False, profile), values, profile=1)
    broken = chunk(b"iCCP", b"x\0\0" + zlib.compress(b"not a profile" * 30))
    folder.add("profile-broken.png", png(values, 8, 2, False, broken), values, note="PNG")
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(64 << 20)))
    folder.add("profile-bomb.png", png(values, 8, 2, False, bomb), values, note="PNG")
    text = chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(64 << 20)))
    folder.add("text-bomb.png", png(values, 8, 2, False, text), values)
    frames = chunk(b"acTL", struct.pack(">II", 2, 0))
    folder.add("animated.png", png(values, 8, 2, False, frames), values, note="animated")
    folder.add("tail.png", png(values, 8, 2) + b"something after the end", values)


# ---- JPEG ----

def add_jpeg(folder, rng):
    for height, width in ((1, 1), (7, 9), (48, 64), (61, 83)):
        color = Image.fromarray(soft(height, width, 3, rng))
        grey = color.convert("L")
        size = f"{width}x{height}"
        folder.save(f"grey-{size}.jpg", grey, quality=90, tolerance=1)
        for sampling in (0, 1, 2):
            folder.save(f"rgb-{sampling}-{size}.jpg", color, quality=90, subsampling=sampling,
                        tolerance=1)
        folder.save(f"progressive-{size}.jpg", color, quality=85, progressive=True, tolerance=1)
        folder.save(f"restart-{size}.jpg", color, quality=85, restart_marker_blocks=1, tolerance=1)
        folder.save(f"cmyk-{size}.jpg", color.convert("CMYK"), quality=95, tolerance=1)
        folder.save(f"as-rgb-{size}.jpg", color, quality=90, keep_rgb=True, tolerance=1)
    color = Image.fromarray(soft(40, 50, 3, rng))
    color.save(f"{folder.path}/dpi.jpg", dpi=(240, 240))
    folder.describe("dpi.jpg", as_array(Image.open(f"{folder.path}/dpi.jpg")), 1, 1, 240, 0, "-")
    folder.save("profile.jpg", color, icc_profile=SRGB_PROFILE, tolerance=1, profile=1)
    large = SRGB_PROFILE + bytes(150000)
    folder.save("profile-large.jpg", color, icc_profile=large, tolerance=1, profile=1)
    folder.save("profile-broken.jpg", color, icc_profile=b"no profile" * 20, tolerance=1,
                note="profile")
    folder.save("misnamed.png.jpg", Image.fromarray(soft(9, 9, 3, rng)), format="PNG")


def add_orientations(folder, rng):
    pixels = rng.integers(0, 256, (7, 11, 3), dtype=np.uint8)
    smooth = soft(24, 40, 3, rng)
    for value in list(range(0, 10)) + [99]:
        exif = Image.Exif()
        exif[EXIF_ORIENTATION] = value
        found = value if 1 <= value <= 8 else 1
        for channels in (1, 2, 3, 4):
            flat = np.concatenate([pixels, pixels[:, :, :1]], axis=2)[:, :, :channels]
            image = Image.fromarray(np.ascontiguousarray(flat[:, :, 0] if channels == 1 else flat))
            folder.save(f"turned{value}-{channels}.png", image, exif=exif.tobytes(),
                        orientation=found)
        image = Image.fromarray(smooth)
        folder.save(f"turned{value}.jpg", image, exif=exif.tobytes(), quality=95, tolerance=1,
                    orientation=found)
        folder.save(f"turned{value}.webp", image, exif=exif.tobytes(), lossless=True,
                    orientation=found)
        if found == value:
            folder.save(f"turned{value}.tif", image, tiffinfo={EXIF_ORIENTATION: value},
                        orientation=found)


# ---- WebP and TIFF ----

def add_webp(folder, rng):
    for height, width in ((1, 1), (13, 17), (64, 48)):
        color = Image.fromarray(soft(height, width, 3, rng))
        clear = Image.fromarray(np.concatenate(
            [soft(height, width, 3, rng), rng.integers(0, 256, (height, width, 1), dtype=np.uint8)],
            axis=2))
        size = f"{width}x{height}"
        folder.save(f"lossy-{size}.webp", color, quality=85, tolerance=1)
        folder.save(f"lossy-alpha-{size}.webp", clear, quality=85, tolerance=1)
        folder.save(f"lossless-{size}.webp", color, lossless=True)
        folder.save(f"lossless-alpha-{size}.webp", clear, lossless=True, exact=True)
    color = Image.fromarray(soft(20, 30, 3, rng))
    other = Image.fromarray(255 - soft(20, 30, 3, rng))
    folder.save("profile.webp", color, lossless=True, icc_profile=SRGB_PROFILE, profile=1)
    opaque = np.concatenate([np.asarray(color), np.full((20, 30, 1), 255, np.uint8)], axis=2)
    folder.save("animated.webp", color, expected=opaque, save_all=True, append_images=[other],
                lossless=True, note="animated")


def add_tiff(folder, rng):
    color = Image.fromarray(soft(31, 45, 3, rng))
    noise = Image.fromarray(rng.integers(0, 256, (31, 45), dtype=np.uint8))
    clear = Image.fromarray(rng.integers(0, 256, (31, 45, 4), dtype=np.uint8))
    for method in (None, "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits"):
        folder.save(f"rgb-{method}.tif", color, compression=method)
        folder.save(f"grey-{method}.tif", noise, compression=method)
        folder.save(f"rgba-{method}.tif", clear, compression=method)
        folder.save(f"la-{method}.tif", clear.convert("LA"), compression=method)
        folder.save(f"bilevel-{method}.tif", noise.convert("1"), compression=method)
        folder.save(f"palette-{method}.tif", color.quantize(50), compression=method)
        folder.save(f"cmyk-{method}.tif", color.convert("CMYK"), compression=method)
        deep = rng.integers(0, 65536, (31, 45), dtype=np.uint16)
        folder.save(f"grey16-{method}.tif", Image.fromarray(deep), expected=round_16(deep),
                    compression=method)
    for method in ("group3", "group4", "tiff_ccitt"):
        folder.save(f"bilevel-{method}.tif", noise.convert("1"), compression=method)
    folder.save("jpeg.tif", color, compression="jpeg", quality=95, tolerance=3)
    folder.save("pages.tif", color, save_all=True, append_images=[color], note="pages")
    folder.save("profile.tif", color, icc_profile=SRGB_PROFILE, profile=1)
    color.save(f"{folder.path}/dpi.tif", dpi=(150, 150))
    folder.describe("dpi.tif", np.asarray(color), 0, 1, 150, 0, "-")


def add_bmp(folder, rng):
    color = Image.fromarray(soft(31, 45, 3, rng))
    folder.save("rgb.bmp", color)
    folder.save("dpi.bmp", color, dpi=150)
    for colors in (2, 16, 200):
        folder.save(f"palette-{colors}.bmp", color.quantize(colors))
    folder.save("grey.bmp", color.convert("L"), np.asarray(color.convert("L").convert("RGB")))
    folder.save("bilevel.bmp", color.convert("1"), np.asarray(color.convert("1").convert("RGB")))
    folder.save("rgba.bmp", Image.fromarray(rng.integers(0, 256, (9, 7, 4), dtype=np.uint8)),
                np.asarray(Image.fromarray(np.zeros((1, 1, 3), np.uint8))))
    folder.lines.pop()  # Pillow writes no alpha; its file is the next case
    with open(f"{folder.path}/rgba.bmp", "rb") as file:
        folder.add("rgbx.bmp", file.read(), as_array(Image.open(f"{folder.path}/rgba.bmp"))[..., :3])
    add_bmp_by_hand(folder, rng)


def bmp(width, height, bits, coding, palette, pixels, fields=b"", header=40):
    offset = 14 + header + len(palette) + (len(fields) if header == 40 else 0)
    info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, coding, len(pixels), 5906,
                       5906, len(palette) // 4, 0)
    info += (fields + b"\0" * header)[:header - 40] if header > 40 else fields
    return b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + info + palette + pixels


def add_bmp_by_hand(folder, rng):
    """Top-down rows, bit fields, alpha, run lengths, the oldest header."""
    samples = rng.integers(0, 256, (5, 6, 4), dtype=np.uint8)
    swapped = np.ascontiguousarray(samples[..., [2, 1, 0, 3]])
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    folder.add("top-down.bmp", bmp(6, -5, 32, 0, b"", swapped.tobytes()), samples[..., :3], dpi=150)
    folder.add("alpha.bmp", bmp(6, -5, 32, 3, b"", swapped.tobytes(), masks, 108), samples, dpi=150)
    folder.add("fields.bmp", bmp(6, -5, 32, 3, b"", samples.tobytes(),
                                 struct.pack("<3I", 0xFF, 0xFF00, 0xFF0000)), samples[..., :3],
               dpi=150)
    for name, bits, fields in (("555", (5, 5, 5), b""), ("565", (5, 6, 5), struct.pack(
            "<3I", 0xF800, 0x07E0, 0x001F))):
        parts = [rng.integers(0, 1 << b, (4, 8)) for b in bits]
        word = (parts[0] << (bits[1] + bits[2]) | parts[1] << bits[2] | parts[2]).astype("<u2")
        expected = np.stack([(p * 255 + ((1 << b) - 1) // 2) // ((1 << b) - 1)
                             for p, b in zip(parts, bits)], 2)
        folder.add(f"{name}.bmp", bmp(8, -4, 16, 3 if fields else 0, b"", word.tobytes(), fields),
                   expected, dpi=150)
    colors = rng.integers(0, 256, (16, 4), dtype=np.uint8)
    rgb = colors[:, 2::-1]
    runs8 = bytes([4, 1, 0, 4, 2, 3, 4, 5, 0, 0, 0, 2, 2, 0, 3, 6, 0, 3, 7, 8, 9, 0, 0, 0, 8, 2, 0, 1])
    rows = np.array([[1] * 4 + [2, 3, 4, 5], [0, 0, 6, 6, 6, 7, 8, 9], [2] * 8])
    folder.add("rle8.bmp", bmp(8, 3, 8, 1, colors.tobytes(), runs8), rgb[rows[::-1]], dpi=150)
    runs4 = bytes([5, 0x12, 0, 3, 0x34, 0x50, 0, 0, 8, 0x66, 0, 1])
    rows = np.array([[1, 2, 1, 2, 1, 3, 4, 5], [6] * 8])
    folder.add("rle4.bmp", bmp(8, 2, 4, 2, colors.tobytes(), runs4), rgb[rows[::-1]], dpi=150)
    old = struct.pack("<IHHHH", 12, 3, 2, 1, 24)
    rows = rng.integers(0, 256, (2, 3, 3), dtype=np.uint8)
    pixels = b"".join(row[:, ::-1].tobytes() + b"\0" * 3 for row in rows[::-1])
    folder.add("core.bmp", b"BM" + struct.pack("<IHHI", 26 + len(pixels), 0, 0, 26) + old + pixels,
               rows)


def add_gif(folder, rng):
    """Files by Pillow; `as_array` of them has what is transparent with its colour."""
    color = Image.fromarray(soft(31, 45, 3, rng))
    for colors in (2, 7, 16, 256):
        folder.save(f"colors-{colors}.gif", color.quantize(colors))
        folder.save(f"interlaced-{colors}.gif", color.quantize(colors), interlace=True)
    noise = Image.fromarray(rng.integers(0, 256, (200, 300), dtype=np.uint8))
    for interlace in (False, True):  # codes of 12 bits, tables that run full
        folder.save(f"noise-{interlace}.gif", noise, np.asarray(noise.convert("RGB")),
                    interlace=interlace)
    flat = Image.new("P", (400, 300), 3)
    flat.putpalette([5, 6, 7] * 8)
    folder.save("flat.gif", flat)
    clear = color.quantize(20)
    folder.save("transparent.gif", clear, transparency=int(np.asarray(clear)[0, 0]))
    folder.save("animated.gif", clear, save_all=True, append_images=[color.rotate(90).quantize(20)],
                note="animated")
    one = Image.new("L", (1, 1), 77)
    folder.save("one.gif", one, np.asarray(one.convert("RGB")))
    # A picture of 2 x 2 on a canvas of 4 x 3, at (1, 1): around it nothing.
    data = b"GIF89a" + struct.pack("<HHBBB", 4, 3, 0x80, 0, 0) + bytes([10, 20, 30, 200, 100, 50])
    data += b"," + struct.pack("<HHHHB", 1, 1, 2, 2, 0) + bytes([2, 3, 0x4, 0x10, 0x5, 0]) + b";"
    expected = np.zeros((3, 4, 4), np.uint8)
    expected[1:, 1:3] = [[[10, 20, 30, 255], [10, 20, 30, 255]], [[10, 20, 30, 255], [200, 100, 50, 255]]]
    folder.add("canvas.gif", data, expected)


def main(path):
    folder = Folder(path)
    rng = np.random.default_rng(20261122)
    for add in (add_png, add_png_chunks, add_jpeg, add_orientations, add_webp, add_tiff,
                add_bmp, add_gif):
        add(folder, rng)
    folder.finish()


if __name__ == "__main__":
    main(sys.argv[1])
