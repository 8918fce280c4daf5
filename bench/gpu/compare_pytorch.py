#!/usr/bin/env python3
"""clearcut on a GPU: speed, distance to the floors, and PyTorch beside it.

    bench/gpu/compare_pytorch.py --clearcut build/clearcut [--models FOLDER] [--device cuda:0]
        [--networks u2net u2netp isnet] [--batches 1 8 32] [--rounds 5] [--repeat 30]
        [--flops 790e12] [--bandwidth 4.3e12] [--output bench/results/gpu-....json] [--trial]

NEEDS A GPU, and has never been run on one: what it prints first is the first
measurement there is. FOLDER holds NETWORK.onnx; what is missing is written by
../shared/tools/make_models.py (random weights: same work) or left out and named.

Measured, for each network and batch, in rounds that alternate between the two sides:
  ours    `clearcut infer --repeat`: from the input tensor in this machine's memory to
          the output tensor there (median), and the device's own time of the last run
  torch   the same network built here in PyTorch, float16, channels last, captured as a
          CUDA graph, from a pinned tensor to a pinned tensor (if torch is installed)
  start   from the start of the program to the first result, file cache warm
  error   largest difference of the first output from --device cpu, fp16 and fp32
--trial looks whether this script works, with the fake driver of tests/cuda: small
pictures, no demand that the GPU be one; what it prints are no measurements, and says so.
Floors: products at --flops, and bytes (weights once, every step's output written and
read once, two bytes each) at --bandwidth; both default to an H200's measured rates.
"""

import argparse
import array
import datetime
import json
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time

SIZES = {"u2net": 320, "u2net-half": 320, "u2netp": 320, "isnet": 1024}


def note(text):
    print(text, file=sys.stderr)


# ---- our side ----------------------------------------------------------------


def write_input(path, batch, size):
    random.seed(1)
    plane = array.array("f", (random.random() for _ in range(3 * size * size)))
    with open(path, "wb") as file:
        for _ in range(batch):
            plane.tofile(file)


def clearcut(arguments, model, batch, size, folder, device, precision, repeat, output="out.f32"):
    data = folder / f"in-{batch}-{size}.f32"
    if not data.exists():
        write_input(data, batch, size)
    command = [arguments.clearcut, "infer", str(model), "--json", "--device", device,
               "--precision", precision, "--outputs", "1", "--shape", f"{batch},3,{size},{size}",
               "--in", str(data), "--out", str(folder / output)]
    if repeat > 1:
        command += ["--repeat", str(repeat)]
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    elapsed = 1e3 * (time.perf_counter() - begin)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    entry = json.loads(done.stdout)
    engine = entry["device"]["engine"]
    if not engine.startswith(device.split(":")[0] + "/"):
        raise RuntimeError(f"{device} was asked for, and {engine} did it")
    return entry, elapsed


def largest_difference(folder, a, b):
    left, right = array.array("f"), array.array("f")
    left.frombytes((folder / a).read_bytes())
    right.frombytes((folder / b).read_bytes())
    return max(abs(x - y) for x, y in zip(left, right))


def floors(arguments, model, batch, size):
    """Milliseconds by products and by bytes, from the plan."""
    text = subprocess.run([arguments.clearcut, "infer", str(model), "--explain", "--device",
                           arguments.device, "--outputs", "1", "--shape", f"{batch},3,{size},{size}"],
                          capture_output=True, text=True, check=True).stdout
    bytes_moved = 0
    for line in text.splitlines():
        for word in line.split():
            parts = word.split("x")
            if len(parts) == 4 and all(part.isdigit() for part in parts):
                elements = 1
                for part in parts:
                    elements *= int(part)
                bytes_moved += 4 * elements
                break
    total = next(line for line in text.splitlines() if "multiply-adds" in line)
    multiply_adds = float(total.split()[0]) * 1e9
    bytes_moved += float(total.split("weights ")[1].split()[0]) * 1e6
    return (2e3 * multiply_adds / arguments.flops, 1e3 * bytes_moved / arguments.bandwidth)


# ---- PyTorch's side ----------------------------------------------------------


def build_torch(name):
    """U^2-Net and IS-Net by their published shapes, batch norm folded, random weights."""
    import torch
    from torch import nn
    from torch.nn import functional

    def conv(inputs, outputs, dilation=1):
        return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation),
                             nn.ReLU(inplace=True))

    def resize(x, like):
        return functional.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=False)

    class Block(nn.Module):
        """A residual U-block of `levels`; flat: dilations instead of pools."""

        def __init__(self, levels, inputs, middle, outputs, flat=False):
            super().__init__()
            self.flat = flat
            self.first = conv(inputs, outputs)
            self.down = nn.ModuleList(
                conv(outputs if i == 0 else middle, middle, 2**i if flat else 1)
                for i in range(levels - 1))
            self.bottom = conv(middle, middle, 2 ** (levels - 1) if flat else 2)
            self.up = nn.ModuleList(
                conv(2 * middle, middle if i > 0 else outputs, 2**i if flat else 1)
                for i in range(levels - 1))
            self.pool = nn.MaxPool2d(2, 2, ceil_mode=True)

        def forward(self, x):
            first = self.first(x)
            kept, y = [], first
            for i, step in enumerate(self.down):
                y = step(y if i == 0 or self.flat else self.pool(y))
                kept.append(y)
            y = self.bottom(y)
            for i in reversed(range(len(self.up))):
                other = kept[i]
                y = y if y.shape == other.shape else resize(y, other)
                y = self.up[i](torch.cat((y, other), 1))
            return y + first

    class Network(nn.Module):
        def __init__(self, encoders, decoders, sides, stem):
            super().__init__()
            self.stem = nn.Conv2d(3, 64, 3, stride=2, padding=1) if stem else None
            self.encoders = nn.ModuleList(Block(*block) for block in encoders)
            self.decoders = nn.ModuleList(Block(*block) for block in decoders)
            self.sides = nn.ModuleList(nn.Conv2d(width, 1, 3, padding=1) for width in sides)
            self.fuse = None if stem else nn.Conv2d(6, 1, 1)
            self.pool = nn.MaxPool2d(2, 2, ceil_mode=True)

        def forward(self, x):
            y = x if self.stem is None else self.stem(x)
            kept = []
            for i, block in enumerate(self.encoders):
                y = block(y if i == 0 else self.pool(y))
                kept.append(y)
            maps = [y]
            for i, block in enumerate(self.decoders):
                other = kept[len(kept) - 2 - i]
                y = block(torch.cat((resize(y, other), other), 1))
                maps.insert(0, y)
            if self.fuse is None:  # IS-Net: the first side is the answer
                return torch.sigmoid(resize(self.sides[0](maps[0]), x))
            outputs = [self.sides[0](maps[0])]
            outputs += [resize(side(m), outputs[0]) for side, m in zip(self.sides[1:], maps[1:])]
            return torch.sigmoid(self.fuse(torch.cat(outputs, 1)))

    if name == "u2netp":
        encoders = [(7, 3, 16, 64), (6, 64, 16, 64), (5, 64, 16, 64), (4, 64, 16, 64),
                    (4, 64, 16, 64, True), (4, 64, 16, 64, True)]
        decoders = [(4, 128, 16, 64, True), (4, 128, 16, 64), (5, 128, 16, 64), (6, 128, 16, 64),
                    (7, 128, 16, 64)]
        return Network(encoders, decoders, [64] * 6, False)
    d = 2 if name == "u2net-half" else 1
    first = 64 if name == "isnet" else 3
    encoders = [(7, first, 32 // d, 64 // d), (6, 64 // d, 32 // d, 128 // d),
                (5, 128 // d, 64 // d, 256 // d), (4, 256 // d, 128 // d, 512 // d),
                (4, 512 // d, 256 // d, 512 // d, True), (4, 512 // d, 256 // d, 512 // d, True)]
    decoders = [(4, 1024 // d, 256 // d, 512 // d, True), (4, 1024 // d, 128 // d, 256 // d),
                (5, 512 // d, 64 // d, 128 // d), (6, 256 // d, 32 // d, 64 // d),
                (7, 128 // d, 16 // d, 64 // d)]
    sides = [64 // d, 64 // d, 128 // d, 256 // d, 512 // d, 512 // d]
    return Network(encoders, decoders, sides, name == "isnet")


class Torch:
    """One network and batch as a CUDA graph between two pinned tensors."""

    def __init__(self, name, batch, size, device):
        import torch

        self.torch = torch
        index = int(device.split(":")[1]) if ":" in device else 0
        torch.cuda.set_device(index)
        network = build_torch(name).eval().half().cuda().to(memory_format=torch.channels_last)
        self.host = torch.rand(batch, 3, size, size).half().pin_memory()
        self.input = self.host.cuda().to(memory_format=torch.channels_last)
        side = torch.cuda.Stream()
        with torch.no_grad(), torch.cuda.stream(side):
            for _ in range(3):
                output = network(self.input)
        torch.cuda.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        with torch.no_grad(), torch.cuda.graph(self.graph):
            self.output = network(self.input)
        self.result = torch.empty(output.shape, dtype=output.dtype).pin_memory()

    def median_ms(self, repeat):
        times = []
        for _ in range(repeat + 1):
            begin = time.perf_counter()
            self.input.copy_(self.host, non_blocking=True)
            self.graph.replay()
            self.result.copy_(self.output, non_blocking=True)
            self.torch.cuda.synchronize()
            times.append(1e3 * (time.perf_counter() - begin))
        return statistics.median(times[1:])


def make_torch(name, batch, size, device):
    try:
        return Torch(name, batch, size, device)
    except ImportError:
        note("left out: PyTorch (not installed for this Python)")
    except Exception as error:  # out of memory, no CUDA build ...: say it, go on without
        note(f"left out: PyTorch for {name}, batch {batch}: {error}")
    return None


# ---- all of it ---------------------------------------------------------------


def find_model(arguments, name, folder):
    path = pathlib.Path(arguments.models or folder) / f"{name}.onnx"
    tool = pathlib.Path(__file__).resolve().parents[3] / "shared/tools/make_models.py"
    if not path.exists() and tool.exists() and name != "isnet":
        path = folder / f"{name}.onnx"
        subprocess.run([sys.executable, str(tool), "--model", name, "--out", str(path)], check=True)
    return path if path.exists() else None


def measure(arguments, name, model, batch, folder):
    size = SIZES[name]
    peer = make_torch(name, batch, size, arguments.device)
    ours, device, theirs = [], [], []
    for _ in range(arguments.rounds):
        entry, _ = clearcut(arguments, model, batch, size, folder, arguments.device, "fp16",
                            arguments.repeat)
        ours.append(entry["repeat"]["median_ms"])
        device.append(entry["device"]["device_ms"])
        if peer:
            theirs.append(peer.median_ms(arguments.repeat))
    products, moved = floors(arguments, model, batch, size)
    row = {"network": name, "batch": batch, "ms": statistics.median(ours), "rounds_ms": ours,
           "device_ms": statistics.median(device), "launches": entry["device"]["launches"],
           "memory_bytes": entry["device"]["memory_bytes"], "gpu": entry["device"]["name"],
           "engine": entry["device"]["engine"], "floor_products_ms": products,
           "floor_bytes_ms": moved}
    row["pictures_per_second"] = 1e3 * batch / row["ms"]
    row["times_floor"] = row["device_ms"] / max(products, moved)
    if theirs:
        row["torch_ms"] = statistics.median(theirs)
        row["times_faster_than_torch"] = row["torch_ms"] / row["ms"]
    return row


def check(arguments, name, model, folder):
    """Batch 1: start-up, and errors against the processor."""
    size = SIZES[name]
    clearcut(arguments, model, 1, size, folder, "cpu", "fp32", 1, "cpu.f32")
    result = {"network": name}
    for precision in ("fp16", "fp32"):
        starts = []
        for _ in range(3):
            _, elapsed = clearcut(arguments, model, 1, size, folder, arguments.device, precision, 1)
            starts.append(elapsed)
        result[f"start_{precision}_ms"] = statistics.median(starts)
        result[f"error_{precision}"] = largest_difference(folder, "cpu.f32", "out.f32")
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clearcut", default="build/clearcut")
    parser.add_argument("--models")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--networks", nargs="+", default=["u2net", "u2netp", "isnet"],
                        choices=sorted(SIZES))
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8, 32])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=30)
    parser.add_argument("--flops", type=float, default=790e12)
    parser.add_argument("--bandwidth", type=float, default=4.3e12)
    parser.add_argument("--output")
    parser.add_argument("--trial", action="store_true")
    arguments = parser.parse_args()
    if arguments.trial:
        SIZES.update({name: 32 for name in SIZES})
    report = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(),
              "machine": platform.node(), "flops": arguments.flops,
              "bandwidth": arguments.bandwidth, "trial": arguments.trial, "speed": [],
              "checks": []}
    doctor = subprocess.run([arguments.clearcut, "doctor", "--json", "--require", arguments.device],
                            capture_output=True, text=True)
    if doctor.returncode != 0 and not arguments.trial:
        sys.exit(f"{arguments.device} is no use here:\n{doctor.stdout}{doctor.stderr}")
    report["doctor"] = doctor.stdout.strip()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for network in arguments.networks:
            model = find_model(arguments, network, folder)
            if model is None:
                note(f"left out: {network} (no {network}.onnx in {arguments.models})")
                continue
            report["checks"].append(check(arguments, network, model, folder))
            print(json.dumps(report["checks"][-1]))
            for batch in arguments.batches:
                try:
                    report["speed"].append(measure(arguments, network, model, batch, folder))
                    print(json.dumps(report["speed"][-1]))
                except RuntimeError as error:
                    note(f"left out: {network}, batch {batch}: {error}")
    if arguments.output:
        pathlib.Path(arguments.output).write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
