"""Some samples of a dataset: by number, slice, list and mask; batches."""

from __future__ import annotations

import builtins
import operator
from typing import TYPE_CHECKING, Any, Iterator, Optional, Union, overload

import numpy as np
import numpy.typing as npt

from . import _checks
from ._library import lib
from ._samples import Floats, Ints, Samples
from ._status import check

if TYPE_CHECKING:
    from .dataset import Dataset

# What the arrays of one dataset have for each sample.
_OF_SAMPLES = "images", "labels", "targets", "sample_weight"
_PIECE = 256  # samples read at a time by a loop over single ones


class Picking(Samples):
    """The part of Dataset that hands out samples."""

    # --------------------------------------------------------- parts ---

    def slice(self, first: int, count: int) -> Dataset:
        """The samples first .. first + count - 1, without copying.

        Raises
        ------
        ValueError
            if they are not all there.
        """
        from .dataset import Dataset

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
        part._arrays = self._some(builtins.slice(first, first + count))
        return part

    def _some(self, index: Any) -> dict[str, Any]:
        """_arrays of some samples, in the way of numpy."""
        return {
            name: value[index]
            if name in _OF_SAMPLES and isinstance(value, np.ndarray)
            else value
            for name, value in self._arrays.items()
        }

    def _read_bytes(self, x: Floats) -> Optional[npt.NDArray[np.uint8]]:
        """The bytes that x was read from, without their padding; None if they
        were none, or if rounding has hidden them."""
        if "pad" not in self._arrays:
            return None
        pad: int = self._arrays["pad"]
        scale: Optional[float] = self._arrays["scale"]
        offset: float = self._arrays["offset"]
        H, W = x.shape[2:]
        inner = x[:, :, pad:H - pad, pad:W - pad].astype(np.float64)
        if self._arrays["normalisation"] is not None:
            mean, deviation = (
                part.reshape(-1, 1, 1)
                for part in self._arrays["normalisation"]
            )
            inner = inner * deviation + mean
        found = (inner - offset) / (1 / 255 if scale is None else scale)
        values = np.clip(np.rint(found), 0, 255)
        if (abs(found - values) > 0.01).any():
            return None
        pixels: npt.NDArray[np.uint8] = values.astype(np.uint8)
        return pixels

    def _parts(self, index: npt.NDArray[np.int64]) -> dict[str, Any]:
        """Arguments of Dataset() for these samples, copied."""
        if "images" in self._arrays:
            return self._some(index)
        x, labels = self.read(index)
        pixels = self._read_bytes(x)
        parts: dict[str, Any] = {"images": x}
        if pixels is not None:
            parts = {**self._arrays, "images": pixels}
        parts["shape"] = parts["images"].shape[1:]
        if self.classes > 0:
            parts["labels"] = labels
        if self.target_shape is not None:
            parts["targets"] = self.targets(index)
        weights = self.weights(index)
        if (weights != 1).any():
            parts["sample_weight"] = weights
        return parts

    def _numbers(self, index: Any) -> npt.NDArray[np.int64]:
        """The numbers that a list, a mask or a slice with steps stands for."""
        count = len(self)
        if isinstance(index, builtins.slice):
            return np.arange(count)[index]
        array = np.asarray(index)
        if array.dtype == np.bool_:
            if array.shape != (count,):
                raise ValueError(
                    f"a mask of shape {array.shape}, expected ({count},)"
                )
            return np.flatnonzero(array)
        numbers = _checks.as_index(index)
        wrong = (numbers < -count) | (numbers >= count)
        if wrong.any():
            raise IndexError(
                f"sample {numbers[wrong][0]}, but there are {count}"
            )
        return np.where(numbers < 0, numbers + count, numbers)

    @overload
    def __getitem__(self, index: int) -> tuple[Floats, Any]: ...

    @overload
    def __getitem__(
        self,
        index: Union[builtins.slice, list[int], list[bool], npt.NDArray[Any]],
    ) -> Dataset: ...

    def __getitem__(self, index: Any) -> Any:
        """Samples, as numpy has it.

        A number gives one: the image as the network sees it, (C, H, W), and
        its label, or its target; None if there is none. A slice, a list of
        numbers or a mask gives a dataset: nothing is copied for steps of 1,
        the samples otherwise.

        Raises
        ------
        IndexError
            if a sample is not there.
        """
        single = isinstance(index, (int, np.integer)) or (
            isinstance(index, np.ndarray)
            and index.ndim == 0 and index.dtype.kind in "iu"
        )
        if single and not isinstance(index, bool):
            return self._sample(operator.index(index))
        if isinstance(index, tuple) or isinstance(index, (str, bytes, float)):
            raise TypeError(
                f"{index!r}: expected a number, a slice, a list of numbers or "
                "a mask"
            )
        if isinstance(index, builtins.slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return self.slice(start, max(0, stop - start))
        return self._pick(self._numbers(index))

    def _pick(self, numbers: npt.NDArray[np.int64]) -> Dataset:
        from .dataset import Dataset

        return Dataset(**self._parts(numbers))

    def _sample(self, index: int) -> tuple[Floats, Any]:
        x, wanted = self._batch(self._numbers([index]))
        return x[0], _one(wanted, 0)

    def _batch(self, numbers: npt.NDArray[np.int64]) -> tuple[Floats, Any]:
        """Images, and what is to be learnt of them."""
        x, labels = self.read(numbers)
        if self.target_shape is not None:
            return x, self.targets(numbers)
        return x, labels if self.classes > 0 else None

    def split(
        self, share: float, *, seed: Optional[int] = 0
    ) -> tuple[Dataset, Dataset]:
        """Two datasets, to train on and to validate with.

        Parameters
        ----------
        share : float
            Of the samples that the second one gets, above 0 and below 1.
        seed : int, optional
            Of the choice by chance. None takes the last samples, without
            copying any: not if the samples are sorted by their labels.

        Raises
        ------
        ValueError
            if one of them would be empty.
        """
        part, count = _checks.real("share", share), len(self)
        held = round(part * count)
        if not (0 < part < 1 and 0 < held < count):
            raise ValueError(
                f"a share of {part:g} of {count} samples: neither part may be "
                "empty"
            )
        if seed is None:
            return self.slice(0, count - held), self.slice(count - held, held)
        order = np.random.default_rng(_checks.seed(seed)).permutation(count)
        return (self._pick(np.sort(order[held:])),
                self._pick(np.sort(order[:held])))

    # --------------------------------------------------------- loops ---

    def batches(
        self, size: int, *, seed: Optional[int] = None
    ) -> Iterator[tuple[Floats, Any]]:
        """Pairs of images (n, C, H, W) and their labels (n,), or targets, n
        being `size` and less at the end. With a seed in another order."""
        step, order = _checks.count("size", size), np.arange(len(self))
        if seed is not None:
            rng = np.random.default_rng(_checks.seed(seed))
            order = rng.permutation(len(self))
        for first in range(0, len(order), step):
            yield self._batch(order[first:first + step])

    def __iter__(self) -> Iterator[tuple[Floats, Any]]:
        """One sample after the other, as dataset[i]."""
        for x, wanted in self.batches(_PIECE):
            for index, image in enumerate(x):
                yield image, _one(wanted, index)

    @property
    def images(self) -> Floats:
        """All images as the network sees them, (N, C, H, W): a new array."""
        return self.read()[0]

    @property
    def labels(self) -> Ints:
        """All labels, (N,): a new array; RuntimeError if there are none."""
        labels = np.empty(len(self), np.int32)
        check(
            lib.cnn_dataset_read(
                self._p, len(labels), None, None, _checks.ints(labels)
            )
        )
        return labels

    # -------------------------------------------------------- copies ---

    def __copy__(self) -> Dataset:
        """Another one over the same memory, which nobody writes to."""
        return self.slice(0, len(self))

    def __deepcopy__(self, memo: Any) -> Dataset:
        return self._pick(np.arange(len(self)))

    def __reduce_ex__(self, protocol: Any) -> Any:
        """For pickle: the arrays; of a slice its own samples only."""
        from .dataset import Dataset

        return _again, (Dataset, self._parts(np.arange(len(self))))

    def __repr__(self) -> str:
        """What there is in it."""
        if self._handle is None:
            return f"<{type(self).__name__}, closed>"
        words = f"<{type(self).__name__} of {len(self)} images {self.shape}"
        if self.target_shape is not None:
            return f"{words}, targets {self.target_shape}>"
        return f"{words}, {self.classes} classes>"


def _one(wanted: Any, index: int) -> Any:
    """What is to be learnt of a sample: a label is an int."""
    if wanted is None:
        return None
    return int(wanted[index]) if wanted.ndim == 1 else wanted[index]


def _again(kind: Any, parts: dict[str, Any]) -> Any:
    return kind(**parts)
