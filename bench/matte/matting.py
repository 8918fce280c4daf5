#!/usr/bin/env python3
"""-a beside PyMatting, as rembg calls it, in one run on the same masks.

    matting.py CLEARCUT MODEL.onnx PHOTO... [--megapixels 12] [--exact]

Needs rembg with PyMatting. Each photo is scaled to so many megapixels; clearcut makes
the mask. Prints, one JSON line for each photo: seconds of clearcut's step after the
network with -a (and without it, and with --exact --compat rembg) and of rembg's
alpha_matting_cutout, wall clock and processor time of the process that did it; the
process's peak memory (VmHWM) without and with -a; and the mean difference of alpha
between each of ours and rembg's, of 255."""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
from PIL import Image, ImageOps


class PeakWatch(threading.Thread):
    """VmHWM of a process until it ends (ru_maxrss would begin with Python's own)."""

    def __init__(self, process):
        super().__init__()
        self.process, self.megabytes = process, 0
        self.start()

    def run(self):
        try:
            while True:
                with open(f"/proc/{self.process}/status") as status:
                    fields = dict(line.split(":", 1) for line in status)
                if "VmHWM" not in fields:
                    return
                self.megabytes = int(fields["VmHWM"].split()[0]) // 1024
                time.sleep(0.005)
        except OSError:
            pass


def run(arguments, photo, output, *options):
    """(milliseconds after the network, processor seconds, peak MB, JSON)"""
    command = [arguments.clearcut, "i", "--json", "--force", "-m", arguments.model, *options, photo, output]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    watch = PeakWatch(child.pid)
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    watch.join()
    if status != 0:
        sys.exit(f"{' '.join(command)}: failed")
    result = json.loads(text)
    return {"seconds": result["ms"]["postprocess"] / 1e3,
            "processor": usage.ru_utime + usage.ru_stime, "peak_mb": watch.megabytes,
            "matting": result.get("matting")}


def alpha_of(path):
    return np.asarray(Image.open(path))[..., 3].astype(np.float64)


def rembg(photo, mask):
    from rembg.bg import alpha_matting_cutout  # after the others: it starts threads
    before = resource.getrusage(resource.RUSAGE_SELF)
    begin = time.perf_counter()
    cutout = alpha_matting_cutout(photo, mask, 240, 10, 10)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return np.asarray(cutout)[..., 3].astype(np.float64), {
        "seconds": time.perf_counter() - begin,
        "processor": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_mb": after.ru_maxrss // 1024}


def measure(arguments, path, folder):
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    scale = (arguments.megapixels * 1e6 / (photo.width * photo.height)) ** 0.5
    photo = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.LANCZOS)
    source, mask, output = (os.path.join(folder, name) for name in ("photo.png", "mask.png", "out.png"))
    photo.save(source, compress_level=1)
    run(arguments, source, mask, "-om")
    line = {"photo": os.path.basename(path), "width": photo.width, "height": photo.height,
            "plain": run(arguments, source, output, "--edges", "plain")}
    alphas = {}
    modes = {"matted": ["-a"]}
    if arguments.exact:
        modes["exact"] = ["-a", "--compat", "rembg"]
    for name, options in modes.items():
        line[name] = run(arguments, source, output, *options)
        alphas[name] = alpha_of(output)
    if arguments.exact:
        truth, line["rembg"] = rembg(photo, Image.open(mask))
        for name, alpha in alphas.items():
            line[name]["mean_difference"] = float(np.abs(alpha - truth).mean())
    return line


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clearcut")
    parser.add_argument("model")
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--exact", action="store_true", help="rembg and our exact solution as well")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for path in arguments.photos:
            print(json.dumps(measure(arguments, path, folder)), flush=True)


if __name__ == "__main__":
    main()
