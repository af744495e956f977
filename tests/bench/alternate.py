"""What the comparisons with other programs share: images, libcnn's model files,
and two programs that run in turn.

Both sides are processes of their own, A B A B, so that neither has the other's
threads or caches beside it and both see the same disturbances. Each prints one
JSON object; `ms` in it are the times of a call. Two regimes:

  equal    as the environment is, usually OPENBLAS_CORETYPE=Haswell; what the
           other program has to be held to AVX2 with is set
  shipped  OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE unset, nothing held
"""
import argparse
import json
import os
import statistics
import struct
import subprocess
import tempfile

import numpy as np

IMAGES = 10000
NETWORKS = "relu", "sigmoid", "wide"
ACTIVATIONS = "relu", "sigmoid", "tanh"  # by their number in model files


# ------------------------------------------------------------------- files

def write_data(folder):
    """Random images and labels, as IDX files."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (IMAGES, 28, 28), dtype=np.uint8)
    labels = rng.integers(0, 10, IMAGES, dtype=np.uint8)
    with open(os.path.join(folder, "images"), "wb") as f:
        f.write(struct.pack(">IIII", 0x803, IMAGES, 28, 28) + images.tobytes())
    with open(os.path.join(folder, "labels"), "wb") as f:
        f.write(struct.pack(">II", 0x801, IMAGES) + labels.tobytes())


def read_images(folder):
    """(N, 1, 28, 28) floats from 0 to 1."""
    with open(os.path.join(folder, "images"), "rb") as f:
        pixels = np.frombuffer(f.read()[16:], dtype=np.uint8)
    return (pixels.astype(np.float32) / 255).reshape(-1, 1, 28, 28)


def read_labels(folder):
    with open(os.path.join(folder, "labels"), "rb") as f:
        return np.frombuffer(f.read()[8:], dtype=np.uint8)


def read_model(path):
    """Layers, each with its settings and tensors, and the metadata."""
    with open(path, "rb") as f:
        data = f.read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__")
    layers = json.loads(metadata["architecture"])["layers"]
    for name, entry in header.items():
        if entry["dtype"] == "F32":
            a, b = (8 + size + offset for offset in entry["data_offsets"])
            index, part = name.split(".")
            layers[int(index)][part] = np.frombuffer(
                data[a:b], dtype="<f4").reshape(entry["shape"])
    return layers, metadata


# ----------------------------------------------------------------- running

def environment(regime, held):
    env = dict(os.environ)
    if regime == "shipped":
        env.pop("OPENBLAS_CORETYPE", None)
        env.pop("OPENBLAS_L2_SIZE", None)
    else:
        env.update(held)
    return env


class Pair:
    """libcnn's program and another in one regime. `held` are the variables that
    make the other one equal."""

    def __init__(self, ours, theirs, regime, held=()):
        self.ours, self.theirs = ours, theirs
        self.env = environment(regime, dict(held))

    def run(self, command):
        done = subprocess.run(command, env=self.env, check=True,
                              stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)

    def once(self):
        """What each prints, to see that they do the same."""
        return self.run(self.ours), self.run(self.theirs)

    def alternate(self, rounds):
        """The times of each round, of both, in milliseconds."""
        return [[times["ms"] for times in self.once()] for _ in range(rounds)]


def our_command(args, mode, folder, name, threads, batch):
    """The command that is libcnn's side."""
    return [args.bench, f"--beside={mode}", f"--networks={name}",
            f"--threads={threads}", f"--batch={batch}",
            f"--rounds={args.samples}", folder]


def parser_of(doc):
    """What both scripts understand."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", help="the program, as it was built")
    parser.add_argument("--networks", nargs="*", default=["relu"],
                        choices=NETWORKS)
    parser.add_argument("--threads", nargs="*", type=int, default=[1, 2])
    parser.add_argument("--regimes", nargs="*", default=["equal", "shipped"],
                        choices=["equal", "shipped"])
    parser.add_argument("--rounds", type=int, default=15,
                        help="of both programs in turn [15]")
    parser.add_argument("--samples", type=int, default=60,
                        help="calls that a round times [60]")
    return parser


def each(args, compare):
    """compare(name, threads, regime, folder) for all that was asked for."""
    with tempfile.TemporaryDirectory() as folder:
        write_data(folder)
        for name in args.networks:
            for regime in args.regimes:
                for threads in args.threads:
                    compare(name, threads, regime, folder)


def print_row(pair, case, build, peer, rounds, proof):
    """Runs both in turn and prints a line: medians over the rounds, how many
    times faster libcnn is by them, and by the least times of all rounds, which
    a busy machine disturbs less."""
    name, regime, threads, batch = case
    both = list(zip(*pair.alternate(rounds)))
    a, b = (statistics.median(t["median"] for t in side) for side in both)
    ratio = statistics.median(y["median"] / x["median"] for x, y in zip(*both))
    x, y = (min(t["min"] for t in side) for side in both)
    print(f"{name:8} {regime:8} {build['blas_core']:11} {build['kernels']:8} "
          f"threads {threads}  batch {batch:3}  libcnn {a:8.3f} ms  "
          f"{peer} {b:8.3f} ms  ratio {ratio:5.2f}, of the least {y / x:5.2f}  "
          f"{proof}", flush=True)
