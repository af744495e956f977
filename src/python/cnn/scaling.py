"""What several machines would make of a training, before one has them
(include/cnn/scaling.h has the model, docs/scaling.md what it says).

    machine = cnn.scaling.measure(net, cnn.SGD(0.1), images, labels)
    machine.predict(8, 200, bandwidth=10e9, latency=20e-6).efficiency
"""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple

from . import _interrupt, _structs, _structs_own
from ._inspect import net_of
from ._library import lib
from ._status import check
from .optim import Optimizer, optimizer_of


class Prediction(NamedTuple):
    """A step of several ranks: seconds, `samples` of all ranks in a second.
    From `batch_90` samples of a rank on, efficiency is at least 0.9."""

    compute: float
    exchange: float
    sum: float
    step: float
    samples: float
    efficiency: float
    batch_90: int


class Machine(NamedTuple):
    """A machine's part in a step; times in seconds."""

    threads: int
    exchanges: int
    params: int
    record: int
    fixed: float
    per_sample: float
    update: float
    add: float

    def predict(
        self,
        ranks: int,
        batch: int,
        *,
        bandwidth: float,
        latency: float,
        payload: float = 0.94,
        ring: bool = False,
    ) -> Prediction:
        """A step of so many ranks, each with `batch` samples.

        Parameters
        ----------
        bandwidth : float
            Of the link of each rank, in bits a second.
        latency : float
            Of a small message, in seconds.
        payload : float
            The share of the bandwidth that a program gets.
        ring : bool
            Gradients are added up in a ring.

        Raises
        ------
        ValueError
            for numbers that cannot be.
        """
        machine = _structs.sized(
            _structs_own.ScalingMachine, **self._asdict()
        )
        link = _structs.sized(
            _structs_own.ScalingLink,
            sum=bool(ring),
            bandwidth=bandwidth,
            latency=latency,
            payload=payload,
        )
        out = _structs.sized(_structs_own.ScalingPrediction)
        check(
            lib.cnn_scaling_predict(
                ctypes.byref(machine),
                ctypes.byref(link),
                ranks,
                batch,
                ctypes.byref(out),
            )
        )
        return Prediction(
            *(getattr(out, name) for name in Prediction._fields)
        )


def measure(
    net: Any,
    optimizer: Optimizer,
    x: Any,
    labels: Any,
    *,
    seconds: float = 1.0,
) -> Machine:
    """Measures steps on a copy of a net that is built, with all of these
    samples and with a quarter of them: at least 2, at most max_batch. Labels
    may be targets, as in net.train_step().

    Raises
    ------
    ValueError, RuntimeError
        as net.train_step().
    """
    batch, keep = net_of(net)._batch_of(x, labels, None)
    handle, rule = net._h, optimizer_of(optimizer)._h
    options = _structs.sized(_structs_own.ScalingOptions, seconds=seconds)
    out = _structs.sized(_structs_own.ScalingMachine)

    def call() -> None:
        check(
            lib.cnn_scaling_measure(
                handle.pointer,
                rule.pointer,
                ctypes.byref(batch),
                ctypes.byref(options),
                ctypes.byref(out),
            )
        )

    _interrupt.run(handle.lock, 9 * net._cost * len(keep[0]), call)
    return Machine(*(getattr(out, name) for name in Machine._fields))
