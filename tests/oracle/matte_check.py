#!/usr/bin/env python3
"""Compare `clearcut i` with rembg's own mask and matting functions.

    matte_check.py CLEARCUT MODEL.onnx PHOTO...

Needs rembg (2.0.77) with PyMatting and SciPy. clearcut makes the mask (-om); from
there on rembg's functions say what -ppm, -a and -dc must give under --compat rembg.
Passes if -ppm and -dc agree to 1 of 255 everywhere and -a to a mean of 1 of 255.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageOps
from pymatting import estimate_foreground_ml, stack_images
from rembg.bg import alpha_matting_cutout, post_process


def clearcut(program, model, photo, *options):
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "out.png")
        arguments = ["i", "--compat", "rembg", *options, "-m", model, photo, output]
        subprocess.run([program, *arguments], check=True, stderr=subprocess.DEVNULL)
        return np.array(Image.open(output))


def decontaminated(photo, mask):
    alpha = mask / 255.0
    cutout = stack_images(estimate_foreground_ml(np.array(photo) / 255.0, alpha), alpha)
    return np.clip(cutout * 255, 0, 255).astype(np.uint8)


def agrees(what, ours, theirs, mean_limit, limit):
    difference = np.abs(ours.astype(np.int16) - theirs.astype(np.int16))
    good = difference.mean() <= mean_limit and difference.max() <= limit
    print(f"  {what}: differs by {difference.mean():.5f} of 255 on average, "
          f"{difference.max()} at most{'' if good else ': TOO MUCH'}")
    return good


def check(program, model, path):
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    mask = clearcut(program, model, path, "-om")
    print(f"{os.path.basename(path)}, {photo.width}x{photo.height}")
    good = agrees("-ppm", clearcut(program, model, path, "-om", "-ppm"), post_process(mask), 1, 1)
    good &= agrees("-dc", clearcut(program, model, path, "-dc"), decontaminated(photo, mask), 1, 1)
    for size in (10, 3):
        theirs = np.array(alpha_matting_cutout(photo, Image.fromarray(mask), 240, 10, size))
        ours = clearcut(program, model, path, "-a", "-ae", str(size))
        good &= agrees(f"-a -ae {size}, alpha", ours[..., 3], theirs[..., 3], 1, 255)
        good &= agrees(f"-a -ae {size}, colours", ours[..., :3], theirs[..., :3], 1, 255)
    return good


def main():
    program, model, *photos = sys.argv[1:]
    results = [check(program, model, photo) for photo in photos]
    return 0 if all(results) and results else 1


if __name__ == "__main__":
    sys.exit(main())
