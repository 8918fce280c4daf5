#!/usr/bin/env python3
"""Compare `clearcut i` with rembg's recipe, step by step, on real photos.

    rembg_mask.py CLEARCUT MODEL.onnx RECIPE PHOTO...

RECIPE is `isnet` or `u2net`. The recipe below is rembg 2.0.77's as its sessions
describe it, worked with the same libraries that rembg uses (Pillow, NumPy, ONNX
Runtime): RGB, Lanczos to the input square, divided by the largest sample, mean and
deviation; first output, channel 0, min-max, truncated to 8 bits, Lanczos back.

Passes if every mask agrees to a mean of 0.5 of 255. On the first photo, the cut-out
of `--compat rembg` must also be Image.composite of clearcut's own mask on every
sample.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

MEAN_LIMIT = 0.5
RECIPES = {
    "isnet": ((0.5, 0.5, 0.5), (1.0, 1.0, 1.0)),
    "u2net": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


def network_input(photo, size, recipe):
    mean, deviation = RECIPES[recipe]
    pixels = np.array(photo.convert("RGB").resize(size, Image.Resampling.LANCZOS))
    scaled = pixels / max(np.max(pixels), 1e-6)
    normal = (scaled - np.array(mean)) / np.array(deviation)
    return normal.transpose(2, 0, 1)[None].astype(np.float32)


def oracle_mask(session, photo, recipe):
    entry = session.get_inputs()[0]
    height, width = entry.shape[2:]
    tensor = network_input(photo, (width, height), recipe)
    answer = session.run([session.get_outputs()[0].name], {entry.name: tensor})[0][0, 0]
    low, high = answer.min(), answer.max()
    small = Image.fromarray(((answer - low) / (high - low) * 255).astype(np.uint8))
    return small.resize(photo.size, Image.Resampling.LANCZOS)


def run_clearcut(program, arguments):
    subprocess.run([program, "i", "--force", *arguments], check=True, stdout=subprocess.DEVNULL)


def mask_agrees(program, model, recipe, session, path, mask_path):
    photo = ImageOps.exif_transpose(Image.open(path))
    run_clearcut(program, ["-om", "-m", model, path, mask_path])
    mask = Image.open(mask_path)
    expected = oracle_mask(session, photo, recipe)
    difference = np.abs(np.array(mask, np.int16) - np.array(expected, np.int16))
    print(f"{os.path.basename(path)}: mask differs by {difference.mean():.4f} of 255 on average, "
          f"{difference.max()} at worst", flush=True)
    return mask.mode == "L" and difference.mean() <= MEAN_LIMIT


def composition_agrees(program, model, path, mask_path, cutout_path):
    photo = ImageOps.exif_transpose(Image.open(path))
    run_clearcut(program, ["--compat", "rembg", "-m", model, path, cutout_path])
    empty = Image.new("RGBA", photo.size, 0)
    expected = Image.composite(photo.convert("RGBA"), empty, Image.open(mask_path))
    difference = np.array(Image.open(cutout_path), np.int16) - np.array(expected, np.int16)
    worst = int(np.abs(difference).max())
    print(f"{os.path.basename(path)}: cut-out differs by {worst} from Image.composite", flush=True)
    return worst == 0


def putalpha_agrees(program, model, path, mask_path, cutout_path):
    """rembg's putalpha as its command line gives it: over nothing, so that hidden colours go."""
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    run_clearcut(program, ["--compat", "rembg", "-x", '{"putalpha": true}', "-m", model, path,
                           cutout_path])
    photo.putalpha(Image.open(mask_path))
    expected = Image.alpha_composite(Image.new("RGBA", photo.size, 0), photo)
    difference = np.array(Image.open(cutout_path), np.int16) - np.array(expected, np.int16)
    worst = int(np.abs(difference).max())
    print(f"{os.path.basename(path)}: putalpha differs by {worst} from Pillow", flush=True)
    return worst == 0


def main():
    program, model, recipe, *photos = sys.argv[1:]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    results = []
    with tempfile.TemporaryDirectory() as folder:
        mask_path = os.path.join(folder, "mask.png")
        for number, path in enumerate(photos):
            results.append(mask_agrees(program, model, recipe, session, path, mask_path))
            if number == 0:
                cutout_path = os.path.join(folder, "cutout.png")
                results.append(composition_agrees(program, model, path, mask_path, cutout_path))
                results.append(putalpha_agrees(program, model, path, mask_path, cutout_path))
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
