"""The loss of a net (include/cnn/net.h)."""

from __future__ import annotations

import ctypes
from typing import Any, Optional, Union

from . import _checks, _structs
from ._inspect import Inspected
from ._library import lib
from ._own import Loss, loss_function
from ._status import check

LOSSES = (
    "softmax_cross_entropy",
    "mse",
    "lenet_map",
    "mae",
    "huber",
    "binary_cross_entropy",
)
_CUSTOM = len(LOSSES)  # CNN_LOSS_CUSTOM
REDUCTIONS = "mean", "sum"


class Losses(Inspected):
    """The part of Net that knows its loss."""

    # The last arguments of set_loss(), by name.
    _loss_said: dict[str, Any] = {"loss": LOSSES[0]}
    # A function and what C calls. The net itself keeps it, not its handle:
    # whoever trains has the net, and a function that has it may go with it.
    _own_loss: Optional[tuple[Loss, Any]] = None

    def set_loss(
        self,
        loss: Union[str, Loss],
        reduction: str = "mean",
        *,
        label_smoothing: float = 0.0,
        huber_delta: float = 1.0,
    ) -> None:
        """The loss and its reduction, before or after build; ValueError for
        other names and settings.

        Parameters
        ----------
        loss : str or callable
            "softmax_cross_entropy", "mse", "lenet_map", "mae", "huber" or
            "binary_cross_entropy" (of logits; a sigmoid on top is folded in).
            Or a function of one sample, (y, target) to (loss, dy): y is what
            the net gave, (K,), target a label or an array (K,), dy the
            gradient of the loss with respect to y. Model files keep only that
            there is one: set it again before more training.
        reduction : str
            "mean" or "sum" over the batch.
        label_smoothing : float
            Of softmax cross-entropy, 0 to 1.
        huber_delta : float
            Where Huber's loss becomes a line, above 0.
        """
        own = None
        if callable(loss):
            own, loss = loss, LOSSES[0]
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
            self._own_loss = None
            if own is not None:
                function = loss_function(own)
                check(lib.cnn_net_set_custom_loss(
                    handle.pointer, function, None))
                self._own_loss = own, function
        self._loss_said = dict(
            loss=loss if own is None else own, reduction=reduction,
            label_smoothing=label_smoothing, huber_delta=huber_delta)

    @property
    def loss(self) -> Union[str, Loss]:
        """That of set_loss(), or of the model file; "custom" if that had a
        function, which is not set yet."""
        number = lib.cnn_net_loss(self._p)
        if number != _CUSTOM:
            return LOSSES[number]
        return "custom" if self._own_loss is None else self._own_loss[0]

    @property
    def reduction(self) -> str:
        """The reduction of set_loss(), or of the model file."""
        return REDUCTIONS[lib.cnn_net_reduction(self._p)]
