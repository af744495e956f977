"""The layers (include/cnn/layer.h)."""

from __future__ import annotations

import ctypes
import functools
from typing import Any, Optional

import numpy as np

from . import _checks, _structs
from ._checks import Pair
from ._layer import Costs, Layer, TensorView, create
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
from ._status import check
from .activations import (
    ELU,
    GELU,
    Clamp,
    HardSwish,
    LeakyReLU,
    LeCunTanh,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from .norm import BatchNorm, LayerNorm
from .pooling import (
    AvgPool2D,
    GlobalAvgPool2D,
    GlobalMaxPool2D,
    MaxPool2D,
    Subsample2D,
)
from .shapes import Conv2DTranspose, Reshape, Upsample2D

__all__ = [
    "AvgPool2D", "BatchNorm", "Clamp", "Conv2D", "Conv2DTranspose", "Costs",
    "Dense", "Dropout", "ELU", "GELU", "GlobalAvgPool2D", "GlobalMaxPool2D",
    "HardSwish", "Layer", "LayerNorm", "LeakyReLU", "LeCunTanh", "MaxPool2D",
    "RBF", "ReLU", "Reshape", "Sigmoid", "SiLU", "Softmax", "Softplus",
    "Subsample2D", "Tanh", "TensorView", "Upsample2D",
]


class Conv2D(Layer):
    """2-D convolution: (C, H, W) to (filters, H', W').

    Parameters
    ----------
    filters : int
        Channels of the output, at least 1.
    kernel : int or (int, int)
        Height and width.
    stride, dilation : int or (int, int)
        Step of the kernel, and within it.
    padding : str, int or sequence
        "valid", "same" (the odd zero below and right), "same_lower", or zeros
        on each side: one number, (vertical, horizontal) or (top, bottom, left,
        right).
    groups : int
        Independent groups of channels.
    bias : bool
    weight_init, bias_init : str or (str, float), optional
        With a number: "truncated_normal", "normal" and "uniform" with a scale,
        "constant" with its value. Without: "glorot_uniform", "he_normal",
        "lecun". By default "glorot_uniform" for weights and zero for biases.
    table : array of 0 and 1, (filters, channels), optional
        Which filter sees which channel.
    algorithm : str
        "auto", "im2col", "winograd" or "direct" (the last two for kernels of
        3x3 and 5x5 only).

    Raises
    ------
    ValueError
        if a setting is not possible.
    """

    _kind = "conv2d"
    _choices = {"algorithm": ALGORITHMS}

    def __init__(
        self,
        filters: int,
        kernel: Pair,
        *,
        stride: Pair = 1,
        padding: Padding = "valid",
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        weight_init: Init = None,
        bias_init: Init = None,
        table: Optional[Any] = None,
        algorithm: str = "auto",
    ) -> None:
        options = _structs.sized(
            _structs.Conv2DOptions,
            flags=0 if bias else NO_BIAS,
            groups=_checks.count("groups", groups),
            algorithm=algorithm_number(algorithm),
            **steps("stride", stride),
            **steps("dilation", dilation),
            **padding_fields(padding),
            **initial("weight", weight_init),
            **initial("bias", bias_init),
        )
        height, width = _checks.pair("kernel", kernel)
        number = _checks.integer("filters", filters)
        rows = None if table is None else _table(table)

        def make() -> Any:
            layer = create(
                lib.cnn_conv2d_create, number, height, width,
                ctypes.byref(options),
            )
            if rows is not None:
                status = lib.cnn_conv2d_set_table(
                    layer, *rows.shape,
                    rows.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8)),
                )
                try:
                    check(status)
                except BaseException:
                    lib.cnn_layer_free(layer)
                    raise
            return layer

        super().__init__(make)

    def _array(self, name: str) -> Any:
        return self.table() if name == "table" else None


def _table(table: Any) -> Any:
    rows = np.asarray(table)
    if rows.ndim != 2:
        raise ValueError(
            f"table has shape {rows.shape}, expected (filters, channels)"
        )
    if not np.isin(rows, (0, 1)).all():
        raise ValueError("table has other elements than 0 and 1")
    return rows.astype(np.uint8, order="C")


class Dense(Layer):
    """Fully connected, over the whole sample read as one vector: (C, H, W) to
    (units, 1, 1).

    Parameters
    ----------
    units : int
        Number of outputs, at least 1.
    bias, weight_init, bias_init
        As for Conv2D.
    """

    _kind = "dense"

    def __init__(
        self,
        units: int,
        *,
        bias: bool = True,
        weight_init: Init = None,
        bias_init: Init = None,
    ) -> None:
        options = _structs.sized(
            _structs.DenseOptions,
            flags=0 if bias else NO_BIAS,
            **initial("weight", weight_init),
            **initial("bias", bias_init),
        )
        super().__init__(
            functools.partial(
                create,
                lib.cnn_dense_create,
                _checks.integer("units", units),
                ctypes.byref(options),
            )
        )


class Softmax(Layer):
    """exp(x_i) / sum exp(x_j) over all elements of a sample. On top of a net
    under softmax cross-entropy it is folded into the loss."""

    _kind = "softmax"

    def __init__(self) -> None:
        super().__init__(functools.partial(create, lib.cnn_softmax_create))


class Dropout(Layer):
    """In training, sets an element to zero with probability `rate`, from 0 to
    below 1, and multiplies the others by 1 / (1 - rate). In prediction it does
    nothing."""

    _kind = "dropout"

    def __init__(self, rate: float) -> None:
        super().__init__(
            functools.partial(
                create, lib.cnn_dropout_create, _checks.real("rate", rate)
            )
        )


class RBF(Layer):
    """Squared distance to a code for each class, the output layer of LeNet-5
    (LeCun et al., 1998); to be trained with the loss "lenet_map".

    Parameters
    ----------
    units : int
        Number of classes.
    codes : array (units, inputs), optional
        Fixed. By default the digits 0 to 9 as 7 x 12 pictures (84 inputs).
    """

    _kind = "rbf"
    _needs = ("units", "codes")

    _codes: Optional[Any] = None

    def __init__(self, units: int = 10, codes: Optional[Any] = None) -> None:
        number = _checks.integer("units", units)
        if codes is not None:
            self._codes = np.array(_checks.as_float32(codes, "codes"))
            if self._codes.ndim != 2 or len(self._codes) != number:
                raise ValueError(
                    f"codes has shape {self._codes.shape}, expected "
                    f"({number}, inputs)"
                )
        # C reads the codes in the build, and cannot check how many there are.
        self._checks_input = self._codes is not None
        array = self._codes
        super().__init__(
            lambda: create(
                lib.cnn_rbf_create,
                number,
                None if array is None else _checks.floats(array),
            )
        )

    def _array(self, name: str) -> Any:
        if name != "codes" or not self.settings()["given"]:
            return None
        if self._codes is None:  # it was loaded
            return next((np.array(t.data) for t in self.tensors()), None)
        return self._codes

    def _check_input(self, inputs: tuple[int, int, int]) -> None:
        size = inputs[0] * inputs[1] * inputs[2]
        if self._codes is not None and self._codes.shape[1] != size:
            raise ValueError(
                f"the codes have {self._codes.shape[1]} elements, the input "
                f"{size}"
            )
