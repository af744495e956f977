"""Running a net, at once or step by step."""

from __future__ import annotations

import ctypes
from typing import Any, Optional

import numpy as np

from . import _checks, _interrupt, _structs
from ._handle import view
from ._inspect import Inspected, check_built
from ._layer import TRAIN, Floats
from ._library import lib
from ._predict import out_dims, predict
from ._status import check
from .evaluation import Metrics, metrics_of
from .graph import is_node
from .optim import Optimizer, optimizer_of


class Running(Inspected):
    """The part of Net that runs. The attributes are set by the build."""

    _batch: int
    _cost: float
    _in: tuple[int, int, int]
    _out: tuple[int, int, int]

    def predict(self, x: Any, *, out: Optional[Any] = None) -> Floats:
        """Outputs of any number of samples.

        Parameters
        ----------
        x : array (N, C, H, W), or Dataset
            float32; dimensions of size 1 may be left out. Scaled as the
            training data were: a Dataset does that.
        out : array, optional
            Where the result goes.

        Returns
        -------
        array (N, K), or (N, C', H', W') if the output is no vector

        Raises
        ------
        ValueError
            if a shape does not fit.
        TypeError
            if x consists of integers.
        RuntimeError
            before build.
        """
        check_built(self)
        return predict(self, lib.cnn_net_predict, x, out)

    def __call__(self, x: Any) -> Floats:
        """predict(x)"""
        if is_node(x):
            raise TypeError(
                "a net is called with a node, expected an array: a net is no "
                "layer, but `for layer in net: x = layer.copy()(x)` goes on "
                "with the layers of a stack"
            )
        return self.predict(x)

    def train_step(
        self,
        optimizer: Optimizer,
        x: Any,
        labels: Any,
        sample_weight: Optional[Any] = None,
    ) -> Metrics:
        """One step: gradients to zero, forward, loss, backward, update.

        Raises
        ------
        ValueError
            if x (N, C, H, W) or the labels (N,) do not fit. Numbers that are
            no integers are targets (N, K), and the weights are (N,).
        RuntimeError
            before build; or if loss or gradient are not finite: the
            parameters are then as they were.
        """
        batch, keep = self._batch_of(x, labels, sample_weight)
        handle, rule = self._h, optimizer_of(optimizer)._h
        found = _structs.Metrics()

        def call() -> None:
            check(
                lib.cnn_net_train_batch(
                    handle.pointer,
                    rule.pointer,
                    ctypes.byref(batch),
                    ctypes.byref(found),
                )
            )

        _interrupt.run(handle.lock, 3 * self._cost * len(keep[0]), call)
        return metrics_of(found)

    def _inputs(self, x: Any) -> Floats:
        """Up to max_batch samples."""
        check_built(self)
        array = _checks.batch("x", x, self._in)
        if len(array) > self._batch:
            raise ValueError(
                f"batch {len(array)}, expected 1 to {self._batch}, for which "
                f"the net was built: build(..., max_batch={len(array)}), or "
                f"net.copy({len(array)})"
            )
        return array

    def _batch_of(
        self, x: Any, labels: Any, sample_weight: Optional[Any]
    ) -> tuple[_structs.Batch, list[Any]]:
        """A batch of C, and the arrays that it points to, x first."""
        array = self._inputs(x)
        batch = _structs.sized(
            _structs.Batch, count=len(array), x=_checks.floats(array)
        )
        keep: list[Any] = [array]
        if _checks.is_real(labels):
            keep.append(_checks.batch("targets", labels, self._out))
            batch.targets = _checks.floats(keep[1])
        else:
            keep.append(_checks.as_labels(labels))
            batch.labels = _checks.ints(keep[1])
        if len(array) != len(keep[1]):
            raise ValueError(f"{len(array)} samples, {len(keep[1])} labels")
        if sample_weight is not None:
            keep.append(_checks.weights(sample_weight, len(array)))
            batch.weights = _checks.floats(keep[2])
        return batch, keep

    def forward(self, x: Any, *, training: bool = False) -> Floats:
        """Runs all layers on up to max_batch samples; a backward() needs one
        with `training` before it. Returns a copy of the outputs."""
        array = self._inputs(x)
        handle, count = self._h, len(array)

        def call() -> Floats:
            check(
                lib.cnn_net_forward(
                    handle.pointer,
                    TRAIN if training else 0,
                    count,
                    _checks.floats(array),
                )
            )
            output = lib.cnn_net_output(handle.pointer)
            shape = (count, *out_dims(self._out))
            return np.array(view(handle, output, shape))

        return _interrupt.run(handle.lock, self._cost * count, call)

    def backward(self, x: Any, dy: Any) -> None:
        """Adds to the gradients of the parameters.

        Parameters
        ----------
        x : array
            That of the last forward(), which must have been for training.
        dy : array
            The gradient of any loss with respect to its result.

        Raises
        ------
        RuntimeError
            if anything else was run since.
        ValueError
            if a shape does not fit.
        """
        self._back(lib.cnn_net_backward, x, dy)

    def backward_input(self, x: Any, dy: Any) -> Floats:
        """As backward(), through frozen layers too; returns the gradient with
        respect to x, an array (N, C, H, W)."""
        check_built(self)
        dx = np.empty((len(_checks.batch("x", x, self._in)), *self._in),
                      np.float32)
        self._back(lib.cnn_net_backward_input, x, dy, _checks.floats(dx))
        return dx

    def _back(self, function: Any, x: Any, dy: Any, *more: Any) -> None:
        check_built(self)
        array = _checks.batch("x", x, self._in)
        slope = _checks.batch("dy", dy, self._out)
        if len(array) != len(slope):
            raise ValueError(f"{len(array)} samples of x, {len(slope)} of dy")
        handle = self._h

        def call() -> None:
            check(
                function(
                    handle.pointer,
                    len(array),
                    _checks.floats(array),
                    _checks.floats(slope),
                    *more,
                )
            )

        _interrupt.run(handle.lock, 2 * self._cost * len(array), call)

    def update(self, optimizer: Optimizer) -> None:
        """One step of the optimiser on all parameters."""
        handle, rule = self._h, optimizer_of(optimizer)._h
        with handle.lock:
            check(lib.cnn_net_update(handle.pointer, rule.pointer))

    def clip_grads(self, max_norm: float) -> float:
        """Shortens the gradients, as one vector, to `max_norm` > 0, if they
        are longer; returns the length that they had."""
        norm = ctypes.c_double()
        handle = self._h
        with handle.lock:
            check(
                lib.cnn_net_clip_grads(
                    handle.pointer,
                    _checks.real("max_norm", max_norm),
                    ctypes.byref(norm),
                )
            )
        return norm.value

    def zero_grad(self) -> None:
        """Sets all gradients to zero."""
        handle = self._h
        with handle.lock:
            check(lib.cnn_net_zero_grad(handle.pointer))
