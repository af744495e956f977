"""Trains LeNet-5 with ReLU on MNIST, tests it, and saves it.

    python3 -m cnn.examples.lenet5 --data FOLDER

The folder has the four IDX files, raw or gzip-compressed; the environment
variable CNN_DATA_DIR may name it.
"""

from __future__ import annotations

import argparse
import os
import pathlib

import cnn


def network() -> cnn.Net:
    """97,982 parameters."""
    return cnn.Net([
        cnn.Conv2D(6, 5, padding="same", weight_init="he_normal"),
        cnn.ReLU(),
        cnn.MaxPool2D(2),
        cnn.Conv2D(16, 5, padding="same", weight_init="he_normal"),
        cnn.ReLU(),
        cnn.MaxPool2D(2),
        cnn.Dense(120, weight_init="he_normal"),
        cnn.ReLU(),
        cnn.Dense(10, weight_init="he_normal"),
        cnn.Softmax(),
    ])


def read(folder: str, part: str) -> cnn.Dataset:
    """The images of "train" or "t10k", whatever the exact names."""
    paths = []
    for kind in "images?idx3", "labels?idx1":
        found = sorted(pathlib.Path(folder).glob(f"{part}-{kind}-ubyte*"))
        if not found:
            raise SystemExit(f"lenet5: no {part}-{kind}-ubyte in {folder}")
        paths.append(found[0])
    return cnn.Dataset.load(*paths)


def main() -> None:
    """Runs the program with the arguments of the command line."""
    parser = argparse.ArgumentParser(
        prog="lenet5", description="Trains LeNet-5 to read digits."
    )
    add = parser.add_argument
    folder = os.environ.get("CNN_DATA_DIR")
    add("--data", default=folder, required=not folder, help="folder")
    add("--epochs", type=float, default=3)
    add("--seed", type=int, default=1)
    add("--threads", type=int, default=0, help="0: one per core")
    add("--model", help="file to save the network in")
    args = parser.parse_args()

    cnn.set_num_threads(args.threads)
    train, test = read(args.data, "train"), read(args.data, "t10k")
    net = network()
    net.fit(
        train,
        optimizer=cnn.AdamW(4e-3),
        schedule=cnn.Cosine(),
        epochs=args.epochs,
        validation_data=test,
        seed=args.seed,
    )
    print(net.summary(), end="")
    print(f"test accuracy {net.evaluate(test).accuracy:.4f}")
    if args.model:
        net.save(args.model)


if __name__ == "__main__":
    main()
