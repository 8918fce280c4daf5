#!/usr/bin/env python3
"""clearcut's engine beside ONNX Runtime: same network, same input, one process.

    bench/cpu/compare_onnxruntime.py --library build/libclearcut.so --shared ../shared \
        [--threads 2 1] [--runs 15] [--networks u2net u2netp u2net-half isnet page] [--cpu avx2]

Runs alternate (one of each, then again) with a pause before each, so that a noisy
machine troubles both alike and no idle pool of one spins while the other works.
Reported: median and quartiles of each, their ratio, and the largest difference of
the first output. The real IS-Net file is float16: ONNX Runtime gets a copy widened
to float32, which is faster there. Results go to bench/results/ as JSON with machine
and date. Both sides use all their optimisations; --cpu lowers ours (CLEARCUT_CPU).
"""

import argparse
import ctypes
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

import numpy as np
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "oracle"))
import models_parity  # noqa: E402  (the same models and inputs as the parity test)

PAUSE_S = 0.02
MESSAGE_OFFSET = ctypes.sizeof(ctypes.c_int)


class Options(ctypes.Structure):
    """clearcut_network_options of clearcut.h."""

    _fields_ = [
        ("size", ctypes.c_size_t), ("device", ctypes.c_char_p), ("threads", ctypes.c_int),
        ("precision", ctypes.c_int), ("input_rank", ctypes.c_int),
        ("input_shape", ctypes.c_int64 * 8), ("reference_only", ctypes.c_bool),
        ("allow_external_data", ctypes.c_bool), ("cancel", ctypes.c_void_p),
    ]


class TensorInfo(ctypes.Structure):
    """clearcut_tensor_info of clearcut.h."""

    _fields_ = [
        ("name", ctypes.c_char_p), ("type", ctypes.c_char_p), ("rank", ctypes.c_int),
        ("shape", ctypes.c_int64 * 8), ("elements", ctypes.c_int64), ("bytes", ctypes.c_size_t),
    ]


class Ours:
    def __init__(self, library, model, threads, values):
        self.library = library
        self.values = np.ascontiguousarray(values)
        self.network = ctypes.c_void_p()
        self.error = ctypes.create_string_buffer(4096)
        options = Options()
        library.clearcut_network_options_init(ctypes.byref(options))
        options.threads = threads
        self.check(library.clearcut_network_load(str(model).encode(), ctypes.byref(options),
                                                 ctypes.byref(self.network), self.error))
        count = library.clearcut_network_output_count(self.network)
        self.outputs = [self.make_output(i) for i in range(count)]
        self.input_pointers = (ctypes.c_void_p * 1)(self.values.ctypes.data)
        self.output_pointers = (ctypes.c_void_p * count)(*[o.ctypes.data for o in self.outputs])

    def make_output(self, index):
        info = TensorInfo()
        self.check(self.library.clearcut_network_output(self.network, index, ctypes.byref(info),
                                                        self.error))
        return np.zeros(info.bytes // 4, np.float32)

    def check(self, status):
        if status != 0:
            sys.exit(f"clearcut: {self.error.raw[MESSAGE_OFFSET:].split(bytes(1))[0].decode()}")

    def run(self):
        self.check(self.library.clearcut_network_run(self.network, self.input_pointers,
                                                     self.output_pointers, self.error))
        return self.outputs[0]

    def close(self):
        self.library.clearcut_network_free(ctypes.byref(self.network))


class Theirs:
    def __init__(self, model, threads, values):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(model), options,
                                                    providers=["CPUExecutionProvider"])
        self.feed = {self.session.get_inputs()[0].name: values}

    def run(self):
        return self.session.run(None, self.feed)[0]


def timed(engine):
    time.sleep(PAUSE_S)
    start = time.perf_counter()
    engine.run()
    return (time.perf_counter() - start) * 1e3


def summary(times):
    ordered = sorted(times)
    quarter = len(ordered) // 4
    return {"median_ms": round(statistics.median(ordered), 2),
            "quartiles_ms": [round(ordered[quarter], 2), round(ordered[-1 - quarter], 2)],
            "lowest_ms": round(ordered[0], 2)}


def compare(name, files, threads, runs, library):
    model, reference, values = files
    theirs = Theirs(reference, threads, values)
    ours = Ours(library, model, threads, values)
    difference = float(np.abs(ours.run().ravel() - theirs.run().ravel()).max())
    samples = {"clearcut": [], "onnxruntime": []}
    for _ in range(runs):
        samples["clearcut"].append(timed(ours))
        samples["onnxruntime"].append(timed(theirs))
    ours.close()
    row = {"network": name, "threads": threads, "runs": runs, "largest_difference": difference,
           **{engine: summary(times) for engine, times in samples.items()}}
    row["ratio"] = round(row["onnxruntime"]["median_ms"] / row["clearcut"]["median_ms"], 2)
    return row


def make_files(name, shared, folder):
    if name == "isnet":
        model = shared / "models" / "isnet-general-use-fp16.onnx"
        reference = folder / "isnet.onnx"
        models_parity.widen(model, reference)
        return model, reference, models_parity.picture(1024)
    if name == "page":
        model = ROOT / "assets" / "page-model.onnx"
        return model, model, models_parity.picture(256)
    model = folder / f"{name}.onnx"
    subprocess.run([sys.executable, shared / "tools" / "make_models.py", "--model", name, "--out",
                    model], check=True, stdout=subprocess.DEVNULL)
    return model, model, models_parity.picture(320)


def processor_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def print_row(row):
    ours, theirs = row["clearcut"], row["onnxruntime"]
    print(f"{row['network']:<12} {row['threads']:>2}  {ours['median_ms']:>9.1f} "
          f"({ours['quartiles_ms'][0]:.1f}-{ours['quartiles_ms'][1]:.1f})  "
          f"{theirs['median_ms']:>9.1f} "
          f"({theirs['quartiles_ms'][0]:.1f}-{theirs['quartiles_ms'][1]:.1f})  "
          f"{row['ratio']:>5.2f}x  {row['largest_difference']:.0e}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--library", type=pathlib.Path, default=ROOT / "build" / "libclearcut.so")
    parser.add_argument("--shared", type=pathlib.Path, default=ROOT.parent / "shared")
    parser.add_argument("--networks", nargs="+", 
                        default=["u2net", "u2netp", "u2net-half", "isnet", "page"])
    parser.add_argument("--threads", nargs="+", type=int, default=[2, 1])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--cpu", help="lower clearcut's level: avx512, avx2, sse4, scalar")
    arguments = parser.parse_args()
    if arguments.cpu:
        os.environ["CLEARCUT_CPU"] = arguments.cpu
    library = ctypes.CDLL(str(arguments.library))
    rows = []
    print("network  threads  clearcut ms (quartiles)  onnxruntime ms (quartiles)  ratio  difference")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.networks:
            files = make_files(name, arguments.shared, pathlib.Path(folder))
            for threads in arguments.threads:
                rows.append(compare(name, files, threads, arguments.runs, library))
                print_row(rows[-1])
    now = datetime.datetime.now()
    result = {"date": now.isoformat(timespec="seconds"), "processor": processor_name(),
              "processors": len(os.sched_getaffinity(0)), "load_average": os.getloadavg(),
              "onnxruntime": onnxruntime.__version__, "cpu_option": arguments.cpu, "rows": rows}
    target = ROOT / "bench" / "results" / f"cpu-onnxruntime-{now:%Y%m%d-%H%M%S}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written to {target}")


if __name__ == "__main__":
    main()
