"""Inspecting a net: parameters by name, costs, statistics of its layers."""

from __future__ import annotations

import ctypes
import json
from typing import Any, NamedTuple, Optional

from . import _checks, _structs
from ._handle import Owner, view
from ._layer import Costs, Floats, Layer
from ._library import lib
from ._status import StateError, Status, check

_TEXT, _JSON, _DOT = 0, 1, 2


class Memory(NamedTuple):
    """What a net takes, in bytes (include/cnn/summary.h)."""

    training: int
    inference: int
    parameters: int


class LayerStats(NamedTuple):
    """Statistics of a layer (include/cnn/stats.h). `dead` is None if the layer
    is no activation, `saturated` if its function does not have two bounds."""

    units: int
    dead: Optional[int]
    saturated: Optional[int]
    weight_norm: float
    grad_norm: float


class Inspected(Owner):
    """The part of Net that inspects it."""

    _layers: list[Layer]

    # ---------------------------------------------------- parameters ---

    @property
    def param_count(self) -> int:
        """Number of trainable parameters; 0 before build."""
        return int(lib.cnn_net_param_count(self._p))

    @property
    def params(self) -> Floats:
        """All trainable parameters, a view of one dimension, in the order of
        the layers. Empty before build."""
        return view(self._h, lib.cnn_net_params(self._p), (self.param_count,))

    @property
    def grads(self) -> Floats:
        """Their gradients, a view."""
        return view(self._h, lib.cnn_net_grads(self._p), (self.param_count,))

    # --------------------------------------------------------- costs ---

    def costs(self) -> Costs:
        """What one sample costs; RuntimeError before build."""
        costs = _structs.sized(_structs.Costs)
        check(lib.cnn_net_costs(self._p, ctypes.byref(costs)))
        return Costs(costs.params, costs.connections, costs.multiply_adds)

    def memory(self) -> Memory:
        """What the net takes, in bytes; RuntimeError before build."""
        memory = _structs.sized(_structs.NetMemory)
        check(lib.cnn_net_measure(self._p, ctypes.byref(memory)))
        return Memory(memory.training, memory.inference, memory.parameters)

    def _summary(self, form: int) -> str:
        size = ctypes.c_size_t()
        handle = self._h
        with handle.lock:
            arguments = handle.pointer, form
            check(lib.cnn_net_summary(*arguments, None, 0, ctypes.byref(size)))
            text = ctypes.create_string_buffer(size.value)
            check(
                lib.cnn_net_summary(
                    *arguments, text, size, ctypes.byref(size)
                )
            )
        return text.value.decode()

    def summary(self) -> str:
        """A table, a line for each layer: outputs, parameters, connections,
        multiply-adds; then memory. RuntimeError before build."""
        return self._summary(_TEXT)

    def dot(self) -> str:
        """The layers as a graph, for Graphviz: write it to net.dot, then
        `dot -Tsvg net.dot`."""
        return self._summary(_DOT)

    def summary_dict(self) -> dict[str, Any]:
        """The same as numbers: "layers" (a list of "kind", "output", "params",
        "connections", "multiply_adds"), their sums, "max_batch", "memory"."""
        found: dict[str, Any] = json.loads(self._summary(_JSON))
        return found

    # --------------------------------------------------------- stats ---

    def watch(self, on: bool = True) -> None:
        """Begins to watch the units of the layers, forgetting what was seen,
        or ends the watch. RuntimeError before build."""
        handle = self._h
        with handle.lock:
            check(lib.cnn_net_watch(handle.pointer, bool(on)))

    def layer_stats(self) -> list[LayerStats]:
        """The statistics of each layer since watch(). RuntimeError if the net
        is not watched."""
        handle, stats, found = self._h, _structs.sized(_structs.LayerStats), []
        check_built(self)
        with handle.lock:
            for index in range(len(self._layers)):
                check(
                    lib.cnn_net_layer_stats(
                        handle.pointer, index, ctypes.byref(stats)
                    )
                )
                found.append(
                    LayerStats(
                        stats.units,
                        None if stats.dead < 0 else stats.dead,
                        None if stats.saturated < 0 else stats.saturated,
                        stats.weight_norm,
                        stats.grad_norm,
                    )
                )
        return found


def net_of(value: Any) -> Any:
    """Checks that it is a net."""
    if not isinstance(value, Inspected):
        raise TypeError(f"{type(value).__name__}, expected a Net")
    return value


def check_built(net: Owner) -> None:
    """The RuntimeError of a net that is not built."""
    if not lib.cnn_net_built(net._p):
        error = StateError(
            "the net is not built: fit() does that, and build(shape) without "
            "training"
        )
        error.status = Status.ESTATE
        raise error


def cost_of(layers: list[Layer]) -> float:
    """A rough measure of the time for a sample (_interrupt.py)."""
    return sum(layer._cost(1) for layer in layers)


def shape_of(function: Any, net: Owner) -> tuple[int, int, int]:
    """What cnn_net_in_shape() or cnn_net_out_shape() says."""
    shape = _structs.Shape()
    check(function(net._p, ctypes.byref(shape)))
    return _checks.dims(shape)
