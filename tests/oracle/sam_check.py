#!/usr/bin/env python3
"""Segment Anything: `clearcut i -m sam` and rembg's recipe on networks of the same make.

    sam_check.py CLEARCUT [PYTHON-WITH-REMBG]

The networks are small and random (family_graphs.py); names, inputs and outputs are those of
rembg's files. The recipe below is rembg 2.0.77's, worked with NumPy and ONNX Runtime; with a
Python that has rembg its own SamSession is asked as well. Passes if at most 1 pixel in 2,000
differs (where a mask's value is 0 to the last bit it may fall to either side), of the files
quantised to 8 bits, whose roundings may differ, 1 in 100.
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
from PIL import Image

from onnxruntime.quantization import quantize_dynamic

from family_graphs import sam_decoder, sam_encoder

HEIGHT, WIDTH = 684, 1024
PROMPTS = {
    "the middle, by default": None,
    "two points": [{"type": "point", "data": [40, 30], "label": 1},
                   {"type": "point", "data": [150.5, 20], "label": 0}],
    "a rectangle and a point": [{"type": "rectangle", "data": [20, 20, 180, 100]},
                                {"type": "point", "data": [90, 60], "label": 1}],
}
REMBG = """
import json, sys, numpy, onnxruntime
from PIL import Image
from rembg.sessions.sam import SamSession
session = SamSession("sam", onnxruntime.SessionOptions())
for name, prompt in json.loads(sys.argv[2]).items():
    extra = {} if prompt is None else {"sam_prompt": prompt}
    session.predict(Image.open(sys.argv[1]), **extra)[0].save(name + ".rembg.png")
"""


def sample(plane, scale, height, width):
    """Bilinear, at scale * (column, row); nothing beyond the last samples."""
    rows, columns = np.arange(height) * scale, np.arange(width) * scale
    top = np.clip(rows.astype(int), 0, plane.shape[0] - 1)
    left = np.clip(columns.astype(int), 0, plane.shape[1] - 1)
    bottom, right = (np.minimum(top + 1, plane.shape[0] - 1),
                     np.minimum(left + 1, plane.shape[1] - 1))
    down, along = (rows - top)[:, None], (columns - left)[None]
    value = (plane[top][:, left] * (1 - down) * (1 - along) + plane[top][:, right] * (1 - down)
             * along + plane[bottom][:, left] * down * (1 - along)
             + plane[bottom][:, right] * down * along)
    value[rows > plane.shape[0] - 1] = 0
    value[:, columns > plane.shape[1] - 1] = 0
    return value


def recipe(encoder, decoder, photo, prompt):
    pixels = np.asarray(photo.convert("RGB")).astype(float)
    scale = min(WIDTH / photo.width, HEIGHT / photo.height)
    laid = np.stack([sample(pixels[:, :, c], 1 / scale, HEIGHT, WIDTH) for c in range(3)], 2)
    embedding = encoder.run(None, {"input_image": laid.astype(np.uint8).astype(np.float32)})[0]
    points, labels = [], []
    for mark in prompt or [{"type": "point", "label": 1,
                            "data": [photo.width // 2, photo.height // 2]}]:
        points += [mark["data"][:2]] + ([mark["data"][2:]] if mark["type"] == "rectangle" else [])
        labels += [2, 3] if mark["type"] == "rectangle" else [mark["label"]]
    masks = decoder.run(["masks"], {
        "image_embeddings": embedding,
        "point_coords": (np.array([points + [[0, 0]]], np.float32) * scale).astype(np.float32),
        "point_labels": np.array([labels + [-1]], np.float32),
        "mask_input": np.zeros((1, 1, 256, 256), np.float32),
        "has_mask_input": np.zeros(1, np.float32),
        "orig_im_size": np.array([HEIGHT, WIDTH], np.float32)})[0]
    found = np.zeros((photo.height, photo.width), bool)
    for mask in masks[0].astype(float):
        found |= sample(mask, scale, photo.height, photo.width) > 0
    return found


def differs(path, expected):
    mask = Image.open(path)
    values = np.asarray(mask)
    assert mask.mode == "L" and set(np.unique(values)) <= {0, 255}, mask
    return float(((values > 127) != expected).mean())


def main():
    program, others = sys.argv[1], sys.argv[2:]
    rng = np.random.default_rng(3)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.mkdir("models")
        names = [f"models/sam_vit_b_01ec64.{part}.onnx" for part in ("encoder", "decoder")]
        for name, model in zip(names, (sam_encoder(1), sam_decoder(2))):
            with open(name, "wb") as file:
                file.write(model.SerializeToString())
        quantised = [name.replace(".onnx", ".quant.onnx") for name in names]
        for name, target in zip(names, quantised):
            quantize_dynamic(name, target)
        encoder, decoder = (onnxruntime.InferenceSession(name) for name in names)
        noise = Image.fromarray(rng.integers(0, 256, (9, 15, 3), dtype=np.uint8))
        noise.resize((200, 120), Image.Resampling.BICUBIC).save("photo.png")
        photo = Image.open("photo.png")
        environment = dict(os.environ, CLEARCUT_HOME="models", U2NET_HOME="models")
        if others:
            subprocess.run([others[0], "-c", REMBG, "photo.png", json.dumps(PROMPTS)], check=True,
                           env=environment)
        good = True
        seen = []
        for name, prompt in PROMPTS.items():
            extras = [] if prompt is None else ["-x", json.dumps({"sam_prompt": prompt})]
            subprocess.run([program, "i", "-om", "-m", "sam", *extras, "photo.png", "mask.png"],
                           check=True, env=environment)
            expected = recipe(encoder, decoder, photo, prompt)
            shares = [differs("mask.png", expected)]
            if others:
                rembg = np.asarray(Image.open(name + ".rembg.png")) > 127
                shares.append(differs("mask.png", rembg))
            print(f"{name}: {expected.mean():.2f} of the picture; differs at",
                  ", ".join(f"{share:.5f}" for share in shares), flush=True)
            good = good and max(shares) <= 0.0005 and 0.02 < expected.mean() < 0.98
            good = good and all((expected != other).mean() > 0.005 for other in seen)
            seen.append(expected)
        subprocess.run([program, "i", "-om", "-m", "sam", "-x", '{"sam_quant": true}',
                        "photo.png", "mask.png"], check=True, env=environment)
        share = differs("mask.png", recipe(*map(onnxruntime.InferenceSession, quantised), photo,
                                           None))
        print(f"quantised: differs at {share:.5f}", flush=True)
        good = good and share <= 0.01
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
