#!/usr/bin/python3
"""How long a program takes from its start to the end of its first prediction:
loading the libraries, reading a model, one pass.

    python3 first_prediction.py MODEL PROGRAM...

PROGRAM is tests/bench/first.c, and whatever else takes a model. Prints the least
and the median over --rounds runs, in milliseconds, beside those of `true`, which
are a process's own.
"""
import argparse
import statistics
import subprocess
import time


def milliseconds(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return 1e3 * (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("programs", metavar="PROGRAM", nargs="+")
    parser.add_argument("--rounds", type=int, default=50, help="[50]")
    args = parser.parse_args()
    commands = {program: [program, args.model] for program in args.programs}
    commands["true"] = ["true"]
    times = {name: [] for name in commands}
    for _ in range(args.rounds):
        for name, command in commands.items():
            times[name].append(milliseconds(command))
    for name, taken in times.items():
        print(f"{min(taken):5.1f}  {statistics.median(taken):5.1f} ms  {name}")


if __name__ == "__main__":
    main()
