"""Layers that change the shape of a sample (include/cnn/shapes.h)."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from . import _checks
from ._checks import Pair
from ._layer import Layer, create
from ._library import lib

# In the order of CNN_UPSAMPLE_*.
_MODES = ("nearest", "bilinear")


class Upsample2D(Layer):
    """Larger images: (C, H, W) to (C, factor H, factor W).

    Parameters
    ----------
    factor : int or (int, int)
        For the height and the width, at least 1.
    mode : str
        "nearest" repeats each pixel; "bilinear" weights the four pixels around
        by their distance (align_corners=False of PyTorch).
    """

    _kind = "upsample2d"
    _choices = {"mode": _MODES}

    def __init__(self, factor: Pair, mode: str = "nearest") -> None:
        if mode not in _MODES:
            raise ValueError(f"mode {mode!r}: expected {' or '.join(_MODES)}")
        height, width = _checks.pair("factor", factor)
        super().__init__(
            functools.partial(
                create,
                lib.cnn_upsample2d_create,
                height,
                width,
                _MODES.index(mode),
            )
        )


class Reshape(Layer):
    """The same elements in another shape, row-major: (C, H, W), (H, W) with
    one channel, or a number of elements."""

    _kind = "reshape"

    def __init__(self, shape: Any) -> None:
        to = _checks.shape(shape)
        super().__init__(
            functools.partial(
                create, lib.cnn_reshape_create, ctypes.byref(to)
            )
        )
