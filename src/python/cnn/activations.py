"""Functions applied to each element (include/cnn/layer.h)."""

from __future__ import annotations

import ctypes
import functools
from typing import Any, Optional

from . import _checks, _structs
from ._layer import Layer, create
from ._library import lib


class _Activation(Layer):
    def __init_subclass__(cls, **more: Any) -> None:
        # Of the classes with a function; those below it share it.
        if "_function" in vars(cls):
            cls._kind = "activation"
        super().__init_subclass__(**more)

    def __init__(self, alpha: Optional[float] = None) -> None:
        options = _structs.sized(
            _structs.ActivationOptions, alpha=_checks.setting("alpha", alpha)
        )
        super().__init__(
            functools.partial(
                create,
                lib.cnn_activation_create,
                self._function,
                ctypes.byref(options),
            )
        )


class _Plain(_Activation):
    def __init__(self) -> None:
        super().__init__()


class ReLU(_Plain):
    """max(x, 0)"""

    _function = 0


class Sigmoid(_Plain):
    """1 / (1 + exp(-x))"""

    _function = 1


class Tanh(_Plain):
    """tanh(x)"""

    _function = 2


class LeCunTanh(_Plain):
    """1.7159 tanh(2x / 3) (LeCun et al., 1998)"""

    _function = 3


class LeakyReLU(_Activation):
    """x if x > 0, else alpha x; alpha >= 0, 0.01 by default."""

    _function = 4


class ELU(_Activation):
    """x if x > 0, else alpha (exp(x) - 1); alpha >= 0, 1 by default."""

    _function = 5


class GELU(_Plain):
    """x P(X <= x) with X normal, by erf (Hendrycks and Gimpel, 2016)"""

    _function = 6


class SiLU(_Plain):
    """x / (1 + exp(-x)), also called swish (Elfwing et al., 2018)"""

    _function = 7


class HardSwish(_Plain):
    """x min(max(x + 3, 0), 6) / 6 (Howard et al., 2019)"""

    _function = 8


class Softplus(_Plain):
    """log(1 + exp(x))"""

    _function = 9


class Clamp(_Activation):
    """min(max(x, 0), alpha); alpha >= 0, 6 by default (ReLU6)."""

    _function = 10
