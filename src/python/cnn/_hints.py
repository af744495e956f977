"""What to do instead: the ends of error texts for mistakes that many make."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

_FEW = 16  # images that are looked at

# What other libraries call things.
ELSEWHERE = {
    "Activation": "a layer for each, ReLU(), Tanh(), ...",
    "AdaptiveAvgPool2d": "GlobalAvgPool2D",
    "AvgPool2d": "AvgPool2D",
    "AveragePooling2D": "AvgPool2D",
    "BatchNorm2d": "BatchNorm",
    "BatchNormalization": "BatchNorm",
    "BCEWithLogitsLoss": 'Net(..., loss="binary_cross_entropy")',
    "BinaryCrossentropy": 'Net(..., loss="binary_cross_entropy")',
    "Concatenate": "concat(a, b), of nodes",
    "Conv2d": "Conv2D",
    "ConvTranspose2d": "Conv2DTranspose",
    "CrossEntropyLoss": 'Net(..., loss="softmax_cross_entropy"), the default',
    "DataLoader": "Dataset, which fit() takes; Dataset.batches() for a loop",
    "DepthwiseConv2D": "Conv2D(C, kernel, groups=C), of C channels",
    "GlobalAveragePooling2D": "GlobalAvgPool2D",
    "GlobalMaxPooling2D": "GlobalMaxPool2D",
    "GroupNorm": "LayerNorm(groups=...)",
    "GroupNormalization": "LayerNorm(groups=...)",
    "Hardswish": "HardSwish",
    "InstanceNorm2d": "LayerNorm(groups=C), of C channels",
    "L1Loss": 'Net(..., loss="mae")',
    "Lambda": "a class derived from CustomLayer",
    "LayerNormalization": "LayerNorm",
    "Linear": "Dense",
    "MaxPool2d": "MaxPool2D",
    "MaxPooling2D": "MaxPool2D",
    "Model": "Net",
    "ModelCheckpoint": "BestCheckpoint",
    "Module": "Net, or a class derived from CustomLayer",
    "MSELoss": 'Net(..., loss="mse")',
    "ReLU6": "Clamp(6)",
    "ReduceLROnPlateau": "Plateau, for fit(schedule=...)",
    "Rescaling": "Dataset(images, scale=..., offset=...)",
    "Sequential": "Net",
    "Swish": "SiLU",
    "UpSampling2D": "Upsample2D",
    "Upsample": "Upsample2D",
    "cat": "concat(a, b), of nodes",
    "concatenate": "concat(a, b), of nodes",
    "load_model": "load",
    "save_model": "net.save(path)",
}
NEEDLESS = {
    "Flatten": "Dense reads (C, H, W) as one vector by itself; Reshape(-1) "
               "makes one",
    "ZeroPadding2D": "padding= of the layer that follows does that",
    "sklearn": "import cnn.sklearn, which scikit-learn has to be there for",
    "Unflatten": "Reshape((C, H, W)) does that",
}


def elsewhere(name: str) -> str:
    """The text for a name that the package does not have."""
    text = f"module 'cnn' has no attribute {name!r}"
    if name in ELSEWHERE:
        text += f": here it is {ELSEWHERE[name]}"
    if name in NEEDLESS:
        text += f": {NEEDLESS[name]}"
    return text


def shape(name: str, given: tuple[int, ...], sample: tuple[int, ...]) -> str:
    """For a batch of another shape than samples: one without its first
    dimension, or with the pixels in a row."""
    size = math.prod(sample)
    wide = ", ".join(map(str, sample))
    ones = tuple(n for n in given if n != 1)
    if ones == tuple(n for n in sample if n != 1):
        return f"; one sample is a batch by {name}[None]"
    if len(given) == 1 and given[0] == size:
        return f"; {name}.reshape(1, {wide}) is one sample"
    if len(given) == 2 and given[1] == size:
        return f"; {name}.reshape(-1, {wide}), if these are images in a row"
    return ""


def ragged(name: str, values: Any) -> str:
    """For what is no array: lists of arrays of different shapes."""
    shapes = []
    for value in values:
        found = np.shape(value)
        if found not in shapes:
            shapes.append(found)
    if len(shapes) > 1:
        return (
            f"{name} has samples of different shapes, {shapes[0]} and "
            f"{shapes[1]}: all need the same, by cutting or padding"
        )
    return f"{name} is an array of objects, expected numbers"


def numbers(name: str, array: Any) -> str:
    """For what should be floating-point numbers."""
    if array.dtype == np.uint8:
        return (
            f"; net.prepare({name}) and cnn.Dataset({name}) make "
            f"{name}.astype(np.float32) / 255 of it, and normalise that if "
            "they are told to"
        )
    if array.dtype.kind in "iu":
        return (
            f"; {name}.astype(np.float32), with the scale that the training "
            "data had"
        )
    if array.dtype.kind == "b":
        return f"; {name}.astype(np.float32) makes 0 and 1 of it"
    return ""


def labels(name: str, array: Any) -> str:
    """For what should be (N,) integers."""
    if array.ndim == 2 and array.shape[1] == 1:
        return f"; {name}.ravel() is that"
    if array.ndim == 2 and array.dtype.kind in "iufb":
        return (
            f"; {name}.argmax(1) if they are one-hot; {name}.astype("
            "np.float32) are targets, for several labels at once"
        )
    if array.dtype.kind in "US":
        return (
            "; names are numbered by "
            f"classes, {name} = np.unique({name}, return_inverse=True)"
        )
    if array.dtype.kind == "f":
        return (
            f"; {name}.astype(int) if they are classes, targets={name} if "
            "they are numbers to be met"
        )
    if array.dtype.kind == "b":
        return f"; {name}.astype(int) makes 0 and 1 of them"
    return ""


def index(_: str, array: Any) -> str:
    """For what should be (N,) numbers of samples."""
    if array.ndim != 1:
        return f"; {array.size} numbers by .ravel()"
    return "; .astype(int), if they are whole" if array.dtype.kind == "f" else ""


def classes(net: Any, dataset: Any) -> None:
    """Refuses labels that a net that is built has no outputs for, where it is
    known why; the others are left to libcnn."""
    outputs = math.prod(net.out_shape)
    if dataset.target_shape is not None or dataset.classes <= outputs:
        return
    text = f"the dataset has {dataset.classes} classes, the net {outputs} "
    text += "outputs"
    if net.loss not in ("softmax_cross_entropy", "lenet_map"):
        raise ValueError(
            f"{text}: integers are classes; numbers to be met by the loss "
            f"{net.loss!r} are floats, labels.astype(np.float32)"
        )
    if dataset.classes == outputs + 1 and dataset.labels.min() == 1:
        raise ValueError(
            f"{text}: labels are from 1 to {outputs}, expected from 0: "
            "labels - 1"
        )


def targets(net: Any, array: Any) -> None:
    """Refuses whole numbers as targets, one for each sample, of a net that
    classifies."""
    if net is None or np.ndim(array) != 1:
        return
    if net.loss in ("softmax_cross_entropy", "lenet_map") and (
            np.equal(np.mod(array, 1), 0).all()):
        raise ValueError(
            f"labels are {np.asarray(array).dtype}, and the loss is "
            f"{net.loss!r}: labels.astype(int) are classes"
        )


def brightness(name: str, array: Any) -> None:
    """Warns of images as floats from 0 to 255."""
    some = array[:_FEW]
    if array.dtype != np.float32 or array.ndim < 3 or some.size == 0:
        return
    if (some.min() >= 0 and 128 <= some.max() <= 255
            and np.equal(some, np.rint(some)).all()):
        warnings.warn(
            f"{name} are floats from 0 to {some.max():g}: bytes, which are "
            f"learnt from better as {name} / 255, or as uint8, which a "
            "Dataset scales; scale=1.0 says that they are meant so",
            stacklevel=4,
        )
