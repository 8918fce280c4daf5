#!/usr/bin/env python3
"""clearcut beside the real rembg: same photo, same weights, whole processes.

    bench/rembg/compare.py --clearcut build/clearcut --rembg /tmp/rembg/bin/rembg \
        --model ../shared/models/isnet-general-use-fp16.onnx --photo a.jpg [b.jpg ...]

Runs are interleaved (one of each, then again), so that a noisy machine troubles
both alike. Reported: median and quartiles of wall time, median processor time,
largest resident memory, and the difference between the two masks. Results go to
bench/results/ as JSON with machine and date.

rembg reads the model as `isnet-general-use` from a folder of its own with
MODEL_CHECKSUM_DISABLED=1, because the file at hand is an fp16 copy of the
published one.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time


def run(command, environment):
    """One process: wall seconds, processor seconds, peak resident MB."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    error_text = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed: {error_text.decode(errors='replace')[-600:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def summary(samples):
    walls = sorted(s[0] for s in samples)
    quarter = len(walls) // 4
    return {
        "runs": len(walls),
        "wall_s_median": round(statistics.median(walls), 4),
        "wall_s_quartiles": [round(walls[quarter], 4), round(walls[-1 - quarter], 4)],
        "processor_s_median": round(statistics.median(s[1] for s in samples), 4),
        "peak_mb": round(max(s[2] for s in samples), 1),
    }


def mask_difference(first, second):
    from PIL import Image, ImageChops, ImageStat

    a, b = Image.open(first).convert("L"), Image.open(second).convert("L")
    if a.size != b.size:
        sys.exit(f"masks differ in size: {a.size} and {b.size}")
    difference = ImageChops.difference(a, b)
    return ImageStat.Stat(difference).mean[0], difference.getextrema()[1]


def processor_name():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def compare_photo(args, photo, folder):
    environment = dict(os.environ, U2NET_HOME=str(folder), MODEL_CHECKSUM_DISABLED="1")
    ours_out, theirs_out = folder / "ours.png", folder / "theirs.png"
    mode = ["-om"] if args.mask else []
    ours = [args.clearcut, "i", "-m", args.model, *mode, photo, str(ours_out)]
    theirs = [args.rembg, "i", "-m", "isnet-general-use", *mode, photo, str(theirs_out)]
    run(ours, environment), run(theirs, environment)  # warm file cache
    samples = {"clearcut": [], "rembg": []}
    for _ in range(args.runs):
        samples["clearcut"].append(run(ours, environment))
        samples["rembg"].append(run(theirs, environment))
    result = {name: summary(values) for name, values in samples.items()}
    result["ratio"] = round(
        result["rembg"]["wall_s_median"] / result["clearcut"]["wall_s_median"], 2
    )
    if args.mask:
        mean, worst = mask_difference(ours_out, theirs_out)
        result["mask_mean_difference"] = round(mean, 4)
        result["mask_largest_difference"] = worst
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--clearcut", default="build/clearcut")
    parser.add_argument("--rembg", default="rembg")
    parser.add_argument("--model", default="../shared/models/isnet-general-use-fp16.onnx")
    parser.add_argument("--photo", nargs="+", required=True)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--mask", action="store_true", help="only masks, and compare them")
    parser.add_argument("--out", default="bench/results/rembg.json")
    args = parser.parse_args()

    report = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{processor_name()}, {os.cpu_count()} cores, {platform.platform()}",
        "rembg": subprocess.run(
            [args.rembg, "--version"], capture_output=True, text=True, check=True
        ).stdout.strip(),
        "photos": {},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "isnet-general-use.onnx").symlink_to(pathlib.Path(args.model).resolve())
        for photo in args.photo:
            result = compare_photo(args, photo, folder)
            report["photos"][os.path.basename(photo)] = result
            print(photo, json.dumps(result, indent=1), flush=True)
    pathlib.Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(args.out).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
