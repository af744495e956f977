"""What a step of training or an evaluation found."""

from __future__ import annotations

import ctypes
import dataclasses
from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from . import _interrupt, _structs
from ._library import lib
from ._predict import Runner, piece
from ._status import check
from .dataset import Dataset


@dataclasses.dataclass(slots=True)
class Metrics:
    """Loss and hits of a step, before its update."""

    loss: float
    count: int
    correct: int

    @property
    def accuracy(self) -> float:
        """Share of the samples whose largest output is the label's."""
        return self.correct / self.count


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Loss and hits over a dataset. `confusion` is an int64 array (K, K),
    [label, prediction], or None; a sample with a NaN among its outputs is in
    no cell."""

    loss: float
    count: int
    correct: int
    confusion: Optional[npt.NDArray[np.int64]]

    @property
    def accuracy(self) -> float:
        """Share of the samples whose largest output is the label's."""
        return self.correct / self.count


def metrics_of(found: _structs.Metrics) -> Metrics:
    """The struct of C as a tuple."""
    return Metrics(found.loss, found.count, found.correct)


def evaluate(
    net: Runner, dataset: Dataset, mean: bool, confusion: bool
) -> Evaluation:
    """Evaluates slice by slice, and adds up (see Net.evaluate())."""
    handle, K = net._h, int(np.prod(net._out))
    found = _structs.Metrics()
    table: Optional[npt.NDArray[np.int64]] = None
    pointer: Any = None
    if confusion:
        table, cells = np.zeros((2, K, K), np.int64)
        pointer = cells.ctypes.data_as(ctypes.POINTER(ctypes.c_int64))
    loss, correct, count, weight = 0.0, 0, len(dataset), 0.0
    some = piece(net)

    # One of no samples too, for the text of its error.
    for first in range(0, max(1, count), some):
        part = dataset.slice(first, min(some, count - first))

        def call() -> None:
            check(
                lib.cnn_net_evaluate(
                    handle.pointer, part._p, ctypes.byref(found), pointer
                )
            )

        _interrupt.run(handle.lock, net._cost * len(part), call)
        share = float(part.weights().sum(dtype=np.float64))
        loss += found.loss * (share if mean else 1)
        weight += share
        correct += found.correct
        if table is not None:
            table += cells
    if mean and count > some:
        loss /= weight if weight > 0.0 else 1.0
    elif mean:
        loss = found.loss
    return Evaluation(loss, count, correct, table)
