"""Layers that normalise (include/cnn/norm.h)."""

from __future__ import annotations

import ctypes
import functools
from typing import Optional

from . import _checks, _structs, _structs_own
from ._layer import Layer, create
from ._library import lib

_NO_AFFINE = 1


class BatchNorm(Layer):
    """Normalises each channel over batch and image (Ioffe and Szegedy, 2015).

    Parameters
    ----------
    epsilon : float, optional
        Added to the variance, above 0; 1e-5 by default.
    momentum : float, optional
        Of the running statistics, from 0 to 1; 0.1 by default.
    """

    _kind = "batchnorm"

    def __init__(
        self,
        *,
        epsilon: Optional[float] = None,
        momentum: Optional[float] = None,
    ) -> None:
        options = _structs.sized(
            _structs.BatchNormOptions,
            epsilon=_checks.setting("epsilon", epsilon),
            momentum=_checks.setting("momentum", momentum),
        )
        super().__init__(
            functools.partial(
                create, lib.cnn_batchnorm_create, ctypes.byref(options)
            )
        )


class LayerNorm(Layer):
    """Normalises each sample over all its elements (Ba et al., 2016), or over
    each group of its channels.

    Parameters
    ----------
    epsilon : float, optional
        Added to the variance, above 0; 1e-5 by default.
    groups : int
        0: the whole sample, with a gain and a bias for each element. Otherwise
        group normalisation (Wu and He, 2018) of so many groups of channels,
        with a gain and a bias for each channel; one channel in each group is
        instance normalisation.
    affine : bool
        Whether there are gains and biases.
    """

    _kind = "layernorm"

    def __init__(
        self,
        *,
        epsilon: Optional[float] = None,
        groups: int = 0,
        affine: bool = True,
    ) -> None:
        options = _structs.sized(
            _structs_own.LayerNormOptions,
            flags=0 if affine else _NO_AFFINE,
            epsilon=_checks.setting("epsilon", epsilon),
            groups=_checks.integer("groups", groups),
        )
        super().__init__(
            functools.partial(
                create, lib.cnn_layernorm_create, ctypes.byref(options)
            )
        )
