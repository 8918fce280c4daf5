"""Processor time of `scan --corners-only` on one core, for one or several programs in turn.

usage: python time_corners.py PROGRAM [PROGRAM ...] -- PHOTO [PHOTO ...] [--rounds 15]

User and system time of the whole process, start and model included, as the kernel counts it; least and
median of the rounds in milliseconds, as JSON. Programs take turns, so that a busy machine slows all alike.
Photos of 12 and of 1 megapixel are what the bars of docs/accuracy.md speak of."""
import json
import os
import resource
import statistics
import subprocess
import sys


def processor_ms(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main():
    words = sys.argv[1:]
    if '--' not in words:
        sys.exit(__doc__)
    rounds = int(words[words.index('--rounds') + 1]) if '--rounds' in words else 15
    if '--rounds' in words:
        del words[words.index('--rounds'):words.index('--rounds') + 2]
    programs, photos = words[:words.index('--')], words[words.index('--') + 1:]
    if hasattr(os, 'sched_setaffinity'):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    results = []
    for photo in photos:
        times = {program: [] for program in programs}
        for _ in range(rounds):
            for program in programs:
                command = [program, 'scan', '--corners-only', '--json', '--threads', '1', photo]
                times[program].append(processor_ms(command))
        results += [{'program': p, 'photo': os.path.basename(photo), 'least_ms': round(min(t), 1),
                     'median_ms': round(statistics.median(t), 1)} for p, t in times.items()]
    json.dump(results, sys.stdout, indent=1)
    print()


if __name__ == '__main__':
    main()
