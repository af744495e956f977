"""What a dataset has: its samples (include/cnn/dataset.h)."""

from __future__ import annotations

import ctypes
from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from . import _checks, _structs
from ._handle import Handle, Owner
from ._library import lib
from ._status import check, created

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


class Samples(Owner):
    """The part of Dataset that reads."""

    # What the dataset was made of, as arguments of Dataset(); of one that C
    # read from files the options only.
    _arrays: dict[str, Any] = {}

    def close(self) -> None:
        """As of all."""
        super().close()
        self._arrays = {}

    def _take(self, pointer: Any, keep: Any) -> None:
        self._handle = Handle(created(pointer), lib.cnn_dataset_free, keep)

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

    def statistics(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of each channel, (C,) each, over the
        pixels of all samples as they are read, without the padding. The
        deviation divides by their number; it is 1 if they are all the same.

        Raises
        ------
        ValueError
            if there are no samples, or a pixel is no finite number.
        """
        handle = self._h
        mean, deviation = np.empty((2, self.shape[0]), np.float32)
        check(
            lib.cnn_dataset_statistics(
                handle.pointer,
                len(mean),
                _checks.floats(mean),
                _checks.floats(deviation),
            )
        )
        return mean, deviation

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
        """What samples count (n,), as read(): 1 if nothing was said."""
        return self._read_floats(lib.cnn_dataset_read_weights, index, ())

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
