#!/usr/bin/python3
"""Sets single convolutions of libcnn beside PyTorch's, on one thread:

    python3 layers_against_torch.py BENCH --layers resnet vgg mobilenet lenet

First the sums of squares of all outputs and gradients must agree: the work is the
same. Then both run in turn, each in a process of its own (alternate.py), and the
least times of all rounds, the ratios and libcnn's share of the peak of its sgemm are
printed, with the kernels in use. In the regime `equal` both are held to AVX2.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import alternate

FAMILIES = "resnet", "vgg", "mobilenet", "lenet"
HELD = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2",
        "CNN_KERNELS": "avx2", "OPENBLAS_CORETYPE": "Haswell"}
TOLERANCE = 1e-4  # of a sum of squares
SAMPLE = 1e-3     # seconds; as in times.c


def elements(shape, seed):
    """conv_element() of layers_of.h."""
    i = np.arange(np.prod(shape), dtype=np.uint32)
    bits = (i * np.uint32(16) + np.uint32(seed)) * np.uint32(2654435761)
    values = (bits >> np.uint32(16)) / 65536 - 0.5
    return values.astype(np.float32).reshape(shape)


def least(call, samples):
    call()
    start = time.perf_counter()
    call()
    calls = min(1000, int(SAMPLE / (time.perf_counter() - start)) + 1)
    best = float("inf")
    for _ in range(samples):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        best = min(best, (time.perf_counter() - start) / calls)
    return 1e3 * best


def torch_row(row, samples):
    """What PyTorch makes of a row of bench --layers-of."""
    import torch

    c, f, (kh, kw) = row["channels"], row["filters"], row["kernel"]
    x, w = (torch.from_numpy(elements(shape, seed)) for shape, seed in (
        ((row["batch"], c, row["side"], row["side"]), 1),
        ((f, c // row["groups"], kh, kw), 2)))
    x.requires_grad_(not row["stem"])
    w.requires_grad_()
    b = torch.zeros(f, requires_grad=True)

    def forward():
        return torch.nn.functional.conv2d(
            x, w, b, stride=row["stride"], padding=((kh - 1) // 2, (kw - 1) // 2),
            groups=row["groups"])

    def predict():
        with torch.no_grad():
            return forward()
    dy = torch.from_numpy(elements(tuple(predict().shape), 3))

    def both():
        x.grad = w.grad = b.grad = None
        forward().backward(dy)
    both()
    squares = [0.0 if t is None else float((t.double() ** 2).sum())
               for t in (predict(), w.grad, x.grad)]
    return {"squares": squares, "forward_ms": least(predict, samples),
            "both_ms": least(both, samples)}


def run_torch(path, samples):
    import torch

    torch.set_num_threads(1)
    with open(path, encoding="utf-8") as f:
        rows = json.load(f)["rows"]
    with open(path + ".torch", "w", encoding="utf-8") as f:
        json.dump([torch_row(row, samples) for row in rows], f)


def run(command, env):
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)


def check(row, other):
    for ours, theirs in zip((row["y"], row["dw"], row["dx"]), other["squares"]):
        if abs(ours - theirs) > TOLERANCE * abs(theirs):
            sys.exit(f"{row}: {ours} is not {theirs}: not the same work")


def measure(args, family, regime, folder):
    """The rows of all rounds, each with the least times of both sides."""
    path = os.path.join(folder, "rows.json")
    env = alternate.environment(regime, HELD)
    best, peak = [], 0.0
    for _ in range(args.rounds):
        run([args.bench, f"--layers-of={family}", f"--rounds={args.samples}",
             f"--json={path}"], env)
        run([sys.executable, __file__, args.bench, "--torch", path,
             "--samples", str(args.samples)], env)
        with open(path, encoding="utf-8") as f:
            record = json.load(f)
        with open(path + ".torch", encoding="utf-8") as f:
            others = json.load(f)
        best = best or [{} for _ in others]
        peak = record["peak_gflops"] = max(peak, record["peak_gflops"])
        for row, other, keep in zip(record["rows"], others, best):
            check(row, other)
            for key in "forward_ms", "both_ms":
                keep[key] = min(row[key], keep.get(key, row[key]))
                keep["torch_" + key] = min(other[key],
                                           keep.get("torch_" + key, other[key]))
    return record, [{**row, **keep} for row, keep in zip(record["rows"], best)]


def print_rows(rows, peak):
    for row in rows:
        ratios, shares = zip(*((row[f"torch_{key}_ms"] / row[f"{key}_ms"],
                                1e3 * row[f"{key}_gflop"] / row[f"{key}_ms"] / peak)
                               for key in ("forward", "both")))
        row["ratios"] = ratios
        print(f"| {row['name']} | {row['batch']} | {row['algorithm']} | "
              f"{ratios[0]:.2f} / {ratios[1]:.2f} | "
              f"{shares[0]:.2f} / {shares[1]:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", help="the program, as it was built")
    parser.add_argument("--layers", nargs="*", default=FAMILIES,
                        help="families, or parts of the names that bench prints")
    parser.add_argument("--regimes", nargs="*", default=["equal", "shipped"],
                        choices=["equal", "shipped"])
    parser.add_argument("--rounds", type=int, default=3,
                        help="of both programs in turn [3]")
    parser.add_argument("--samples", type=int, default=7,
                        help="of each time in a round [7]")
    parser.add_argument("--torch", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.torch:
        run_torch(args.torch, args.samples)
        return
    for regime in args.regimes:
        all_rows = []
        for family in args.layers:
            with tempfile.TemporaryDirectory() as folder:
                record, rows = measure(args, family, regime, folder)
            build = record["build"]
            print(f"\n{family}, {regime}: {build['blas_core']}, "
                  f"{build['kernels']}, sgemm {record['peak_gflops']:.0f} GFLOP/s\n")
            print("| shape | batch | by | PyTorch's time over libcnn's, forward / "
                  "both ways | share of the peak |\n|---|---|---|---|---|")
            print_rows(rows, record["peak_gflops"])
            all_rows += rows
        for i, what in enumerate(("forward", "both ways")):
            ratios = sorted(row["ratios"][i] for row in all_rows)
            print(f"{regime}, {what}: least {ratios[0]:.2f}, median "
                  f"{statistics.median(ratios):.2f}, {sum(r < 1.1 for r in ratios)} "
                  f"of {len(ratios)} below 1.1")


if __name__ == "__main__":
    main()
