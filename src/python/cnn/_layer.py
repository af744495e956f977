"""What all layers have in common: building, and running one by hand."""

from __future__ import annotations

import ctypes
import math
from typing import Any, Callable, NamedTuple, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import _checks, _interrupt, _structs
from ._handle import Handle, Owner, view
from ._library import lib
from ._status import Status, check, created
from .optim import Optimizer, optimizer_of

Floats = npt.NDArray[np.float32]
TRAIN = 1
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


class Layer(Owner):
    """A layer: part of a net, or built and run by hand.

    By hand it is `build()`, then `forward()`, `backward()`, `update()`,
    `zero_grad()`. N samples are a float32 array (N, C, H, W). One that a net
    has belongs to it, and lives and is locked with it.
    """

    def __init__(self, create: Callable[[], Any]) -> None:
        self._create: Optional[Callable[[], Any]] = create
        self._handle = Handle(create(), lib.cnn_layer_free)
        self._owned = False

    # ------------------------------------------------------ in a net ---

    @classmethod
    def _of_net(cls, net: Handle, pointer: Any) -> Layer:
        """A layer that a net made by itself, when it was loaded."""
        layer = Layer.__new__(Layer)
        layer._create = None
        layer._join(net, pointer)
        return layer

    def _join(self, net: Handle, pointer: Any) -> None:
        """The net frees it from now on, and is kept for as long as this is."""
        handle = Handle(pointer, lib.cnn_layer_free, net, net.lock)
        handle.disown()
        self._handle = handle
        self._owned = True

    def _again(self) -> Layer:
        """Another layer with the same settings, not built."""
        if self._create is None:
            raise RuntimeError("a layer that was loaded cannot be made again")
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        Layer.__init__(other, self._create)
        return other

    # Whether _check_input() has anything to look at.
    _checks_input = False

    def _check_input(self, inputs: tuple[int, int, int]) -> None:
        """Called before a build, for what C cannot check."""

    # ------------------------------------------------------ building ---

    def build(
        self,
        shape: Union[int, Sequence[int]],
        max_batch: int,
        *,
        seed: int = 0,
    ) -> Layer:
        """Takes all memory and draws the initial parameters.

        Parameters
        ----------
        shape : (C, H, W), (H, W) or int
            Of one input sample.
        max_batch : int
            The largest batch that will be run, at least 1.
        seed : int
            The same seed gives the same parameters; below 2^64.

        Returns
        -------
        Layer
            Itself.

        Raises
        ------
        ValueError
            if the layer does not fit its input.
        RuntimeError
            if it is built already, or belongs to a net.
        MemoryError
        """
        inputs = _checks.shape(shape)
        batch = _checks.integer("max_batch", max_batch)
        number = _checks.seed(seed)
        handle = self._h
        with handle.lock:
            self._check_input(_checks.dims(inputs))
            check(
                lib.cnn_layer_build(
                    handle.pointer, ctypes.byref(inputs), batch, number
                )
            )
        return self

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

    @property
    def frozen(self) -> bool | str:
        """Whether optimisers leave the parameters as they are.

        True: and the layer runs as it does when predicting, in training too
        (batch normalisation by its running statistics, dropout passes all).
        "params": it runs as in training.
        """
        state: int = lib.cnn_layer_frozen(self._p)
        return "params" if state == 2 else bool(state)

    @frozen.setter
    def frozen(self, value: bool | str) -> None:
        if value not in (True, False, "params"):
            raise ValueError(
                f"frozen is {value!r}, expected True, False or \"params\"")
        handle = self._h
        with handle.lock:
            check(lib.cnn_layer_set_frozen(
                handle.pointer, 2 if value == "params" else bool(value)))

    def costs(self) -> Costs:
        """Parameters, connections, multiply-adds; RuntimeError before
        build."""
        costs = _structs.sized(_structs.Costs)
        check(lib.cnn_layer_costs(self._p, ctypes.byref(costs)))
        return Costs(costs.params, costs.connections, costs.multiply_adds)

    # ------------------------------------------------------- running ---

    def _cost(self, batch: int) -> float:
        """Some measure of the time that a pass takes (_interrupt.py)."""
        one = self.costs().multiply_adds + 8 * math.prod(self.in_shape)
        return float(batch * one)

    def forward(
        self, x: Any, *, training: bool = False, out: Optional[Any] = None
    ) -> Floats:
        """y from x, (N, C, H, W) each.

        Parameters
        ----------
        x : array
            float32; other floats are copied to it.
        training : bool
            Whether this pass is part of training (dropout, normalisation).
        out : array, optional
            Where y goes.

        Raises
        ------
        ValueError
            if a shape does not fit, or N is above max_batch.
        RuntimeError
            before build.
        """
        array = _checks.batch("x", x, self.in_shape)
        samples = len(array)
        y = _checks.result("out", out, (samples, *self.out_shape))
        _checks.apart(array, y)
        handle = self._h

        def call() -> None:
            check(
                lib.cnn_layer_forward(
                    handle.pointer,
                    TRAIN if training else 0,
                    samples,
                    _checks.floats(array),
                    _checks.floats(y),
                )
            )

        _interrupt.run(handle.lock, self._cost(samples), call)
        return y

    def backward(
        self,
        x: Any,
        y: Any,
        dy: Any,
        *,
        want_dx: bool = True,
        out: Optional[Any] = None,
    ) -> Optional[Floats]:
        """dx from dy; adds to the gradients of the parameters.

        Parameters
        ----------
        x, y : array
            What forward took and gave.
        dy : array
            The gradient of the loss with respect to y.
        want_dx : bool
            False saves the work; the result is then None.
        out : array, optional
            Where dx goes.

        Raises
        ------
        ValueError
            if a shape does not fit.
        RuntimeError
            before build.
        """
        inputs = _checks.batch("x", x, self.in_shape)
        outputs = _checks.batch("y", y, self.out_shape)
        slope = _checks.batch("dy", dy, self.out_shape)
        if not len(inputs) == len(outputs) == len(slope):
            raise ValueError(
                f"{len(inputs)} samples of x, {len(outputs)} of y, "
                f"{len(slope)} of dy"
            )
        dx = None
        if want_dx:
            dx = _checks.result("out", out, (len(inputs), *self.in_shape))
            for other in (inputs, outputs, slope):
                _checks.apart(other, dx)
        handle = self._h

        def call() -> None:
            check(
                lib.cnn_layer_backward(
                    handle.pointer,
                    len(inputs),
                    _checks.floats(inputs),
                    _checks.floats(outputs),
                    _checks.floats(slope),
                    None if dx is None else _checks.floats(dx),
                )
            )

        _interrupt.run(handle.lock, 2 * self._cost(len(inputs)), call)
        return dx

    def update(self, optimizer: Optimizer) -> None:
        """One step of the optimiser on the parameters."""
        handle = self._h
        with handle.lock:
            check(
                lib.cnn_layer_update(
                    handle.pointer, optimizer_of(optimizer)._p
                )
            )

    def zero_grad(self) -> None:
        """Sets the gradients of the parameters to zero."""
        handle = self._h
        with handle.lock:
            check(lib.cnn_layer_zero_grad(handle.pointer))

    # ------------------------------------------------------- looking ---

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

    def __repr__(self) -> str:
        """The kind and the settings that are not zero."""
        if self._handle is None:
            return f"<{type(self).__name__}, closed>"
        listed = [
            f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
            for name, value in self.settings().items()
            if value != 0
        ]
        return f"<{' '.join([self.kind, *listed])}>"

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


def create(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a `_create`."""
    return created(function(*arguments))
