"""Predicting, as nets and sessions do it."""

from __future__ import annotations

from typing import Any, Optional, Protocol

import numpy as np
import numpy.typing as npt

from . import _checks, _interrupt, _layout
from ._handle import Handle
from ._status import check
from .dataset import Dataset

Floats = npt.NDArray[np.float32]


class Runner(Protocol):
    """What predicts: `_batch` samples at once, each of which costs `_cost`."""

    _batch: int
    _cost: float
    _in: tuple[int, int, int]
    _out: tuple[int, int, int]

    @property
    def _h(self) -> Handle: ...


def out_dims(shape: tuple[int, int, int]) -> tuple[int, ...]:
    """The shape of one output as Python has it: a vector has one dimension."""
    return shape[:1] if shape[1:] == (1, 1) else shape


def piece(runner: Runner) -> int:
    """How many samples go into a call: whole batches, so that the bits are
    those of a single call, and no more of them than Ctrl-C may wait for."""
    batches = int(_interrupt.PIECE / max(1.0, runner._cost * runner._batch))
    return runner._batch * max(1, batches)


def predict(
    runner: Runner,
    function: Any,
    x: Any,
    out: Optional[Any],
    shape: Optional[tuple[int, int, int]] = None,
) -> Floats:
    """Outputs, of another shape than the runner's if one is given, of any
    number of samples: an array, or a dataset."""
    if isinstance(x, Dataset):
        return _predict_dataset(runner, function, x, out, shape)
    handle = runner._h
    array = _checks.batch("x", x, runner._in)
    count = len(array)
    y = _checks.result("out", out, (count, *out_dims(shape or runner._out)))
    _checks.apart(array, y)
    some = piece(runner)

    for first in range(0, count, some):
        part, result = array[first:first + some], y[first:first + some]

        def call() -> None:
            check(
                function(
                    handle.pointer,
                    len(part),
                    _checks.floats(part),
                    _checks.floats(result),
                )
            )

        _interrupt.run(handle.lock, runner._cost * len(part), call)
    return y


def _predict_dataset(
    runner: Runner,
    function: Any,
    dataset: Dataset,
    out: Optional[Any],
    shape: Optional[tuple[int, int, int]],
) -> Floats:
    """The same of a dataset, which is read in pieces."""
    _layout.same(dataset.shape, runner._in)
    count, some = len(dataset), piece(runner)
    dims = out_dims(shape or runner._out)
    y = _checks.result("out", out, (count, *dims))
    for first in range(0, count, some):
        end = min(first + some, count)
        x, _ = dataset.read(np.arange(first, end))
        predict(runner, function, x, y[first:end], shape)
    return y
