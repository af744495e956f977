"""Layers and losses of Python inside of libcnn (include/cnn/custom.h).

The functions of C cannot fail. So an exception in one of Python is remembered
for the thread, what was to be computed becomes NaN, by which a step of training
ends without changing the parameters, and the call that C was in raises it.
What is handed to Python are copies: nothing that it keeps is left hanging.
"""

from __future__ import annotations

import ctypes
import json
from typing import Any, Callable, Mapping, Optional, Sequence, Union

import numpy as np

from . import _checks, _structs
from ._handle import Handle, view
from ._layer import Layer
from ._layout import without_ones
from ._library import lib
from ._status import Status, UnsupportedError, again, created, remember
from ._structs_own import (
    LAYER_BACKWARD,
    LAYER_FORWARD,
    LAYER_INIT,
    LAYER_MAKER,
    LAYER_SHAPE,
    LOSS,
    LayerMethods,
)
from .custom import CustomLayer, Pass

TRAIN = 1
Loss = Callable[[Any, Any], tuple[Any, Any]]
Classes = Union[type[CustomLayer], Sequence[type[CustomLayer]]]


def _given(pointer: Any, shape: tuple[int, ...]) -> Any:
    return view(None, pointer, shape).copy()


def _numbers(what: str, value: Any) -> Any:
    """What a function of Python gave, as an array."""
    if value is None:
        raise TypeError(f"{what} gave None, expected numbers: has it a return?")
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what} gave {array.dtype}, expected numbers")
    return array


def _result(what: str, value: Any, shape: tuple[int, ...]) -> Any:
    """As _numbers(), in the shape that it should have."""
    array = _numbers(what, value)
    flat = shape[0], int(np.prod(shape[1:]))
    if (without_ones(array.shape) != without_ones(shape)
            and array.shape != flat):
        raise ValueError(
            f"{what} gave an array of shape {array.shape}, expected {shape}"
        )
    return array.reshape(shape)


def _shape(what: str, value: Any) -> Any:
    try:
        return _checks.shape(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{what} gave {value!r}: {error}") from None


class _Functions:
    """The functions of C for one layer of Python."""

    def __init__(self, own: CustomLayer) -> None:
        self.own = own
        self.name = type(own).__name__
        self.shapes: dict[tuple[int, int, int], Any] = {}
        self.table = _structs.sized(
            LayerMethods,
            name=self.name.encode(),
            settings=_settings_text(own),
            shape=LAYER_SHAPE(self.shape),
            init=LAYER_INIT(self.init),
            forward=LAYER_FORWARD(self.forward),
            backward=LAYER_BACKWARD(self.backward),
        )

    def initial(self, inputs: tuple[int, int, int], seed: int) -> Any:
        with self.own._during(Pass([seed])):
            arrays = self.own.parameters(inputs)
        what = f"{self.name}.parameters"
        if not isinstance(arrays, Mapping):
            raise TypeError(
                f"{what} gave {arrays!r}, expected arrays by name, {{}} for "
                "none"
            )
        return {
            str(name): _numbers(f"{what}, {name!r},", array).astype(np.float32)
            for name, array in arrays.items()
        }

    def shape(self, user: Any, plan: Any) -> int:
        try:
            inputs = _checks.dims(getattr(plan.contents, "in"))
            with self.own._during(Pass([0])):
                outputs = _shape(
                    f"{self.name}.out_shape", self.own.out_shape(inputs))
            arrays = self.initial(inputs, 0)
            plan.contents.out = outputs
            plan.contents.params = sum(a.size for a in arrays.values())
            self.shapes[inputs] = {n: a.shape for n, a in arrays.items()}
        except BaseException as error:
            remember(error)
            return 1
        return 0

    def init(self, user: Any, plan: Any, seed: int, params: Any) -> None:
        count = plan.contents.params
        try:
            inputs = _checks.dims(getattr(plan.contents, "in"))
            arrays = self.initial(inputs, seed)
            if {n: a.shape for n, a in arrays.items()} != self.shapes[inputs]:
                raise ValueError(
                    f"{self.name}.parameters gave other shapes than before"
                )
            view(None, params, (count,))[...] = np.concatenate(
                [a.ravel() for a in arrays.values()])
        except BaseException as error:
            view(None, params, (count,))[...] = np.nan
            remember(error)

    def named(self, inputs: tuple[int, int, int], flat: Any) -> dict[str, Any]:
        """The arrays of a layer, as views over one."""
        found, first = {}, 0
        for name, shape in self.shapes[inputs].items():
            size = int(np.prod(shape))
            found[name] = flat[first:first + size].reshape(shape)
            first += size
        return found

    def started(self, p: Any, grads: Any) -> Pass:
        inputs = _checks.dims(getattr(p, "in"))
        params = _given(p.params, (p.param_count,))
        return Pass(
            [p.seed, p.step],
            self.named(inputs, params),
            None if grads is None else self.named(inputs, grads),
            bool(p.flags & TRAIN),
        )

    def forward(self, user: Any, call: Any, x: Any, y: Any) -> None:
        p = call.contents
        shape = (p.batch, *_checks.dims(p.out))
        try:
            again()
            inputs = _given(x, (p.batch, *_checks.dims(getattr(p, "in"))))
            with self.own._during(self.started(p, None)):
                outputs = self.own.forward(inputs)
            view(None, y, shape)[...] = _result(
                f"{self.name}.forward", outputs, shape)
        except BaseException as error:
            view(None, y, shape)[...] = np.nan
            remember(error)

    def backward(
        self, user: Any, call: Any, x: Any, y: Any, dy: Any, dx: Any
    ) -> None:
        p = call.contents
        inputs = (p.batch, *_checks.dims(getattr(p, "in")))
        outputs = (p.batch, *_checks.dims(p.out))
        grads = np.zeros(p.param_count, np.float32)
        try:
            again()
            with self.own._during(self.started(p, grads)):
                slope = self.own.backward(
                    _given(x, inputs), _given(y, outputs), _given(dy, outputs))
            if dx:
                view(None, dx, inputs)[...] = _result(
                    f"{self.name}.backward", slope, inputs)
        except BaseException as error:
            grads[...] = np.nan
            if dx:
                view(None, dx, inputs)[...] = np.nan
            remember(error)
        if p.param_count:
            total = view(None, p.grads, (p.param_count,))
            total += grads


def _plain(value: Any) -> Any:
    """A number of numpy, as JSON has it."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no JSON")


def _settings_text(own: CustomLayer) -> Optional[bytes]:
    settings = own.settings()
    if not settings:
        return None
    try:
        return json.dumps(settings, allow_nan=False, default=_plain).encode()
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"the settings of {type(own).__name__} cannot be saved: {error}; "
            "settings() has to give numbers, strings, lists and the like"
        ) from None


class OwnLayer(Layer):
    """A layer of a net that is a CustomLayer; `own` is that."""

    def __init__(self, own: CustomLayer) -> None:
        self.own = own
        self._functions = _Functions(own)
        self._handle = Handle(
            created(lib.cnn_layer_create_custom(
                ctypes.byref(self._functions.table), None)),
            lib.cnn_layer_free,
        )

    def _array(self, name: str) -> Any:
        return self.own

    def _calls(self) -> Any:
        return self._functions

    def _said(self) -> dict[str, Any]:
        return {}

    def _again(self) -> Layer:
        return OwnLayer(self.own)

    def __repr__(self) -> str:
        return repr(self.own)


# ------------------------------------------------------------- files ---


class Loading:
    """The layers of one's own in a file that is being loaded: of classes, or,
    of a pickle, those that it has already, one after the other."""

    def __init__(
        self,
        classes: Classes = (),
        ready: Sequence[CustomLayer] = (),
    ) -> None:
        if isinstance(classes, type):
            classes = [classes]
        for kind in classes:
            if not (isinstance(kind, type) and issubclass(kind, CustomLayer)):
                raise TypeError(
                    f"custom has {kind!r}, expected classes derived from "
                    "CustomLayer"
                )
        self.classes = {kind.__name__: kind for kind in classes}
        self.ready = list(ready)
        self.made: dict[int, OwnLayer] = {}
        self.function = LAYER_MAKER(self.make)

    def make(self, user: Any, name: Any, settings: Any, layer: Any) -> int:
        try:
            made = OwnLayer(self.find(name.decode(), settings.decode()))
            made._h.disown()
            layer[0] = made._p
            self.made[ctypes.addressof(made._p.contents)] = made
        except BaseException as error:
            remember(error)
            return int(Status.EUNSUPPORTED)
        return int(Status.OK)

    def find(self, name: str, settings: str) -> CustomLayer:
        if self.ready:
            return self.ready.pop(0)
        if name not in self.classes:
            error = UnsupportedError(
                f"the file has a layer of somebody's own, {name!r}: "
                f"load(..., custom=[{name}]) says which class that is"
            )
            error.status = Status.EUNSUPPORTED
            raise error
        given = json.loads(settings) if settings else {}
        if not isinstance(given, dict):
            raise ValueError(f"{name}: settings {settings!r}, expected names")
        return self.classes[name](**given)


# -------------------------------------------------------------- loss ---


def _pair(name: str, answer: Any) -> tuple[float, Any]:
    """What a function of a loss gave."""
    try:
        value, dy = answer
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} gave {answer!r}, expected a pair (loss, dy)") from None
    number = _numbers(f"the loss of {name}", value)
    if number.size != 1:
        raise ValueError(
            f"{name} gave a loss of shape {number.shape}, expected one number")
    return float(number.reshape(())), dy


def loss_function(loss: Loss) -> Any:
    """A function of Python as libcnn calls it."""
    name = getattr(loss, "__name__", type(loss).__name__)

    def call(user: Any, sample: Any, slope: Any) -> float:
        s = sample.contents
        try:
            again()
            target: Any = s.label
            if s.targets:
                target = _given(s.targets, (s.count,))
            value, dy = _pair(name, loss(_given(s.y, (s.count,)), target))
            if slope:
                view(None, slope, (s.count,))[...] = _result(
                    f"the gradient of {name}", dy, (s.count,))
            return value
        except BaseException as error:
            if slope:
                view(None, slope, (s.count,))[...] = np.nan
            remember(error)
            return float("nan")

    return LOSS(call)
