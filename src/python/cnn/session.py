"""Predicting from one net in many threads (include/cnn/session.h)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from . import _checks
from ._handle import Handle, Owner
from ._inspect import net_of
from ._library import lib
from ._predict import Floats, predict
from ._status import created

if TYPE_CHECKING:
    from .net import Net


class Session(Owner):
    """Predicts with the parameters of a net, in memory of its own.

    N threads with a session each may predict from one net at the same time, as
    long as no thread trains it or writes its parameters.

    Parameters
    ----------
    net : Net
        Built; kept alive.
    max_batch : int, optional
        How many samples are computed at a time; the net's by default.

    Raises
    ------
    RuntimeError
        if the net is not built.
    ValueError, MemoryError
    """

    def __init__(self, net: Net, max_batch: Optional[int] = None) -> None:
        handle = net_of(net)._h
        batch = net.max_batch if max_batch is None else max_batch
        self._batch = _checks.integer("max_batch", batch)
        with handle.lock:
            pointer = created(
                lib.cnn_session_create(handle.pointer, self._batch)
            )
        self._handle = Handle(pointer, lib.cnn_session_free, handle)
        self._in, self._out = net.in_shape, net.out_shape
        self._cost = net._cost

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Session, closed>"
        return (
            f"<Session of {self._in} to {self._out}, max_batch={self._batch}>"
        )

    def predict(self, x: Any, *, out: Optional[Any] = None) -> Floats:
        """As Net.predict()."""
        return predict(self, lib.cnn_session_predict, x, out)

    def __call__(self, x: Any) -> Floats:
        """predict(x)"""
        return self.predict(x)
