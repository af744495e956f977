"""Running a layer by hand."""

from __future__ import annotations

import math
from typing import Any, Optional

from . import _checks, _interrupt
from ._layer_data import Floats, LayerData
from ._library import lib
from ._status import check
from .optim import Optimizer, optimizer_of

TRAIN = 1


class LayerRun(LayerData):
    """The part of Layer that runs."""

    def _cost(self, batch: int) -> float:
        """Some measure of the time that a pass takes (_interrupt.py)."""
        one = self.costs().multiply_adds + 8 * math.prod(self.in_shape)
        return float(batch * one)

    def forward(
        self, x: Any, *, training: bool = False, out: Optional[Any] = None
    ) -> Floats:
        """y from x, (N, C, H, W) each.

        Parameters
        ----------
        x : array
            float32; other floats are copied to it.
        training : bool
            Whether this pass is part of training (dropout, normalisation).
        out : array, optional
            Where y goes.

        Raises
        ------
        ValueError
            if a shape does not fit, or N is above max_batch.
        RuntimeError
            before build.
        """
        array = _checks.batch("x", x, self.in_shape)
        samples = len(array)
        y = _checks.result("out", out, (samples, *self.out_shape))
        _checks.apart(array, y)
        handle = self._h

        def call() -> None:
            check(
                lib.cnn_layer_forward(
                    handle.pointer,
                    TRAIN if training else 0,
                    samples,
                    _checks.floats(array),
                    _checks.floats(y),
                )
            )

        _interrupt.run(handle.lock, self._cost(samples), call)
        return y

    def backward(
        self,
        x: Any,
        y: Any,
        dy: Any,
        *,
        want_dx: bool = True,
        out: Optional[Any] = None,
    ) -> Optional[Floats]:
        """dx from dy; adds to the gradients of the parameters.

        Parameters
        ----------
        x, y : array
            What forward took and gave.
        dy : array
            The gradient of the loss with respect to y.
        want_dx : bool
            False saves the work; the result is then None.
        out : array, optional
            Where dx goes.

        Raises
        ------
        ValueError
            if a shape does not fit.
        RuntimeError
            before build.
        """
        inputs = _checks.batch("x", x, self.in_shape)
        outputs = _checks.batch("y", y, self.out_shape)
        slope = _checks.batch("dy", dy, self.out_shape)
        if not len(inputs) == len(outputs) == len(slope):
            raise ValueError(
                f"{len(inputs)} samples of x, {len(outputs)} of y, "
                f"{len(slope)} of dy"
            )
        dx = None
        if want_dx:
            dx = _checks.result("out", out, (len(inputs), *self.in_shape))
            for other in (inputs, outputs, slope):
                _checks.apart(other, dx)
        handle = self._h

        def call() -> None:
            check(
                lib.cnn_layer_backward(
                    handle.pointer,
                    len(inputs),
                    _checks.floats(inputs),
                    _checks.floats(outputs),
                    _checks.floats(slope),
                    None if dx is None else _checks.floats(dx),
                )
            )

        _interrupt.run(handle.lock, 2 * self._cost(len(inputs)), call)
        return dx

    def update(self, optimizer: Optimizer) -> None:
        """One step of the optimiser on the parameters."""
        handle = self._h
        with handle.lock:
            check(
                lib.cnn_layer_update(
                    handle.pointer, optimizer_of(optimizer)._p
                )
            )

    def zero_grad(self) -> None:
        """Sets the gradients of the parameters to zero."""
        handle = self._h
        with handle.lock:
            check(lib.cnn_layer_zero_grad(handle.pointer))
