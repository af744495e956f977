"""What the tests of the Python package share."""

import os
import pathlib
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "python"
if str(PACKAGE) not in sys.path:
    sys.path.insert(0, str(PACKAGE))

import cnn  # noqa: E402  (found by the line above)

SIDE = 16


def bars(count, seed=0, side=SIDE):
    """Images (count, side, side) of noise with a bar whose height and place
    belong to the label, and the labels."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 80, (count, side, side), dtype=np.uint8)
    labels = np.arange(count, dtype=np.int32) % 10
    for image, label in zip(images, labels):
        image[1 + label:4 + label, 1 + label // 2:9 + label // 2] = 220
    return images, labels


def write_idx(folder, part, images, labels):
    """Two IDX files under the names of MNIST; returns their paths."""
    folder = pathlib.Path(folder)
    paths = []
    for kind, array in ("images", images), ("labels", labels):
        head = bytes([0, 0, 8, array.ndim])
        head += b"".join(n.to_bytes(4, "big") for n in array.shape)
        path = folder / f"{part}-{kind}-idx{array.ndim}-ubyte"
        path.write_bytes(head + array.astype(np.uint8).tobytes())
        paths.append(path)
    return paths


def small_net(**settings):
    """A convolution and a dense layer, for images of bars()."""
    return cnn.Net([
        cnn.Conv2D(4, 3), cnn.ReLU(), cnn.MaxPool2D(2),
        cnn.Dense(10), cnn.Softmax(),
    ], **settings)


def run_python(code, *arguments, library=None, path=PACKAGE, **settings):
    """Runs code in a process of its own, from another folder."""
    environment = {**os.environ, "PYTHONPATH": str(path)}
    environment["LIBCNN_LIBRARY"] = cnn.lib_path if library is None else (
        str(library))
    if library == "":
        del environment["LIBCNN_LIBRARY"]
    environment.update(settings.pop("env", {}))
    return subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", code,
         *map(str, arguments)],
        env=environment, cwd="/", capture_output=True, text=True, timeout=60,
        check=False, **settings)
