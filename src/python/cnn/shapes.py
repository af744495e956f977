"""Layers that change the shape of a sample (include/cnn/shapes.h and
conv_transpose.h)."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from . import _checks, _structs, _structs_own
from ._checks import Pair
from ._layer import Layer, create
from ._library import lib
from ._settings import (
    ALGORITHMS,
    NO_BIAS,
    Init,
    Padding,
    algorithm_number,
    initial,
    padding_fields,
    steps,
)

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


class Conv2DTranspose(Layer):
    """Transposed convolution, the adjoint of Conv2D: (C, H, W) to (filters,
    H', W'), H' = (H - 1) stride + kernel less the padding, plus the output
    padding; stride H with "same". Weights are (C, filters / groups, kernel), as
    in PyTorch's ConvTranspose2d.

    Parameters
    ----------
    filters : int
        Channels of the output, at least 1.
    output_padding : int or (int, int)
        Rows and columns added below and to the right, less than the stride.
    others
        As for Conv2D; the padding is cut off.
    """

    _kind = "conv2d_transpose"
    _choices = {"algorithm": ALGORITHMS}

    def __init__(
        self,
        filters: int,
        kernel: Pair,
        *,
        stride: Pair = 1,
        padding: Padding = "valid",
        output_padding: Pair = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        weight_init: Init = None,
        bias_init: Init = None,
        algorithm: str = "auto",
    ) -> None:
        more = _checks.pair(
            "output_padding", output_padding, _checks.integer
        )
        options = _structs.sized(
            _structs_own.Conv2DTransposeOptions,
            flags=0 if bias else NO_BIAS,
            groups=_checks.count("groups", groups),
            algorithm=algorithm_number(algorithm),
            **steps("stride", stride),
            **steps("dilation", dilation),
            output_padding_h=more[0],
            output_padding_w=more[1],
            **padding_fields(padding),
            **initial("weight", weight_init),
            **initial("bias", bias_init),
        )
        height, width = _checks.pair("kernel", kernel)
        super().__init__(
            functools.partial(
                create,
                lib.cnn_conv2d_transpose_create,
                _checks.integer("filters", filters),
                height,
                width,
                ctypes.byref(options),
            )
        )


class Reshape(Layer):
    """The same elements in another shape, row-major: (C, H, W), (H, W) with
    one channel, or a number of elements. One size may be -1: what the others
    leave. Reshape(-1) is one vector, whatever the input."""

    _kind = "reshape"

    def __init__(self, shape: Any) -> None:
        to = _checks.shape(shape)
        super().__init__(
            functools.partial(
                create, lib.cnn_reshape_create, ctypes.byref(to)
            )
        )
