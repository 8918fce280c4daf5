#!/usr/bin/env python3
"""What surrounds the network: clearcut beside the real rembg, network time taken out.

    bench/rembg/around.py --clearcut build/clearcut --rembg-python /tmp/rembg/bin/python \
        --model u2net-half.onnx --photo ../shared/data/pages/rb_animal3.jpg

One thread each, on one processor (affinity). The photo is scaled to a long side of 640,
1024, 2048 and 4096 pixels and stored as JPEG of quality 90. rembg runs in a process of
its own with its session open: `remove(bytes)` from the JPEG's bytes to the PNG's, less
the time inside ONNX Runtime's `run`. clearcut starts anew for each picture (`i --json`):
decode + preprocess + postprocess + encode as it reports them. Contestants take turns;
minimum and median of --runs. `clearcut` is with the default settings, which also follow
the photo's edges and clean their colours; `clearcut, compat` is with --compat rembg,
which does the same work as rembg.

The model is any U2-Net-shaped file: ../shared/tools/make_models.py --model u2net-half
--out u2net-half.onnx, which rembg reads as u2net_custom. Its weights are random: its mask
is soft everywhere, the most work there can be. With --session isnet-general-use and
../shared/models/isnet-general-use-fp16.onnx the mask is a real one.
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

WORKER = r"""
import sys, time
from rembg import new_session, remove
name, path = sys.argv[1:]
session = new_session(name, model_path=path) if name == "u2net_custom" else new_session(name)
inner = session.inner_session
spent = 0.0
class Timed:
    def run(self, *arguments, **options):
        global spent
        begin = time.perf_counter()
        try:
            return inner.run(*arguments, **options)
        finally:
            spent += time.perf_counter() - begin
    def __getattr__(self, name):
        return getattr(inner, name)
session.inner_session = Timed()
print("ready", flush=True)
for line in sys.stdin:
    data = open(line.strip(), "rb").read()
    spent = 0.0
    begin = time.perf_counter()
    result = remove(data, session=session, bgcolor=(0, 0, 0, 0))
    whole = time.perf_counter() - begin
    print(1e3 * (whole - spent), 1e3 * spent, flush=True)
"""
AROUND = ("decode", "preprocess", "postprocess", "encode")
TARGETS = {640: 6, 1024: 7, 2048: 9, 4096: 10}


def processor_name():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def make_photos(python, photo, folder):
    """The sizes, by the Pillow that rembg brings along."""
    script = (
        "import sys; from PIL import Image\n"
        "photo = Image.open(sys.argv[1]).convert('RGB')\n"
        "for side in map(int, sys.argv[3:]):\n"
        "    scale = side / max(photo.size)\n"
        "    size = [max(1, round(n * scale)) for n in photo.size]\n"
        "    photo.resize(size, Image.Resampling.LANCZOS).save(f'{sys.argv[2]}/{side}.jpg', quality=90)\n"
    )
    sizes = [str(side) for side in TARGETS]
    subprocess.run([python, "-c", script, photo, str(folder), *sizes], check=True)


class Rembg:
    def __init__(self, python, session, model, folder):
        environment = dict(os.environ, U2NET_HOME=str(folder), OMP_NUM_THREADS="1",
                           MODEL_CHECKSUM_DISABLED="1")
        self.process = subprocess.Popen(
            [python, "-c", WORKER, session, model],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        if self.process.stdout.readline().strip() != "ready":
            sys.exit("rembg did not start")

    def measure(self, path):
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline().split()[0])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure_clearcut(program, model, path, output, options):
    command = [program, "i", "--json", "--threads", "1", "--force", "-m", model, *options, path, output]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    ms = json.loads(result.stdout)["ms"]
    return sum(ms[stage] for stage in AROUND)


def spread(samples):
    return {"min_ms": round(min(samples), 2), "median_ms": round(statistics.median(samples), 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--clearcut", default="build/clearcut")
    parser.add_argument("--rembg-python", default="/tmp/rembg/bin/python")
    parser.add_argument("--model", required=True)
    parser.add_argument("--photo", default="../shared/data/pages/rb_animal3.jpg")
    parser.add_argument("--session", default="u2net_custom", help="rembg's name for the model")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--out", default="bench/results/around-rembg.json")
    args = parser.parse_args()
    cpu = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})

    report = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{processor_name()}, one of {os.cpu_count()} processors, {platform.platform()}",
        "photo": os.path.basename(args.photo),
        "model": os.path.basename(args.model),
        "runs": args.runs,
        "load_at_start": os.getloadavg()[0],
        "sizes": {},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # rembg wants it inside its model folder
        model = folder / ("network.onnx" if args.session == "u2net_custom" else f"{args.session}.onnx")
        model.write_bytes(pathlib.Path(args.model).read_bytes())
        make_photos(args.rembg_python, args.photo, folder)
        rembg = Rembg(args.rembg_python, args.session, str(model), folder)
        for side, target in TARGETS.items():
            path, output = str(folder / f"{side}.jpg"), str(folder / "out.png")
            ways = {
                "rembg": lambda: rembg.measure(path),
                "clearcut": lambda: measure_clearcut(
                    args.clearcut, str(model), path, output, []),
                "clearcut, compat": lambda: measure_clearcut(
                    args.clearcut, str(model), path, output, ["--compat", "rembg"]),
            }
            for way in ways.values():
                way()  # warm
            samples = {way: [] for way in ways}
            for _ in range(args.runs):
                for way, measure in ways.items():
                    samples[way].append(measure())
            row = {way: spread(values) for way, values in samples.items()}
            for way in ("clearcut", "clearcut, compat"):
                for key in ("min_ms", "median_ms"):
                    row[way][f"times_faster_{key[:-3]}"] = round(row["rembg"][key] / row[way][key], 2)
            row["target"] = target
            report["sizes"][str(side)] = row
            print(side, json.dumps(row), flush=True)
        rembg.close()
    report["load_at_end"] = os.getloadavg()[0]
    pathlib.Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(args.out).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
