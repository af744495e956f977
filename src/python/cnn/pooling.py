"""Layers that make images smaller (include/cnn/layer.h)."""

from __future__ import annotations

import ctypes
import functools
from typing import Any, Optional

from . import _checks, _structs
from ._checks import Pair
from ._layer import Layer, create
from ._library import lib
from ._settings import Padding, padding_fields


class _Pool2D(Layer):
    def __init__(
        self,
        function: Any,
        window: Pair,
        stride: Optional[Pair],
        padding: Padding,
        count_include_pad: bool = False,
    ) -> None:
        height, width = _checks.pair("window", window)
        strides = _checks.pair("stride", window if stride is None else stride)
        options = _structs.sized(
            _structs.Pool2DOptions,
            stride_h=strides[0],
            stride_w=strides[1],
            count_include_pad=bool(count_include_pad),
            **padding_fields(padding),
        )
        super().__init__(
            functools.partial(
                create, function, height, width, ctypes.byref(options)
            )
        )


class MaxPool2D(_Pool2D):
    """The largest value under each window.

    Parameters
    ----------
    window : int or (int, int)
        Height and width.
    stride : int or (int, int), optional
        The window by default.
    padding : str, int or sequence
        As for Conv2D.
    """

    _kind = "maxpool2d"

    def __init__(
        self,
        window: Pair,
        *,
        stride: Optional[Pair] = None,
        padding: Padding = "valid",
    ) -> None:
        super().__init__(lib.cnn_maxpool2d_create, window, stride, padding)


class AvgPool2D(_Pool2D):
    """The mean of what lies under each window; as MaxPool2D.

    Parameters
    ----------
    count_include_pad : bool
        Whether the padding counts.
    """

    _kind = "avgpool2d"

    def __init__(
        self,
        window: Pair,
        *,
        stride: Optional[Pair] = None,
        padding: Padding = "valid",
        count_include_pad: bool = False,
    ) -> None:
        super().__init__(
            lib.cnn_avgpool2d_create, window, stride, padding,
            count_include_pad,
        )


class GlobalMaxPool2D(Layer):
    """The largest value of each channel: (C, H, W) to (C, 1, 1)."""

    _kind = "global_maxpool2d"

    def __init__(self) -> None:
        super().__init__(
            functools.partial(create, lib.cnn_global_maxpool2d_create)
        )


class GlobalAvgPool2D(Layer):
    """The mean of each channel: (C, H, W) to (C, 1, 1)."""

    _kind = "global_avgpool2d"

    def __init__(self) -> None:
        super().__init__(
            functools.partial(create, lib.cnn_global_avgpool2d_create)
        )


class Subsample2D(_Pool2D):
    """Trainable sub-sampling (LeCun et al., 1998): the sum under each window
    times a coefficient, plus a bias, both of the channel; as MaxPool2D."""

    _kind = "subsample2d"

    def __init__(
        self,
        window: Pair,
        *,
        stride: Optional[Pair] = None,
        padding: Padding = "valid",
    ) -> None:
        super().__init__(lib.cnn_subsample2d_create, window, stride, padding)
