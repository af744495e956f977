#!/usr/bin/python3
"""How long libcnn and PyTorch train until they read so many test digits:

    PYTHONPATH=build/tests/python /usr/bin/python3 time_to_accuracy.py FOLDER

FOLDER has MNIST's four IDX files. Both train LeNet-5 with ReLU by the same
recipe: the same initial parameters, the same batches of 100 in the same order,
AdamW with a rate of 2e-3 and a decay of 0.01. They run in turn, each in a
process of its own, through their Python packages. The time is that of the
training steps, up to the end of the epoch after which the accuracy is reached.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

BATCH, MOST_EPOCHS = 100, 40


def read(folder, name, header):
    with open(os.path.join(folder, name), "rb") as f:
        return np.frombuffer(f.read()[header:], np.uint8)


def data(folder, part):
    """(N, 1, 28, 28) floats from 0 to 1, and N labels."""
    images = read(folder, f"{part}-images-idx3-ubyte", 16)
    return (images.reshape(-1, 1, 28, 28).astype(np.float32) / 255,
            read(folder, f"{part}-labels-idx1-ubyte", 8).astype(np.int32))


def network(seed):
    import cnn

    net = cnn.Net([
        cnn.Conv2D(6, 5, padding="same"), cnn.ReLU(), cnn.MaxPool2D(2),
        cnn.Conv2D(16, 5, padding="same"), cnn.ReLU(), cnn.MaxPool2D(2),
        cnn.Dense(120), cnn.ReLU(), cnn.Dense(10), cnn.Softmax()])
    return net.build((1, 28, 28), max_batch=BATCH, seed=seed)


def ours(seed, threads):
    import cnn

    cnn.set_num_threads(threads)
    net, optimizer = network(seed), cnn.AdamW(2e-3, weight_decay=0.01)
    return (lambda x, y: net.train_step(optimizer, x, y),
            lambda x: net.predict(x).argmax(1))


def theirs(seed, threads):
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(784, 120), nn.ReLU(), nn.Linear(120, 10))
    state = network(seed).state_dict()
    for own, name in zip(net.parameters(), state):
        own.data = torch.from_numpy(state[name].copy()).reshape(own.shape)
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.01)
    loss_of = nn.CrossEntropyLoss()

    def step(x, y):
        optimizer.zero_grad()
        loss_of(net(torch.from_numpy(x)),
                torch.from_numpy(y).long()).backward()
        optimizer.step()

    def predict(x):
        with torch.no_grad():
            return net(torch.from_numpy(x)).argmax(1).numpy()

    return step, predict


def train(side, args):
    """Prints the seconds, the epochs and the accuracy as JSON."""
    x, y = data(args.folder, "train")
    test_x, test_y = data(args.folder, "t10k")
    step, predict = side(args.seed, args.threads)
    order, seconds = np.random.default_rng(args.seed), 0.0
    for epoch in range(1, MOST_EPOCHS + 1):
        permutation = order.permutation(len(x))
        start = time.perf_counter()
        for i in range(0, len(x), BATCH):
            some = permutation[i:i + BATCH]
            step(x[some], y[some])
        seconds += time.perf_counter() - start
        accuracy = float((predict(test_x) == test_y).mean())
        if accuracy >= args.accuracy:
            break
    print(json.dumps([seconds, epoch, accuracy]))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="with MNIST")
    parser.add_argument("--accuracy", type=float, default=0.99, help="[0.99]")
    parser.add_argument("--threads", type=int, default=1, help="[1]")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3],
                        help="[1 2 3]")
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--side", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        train({"libcnn": ours, "PyTorch": theirs}[args.side], args)
        return
    ratios = []
    for seed in args.seeds:
        times = []
        for side in "libcnn", "PyTorch":
            done = subprocess.run(
                [sys.executable, __file__, args.folder, "--side", side,
                 f"--accuracy={args.accuracy}", f"--threads={args.threads}",
                 f"--seed={seed}"], check=True, stdout=subprocess.PIPE)
            seconds, epochs, accuracy = json.loads(done.stdout)
            times.append(seconds)
            print(f"seed {seed}  {side:7}  {seconds:6.2f} s  {epochs:2} epochs"
                  f"  {accuracy:.4f}", flush=True)
        ratios.append(times[1] / times[0])
    print(f"threads {args.threads}: PyTorch takes "
          f"{statistics.median(ratios):.2f} times as long (median of "
          f"{len(ratios)} seeds)")


if __name__ == "__main__":
    main()
