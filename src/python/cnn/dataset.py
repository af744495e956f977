"""Labelled images (include/cnn/dataset.h)."""

from __future__ import annotations

import ctypes
from typing import Any, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import _checks, _hints, _interrupt, _layout, _structs
from ._checks import Path, as_labels
from ._library import lib
from ._picking import Picking
from ._reader import FromFunction
from ._reader import options_of as _options


def _said(
    scale: Any, offset: Any, pad: Any, normalisation: Any
) -> dict[str, Any]:
    if normalisation is not None:
        normalisation = tuple(
            part.copy() for part in _checks.normalisation(normalisation)
        )
    return {
        "scale": scale,
        "offset": offset,
        "pad": pad,
        "normalisation": normalisation,
    }


_OWN_TARGETS = 1


def _values(array: Any, name: str) -> npt.NDArray[Any]:
    """Bytes as they are, others as float32."""
    if getattr(array, "dtype", None) == np.uint8:
        return np.require(array, np.uint8, ["C"])
    return _checks.as_float32(array, name)


def _point(
    source: _structs.DatasetSource, names: tuple[str, str], array: Any
) -> None:
    """Hands an array to the first of the names if it is of bytes, or to the
    second."""
    if array.dtype == np.uint8:
        kind: Any = ctypes.c_uint8
        name = names[0]
    else:
        kind, name = ctypes.c_float, names[1]
    setattr(source, name, array.ctypes.data_as(ctypes.POINTER(kind)))


class Dataset(FromFunction, Picking):
    """Images with labels, read-only; several threads may use it at once.

    The network sees pixel * scale + offset, less the mean and divided by the
    deviation of its channel if there is a `normalisation`. An array that is C-contiguous and
    of the right type (images uint8 or float32, labels int32) is not copied, and
    is kept alive. Other arrays are copied: see `as_float32`, `as_labels`.

    Parameters
    ----------
    images : array
        (N, C, H, W), (N, H, W) with one channel, or (N, n) vectors: uint8, or
        floating-point numbers, which become float32.
    labels : array (N,)
        Integers from 0; None if there are targets, or nothing to learn.
    targets : array (N, ...), optional
        What the outputs should be, instead of the labels: uint8, which is
        multiplied by 1/255, or floating-point numbers. "images": the images
        themselves, as they are read.
    sample_weight : array (N,), optional
        How much each sample counts; at least 0.
    class_weight : array, optional
        How much the samples of each label count, as a factor of
        `sample_weight`.
    scale : float, optional
        1/255 for bytes, 1 for floats by default; not 0.
    offset : float
    pad : int
        Rows and columns of pixels of value 0 around each image.
    normalisation : pair (mean, deviation), optional
        Of each channel, (C,) or one number for one channel each, as
        statistics() returns them. The same for the images that the net is
        tested with; `net.normalisation` keeps it for prepare().
    shape : (C, H, W), (H, W) or int, optional
        The shape of an image without padding; by default that of the array. If
        it is given, the array may leave out sizes of 1. If not, an array that
        looks like (N, H, W, C) is refused: squares of more than 4 x 4 pixels,
        or colour images of 16 x 16 pixels and more, with the channels last.

    Raises
    ------
    ValueError
        if shapes, a label or an option is not possible.
    TypeError
        if the arrays are of other types.
    """

    def __init__(
        self,
        images: Any,
        labels: Optional[Any] = None,
        *,
        targets: Optional[Any] = None,
        sample_weight: Optional[Any] = None,
        class_weight: Optional[Any] = None,
        scale: Optional[float] = None,
        offset: float = 0.0,
        pad: int = 0,
        normalisation: Optional[Any] = None,
        shape: Optional[Union[int, Sequence[int]]] = None,
    ) -> None:
        options = _options(scale, offset, pad, normalisation)
        pixels = _values(images, "images")
        if not 2 <= pixels.ndim <= 4:
            raise ValueError(
                f"images has shape {pixels.shape}, expected (N, C, H, W), "
                "(N, H, W) or (N, n)"
            )
        if scale is None:
            _hints.brightness("images", pixels)
        sample = _checks.shape(pixels.shape[1:] if shape is None else shape)
        _layout.check("images", pixels.shape,
                      None if shape is None else _checks.dims(sample))
        source = _structs.sized(
            _structs.DatasetSource, count=len(pixels), shape=sample
        )
        keep, numbers, aims, counts, shares = [pixels], None, None, None, None
        _point(source, ("bytes", "floats"), pixels)
        if labels is not None:
            numbers = as_labels(labels)
            if len(pixels) != len(numbers):
                raise ValueError(
                    f"{len(pixels)} images, {len(numbers)} labels"
                )
            source.labels = _checks.ints(numbers)
            keep.append(numbers)
        if isinstance(targets, str):
            if targets != "images":
                raise ValueError(
                    f"targets are {targets!r}, expected an array or 'images'"
                )
            source.flags = _OWN_TARGETS
        elif targets is not None:
            aims = _values(targets, "targets")
            if aims.ndim < 1 or len(aims) != len(pixels):
                raise ValueError(
                    f"{len(pixels)} images, targets of shape {aims.shape}"
                )
            source.target_shape = _checks.shape(aims.shape[1:] or 1)
            _point(source, ("target_bytes", "target_floats"), aims)
            keep.append(aims)
        if sample_weight is not None:
            counts = _checks.weights(sample_weight, len(pixels))
            source.weights = _checks.floats(counts)
            keep.append(counts)
        if class_weight is not None:
            shares = _checks.as_float32(class_weight, "class_weight")
            if shares.ndim != 1:
                raise ValueError(
                    f"class_weight has shape {shares.shape}, expected (K,)"
                )
            source.class_weights = _checks.floats(shares)
            source.class_count = len(shares)
            keep.append(shares)
        self._take(
            lib.cnn_dataset_create(
                ctypes.byref(source), ctypes.byref(options)
            ),
            tuple(keep),
        )
        self._arrays = {
            "images": pixels,
            "labels": numbers,
            "targets": targets if isinstance(targets, str) else aims,
            "sample_weight": counts,
            "class_weight": shares,
            "shape": _checks.dims(sample),
            **_said(scale, offset, pad, normalisation),
        }

    @classmethod
    def load(
        cls,
        images: Path,
        labels: Path,
        *,
        scale: Optional[float] = None,
        offset: float = 0.0,
        pad: int = 0,
        normalisation: Optional[Any] = None,
    ) -> Dataset:
        """From a pair of IDX files, raw or gzip-compressed.

        Raises
        ------
        OSError
            if a file is missing or cannot be read.
        ValueError
            if one is damaged, or they do not belong together.
        RuntimeError
            if the elements are no unsigned bytes.
        """
        options = _options(scale, offset, pad, normalisation)
        paths = _checks.path(images), _checks.path(labels)
        dataset = cls.__new__(cls)
        dataset._arrays = _said(scale, offset, pad, normalisation)
        # Decompression takes time.
        _interrupt.aside(
            lambda: dataset._take(
                lib.cnn_dataset_load(*paths, ctypes.byref(options)), None
            )
        )
        return dataset

    @classmethod
    def from_bytes(
        cls,
        images: Union[bytes, bytearray, memoryview],
        labels: Union[bytes, bytearray, memoryview],
        *,
        scale: Optional[float] = None,
        offset: float = 0.0,
        pad: int = 0,
        normalisation: Optional[Any] = None,
    ) -> Dataset:
        """As load(), from the contents of the two files, which are copied."""
        options = _options(scale, offset, pad, normalisation)
        first = np.frombuffer(images, np.uint8)
        second = np.frombuffer(labels, np.uint8)
        dataset = cls.__new__(cls)
        dataset._arrays = _said(scale, offset, pad, normalisation)
        dataset._take(
            lib.cnn_dataset_load_memory(
                first.ctypes.data,
                first.size,
                second.ctypes.data,
                second.size,
                ctypes.byref(options),
            ),
            None,
        )
        return dataset


def dataset_of(
    data: Any, labels: Optional[Any] = None, net: Optional[Any] = None
) -> Dataset:
    """Makes a dataset of a dataset, of a pair (images, labels), or of images
    and labels. The net gives the shape of an image, if it knows it."""
    expected = None if net is None else net._known()
    if isinstance(data, Dataset):
        if labels is not None:
            raise TypeError("a Dataset has its labels already")
        dataset = data
    else:
        if labels is None:
            if not isinstance(data, tuple) or len(data) != 2:
                raise TypeError(
                    f"{_kind(data)}, expected a Dataset, or images and "
                    "labels: fit(images, labels), or the pair (images, labels)"
                )
            data, labels = data
        if _checks.is_real(labels):
            _hints.targets(net, labels)
            dataset = Dataset(data, targets=labels, shape=expected)
        else:
            dataset = Dataset(data, labels, shape=expected)
    if expected is not None:
        _layout.same(dataset.shape, expected)
        if net is not None and net.max_batch > 0:
            _hints.classes(net, dataset)
    return dataset


def _kind(data: Any) -> str:
    """What was given where a dataset was expected."""
    if isinstance(data, (str, bytes)):
        return f"{data!r} (Dataset.load() reads files)"
    return type(data).__name__
