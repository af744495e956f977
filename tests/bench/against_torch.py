#!/usr/bin/python3
"""Sets training steps of libcnn beside PyTorch's: python3 against_torch.py BENCH

First both train the same network from the same parameters on the same batches,
and the losses of the first 50 steps must agree: the work is the same. Then both
run in turn (alternate.py), and the medians over the rounds and the ratios are
printed, with the kernels in use. In the regime `equal` oneDNN and libcnn are held to AVX2.
"""
import argparse
import json
import os
import statistics
import sys
import time

import alternate

BATCH = 200
HELD = {"ONEDNN_MAX_CPU_ISA": "AVX2", "CNN_KERNELS": "avx2"}
TOLERANCE = 1e-3


def torch_network(layers):
    """The network of a model file."""
    import torch
    from torch import nn

    modules = []
    for layer in layers:
        kind = layer["kind"]
        if kind == "conv2d":
            weight = torch.from_numpy(layer["weight"].copy())
            filters, channels, kernel, _ = weight.shape
            module = nn.Conv2d(channels, filters, kernel, padding=kernel // 2)
        elif kind == "dense":
            weight = torch.from_numpy(layer["weight"].copy())
            module = nn.Linear(weight.shape[1], weight.shape[0])
            if not any(isinstance(m, nn.Flatten) for m in modules):
                modules.append(nn.Flatten())
        elif kind == "maxpool2d":
            module = nn.MaxPool2d(layer["window_h"])
        elif kind == "activation":
            module = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}[
                alternate.ACTIVATIONS[layer["function"]]]()
        else:
            break  # the softmax belongs to the loss
        if "weight" in layer:
            with torch.no_grad():
                module.weight.copy_(weight)
                module.bias.copy_(torch.from_numpy(layer["bias"].copy()))
        modules.append(module)
    return nn.Sequential(*modules)


def run_torch(name, threads, steps, folder):
    """The other side of bench --beside=train; prints the same JSON."""
    import numpy as np
    import resource
    import torch

    torch.set_num_threads(threads)
    x = torch.from_numpy(alternate.read_images(folder))
    y = torch.from_numpy(alternate.read_labels(folder).astype(np.int64))
    layers, metadata = alternate.read_model(
        os.path.join(folder, f"{name}.safetensors"))
    net = torch_network(layers)
    optimizer = torch.optim.SGD(net.parameters(), lr=float(metadata["lr"]))
    loss_of = torch.nn.CrossEntropyLoss(reduction="sum")
    losses, times = [], []
    for step in range(steps):
        at = step * BATCH % len(x)
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = loss_of(net(x[at:at + BATCH]), y[at:at + BATCH])
        loss.backward()
        optimizer.step()
        times.append(1e3 * (time.perf_counter() - start))
        if step < 50:
            losses.append(loss.item())
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"losses": losses, "resident_mb": resident,
                      "ms": {"min": min(times),
                             "median": statistics.median(times)}}))


def main():
    parser = alternate.parser_of(__doc__)
    parser.add_argument("--torch", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.torch:
        name, threads, steps, folder = args.torch
        run_torch(name, int(threads), int(steps), folder)
        return

    def compare(name, threads, regime, folder):
        pair = alternate.Pair(
            alternate.our_command(args, "train", folder, name, threads, BATCH),
            [sys.executable, __file__, args.bench, "--torch", name,
             str(threads), str(args.samples), folder], regime, HELD)
        ours, theirs = pair.once()
        worst = max(abs(a - b) / abs(b)
                    for a, b in zip(ours["losses"], theirs["losses"]))
        if worst > TOLERANCE:
            sys.exit(f"{name}: the losses differ by {worst:.1e}: "
                     "not the same work")
        alternate.print_row(
            pair, (name, regime, threads, BATCH), ours["build"], "PyTorch",
            args.rounds, f"losses agree to {worst:.0e}  resident "
            f"{ours['resident_mb']:.0f} and {theirs['resident_mb']:.0f} MB")

    alternate.each(args, compare)


if __name__ == "__main__":
    main()
