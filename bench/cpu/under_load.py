#!/usr/bin/env python3
"""What another process costs us: runs with and without a busy loop on one processor.

    bench/cpu/under_load.py --library build/libclearcut.so [--networks page u2net-half]
        [--shared ../shared] [--runs 40]

A busy loop pinned to one of N processors leaves us N - 1/2 of them, since the scheduler
shares that one between two: a run may then take N / (N - 1/2) times as long. Quiet and
loaded runs alternate in blocks, so that other noise troubles both alike. The mean counts,
not the median: what is lost comes in whole time slices of the scheduler. A run that is
shorter than such a slice (some 3 ms) can meet one whole; it loses no more on average.
Printed as well: processor time that an idle network takes, in percent of one processor.
"""

import argparse
import ctypes
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from compare_onnxruntime import ROOT, Ours, make_files

BLOCK = 5


def busy_loop(processor):
    return subprocess.Popen([sys.executable, "-c", "while True: pass"],
                            preexec_fn=lambda: os.sched_setaffinity(0, {processor}))


def block_of_runs(network):
    times = []
    for _ in range(BLOCK):
        start = time.perf_counter()
        network.run()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def compare(network, processors, runs):
    quiet, loaded = [], []
    for _ in range(max(1, runs // BLOCK)):
        quiet += block_of_runs(network)
        other = busy_loop(processors[-1])
        time.sleep(0.2)
        loaded += block_of_runs(network)
        other.kill()
        other.wait()
    return statistics.mean(quiet), statistics.mean(loaded)


def idle_share():
    before = time.process_time()
    time.sleep(1)
    return (time.process_time() - before) * 100


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--library", type=pathlib.Path, default=ROOT / "build" / "libclearcut.so")
    parser.add_argument("--shared", type=pathlib.Path, default=ROOT.parent / "shared")
    parser.add_argument("--networks", nargs="+", default=["page", "u2net-half"])
    parser.add_argument("--runs", type=int, default=40)
    arguments = parser.parse_args()
    library = ctypes.CDLL(str(arguments.library))
    processors = sorted(os.sched_getaffinity(0))
    count = len(processors)
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.networks:
            model, _, values = make_files(name, arguments.shared, pathlib.Path(folder))
            network = Ours(library, model, count, values)
            network.run()
            quiet, loaded = compare(network, processors, arguments.runs)
            print(f"{name:<12} {count} threads: {quiet:.2f} ms, beside a busy loop {loaded:.2f} ms: "
                  f"{loaded / quiet:.2f}x (its share: {count / (count - 0.5):.2f}x); "
                  f"idle {idle_share():.2f} % of a processor", flush=True)
            network.close()


if __name__ == "__main__":
    main()
