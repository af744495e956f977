"""Labelled images (include/cnn/dataset.h)."""

from __future__ import annotations

import builtins
import ctypes
from typing import TYPE_CHECKING, Any, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import _checks, _interrupt, _layout, _structs
from ._checks import Path, as_labels
from ._handle import Handle, Owner
from ._library import lib
from ._status import check, created

if TYPE_CHECKING:
    from .net import Net

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


def _options(
    scale: Optional[float], offset: float, pad: int
) -> _structs.DatasetOptions:
    return _structs.sized(
        _structs.DatasetOptions,
        scale=_checks.optional("scale", scale),
        offset=_checks.real("offset", offset),
        pad=_checks.integer("pad", pad),
    )


_OWN_TARGETS = 1


def _values(array: Any, name: str) -> npt.NDArray[Any]:
    """An array of bytes as it is, any other array as float32."""
    if np.asarray(array).dtype == np.uint8:
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


class Dataset(Owner):
    """Images with labels, read-only; several threads may use it at once.

    The network sees pixel * scale + offset. An array that is C-contiguous and
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

    _instead = "it is read-only, and may be used by many"

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
        shape: Optional[Union[int, Sequence[int]]] = None,
    ) -> None:
        options = _options(scale, offset, pad)
        pixels = _values(images, "images")
        if not 2 <= pixels.ndim <= 4:
            raise ValueError(
                f"images has shape {pixels.shape}, expected (N, C, H, W), "
                "(N, H, W) or (N, n)"
            )
        sample = _checks.shape(pixels.shape[1:] if shape is None else shape)
        _layout.check("images", pixels.shape,
                      None if shape is None else _checks.dims(sample))
        source = _structs.sized(
            _structs.DatasetSource, count=len(pixels), shape=sample
        )
        keep = [pixels]
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

    def _take(self, pointer: Any, keep: Any) -> None:
        self._handle = Handle(created(pointer), lib.cnn_dataset_free, keep)

    @classmethod
    def load(
        cls,
        images: Path,
        labels: Path,
        *,
        scale: Optional[float] = None,
        offset: float = 0.0,
        pad: int = 0,
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
        options = _options(scale, offset, pad)
        paths = _checks.path(images), _checks.path(labels)
        dataset = cls.__new__(cls)
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
    ) -> Dataset:
        """As load(), from the contents of the two files, which are copied."""
        options = _options(scale, offset, pad)
        first = np.frombuffer(images, np.uint8)
        second = np.frombuffer(labels, np.uint8)
        dataset = cls.__new__(cls)
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

    # ------------------------------------------------------- looking ---

    def __len__(self) -> int:
        return int(lib.cnn_dataset_count(self._p))

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of an image with its padding."""
        shape = _structs.Shape()
        check(lib.cnn_dataset_shape(self._p, ctypes.byref(shape)))
        return _checks.dims(shape)

    @property
    def classes(self) -> int:
        """The largest label + 1; 0 if there are no samples."""
        return int(lib.cnn_dataset_classes(self._p))

    @property
    def fingerprint(self) -> int:
        """CRC-32 over shape, scaling, labels and pixels."""
        return int(lib.cnn_dataset_fingerprint(self._p))

    @property
    def target_shape(self) -> Optional[tuple[int, int, int]]:
        """(C, H, W) of a target; None if there are none."""
        shape = _structs.Shape()
        if lib.cnn_dataset_target_shape(self._p, ctypes.byref(shape)) != 0:
            return None
        return _checks.dims(shape)

    def _read_floats(
        self, read: Any, index: Optional[Any], sample: tuple[int, ...]
    ) -> Floats:
        handle = self._h
        numbers = None if index is None else _checks.as_index(index)
        count = len(self) if numbers is None else len(numbers)
        values = np.empty((count, *sample), np.float32)
        check(
            read(
                handle.pointer,
                count,
                None if numbers is None else _checks.wide_ints(numbers),
                _checks.floats(values),
            )
        )
        return values

    def targets(self, index: Optional[Any] = None) -> Floats:
        """Targets of samples (n, C, H, W), as read(); RuntimeError if there
        are none."""
        return self._read_floats(
            lib.cnn_dataset_read_targets, index, self.target_shape or (0,)
        )

    def weights(self, index: Optional[Any] = None) -> Floats:
        """Weights of samples (n,), as read(); 1 if none were given."""
        return self._read_floats(lib.cnn_dataset_read_weights, index, ())

    def slice(self, first: int, count: int) -> Dataset:
        """The samples first .. first + count - 1, without copying.

        Raises
        ------
        ValueError
            if they are not all there.
        """
        handle = self._h
        part = Dataset.__new__(Dataset)
        part._take(
            lib.cnn_dataset_slice(
                handle.pointer,
                _checks.integer("first", first),
                _checks.integer("count", count),
            ),
            handle,
        )
        return part

    def __getitem__(self, index: builtins.slice) -> Dataset:
        """dataset[a:b], without copying; only steps of 1."""
        if not isinstance(index, builtins.slice):
            raise TypeError("expected a slice; read() gives single samples")
        start, stop, step = index.indices(len(self))
        if step != 1:
            raise ValueError(f"a step of {step}, expected 1")
        return self.slice(start, max(0, stop - start))

    def read(self, index: Optional[Any] = None) -> tuple[Floats, Ints]:
        """Samples as the network sees them.

        Parameters
        ----------
        index : array of integers, optional
            The number of each, from 0; all by default.

        Returns
        -------
        x : (n, C, H, W) float32
        labels : (n,) int32; -1 for each if there are none

        Raises
        ------
        ValueError
            if a sample is not there.
        """
        handle = self._h
        numbers = None if index is None else _checks.as_index(index)
        count = len(self) if numbers is None else len(numbers)
        x = np.empty((count, *self.shape), np.float32)
        labels = np.full(count, -1, np.int32)
        check(
            lib.cnn_dataset_read(
                handle.pointer,
                count,
                None if numbers is None else _checks.wide_ints(numbers),
                _checks.floats(x),
                _checks.ints(labels) if self.classes > 0 else None,
            )
        )
        return x, labels


def dataset_of(
    data: Any, labels: Optional[Any] = None, net: Optional[Net] = None
) -> Dataset:
    """Makes a dataset of a dataset, of a pair (images, labels), or of images
    and labels. The net gives the shape of an image, if it is built."""
    expected = None if net is None or net.max_batch == 0 else net.in_shape
    if isinstance(data, Dataset):
        if labels is not None:
            raise TypeError("a Dataset has its labels already")
        dataset = data
    else:
        if labels is None:
            if not isinstance(data, tuple) or len(data) != 2:
                raise TypeError(
                    f"{type(data).__name__}, expected a Dataset, or images "
                    "and labels"
                )
            data, labels = data
        if _checks.is_real(labels):
            dataset = Dataset(data, targets=labels, shape=expected)
        else:
            dataset = Dataset(data, labels, shape=expected)
    if expected is not None:
        text = _layout.hint("images", dataset.shape, expected)
        if text:
            raise ValueError(
                f"images of shape {dataset.shape}, the net has {expected}"
                + text
            )
    return dataset
