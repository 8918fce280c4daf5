#!/usr/bin/env python3
"""A folder of mixed photos: `clearcut p` beside `rembg p` and a loop of `clearcut i`.

    bench/rembg/folder.py --clearcut build/clearcut --rembg /tmp/rembg/bin/rembg \
        --model u2net-half.onnx --photos ../shared/data/pages --count 200

The photos are those of --photos, scaled to long sides of 480 to 4000 pixels and stored as
JPEG, PNG and WebP in turn, always the same ones for the same --count. Every contestant
starts with an empty output folder and warm files; --rounds of them take turns.

`busy` is processor time over (wall time x processors): what share of all processors
worked for the contestant. On a quiet machine the rest is idling; while others work it
says nothing, so `load_at_start` stands beside it. `work` for clearcut is what its own
clock gives: the network's milliseconds and those of decoding, encoding and what is
between, a picture, as `--report` has them.

The model is any U2-Net-shaped file (../shared/tools/make_models.py --model u2net-half
--out u2net-half.onnx); rembg reads it as u2net_custom.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SIDES = (480, 640, 800, 1024, 1280, 1600, 2048, 3000, 4000)
MAKE = r"""
import pathlib, sys
from PIL import Image
source, target, count = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
sides = [int(n) for n in sys.argv[4:]]
photos = sorted(p for p in source.iterdir() if p.suffix in (".jpg", ".png"))
for i in range(count):
    photo = Image.open(photos[i % len(photos)]).convert("RGB")
    side = sides[(i * 5 + i // len(photos)) % len(sides)]
    scale = side / max(photo.size)
    photo = photo.resize([max(1, round(n * scale)) for n in photo.size], Image.Resampling.LANCZOS)
    kind = ("jpg", "jpg", "jpg", "png", "webp")[i % 5]
    options = {"jpg": {"quality": 90}, "png": {"compress_level": 1}, "webp": {"quality": 85}}[kind]
    photo.save(target / f"photo-{i:04d}.{kind}", **options)
"""


def processor_name():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def timed(commands, environment):
    """Wall seconds, processor seconds and largest resident MB of commands one by one."""
    wall = processor = peak = 0.0
    for command in commands:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        told = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall += time.perf_counter() - begin
        processor += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss / 1024)
        if process.returncode != 0:
            sys.exit(f"{command[:3]} failed: {told.decode(errors='replace')[-600:]}")
    return {"wall_s": wall, "processor_s": processor, "peak_mb": peak}


def commands_of(args, name, source, target, report):
    ours = [args.clearcut, "p", "--quiet", "--force", "-m", args.model]
    if name == "rembg p":
        extras = json.dumps({"model_path": os.path.join(os.path.dirname(source), "network.onnx")})
        return [[args.rembg, "p", "-m", "u2net_custom", "-x", extras, source, target]]
    if name == "clearcut p":
        return [[*ours, "--compat", "rembg", "--report", report, source, target]]
    if name == "clearcut p, default":
        return [[*ours, source, target]]
    os.makedirs(target)
    return [
        [args.clearcut, "i", "--force", "--compat", "rembg", "-m", args.model,
         os.path.join(source, photo), os.path.join(target, os.path.splitext(photo)[0] + ".png")]
        for photo in sorted(os.listdir(source))
    ]


def summary(samples, count, cores):
    wall = statistics.median(s["wall_s"] for s in samples)
    return {
        "rounds": len(samples),
        "wall_s": round(wall, 2),
        "pictures_a_second": round(count / wall, 2),
        "processor_s": round(statistics.median(s["processor_s"] for s in samples), 2),
        "busy": round(statistics.median(s["processor_s"] / s["wall_s"] / cores for s in samples), 3),
        "peak_mb": round(max(s["peak_mb"] for s in samples), 1),
    }


def work_of(report):
    stages = {}
    with open(report, encoding="utf-8") as lines:
        for line in lines:
            for stage, value in json.loads(line)["ms"].items():
                stages.setdefault(stage, []).append(value)
    return {f"{stage}_ms_mean": round(statistics.mean(values), 2) for stage, values in stages.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--clearcut", default="build/clearcut")
    parser.add_argument("--rembg", default="/tmp/rembg/bin/rembg")
    parser.add_argument("--model", required=True)
    parser.add_argument("--photos", default="../shared/data/pages")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--out", default="bench/results/folder-rembg.json")
    args = parser.parse_args()
    args.model = os.path.abspath(args.model)
    cores = len(os.sched_getaffinity(0))
    rembg_python = os.path.join(os.path.dirname(args.rembg), "python")
    names = ("rembg p", "clearcut p", "clearcut p, default", "loop of clearcut i")
    samples = {name: [] for name in names}
    result = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{processor_name()}, {cores} processors, {platform.platform()}",
        "count": args.count,
        "load_at_start": os.getloadavg()[0],
        "contestants": {},
    }
    with tempfile.TemporaryDirectory() as name:
        source = os.path.join(name, "photos")
        report = os.path.join(name, "report.jsonl")
        os.makedirs(source)
        shutil.copy(args.model, os.path.join(name, "network.onnx"))
        subprocess.run([rembg_python, "-c", MAKE, args.photos, source, str(args.count),
                        *map(str, SIDES)], check=True)
        environment = dict(os.environ, U2NET_HOME=name)
        for _ in range(args.rounds):
            for contestant in names:
                target = os.path.join(name, "out")
                shutil.rmtree(target, ignore_errors=True)
                commands = commands_of(args, contestant, source, target, report)
                samples[contestant].append(timed(commands, environment))
                made = len(os.listdir(target))
                if made != args.count:
                    sys.exit(f"{contestant} made {made} of {args.count}")
                print(contestant, samples[contestant][-1], flush=True)
        for contestant in names:
            result["contestants"][contestant] = summary(samples[contestant], args.count, cores)
        result["contestants"]["clearcut p"]["work"] = work_of(report)
    result["load_at_end"] = os.getloadavg()[0]
    rate = {n: result["contestants"][n]["pictures_a_second"] for n in names}
    result["times_rembg"] = round(rate["clearcut p"] / rate["rembg p"], 2)
    result["times_loop"] = round(rate["clearcut p"] / rate["loop of clearcut i"], 2)
    print(json.dumps(result, indent=1))
    pathlib.Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(args.out).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
