#!/usr/bin/env python3
"""clearcut's engine beside ONNX Runtime: same network, same input, one process.

    bench/cpu/compare_onnxruntime.py --library build/libclearcut.so --shared ../shared \
        [--threads 2 1] [--runs 15] [--networks u2net u2netp u2net-half isnet page] [--cpu avx2]
        [--precisions bf16 int8] [--pictures FOLDER] [--start PROGRAM]
        [--levels avx512 avx2 sse4 scalar] [--output FILE]

Runs alternate (one of each, then again) with a pause before each, so that a noisy
machine troubles both alike and no idle pool of one spins while the other works.
Reported: median and quartiles of each, their ratio, and the largest difference of
the first output. The real IS-Net file is float16: ONNX Runtime gets a copy widened
to float32, which is faster there. Results go to bench/results/ as JSON with machine
and date. Both sides use all their optimisations; --cpu lowers ours (CLEARCUT_CPU).

--precisions: our fp32 beside our bf16 and int8, runs alternating: the ratio, and how
far first outputs are apart (largest; mean in 255ths, which is the change of a mask),
on --pictures (default: the shared pages; 8 of them) through the real IS-Net, on the
made input through the others. int8 has settled its ranges before it is measured.
--levels (with --start): the same network with our kernels held to each of these levels,
beside the times of ONNX Runtime above, which has no setting to hold it to less than the
machine offers (its kernels ask the processor): below avx512 the ratio is against a
stronger opponent. `scalar` is our own blocked path in plain C. Also what --low-memory
saves and costs.
--start: time from the start of the program to its end, with one picture of numbers
(`clearcut infer`), file cache warm, and its peak memory; median of 7.
On a busy machine as root: `chrt -r 10 bench/cpu/compare_onnxruntime.py ...` takes
turns with nobody; the figures then agree with those of a quiet one.
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
import PIL.Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "oracle"))
import models_parity  # noqa: E402  (the same models and inputs as the parity test)

# ONNX Runtime's idle workers spin for some 30 ms after a run (process time grew by 29 ms
# in a pause of 50 ms and more); in a shorter pause they would compete with us.
PAUSE_S = 0.06
PRECISIONS = ("fp32", "bf16", "int8")
CALIBRATION_RUNS = 4  # CC_CALIBRATION_RUNS of convolution.h
START_RUNS = 7
MESSAGE_OFFSET = ctypes.sizeof(ctypes.c_int)


class Options(ctypes.Structure):
    """clearcut_network_options of clearcut.h."""

    _fields_ = [
        ("size", ctypes.c_size_t), ("device", ctypes.c_char_p), ("threads", ctypes.c_int),
        ("precision", ctypes.c_int), ("input_rank", ctypes.c_int),
        ("input_shape", ctypes.c_int64 * 8), ("reference_only", ctypes.c_bool),
        ("allow_external_data", ctypes.c_bool), ("cancel", ctypes.c_void_p),
        ("wanted_outputs", ctypes.c_int), ("low_memory", ctypes.c_bool),
        ("calibration", ctypes.c_char_p), ("calibrate", ctypes.c_bool),
        ("later", ctypes.c_uint8 * 256),  # room for what the library may know besides
    ]


class TensorInfo(ctypes.Structure):
    """clearcut_tensor_info of clearcut.h."""

    _fields_ = [
        ("name", ctypes.c_char_p), ("type", ctypes.c_char_p), ("rank", ctypes.c_int),
        ("shape", ctypes.c_int64 * 8), ("elements", ctypes.c_int64), ("bytes", ctypes.c_size_t),
    ]


class Ours:
    def __init__(self, library, model, threads, values, precision="fp32"):
        self.library = library
        self.values = np.ascontiguousarray(values)
        self.network = ctypes.c_void_p()
        self.error = ctypes.create_string_buffer(4096)
        options = Options()
        library.clearcut_network_options_init(ctypes.byref(options))
        options.threads = threads
        options.precision = PRECISIONS.index(precision)
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


def pictures_for(name, files, folder):
    """What the precisions are compared on: photos for the real network."""
    if name != "isnet":
        return [files[2]]
    paths = sorted(p for p in folder.iterdir() if p.suffix in (".jpg", ".png"))[:8]
    return [isnet_input(path) for path in paths]


def isnet_input(path):
    """As rembg prepares a picture: 1024 x 1024, divided by its maximum, minus a half."""
    image = PIL.Image.open(path).convert("RGB").resize((1024, 1024), PIL.Image.LANCZOS)
    values = np.asarray(image, np.float32)
    values = values / max(values.max(), 1e-6) - 0.5
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def outputs_of(engine, pictures):
    results = []
    for values in pictures:
        engine.values[...] = values
        results.append(engine.run().copy())
    return results


def compare_precision(name, precision, files, pictures, threads, runs, library):
    fp32 = Ours(library, files[0], threads, pictures[0].copy())
    other = Ours(library, files[0], threads, pictures[0].copy(), precision)
    for i in range(CALIBRATION_RUNS):
        outputs_of(other, [pictures[i % len(pictures)]])
    pairs = list(zip(outputs_of(fp32, pictures), outputs_of(other, pictures)))
    samples = {"fp32": [], precision: []}
    for _ in range(runs):
        samples["fp32"].append(timed(fp32))
        samples[precision].append(timed(other))
    fp32.close()
    other.close()
    changes = [float(np.abs(a - b).mean()) * 255 for a, b in pairs]
    row = {"network": name, "threads": threads, "precision": precision, "pictures": len(pictures),
           "largest_difference": max(float(np.abs(a - b).max()) for a, b in pairs),
           "mask_change_mean_of_255": round(statistics.mean(changes), 4),
           "mask_change_worst_of_255": round(max(changes), 4),
           **{key: summary(times) for key, times in samples.items()}}
    row["over_fp32"] = round(row["fp32"]["median_ms"] / row[precision]["median_ms"], 2)
    print(f"{name:<12} {threads:>2}  {precision} {row[precision]['median_ms']:.1f} ms, "
          f"{row['over_fp32']:.2f}x over fp32; differs by {row['largest_difference']:.4f} at most, "
          f"mask by {row['mask_change_mean_of_255']:.3f}/255 on average "
          f"(worst picture {row['mask_change_worst_of_255']:.3f})", flush=True)
    return row


def start_program(program, files, folder, threads):
    return subprocess.Popen([program, "infer", files[0], "--in", folder / "values.f32", "--out",
                             folder / "result.f32", "--threads", str(threads)],
                            stdout=subprocess.DEVNULL)


def peak_memory_mb(child):
    """The high-water mark, looked at until the end: what wait4 tells counts the memory of
    this process too, whose copy the child was before it became the program."""
    peak = 0
    while child.poll() is None:
        try:
            status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
        except OSError:
            break
        if f"Name:\t{pathlib.Path(child.args[0]).name[:15]}\n" in status and "VmHWM" in status:
            peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
        time.sleep(0.001)
    child.wait()
    return peak


def measure_start(name, program, files, folder, threads):
    """Wall time of whole processes, and the most memory that others of them held (Linux)."""
    files[2].tofile(folder / "values.f32")
    times = []
    for _ in range(START_RUNS):
        time.sleep(PAUSE_S)
        start = time.perf_counter()
        if start_program(program, files, folder, threads).wait() != 0:
            sys.exit(f"{program} failed on {files[0]}")
        times.append((time.perf_counter() - start) * 1e3)
    peak = max(peak_memory_mb(start_program(program, files, folder, threads)) for _ in range(3))
    row = {"network": name, "threads": threads, "start_to_result": summary(times),
           "peak_memory_mb": round(peak, 1)}
    print(f"{name:<12} {threads:>2}  start to result {row['start_to_result']['median_ms']:.0f} ms, "
          f"peak memory {row['peak_memory_mb']:.0f} MB", flush=True)
    return row


def level_ms(program, files, folder, threads, level, runs, options):
    environment = {**os.environ, "CLEARCUT_CPU": level}
    output = subprocess.run([program, "infer", files[0], "--in", folder / "values.f32", "--out",
                             folder / "result.f32", "--threads", str(threads), "--repeat",
                             str(runs), "--json", *options], env=environment, check=True,
                            stdout=subprocess.PIPE).stdout
    result = json.loads(output)
    return {"engine": result["device"]["engine"], **result["repeat"],
            "memory_mb": round(result["device"]["memory_bytes"] / 2 ** 20, 1)}


def measure_levels(name, program, files, folder, threads, levels, theirs):
    """Every level of ours in a process of its own; `scalar` is our own path in plain C."""
    files[2].tofile(folder / "values.f32")
    rows = {}
    for level in levels:
        runs = 1 if level == "scalar" else START_RUNS
        rows[level] = level_ms(program, files, folder, threads, level, runs, [])
        if level != "scalar":
            low = level_ms(program, files, folder, threads, level, runs, ["--low-memory"])
            rows[level]["low_memory"] = low
    for level, row in rows.items():
        row["over_onnxruntime"] = round(theirs / row["median_ms"], 2)
        text = f"{name:<12} {threads:>2}  {level:<7} {row['median_ms']:8.1f} ms, "
        text += f"{row['over_onnxruntime']:.2f}x over ONNX Runtime, {row['memory_mb']:.0f} MB"
        if "scalar" in rows and level != "scalar":
            row["over_scalar"] = round(rows["scalar"]["median_ms"] / row["median_ms"], 1)
            text += f", {row['over_scalar']:.1f}x over our scalar path"
        if "low_memory" in row:
            text += (f"; --low-memory {row['low_memory']['median_ms']:.1f} ms, "
                     f"{row['low_memory']['memory_mb']:.0f} MB")
        print(text, flush=True)
    return {"network": name, "threads": threads, "levels": rows}


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
    parser.add_argument("--precisions", nargs="*", default=[], choices=PRECISIONS[1:])
    parser.add_argument("--pictures", type=pathlib.Path, help="photos for --precisions")
    parser.add_argument("--start", type=pathlib.Path, help="the program, to time whole runs of")
    parser.add_argument("--levels", nargs="*", default=[],
                        choices=["avx512", "avx2", "sse4", "neon", "scalar"],
                        help="with --start: ours held to each of these as well")
    parser.add_argument("--output", type=pathlib.Path, help="where the JSON goes")
    arguments = parser.parse_args()
    if arguments.cpu:
        os.environ["CLEARCUT_CPU"] = arguments.cpu
    library = ctypes.CDLL(str(arguments.library))
    rows = []
    lower = []
    starts = []
    levels = []
    print("network  threads  clearcut ms (quartiles)  onnxruntime ms (quartiles)  ratio  difference")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.networks:
            files = make_files(name, arguments.shared, pathlib.Path(folder))
            for threads in arguments.threads:
                rows.append(compare(name, files, threads, arguments.runs, library))
                print_row(rows[-1])
                for precision in arguments.precisions:
                    pictures = pictures_for(name, files, arguments.pictures or
                                            arguments.shared / "data" / "pages")
                    lower.append(compare_precision(name, precision, files, pictures, threads,
                                                   arguments.runs, library))
                if arguments.start and arguments.levels:
                    levels.append(measure_levels(name, arguments.start, files,
                                                 pathlib.Path(folder), threads, arguments.levels,
                                                 rows[-1]["onnxruntime"]["median_ms"]))
                if arguments.start:
                    starts.append(measure_start(name, arguments.start, files,
                                                pathlib.Path(folder), threads))
    now = datetime.datetime.now()
    result = {"date": now.isoformat(timespec="seconds"), "processor": processor_name(),
              "processors": len(os.sched_getaffinity(0)), "load_average": os.getloadavg(),
              "onnxruntime": onnxruntime.__version__, "cpu_option": arguments.cpu, "rows": rows,
              "precisions": lower, "starts": starts, "levels": levels}
    target = arguments.output or (ROOT / "bench" / "results" /
                                  f"cpu-onnxruntime-{now:%Y%m%d-%H%M%S}.json")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written to {target}")


if __name__ == "__main__":
    main()
