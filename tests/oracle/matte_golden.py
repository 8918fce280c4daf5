"""Write tests/matte/data: pictures, masks and what rembg's own functions make of them.

    python matte_golden.py OUTPUT_FOLDER

Needs rembg (2.0.77 made the files that are committed: PyMatting 1.1.16, SciPy 1.17.1,
scikit-image 0.26.0). The C tests read the files; Python is needed only to make them
again.
"""

import json
import pathlib
import sys

import numpy as np
from PIL import Image
from pymatting import estimate_foreground_ml, stack_images
from rembg.bg import alpha_matting_cutout, post_process
from scipy.ndimage import binary_erosion, gaussian_filter

# name, width, height, seed, foreground threshold, background threshold, erode size
CASES = [
    ("blob", 97, 61, 1, 240, 10, 10),
    ("hair", 160, 120, 2, 240, 10, 5),
    ("wide", 120, 47, 3, 200, 40, 0),
    ("dot", 33, 40, 4, 128, 128, 2),
]


def picture(width, height, seed):
    """A subject with soft edges and strands before a varied background, and its mask."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float64)
    distance = np.hypot((x - width * 0.5) / (width * 0.3), (y - height * 0.5) / (height * 0.36))
    alpha = 1.0 / (1.0 + np.exp((distance - 1.0) * 14.0))
    for _ in range(6):
        angle = random.uniform(0, 2 * np.pi)
        along = (x - width / 2) * np.cos(angle) + (y - height / 2) * np.sin(angle)
        across = (y - height / 2) * np.cos(angle) - (x - width / 2) * np.sin(angle)
        strand = np.exp(-((across + 2 * np.sin(along / 5)) ** 2) / 1.2)
        strand *= (along > 0) & (along < 0.46 * min(width, height))
        alpha = np.maximum(alpha, strand)
    waves = np.stack([np.sin(x / 9 + c) * np.cos(y / 7 - c) for c in range(3)], axis=2)
    subject = np.array([0.7, 0.35, 0.2]) + 0.12 * waves
    behind = np.array([0.15, 0.5, 0.65]) - 0.1 * waves
    color = alpha[..., None] * subject + (1 - alpha[..., None]) * behind
    color += random.normal(0, 0.012, color.shape)
    photo = np.clip(np.round(color * 255), 0, 255).astype(np.uint8)
    mask = gaussian_filter(alpha, 1.5) + random.normal(0, 0.01, alpha.shape)
    return photo, np.clip(np.round(mask * 255), 0, 255).astype(np.uint8)


def trimap(mask, foreground, background, size):
    """As alpha_matting_cutout builds it, which keeps it to itself."""
    structure = np.ones((size, size), dtype=np.uint8) if size > 0 else None
    result = np.full(mask.shape, 128, dtype=np.uint8)
    result[binary_erosion(mask > foreground, structure=structure)] = 255
    result[binary_erosion(mask < background, structure=structure, border_value=1)] = 0
    return result


def decontaminated(photo, mask):
    """rembg 2.0.84's --decontaminate."""
    alpha = mask / 255.0
    cutout = stack_images(estimate_foreground_ml(photo / 255.0, alpha), alpha)
    return np.clip(cutout * 255, 0, 255).astype(np.uint8)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, width, height, seed, foreground, background, size in CASES:
        photo, mask = picture(width, height, seed)
        cutout = alpha_matting_cutout(
            Image.fromarray(photo), Image.fromarray(mask), foreground, background, size
        )
        results = {
            "photo": photo,
            "mask": mask,
            "post_processed": post_process(mask),
            "trimap": trimap(mask, foreground, background, size),
            "matting": np.asarray(cutout),
            "decontaminated": decontaminated(photo, mask),
        }
        for what, pixels in results.items():
            Image.fromarray(pixels).save(folder / f"{name}_{what}.png", optimize=True)
        print(json.dumps({"name": name, "unknown": int((results["trimap"] == 128).sum())}))


if __name__ == "__main__":
    main()
