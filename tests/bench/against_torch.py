#!/usr/bin/python3
"""Sets training steps of libcnn beside PyTorch's: python3 against_torch.py BENCH_STEP

First both train the same network from the same parameters on the same batches,
and the losses of the first 50 steps must agree: the work is the same. Then both
run in turn, A B A B, in processes of their own, and the medians over the rounds
and their ratio are printed, with the kernels in use. Two regimes:

  equal    as the environment is, PyTorch's oneDNN held to AVX2
  shipped  OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE unset, nothing held
"""
import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np

BATCH = 200
NETWORKS = {  # filters, units, activation, learning rate
    "relu": ([6, 16], 120, "relu", 1e-5),
    "sigmoid": ([6, 16, 120], 80, "sigmoid", 1e-4),
    "wide": ([32, 64], 1024, "relu", 1e-6),
}


def write_data(folder, count):
    """Random images and labels, as IDX files."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    labels = rng.integers(0, 10, count, dtype=np.uint8)
    with open(os.path.join(folder, "images"), "wb") as f:
        f.write(struct.pack(">IIII", 0x803, count, 28, 28) + images.tobytes())
    with open(os.path.join(folder, "labels"), "wb") as f:
        f.write(struct.pack(">II", 0x801, count) + labels.tobytes())


def read_idx(path, header):
    with open(path, "rb") as f:
        return np.frombuffer(f.read()[header:], dtype=np.uint8)


def read_model(path):
    """The tensors of a model file, by name."""
    with open(path, "rb") as f:
        data = f.read()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            a, b = (8 + size + offset for offset in entry["data_offsets"])
            array = np.frombuffer(data[a:b], dtype="<f4")
            tensors[name] = array.reshape(entry["shape"])
    return tensors


def torch_network(name):
    import torch
    from torch import nn
    filters, units, activation, _ = NETWORKS[name]
    act = nn.ReLU if activation == "relu" else nn.Sigmoid
    layers, channels, side = [], 1, 28
    for i, f in enumerate(filters):
        layers += [nn.Conv2d(channels, f, 5, padding=2), act()]
        if i < 2:
            layers.append(nn.MaxPool2d(2))
            side //= 2
        channels = f
    layers += [nn.Flatten(), nn.Linear(channels * side * side, units), act(),
               nn.Linear(units, 10)]
    return nn.Sequential(*layers)


def load_parameters(net, tensors):
    import torch
    with torch.no_grad():
        for parameter, array in zip(net.parameters(), tensors.values()):
            parameter.copy_(torch.from_numpy(array.copy()))


def run_torch(name, threads, steps, folder):
    """The counterpart of bench_step; prints the same JSON."""
    import resource
    import torch
    torch.set_num_threads(threads)
    x = read_idx(os.path.join(folder, "images"), 16).astype(np.float32) / 255
    x = torch.from_numpy(x.reshape(-1, 1, 28, 28))
    y = torch.from_numpy(read_idx(os.path.join(folder, "labels"), 8).astype(np.int64))
    net = torch_network(name)
    load_parameters(net, read_model(os.path.join(folder, name)))
    optimizer = torch.optim.SGD(net.parameters(), lr=NETWORKS[name][3])
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
                      "step_ms": {"min": min(times), "median": statistics.median(times)}}))


def environment(regime):
    env = dict(os.environ)
    if regime == "shipped":
        env.pop("OPENBLAS_CORETYPE", None)
        env.pop("OPENBLAS_L2_SIZE", None)
    else:
        env["ONEDNN_MAX_CPU_ISA"] = "AVX2"
    return env


def run(command, regime):
    done = subprocess.run(command, env=environment(regime), check=True,
                          stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def compare(args, name, threads, regime, folder):
    ours = [args.bench_step, name, str(threads), str(args.steps)] + [
        os.path.join(folder, f) for f in ("images", "labels", name)]
    theirs = [sys.executable, __file__, args.bench_step, "--torch", name,
              str(threads), str(args.steps), folder]
    first, other = run(ours, regime), run(theirs, regime)
    worst = max(abs(a - b) / abs(b) for a, b in zip(first["losses"], other["losses"]))
    if worst > 1e-3:
        sys.exit(f"{name}: the losses differ by {worst:.1e}: not the same work")
    a, b = [], []
    for _ in range(args.rounds):
        a.append(run(ours, regime)["step_ms"]["median"])
        b.append(run(theirs, regime)["step_ms"]["median"])
    ratio = statistics.median(y / x for x, y in zip(a, b))
    print(f"{name:8} {regime:8} {first['build']['blas_core']:11} threads {threads}  "
          f"libcnn {statistics.median(a):7.2f} ms  PyTorch {statistics.median(b):7.2f} ms  "
          f"ratio {ratio:5.2f}  losses agree to {worst:.0e}  "
          f"resident {first['resident_mb']:.0f} and {other['resident_mb']:.0f} MB",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench_step", help="the program, as it was built")
    parser.add_argument("--torch", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--networks", nargs="*", default=["relu"], choices=NETWORKS)
    parser.add_argument("--threads", nargs="*", type=int, default=[1, 2])
    parser.add_argument("--regimes", nargs="*", default=["equal", "shipped"])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=60)
    args = parser.parse_args()
    if args.torch:
        name, threads, steps, folder = args.torch
        run_torch(name, int(threads), int(steps), folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        write_data(folder, 50 * BATCH)
        for name in args.networks:
            for regime in args.regimes:
                for threads in args.threads:
                    compare(args, name, threads, regime, folder)


if __name__ == "__main__":
    main()
