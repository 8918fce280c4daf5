#!/usr/bin/env python3
"""Every number that the GPU engine was promised, in one run; called by run.sh.

    bench/gpu/bars.py --clearcut build/clearcut --output bench/results/gpu-DATE.json [--trial]

Runs compare_pytorch.py (floors, speed at batch 1, 8 and 32, PyTorch beside it, distance to
the processor's results, start-up) and adds what needs whole programs: from process start to
the first written mask, what the driver says that a process holds, pictures a second of a
folder, and the time of each launch (`infer --explain --repeat`) for the network's slowest
layers. Ends with a table of the bars; what was not measured says why.
"""

import argparse
import json
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib

# name, bar, aim (None = none), unit, larger is better
BARS = [
    ("u2net, batch 1, tensor to tensor", 1.5, 0.8, "ms", False),
    ("u2net, batch 32", 2500, 4000, "pictures/s", True),
    ("u2net, batch 1, against PyTorch fp16 with CUDA graphs", 1.5, None, "times", True),
    ("u2net, batch 32, against PyTorch fp16 with CUDA graphs", 1.5, None, "times", True),
    ("IS-Net 1024, batch 1", 3.0, 1.5, "ms", False),
    ("fp32 against the processor", 1e-3, None, "at most", False),
    ("fp16 against the processor", 1e-2, None, "at most", False),
    ("process start to first mask", 600, None, "ms", False),
    ("device memory, u2net, batch 1", 600, None, "MB", False),
]


def run(command):
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    return done, 1e3 * (time.perf_counter() - begin)


def row(report, network, batch, key):
    for entry in report["speed"]:
        if entry["network"] == network and entry["batch"] == batch:
            return entry.get(key)
    return None


def write_photo(path, side):
    """A picture without any library: PNG, uncompressed filters."""
    rows = bytearray()
    for y in range(side):
        rows.append(0)
        for x in range(side):
            inside = side // 4 < x < 3 * side // 4 and side // 4 < y < 3 * side // 4
            rows += bytes((200, 120, 60) if inside else (x * 255 // side, y * 255 // side, 40))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    path.write_bytes(b"\x89PNG\r\n\x1a\n" +
                     chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(bytes(rows), 1)) + chunk(b"IEND", b""))


def first_masks(arguments, model, photo, folder):
    """Milliseconds of whole processes, and what the last one said of itself."""
    times, entry = [], None
    for _ in range(1 if arguments.trial else 7):
        done, elapsed = run([arguments.clearcut, "i", "--device", arguments.device, "--json", "-om",
                             "--force", "-m", str(model), str(photo), str(folder / "mask.png")])
        if done.returncode != 0:
            return {"why": done.stderr.strip()}
        times.append(elapsed)
        entry = json.loads(done.stdout)
    return {"ms": statistics.median(times), "times_ms": times, "stages_ms": entry["ms"],
            "device": entry["device"]}


def folder_rate(arguments, model, photo, folder, count):
    """Pictures a second of one process over a folder, start included."""
    inputs = folder / "photos"
    inputs.mkdir(exist_ok=True)
    for i in range(count):
        (inputs / f"{i}.png").write_bytes(photo.read_bytes())
    done, elapsed = run([arguments.clearcut, "p", "--device", arguments.device, "--overwrite",
                         "--force", "-m", str(model), str(inputs), str(folder / "cut")])
    if done.returncode != 0:
        return {"why": done.stderr.strip()[-300:]}
    return {"pictures": count, "pictures_per_second": 1e3 * count / elapsed}


def held_memory(arguments, model):
    """By NVML: what the GPU holds more while a process of ours computes."""
    done, _ = run([arguments.clearcut, "doctor", "--json", "--device", arguments.device, "--runs",
                   "1" if arguments.trial else "20", "-m", str(model)])
    try:
        proof = json.loads(done.stdout)["proof"]
        before, during = proof["gpu_used_before_bytes"], proof["gpu_used_during_bytes"]
    except (ValueError, KeyError, TypeError):
        return {"why": "doctor did not measure it"}
    if before is None or during is None:
        return {"why": "NVML does not tell", "network_bytes": proof.get("memory_bytes")}
    return {"bytes": during - before, "network_bytes": proof["memory_bytes"]}


def slowest_layers(arguments, model, size):
    done, _ = run([arguments.clearcut, "infer", str(model), "--explain", "--repeat",
                   "1" if arguments.trial else "50", "--device", arguments.device, "--outputs",
                   "1", "--shape", f"1,3,{size},{size}"])
    return done.stdout.splitlines() if done.returncode == 0 else [done.stderr.strip()]


def values_of(report):
    """The measured value of each bar, or None."""
    checks = report["checks"]
    worst = {p: max((c[f"error_{p}"] for c in checks), default=None) for p in ("fp32", "fp16")}
    memory = report["held"].get("bytes")
    return [row(report, "u2net", 1, "ms"), row(report, "u2net", 32, "pictures_per_second"),
            row(report, "u2net", 1, "times_faster_than_torch"),
            row(report, "u2net", 32, "times_faster_than_torch"), row(report, "isnet", 1, "ms"),
            worst["fp32"], worst["fp16"], report["first_mask"].get("ms"),
            memory / 1e6 if memory is not None else None]


def judge(report):
    verdicts = []
    for (name, bar, aim, unit, larger), value in zip(BARS, values_of(report)):
        if report["trial"]:
            verdict = "trial: no measurement"
        elif value is None:
            verdict = "not measured"
        else:
            passed = value >= bar if larger else value <= bar
            verdict = "reached" if passed else "MISSED"
        verdicts.append({"bar": name, "wanted": bar, "aim": aim, "unit": unit, "value": value,
                         "verdict": verdict})
        shown = "-" if value is None else f"{value:.4g}"
        print(f"{name:58} {shown:>10} {unit:10} bar {bar:<8g} {verdict}")
    return verdicts


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clearcut", default="build/clearcut")
    parser.add_argument("--models", help="folder with u2net.onnx, u2netp.onnx, isnet.onnx")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--networks", nargs="+", default=["u2net", "u2netp", "isnet"])
    parser.add_argument("--batches", nargs="+", default=["1", "8", "32"])
    parser.add_argument("--output", required=True)
    parser.add_argument("--trial", action="store_true", help="see compare_pytorch.py")
    arguments = parser.parse_args()
    here = pathlib.Path(__file__).resolve().parent
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        models = pathlib.Path(arguments.models) if arguments.models else folder
        tool = here.parents[2] / "shared/tools/make_models.py"
        for network in arguments.networks:
            path = models / f"{network}.onnx"
            if not path.exists() and tool.exists() and network != "isnet":
                subprocess.run([sys.executable, str(tool), "--model", network, "--out", str(path)],
                               check=True)
        command = [sys.executable, str(here / "compare_pytorch.py"), "--clearcut",
                   arguments.clearcut, "--models", str(models), "--device", arguments.device,
                   "--output", str(folder / "report.json"), "--networks", *arguments.networks,
                   "--batches", *arguments.batches]
        if arguments.trial:
            command += ["--trial", "--rounds", "1", "--repeat", "2"]
        if subprocess.run(command).returncode != 0:
            sys.exit("compare_pytorch.py failed: nothing is written")
        report = json.loads((folder / "report.json").read_text())
        first = models / f"{arguments.networks[0]}.onnx"
        size = 32 if arguments.trial else 320
        photo = folder / "photo.png"
        write_photo(photo, 64 if arguments.trial else 2048)
        # In a trial whole networks would take minutes: the page model stands in for them.
        whole = "page" if arguments.trial else first
        report["first_mask"] = first_masks(arguments, whole, photo, folder)
        report["folder"] = folder_rate(arguments, whole, photo, folder, 2 if arguments.trial else 200)
        report["held"] = {"why": "trial"} if arguments.trial else held_memory(arguments, first)
        report["layers"] = slowest_layers(arguments, first, size)
        driver, _ = run(["nvidia-smi", "--query-gpu=name,driver_version,clocks.sm,power.limit",
                         "--format=csv"]) if not arguments.trial else (None, 0)
        report["nvidia_smi"] = driver.stdout.strip() if driver else None
        report["bars"] = judge(report)
    pathlib.Path(arguments.output).write_text(json.dumps(report, indent=1) + "\n")
    print(f"written: {arguments.output}")


if __name__ == "__main__":
    main()
