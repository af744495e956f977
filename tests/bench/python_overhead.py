#!/usr/bin/python3
"""Sets training steps of the Python package beside the same steps of one call
of C, in turn, in processor time:

    PYTHONPATH=build/tests/python python3 tests/bench/python_overhead.py
"""

import statistics
import time

import numpy as np

import cnn
from cnn import _structs
from cnn._library import lib

ROUNDS, IMAGES = 60, 600


def network():
    return cnn.Net([
        cnn.Conv2D(6, 5, padding="same"), cnn.ReLU(), cnn.MaxPool2D(2),
        cnn.Conv2D(16, 5, padding="same"), cnn.ReLU(), cnn.MaxPool2D(2),
        cnn.Dense(120), cnn.ReLU(), cnn.Dense(10), cnn.Softmax()])


def seconds(call):
    start = time.process_time()
    call()
    return time.process_time() - start


def main():
    rng = np.random.default_rng(1)
    data = cnn.Dataset(
        rng.integers(0, 256, (2000, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, 2000, dtype=np.int32))
    for batch in 20, 100, 200, 1000:
        net = network().build(data.shape, batch)
        trainer = cnn.Trainer(net, cnn.SGD(1e-4), data)
        steps = max(1, IMAGES // batch)
        nothing = _structs.CALLBACK()
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(seconds(lambda: trainer.run(
                steps, callback=lambda progress: None)))
            theirs.append(seconds(lambda: lib.cnn_trainer_run(
                trainer._p, steps, nothing, None)))
        print(f"batch {batch:4}: {1e3 * min(theirs) / steps:7.2f} ms a step "
              f"in C; Python takes "
              f"{statistics.median(ours) / statistics.median(theirs):.3f} "
              f"times that by medians, {min(ours) / min(theirs):.3f} by "
              "minima", flush=True)


if __name__ == "__main__":
    main()
