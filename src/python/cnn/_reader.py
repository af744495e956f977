"""Datasets over a function of Python (include/cnn/reader.h).

libcnn calls the function in a thread that reads ahead of a training, or in the
thread that wants the samples. An exception is kept, and raised in place of the
error of libcnn by the call that needed the samples.
"""

from __future__ import annotations

import atexit
import ctypes
import weakref
from typing import Any, Callable, Optional, Sequence, Union

import numpy as np

from . import _checks, _handle, _status, _structs, _structs_own
from ._library import lib

_WEIGHTS = 2
_LONGEST = 120


def options_of(
    scale: Optional[float], offset: float, pad: int, normalisation: Any
) -> _structs.DatasetOptions:
    """The options of C."""
    options = _structs.sized(
        _structs.DatasetOptions,
        scale=_checks.optional("scale", scale),
        offset=_checks.real("offset", offset),
        pad=_checks.integer("pad", pad),
    )
    if normalisation is not None:
        mean, deviation = _checks.normalisation(normalisation)
        options.mean = _checks.floats(mean)
        options.deviation = _checks.floats(deviation)
        options.channel_count = len(mean)
        options.kept = mean, deviation  # until C has copied them
    return options


class Reader:
    """A function that gives samples, and its last exception."""

    def __init__(
        self,
        function: Callable[[Any], Any],
        sample: tuple[int, int, int],
        target: Optional[tuple[int, int, int]],
        labels: bool,
        weights: bool,
        bytes_are_shares: bool,
    ) -> None:
        self.function = function
        self.sample, self.target = sample, target
        self.parts = ["images"]
        self.parts += ["labels"] if labels else []
        self.parts += ["targets"] if target is not None else []
        self.parts += ["weights"] if weights else []
        self.factor = np.float32(1 / 255) if bytes_are_shares else None
        self.error: Optional[BaseException] = None
        self.why = ""
        _status.sources.add(self)

    def read(self, rows: Any) -> int:
        """What C calls; never raises."""
        _handle.reading.now = True
        try:
            self._fill(rows.contents)
            return 0
        except BaseException as error:  # goes to the caller as it is
            lines = str(error).splitlines() or [""]
            text = f"{type(error).__name__}: {lines[0]}"
            text = "".join(c if c.isprintable() else "?" for c in text)
            data = text.encode("utf-8", "replace")[:_LONGEST]
            self.error, self.why = error, data.decode("utf-8", "ignore")
            rows.contents.why = self.why.encode("utf-8")
            return int(_status.Status.EIO)
        finally:
            _handle.reading.now = False

    def _fill(self, rows: Any) -> None:
        n = rows.count
        # A copy: the function may keep it.
        index = np.ctypeslib.as_array(rows.index, (n,)).copy()
        found = self.function(index)
        if len(self.parts) == 1:
            found = (found,)
        if not isinstance(found, tuple) or len(found) != len(self.parts):
            raise TypeError(
                f"the function gave {type(found).__name__}, expected a tuple: "
                + ", ".join(self.parts)
            )
        for name, array in zip(self.parts, found):
            self._put(rows, name, array, n)

    def _put(self, rows: Any, name: str, array: Any, n: int) -> None:
        shapes = {"images": self.sample, "targets": self.target}
        pointer = getattr(rows, "x" if name == "images" else name)
        if not pointer:
            return
        to = np.ctypeslib.as_array(pointer, (n, *(shapes.get(name) or ())))
        labels = name == "labels"
        values = _checks.as_labels(array) if labels else np.asarray(array)
        if len(values) != n or values.size != to.size:
            raise ValueError(
                f"the function gave {name} of shape {values.shape} for {n} "
                f"samples, expected {to.shape}"
            )
        if values.dtype == np.uint8 and name == "images" and (
            self.factor is not None
        ):
            np.multiply(values.reshape(to.shape), self.factor, out=to)
        else:
            to[...] = values.reshape(to.shape)


def create(
    count: int,
    shape: Any,
    function: Callable[[Any], Any],
    options: Any,
    classes: int,
    target_shape: Any,
    weights: bool,
    fingerprint: int,
) -> tuple[Any, Any]:
    """The dataset of C, and what it needs."""
    if not callable(function):
        raise TypeError(f"{type(function).__name__}, expected a function")
    sample = _checks.shape(shape)
    target = None if target_shape is None else _checks.shape(target_shape)
    reader = Reader(
        function,
        _checks.dims(sample),
        None if target is None else _checks.dims(target),
        classes > 0,
        weights,
        options.scale == 0.0,
    )
    call = _structs_own.READ(lambda _, rows: reader.read(rows))
    struct = _structs.sized(
        _structs_own.DatasetReader,
        flags=_WEIGHTS if weights else 0,
        count=_checks.integer("count", count, 0, 2**63 - 1),
        shape=sample,
        class_count=classes,
        fingerprint=_checks.seed(fingerprint),
        read=call,
    )
    if target is not None:
        struct.target_shape = target
    pointer = lib.cnn_dataset_create_callback(
        ctypes.byref(struct), ctypes.byref(options)
    )
    return pointer, (call, reader)


class FromFunction:
    """What Dataset is besides."""

    _take: Callable[..., None]
    _arrays: dict[str, Any]

    @classmethod
    def from_function(
        cls,
        count: int,
        shape: Union[int, Sequence[int]],
        read: Callable[[Any], Any],
        *,
        classes: int = 0,
        target_shape: Optional[Union[int, Sequence[int]]] = None,
        weights: bool = False,
        fingerprint: int = 0,
        scale: Optional[float] = None,
        offset: float = 0.0,
        pad: int = 0,
        normalisation: Optional[Any] = None,
    ) -> Any:
        """Samples that a function reads when they are needed.

        A trainer calls it in a thread, for batches to come. It is called by
        one thread at a time, and must not use this dataset, nor the net that
        is being trained. Whoever wants the samples gets its exceptions as
        they are; the next call reads again.

        Parameters
        ----------
        count : int
            Samples.
        shape : (C, H, W), (H, W) or int
            Of an image.
        read : callable
            Given the numbers of up to 256 samples, an int64 array (n,), it
            returns their images (n, *shape), or a tuple of images, labels
            (n,), targets (n, *target_shape) and weights (n,): those that are
            asked for here. Images that are uint8 count as 1/255 of it, unless
            `scale` is given.
        classes : int
            Labels are from 0 to classes - 1; 0: there are none.
        target_shape : optional
            Of a target; None: there are none.
        weights : bool
        fingerprint : int
            What the content is told by when a training resumes.
        scale, offset, pad, normalisation
            As of Dataset(); the scale is 1 by default.
        """
        dataset = cls.__new__(cls)
        dataset._arrays = {}  # parts of it are read
        dataset._take(
            *create(
                count,
                shape,
                read,
                options_of(scale, offset, pad, normalisation),
                _checks.integer("classes", classes),
                target_shape,
                weights,
                fingerprint,
            )
        )
        return dataset


_trainers: weakref.WeakSet[Any] = weakref.WeakSet()


def watch(trainer: Any) -> None:
    """Of a trainer's handle: its thread must not outlive the interpreter."""
    _trainers.add(trainer)


def _end_threads() -> None:
    """Those of trainers that nobody has closed."""
    if not _status.sources:
        return
    for trainer in list(_trainers):
        # Unless another thread is training.
        if trainer.lock.acquire(timeout=1.0):
            trainer._finalizer()
            trainer.pointer = None
            trainer.lock.release()


atexit.register(_end_threads)
