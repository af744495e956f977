"""What a layer has: its shapes, costs, settings and parameters."""

from __future__ import annotations

import ctypes
from typing import NamedTuple, Optional, Union

import numpy as np
import numpy.typing as npt

from . import _checks, _structs
from ._handle import Owner, view
from ._library import lib
from ._status import Status, check

Floats = npt.NDArray[np.float32]
# Settings that are shown as floats even if they are whole.
_REAL = ("weight_scale", "bias_scale", "epsilon", "momentum", "alpha", "rate")


class Costs(NamedTuple):
    """What one sample costs, going forward."""

    params: int
    connections: int
    multiply_adds: int


class TensorView(NamedTuple):
    """One array of parameters: `data` and `grad` are views, not copies.
    `grad` is None for what is not trained."""

    name: str
    data: Floats
    grad: Optional[Floats]


class LayerData(Owner):
    """The part of Layer that looks."""

    def _is_built(self) -> bool:
        shape = ctypes.byref(_structs.Shape())
        return int(lib.cnn_layer_in_shape(self._p, shape)) == Status.OK

    @property
    def kind(self) -> str:
        """"conv2d", "dense", ..."""
        kind: bytes = lib.cnn_layer_kind(self._p)
        return kind.decode()

    @property
    def in_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one input; RuntimeError before build."""
        shape = _structs.Shape()
        check(lib.cnn_layer_in_shape(self._p, ctypes.byref(shape)))
        return _checks.dims(shape)

    @property
    def out_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one output; RuntimeError before build."""
        shape = _structs.Shape()
        check(lib.cnn_layer_out_shape(self._p, ctypes.byref(shape)))
        return _checks.dims(shape)

    def costs(self) -> Costs:
        """Parameters, connections, multiply-adds; RuntimeError before
        build."""
        costs = _structs.sized(_structs.Costs)
        check(lib.cnn_layer_costs(self._p, ctypes.byref(costs)))
        return Costs(costs.params, costs.connections, costs.multiply_adds)

    @property
    def param_count(self) -> int:
        """Number of trainable parameters; 0 before build."""
        return int(lib.cnn_layer_param_count(self._p))

    @property
    def params(self) -> Floats:
        """All trainable parameters, a view of one dimension: weights, then
        biases. Empty before build."""
        return view(self._h, lib.cnn_layer_params(self._p),
                    (self.param_count,))

    @property
    def grads(self) -> Floats:
        """Their gradients, a view."""
        return view(self._h, lib.cnn_layer_grads(self._p),
                    (self.param_count,))

    def settings(self) -> dict[str, Union[int, float]]:
        """What the layer was created with, or what its model file says, by
        the names of include/cnn/inspect.h."""
        pointer, value = self._p, ctypes.c_double()
        found: dict[str, Union[int, float]] = {}
        for index in range(lib.cnn_layer_setting_count(pointer)):
            name: bytes = lib.cnn_layer_setting_name(pointer, index)
            check(lib.cnn_layer_setting(pointer, name, ctypes.byref(value)))
            text, number = name.decode(), value.value + 0.0
            whole = number.is_integer() and text not in _REAL
            found[text] = int(number) if whole else number
        return found

    def table(self) -> Optional[npt.NDArray[np.uint8]]:
        """A copy of the connection table of a convolution, (filters,
        channels); None if there is none."""
        rows, columns = ctypes.c_int32(), ctypes.c_int32()
        data = lib.cnn_conv2d_table(
            self._p, ctypes.byref(rows), ctypes.byref(columns)
        )
        if not data:
            return None
        shape = rows.value, columns.value
        return np.array(np.ctypeslib.as_array(data, shape), np.uint8)

    def tensors(self) -> list[TensorView]:
        """The arrays of parameters by name, as model files have them; those
        too that are not trained. Empty before build."""
        handle, tensor, found = self._h, _structs.sized(_structs.Tensor), []
        for index in range(lib.cnn_layer_tensor_count(handle.pointer)):
            check(
                lib.cnn_layer_tensor(
                    handle.pointer, index, ctypes.byref(tensor)
                )
            )
            shape = tuple(tensor.dims[: tensor.rank])
            grad = view(handle, tensor.grad, shape) if tensor.grad else None
            found.append(
                TensorView(
                    tensor.name.decode(),
                    view(handle, tensor.data, shape),
                    grad,
                )
            )
        return found
