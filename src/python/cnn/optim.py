"""Optimisers: how parameters follow their gradients (include/cnn/optim.h).

An optimiser holds settings only. What it remembers from step to step is in the
net or layer that it updates. So one optimiser may serve several nets.
"""

from __future__ import annotations

import ctypes
import inspect
from typing import Any, Optional

from . import _checks, _structs
from ._describe import call, short
from ._handle import Handle, Owner
from ._library import lib
from ._status import check, created


class Optimizer(Owner):
    """What SGD, Adam, AdamW and RMSprop have in common."""

    def __init__(self, pointer: Any, **settings: Any) -> None:
        self._handle = Handle(created(pointer), lib.cnn_optim_free)
        self._settings = settings

    def __repr__(self) -> str:
        """As one would write it, without what is the default."""
        if self._handle is None:
            return f"<{type(self).__name__}, closed>"
        parameters = dict(inspect.signature(type(self)).parameters)
        given = {
            name: value for name, value in self._settings.items()
            if name in parameters and value != parameters[name].default
        }
        return call(type(self).__name__, {"lr": short(self.lr), **given},
                    parameters)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """For copy and pickle: another one with the same settings."""
        return _again, (type(self), {"lr": self.lr, **self._settings})

    @property
    def lr(self) -> float:
        """The learning rate, finite and at least 0."""
        return float(lib.cnn_optim_lr(self._p))

    @lr.setter
    def lr(self, value: float) -> None:
        check(lib.cnn_optim_set_lr(self._p, _checks.real("lr", value)))


def _again(kind: type[Optimizer], settings: dict[str, Any]) -> Optimizer:
    return kind(**settings)


class SGD(Optimizer):
    """Stochastic gradient descent.

    Parameters
    ----------
    lr : float
        Learning rate, at least 0.
    momentum : float
        From 0 to below 1.
    nesterov : bool
        Nesterov's momentum; needs momentum.
    weight_decay : float
        At least 0.
    """

    def __init__(
        self,
        lr: float = 0.01,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        options = _structs.sized(
            _structs.SGDOptions,
            momentum=_checks.real("momentum", momentum),
            nesterov=bool(nesterov),
            weight_decay=_checks.real("weight_decay", weight_decay),
        )
        super().__init__(
            lib.cnn_sgd_create(
                _checks.real("lr", lr), ctypes.byref(options)
            ),
            momentum=momentum,
            nesterov=bool(nesterov),
            weight_decay=weight_decay,
        )


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015).

    Parameters
    ----------
    lr : float
        Learning rate, at least 0.
    beta1, beta2 : float, optional
        Decay of the mean and of the square, from 0 to below 1; 0.9 and 0.999
        by default.
    eps : float, optional
        At least 0; 1e-8 by default.
    weight_decay : float
        At least 0, added to the gradient.
    """

    _decoupled = False

    def __init__(
        self,
        lr: float = 1e-3,
        *,
        beta1: Optional[float] = None,
        beta2: Optional[float] = None,
        eps: Optional[float] = None,
        weight_decay: float = 0.0,
    ) -> None:
        options = _structs.sized(
            _structs.AdamOptions,
            beta1=_checks.setting("beta1", beta1),
            beta2=_checks.setting("beta2", beta2),
            eps=_checks.setting("eps", eps),
            weight_decay=_checks.real("weight_decay", weight_decay),
            decoupled=self._decoupled,
        )
        super().__init__(
            lib.cnn_adam_create(
                _checks.real("lr", lr), ctypes.byref(options)
            ),
            beta1=beta1,
            beta2=beta2,
            eps=eps,
            weight_decay=weight_decay,
        )


class AdamW(Adam):
    """AdamW (Loshchilov and Hutter, 2019): as Adam, but the decay is kept
    apart from the gradient."""

    _decoupled = True

    def __init__(
        self,
        lr: float = 1e-3,
        *,
        beta1: Optional[float] = None,
        beta2: Optional[float] = None,
        eps: Optional[float] = None,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(
            lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay
        )


class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton, 2012).

    Parameters
    ----------
    lr : float
        Learning rate, at least 0.
    decay : float, optional
        Of the mean square, from 0 to below 1; 0.9 by default.
    eps : float, optional
        At least 0; 1e-8 by default.
    momentum : float
        From 0 to below 1.
    """

    def __init__(
        self,
        lr: float = 1e-3,
        *,
        decay: Optional[float] = None,
        eps: Optional[float] = None,
        momentum: float = 0.0,
    ) -> None:
        options = _structs.sized(
            _structs.RMSpropOptions,
            decay=_checks.setting("decay", decay),
            eps=_checks.setting("eps", eps),
            momentum=_checks.real("momentum", momentum),
        )
        super().__init__(
            lib.cnn_rmsprop_create(
                _checks.real("lr", lr), ctypes.byref(options)
            ),
            decay=decay,
            eps=eps,
            momentum=momentum,
        )


def optimizer_of(value: Any) -> Optimizer:
    """Checks that `value` is an optimiser."""
    if not isinstance(value, Optimizer):
        what = type(value).__name__
        if isinstance(value, (str, type)):
            what = getattr(value, "__name__", repr(value))
        raise TypeError(f"{what}, expected an optimizer such as Adam()")
    return value
