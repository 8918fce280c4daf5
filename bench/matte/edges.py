#!/usr/bin/env python3
"""Guided masks against plain (Lanczos) ones, on composites with known alpha.

    edges.py CLEARCUT MODEL.onnx PHOTO_FOLDER [--each N]

For several sizes, makes composites out of the photos of a folder, lets `clearcut i -om`
find the mask with --edges plain and --edges guided, and prints the errors of both
against the true alpha: SAD (sum of absolute differences, thousands), MSE (mean, x1000)
and gradient error (Gaussian gradients of sigma 1.4, sum of squares, thousands), as
C. Rhemann et al., "A perceptually motivated online benchmark for image matting" (2009)
defines them; then the means of the ratios guided / plain, geometric, and the worst.
Needs NumPy, Pillow and SciPy. A composite in which the model does not see the subject at all says
nothing about edges and is left out (SAD above a tenth of the subject)."""

import argparse
import os
import subprocess
import tempfile

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_gradient_magnitude

import composites

SIZES = ((1800, 1350), (2800, 2100), (4000, 3000))


def errors(mask, alpha):
    difference = mask - alpha
    gradient = gaussian_gradient_magnitude(mask, 1.4) - gaussian_gradient_magnitude(alpha, 1.4)
    return np.array([np.abs(difference).sum() / 1e3, (difference**2).mean() * 1e3,
                     (gradient**2).sum() / 1e3])


def find_mask(arguments, edges, picture, folder):
    output = os.path.join(folder, "mask.png")
    subprocess.run([arguments.clearcut, "i", "-om", "--force", "--edges", edges, "-m",
                    arguments.model, picture, output], check=True, stderr=subprocess.DEVNULL)
    return np.asarray(Image.open(output), np.float32) / 255


def compare(arguments, size, folder):
    ratios = []
    for seed in range(arguments.each):
        kind = composites.KINDS[seed % len(composites.KINDS)]
        picture, alpha = composites.make(kind, *size, 1000 + seed, arguments.photos)
        path = os.path.join(folder, "composite.png")
        Image.fromarray(picture).save(path, compress_level=1)
        plain, guided = (errors(find_mask(arguments, edges, path, folder), alpha)
                         for edges in ("plain", "guided"))
        seen = plain[0] * 1e3 < 0.1 * alpha.sum()
        print(f"  {kind:7} plain SAD {plain[0]:8.2f} MSE {plain[1]:7.3f} gradient {plain[2]:7.3f}"
              f"   guided {guided[0]:8.2f} {guided[1]:7.3f} {guided[2]:7.3f}"
              f"{'' if seen else '   (subject not seen)'}", flush=True)
        if seen:
            ratios.append(guided / plain)
    return ratios


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clearcut")
    parser.add_argument("model")
    parser.add_argument("photos")
    parser.add_argument("--each", type=int, default=8, help="composites of each size")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            print(f"{size[0]}x{size[1]}")
            ratios = compare(arguments, size, folder)
            if ratios:
                mean = np.exp(np.log(ratios).mean(axis=0))
                print("  guided / plain over {}: SAD {:.2f}, MSE {:.2f}, gradient {:.2f}; worst "
                      "{:.2f}, {:.2f}, {:.2f}".format(len(ratios), *mean, *np.max(ratios, axis=0)))


if __name__ == "__main__":
    main()
