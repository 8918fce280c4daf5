#!/usr/bin/env python3
"""Write the small pictures and networks that the command-line tests use.

The files are committed, so that the tests need no Python. To make them again:

    python3 make_data.py    (needs numpy, onnx and Pillow)
"""

import pathlib
import struct
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageCms

HERE = pathlib.Path(__file__).parent


# ---- pictures ----

def gradient(width, height):
    """A picture with a bright disc in the middle: RGB, uint8."""
    y, x = np.mgrid[0:height, 0:width]
    inside = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(width, height) / 3) ** 2
    red = 40 + 30 * x / width + 150 * inside
    green = 60 + 30 * y / height + 130 * inside
    blue = 50 + 0 * x + 140 * inside
    return np.stack([red, green, blue], axis=2).astype(np.uint8)


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_pictures():
    photo = Image.fromarray(gradient(96, 64))
    photo.save(HERE / "photo.png")
    (HERE / "photo.rgb24").write_bytes(photo.tobytes())
    photo.save(HERE / "photo.jpg", quality=90)
    photo.save(HERE / "photo.webp", quality=90)
    photo.convert("CMYK").save(HERE / "cmyk.jpg", quality=90)
    Image.new("RGB", (1, 1), (200, 100, 50)).save(HERE / "one.png")
    half = photo.convert("RGBA")
    half.putalpha(128)
    half.save(HERE / "half.png")
    deep = gradient(96, 64).astype(np.uint16) * 256 + np.arange(96, dtype=np.uint16)[None, :, None]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (HERE / "deep.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 96, 64, 16, 2, 0, 0, 0))
        + png_chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(profile))
        + png_chunk(b"IDAT", zlib.compress(rows, 9)) + png_chunk(b"IEND", b""))
    bomb = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    bomb += png_chunk(b"IDAT", zlib.compress(b"\0" * 100)) + png_chunk(b"IEND", b"")
    (HERE / "bomb.png").write_bytes(bomb)


# ---- networks ----

def floats(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def save(name, nodes, inputs, outputs, initializers=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    model.producer_name = "clearcut tests"
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())


def write_networks():
    weight = numpy_helper.from_array(np.full((1, 3, 1, 1), 0.5, np.float32), "weight")
    size = [1, 3, 32, 32]
    # A mask that follows brightness, in the shape of a rembg model.
    save("mask", [helper.make_node("Conv", ["input", "weight"], ["sum"]),
                  helper.make_node("Sigmoid", ["sum"], ["mask"])],
         [floats("input", size)], [floats("mask", [1, 1, 32, 32])], [weight])
    # The same with its channels last.
    save("last", [helper.make_node("Transpose", ["input"], ["planes"], perm=[0, 3, 1, 2]),
                  helper.make_node("Conv", ["planes", "weight"], ["sum"]),
                  helper.make_node("Sigmoid", ["sum"], ["mask"])],
         [floats("input", [1, 32, 32, 3])], [floats("mask", [1, 1, 32, 32])], [weight])
    # Four classes, in the shape of u2net_cloth_seg: dark, reddish, greenish, bluish.
    classes = numpy_helper.from_array(
        np.array([[0, 0, 0], [2, -1, -1], [-1, 2, -1], [-1, -1, 2]], np.float32)[:, :, None, None],
        "weight")
    save("cloth", [helper.make_node("Conv", ["input", "weight"], ["classes"])],
         [floats("input", [1, 3, 768, 768])], [floats("classes", [1, 4, 768, 768])], [classes])
    # The same answer everywhere: a picture without a subject.
    zero = numpy_helper.from_array(np.zeros((1, 3, 1, 1), np.float32), "weight")
    save("flat", [helper.make_node("Conv", ["input", "weight"], ["mask"])],
         [floats("input", size)], [floats("mask", [1, 1, 32, 32])], [zero])
    # Open height and width.
    save("open", [helper.make_node("Relu", ["input"], ["output"])],
         [floats("input", [1, 3, "height", "width"])], [floats("output", [1, 3, "height", "width"])])
    save("two-inputs", [helper.make_node("Add", ["a", "b"], ["c"])],
         [floats("a", [2]), floats("b", [2])], [floats("c", [2])])


def write_bad_networks():
    size = [1, 4]
    ends = ([floats("input", size)], [floats("output", size)])
    save("bad-cycle", [helper.make_node("Add", ["input", "b"], ["a"]),
                       helper.make_node("Relu", ["a"], ["b"]),
                       helper.make_node("Relu", ["a"], ["output"])], *ends)
    save("bad-dangling", [helper.make_node("Add", ["input", "nowhere"], ["output"])], *ends)
    save("bad-operator", [helper.make_node("Frobnicate", ["input"], ["output"], name="odd")], *ends)
    save("bad-huge", [helper.make_node("Relu", ["input"], ["output"])],
         [floats("input", [1 << 40, 1 << 40])], [floats("output", [1 << 40, 1 << 40])])
    save("bad-negative", [helper.make_node("Relu", ["input"], ["output"])],
         [floats("input", [1, -4])], [floats("output", [1, -4])])
    outside = TensorProto(name="weight", data_type=TensorProto.FLOAT, dims=[4],
                          data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "../outside.bin"), ("offset", "0"), ("length", "16")):
        outside.external_data.add(key=key, value=value)
    save("bad-external", [helper.make_node("Add", ["input", "weight"], ["output"])], *ends, [outside])
    whole = (HERE / "mask.onnx").read_bytes()
    (HERE / "bad-truncated.onnx").write_bytes(whole[: len(whole) * 2 // 3])


if __name__ == "__main__":
    write_pictures()
    write_networks()
    write_bad_networks()
