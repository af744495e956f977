"""The loss of a net (include/cnn/net.h)."""

from __future__ import annotations

import ctypes

from . import _checks, _structs
from ._inspect import Inspected
from ._library import lib
from ._status import check

LOSSES = (
    "softmax_cross_entropy",
    "mse",
    "lenet_map",
    "mae",
    "huber",
    "binary_cross_entropy",
)
REDUCTIONS = "mean", "sum"


class Losses(Inspected):
    """The part of Net that knows its loss."""

    def set_loss(
        self,
        loss: str,
        reduction: str = "mean",
        *,
        label_smoothing: float = 0.0,
        huber_delta: float = 1.0,
    ) -> None:
        """The loss and its reduction, before or after build; ValueError for
        other names and settings.

        Parameters
        ----------
        loss : str
            "softmax_cross_entropy", "mse", "lenet_map", "mae", "huber" or
            "binary_cross_entropy" (of logits; a sigmoid on top is folded in).
        reduction : str
            "mean" or "sum" over the batch.
        label_smoothing : float
            Of softmax cross-entropy, 0 to 1.
        huber_delta : float
            Where Huber's loss becomes a line, above 0.
        """
        for name, value, known in (
            ("loss", loss, LOSSES),
            ("reduction", reduction, REDUCTIONS),
        ):
            if not isinstance(value, str) or value not in known:
                raise ValueError(
                    f"{name} is {value!r}, expected one of {', '.join(known)}"
                )
        delta = _checks.real("huber_delta", huber_delta)
        if delta == 0.0:
            raise ValueError("huber_delta is 0, expected above 0")
        options = _structs.sized(
            _structs.LossOptions,
            label_smoothing=_checks.real("label_smoothing", label_smoothing),
            huber_delta=delta,
        )
        handle = self._h
        with handle.lock:
            check(
                lib.cnn_net_set_loss_options(
                    handle.pointer, ctypes.byref(options)
                )
            )
            check(
                lib.cnn_net_set_loss(
                    handle.pointer,
                    LOSSES.index(loss),
                    REDUCTIONS.index(reduction),
                )
            )

    @property
    def loss(self) -> str:
        """The loss of set_loss(), or of the model file."""
        return LOSSES[lib.cnn_net_loss(self._p)]

    @property
    def reduction(self) -> str:
        """The reduction of set_loss(), or of the model file."""
        return REDUCTIONS[lib.cnn_net_reduction(self._p)]
