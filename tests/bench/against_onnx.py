#!/usr/bin/python3
"""Sets forward passes of libcnn beside ONNX Runtime's:

    python3 against_onnx.py BENCH --library LIBONNXRUNTIME

First both compute the same batch with the same parameters, and the outputs must
agree to 1e-4: so the probabilities, and so their logarithms, as a part of the
largest, for where a network is sure of itself the probabilities alone say little.
Then both run in turn (alternate.py), and the medians over the rounds and the ratios
are printed, with the kernels in use. ONNX Runtime has no switch for the
instruction set: in the regime `equal` it may use AVX-512 while libcnn's BLAS may
not. The library is the one in npm's package onnxruntime-node,

    npm install --ignore-scripts --prefix FOLDER onnxruntime-node@1.30.0

which lies in FOLDER under node_modules/onnxruntime-node/bin/.
"""
import argparse
import json
import os
import statistics
import sys
import time

import numpy as np

import alternate
import onnx_model
import onnx_runtime

TOLERANCE = 1e-4
SAMPLE = 1e-3  # seconds; as in times.c
LEAST = 1e-30  # probabilities below it have no logarithm to compare


def difference(a, b):
    """Of two arrays of probabilities, the larger of the two."""
    logs = [np.log(np.maximum(y.astype(np.float64), LEAST)) for y in (a, b)]
    return float(max(abs(a - b).max(),
                     abs(logs[0] - logs[1]).max() / abs(logs[1]).max()))


def run_onnx(library, name, threads, batch, samples, folder):
    """The other side of bench --beside=predict; prints the same JSON."""
    layers, _ = alternate.read_model(os.path.join(folder, f"{name}.safetensors"))
    model, output = onnx_model.onnx_model(layers, batch)
    path = os.path.join(folder, f"{name}.onnx")
    with open(path, "wb") as f:
        f.write(model)
    session = onnx_runtime.Session(library, path, threads)
    x = np.ascontiguousarray(alternate.read_images(folder)[:batch])
    y = np.zeros((batch, 10), dtype=np.float32)
    once = session.runner(x, y, output)

    def sample(calls):
        start = time.perf_counter()
        for _ in range(calls):
            once()
        return 1e3 * (time.perf_counter() - start) / calls
    sample(1)
    calls = min(1000, int(1e3 * SAMPLE / sample(1)) + 1)
    times = [sample(calls) for _ in range(samples)]
    expected = np.fromfile(os.path.join(folder, f"{name}.outputs"),
                           dtype=np.float32).reshape(y.shape)
    print(json.dumps({"version": session.version,
                      "difference": difference(y, expected),
                      "ms": {"min": min(times),
                             "median": statistics.median(times)}}))


def main():
    parser = alternate.parser_of(__doc__)
    parser.add_argument("--library", required=True,
                        help="libonnxruntime.so.1, or npm's FOLDER")
    parser.add_argument("--batch", nargs="*", type=int, default=[200, 32, 1])
    parser.add_argument("--onnx", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if os.path.isdir(args.library):
        args.library = os.path.join(
            args.library, "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/"
            "libonnxruntime.so.1")
    if args.onnx:
        name, threads, batch, folder = args.onnx
        run_onnx(args.library, name, int(threads), int(batch), args.samples,
                 folder)
        return

    def compare(name, threads, regime, folder):
        for batch in args.batch:
            pair = alternate.Pair(
                alternate.our_command(args, "predict", folder, name, threads, batch),
                [sys.executable, __file__, args.bench, "--library",
                 args.library, "--samples", str(args.samples), "--onnx", name,
                 str(threads), str(batch), folder], regime)
            ours, theirs = pair.once()
            if not theirs["difference"] < TOLERANCE:
                sys.exit(f"{name}: the outputs differ by "
                         f"{theirs['difference']:.1e}: not the same work")
            alternate.print_row(
                pair, (name, regime, threads, batch), ours["build"],
                f"ONNX Runtime {theirs['version']}", args.rounds,
                f"outputs agree to {theirs['difference']:.0e}")

    alternate.each(args, compare)


if __name__ == "__main__":
    main()
