#!/usr/bin/env python3
"""Wall and processor time and resident memory of a short command.

    bench/startup.py build/clearcut --help
    bench/startup.py --runs 9 build/clearcut scan --json -o /tmp/out.png photo.jpg
"""

import argparse
import os
import statistics
import time


def run_once(command):
    """Wall ms, processor ms, peak resident MB of one process."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    started = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - started
    if status != 0:
        raise SystemExit(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return wall * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=41)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    samples = [run_once(args.command) for _ in range(args.runs)]
    walls = sorted(sample[0] for sample in samples)
    quarter = len(walls) // 4
    print(
        f"{' '.join(args.command)}: wall median {statistics.median(walls):.1f} ms "
        f"(quartiles {walls[quarter]:.1f}-{walls[-1 - quarter]:.1f}), "
        f"processor {statistics.median(s[1] for s in samples):.1f} ms, "
        f"peak {max(s[2] for s in samples):.1f} MB, {args.runs} runs"
    )


if __name__ == "__main__":
    main()
