"""A layer of one's own, with numpy (include/cnn/custom.h)."""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from typing import Any, Iterator, Mapping, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from .graph import Node, called

Floats = npt.NDArray[np.float32]
Shape = tuple[int, int, int]


class Gradients(dict[str, Floats]):
    """Arrays that are added to: `grads["gain"] += ...`."""

    def __setitem__(self, name: str, value: Floats) -> None:
        if self.get(name) is not value:
            raise TypeError(
                f"gradients are added to: grads[{name!r}] += ..., not set"
            )


class Pass:
    """What is at hand while a layer runs."""

    def __init__(
        self,
        seed: Sequence[int],
        params: Optional[Mapping[str, Floats]] = None,
        grads: Optional[Mapping[str, Floats]] = None,
        training: bool = False,
    ) -> None:
        self.seed = list(seed)
        self.params = dict(params or {})
        self.grads = Gradients(grads or {})
        self.training = training

    @functools.cached_property
    def rng(self) -> np.random.Generator:
        """Made when it is asked for, which takes as long as a small layer."""
        return np.random.default_rng(self.seed)


class _Running(threading.local):
    """The passes that this thread is in, by layer."""

    def __init__(self) -> None:
        self.passes: dict[int, Pass] = {}


_running = _Running()


class CustomLayer:
    """A layer of one's own: derive from it, and put it into nets as others.

        class Scale(cnn.CustomLayer):
            def __init__(self, first=1.0):
                self.first = first

            def parameters(self, in_shape):
                return {"gain": np.full(in_shape[0], self.first)}

            def forward(self, x):
                return x * self.params["gain"][:, None, None]

            def backward(self, x, y, dy):
                self.grads["gain"] += (x * dy).sum((0, 2, 3))
                return dy * self.params["gain"][:, None, None]

    Arrays are float32, (N, C, H, W), and copies, which may be kept. Its object
    only describes: every net that it is in, and every copy of such a net, has
    parameters of its own, and sessions run it in several threads. So what
    forward() computes for backward() is best computed again.

    Files keep the name of the class and settings(), which `cnn.load(path,
    custom=[Scale])` makes it again from. An exception of a method comes out of
    the call that ran it; a step of training then changes no parameter.

    It is slower than a layer of libcnn: docs/python.md says how much.
    """

    # ------------------------------------------------ what one writes ---

    def out_shape(self, in_shape: Shape) -> Union[int, Sequence[int]]:
        """The shape of a sample of y, (C, H, W) or a number of elements; as
        that of x unless it is said here. An exception refuses the input."""
        return in_shape

    def parameters(self, in_shape: Shape) -> Mapping[str, Any]:
        """Names and initial values of what is learnt, of always the same
        shapes for the same input; nothing unless it is said here. What is
        random comes from `self.rng`."""
        return {}

    def forward(self, x: Floats) -> Any:
        """y from x."""
        raise NotImplementedError(f"{type(self).__name__} has no forward()")

    def backward(self, x: Floats, y: Floats, dy: Floats) -> Any:
        """dx from dy, the gradients of the loss with respect to x and y; adds
        those with respect to the parameters to `self.grads`."""
        raise NotImplementedError(f"{type(self).__name__} has no backward()")

    def settings(self) -> dict[str, Any]:
        """What the class is to be called with to get such a layer again:
        numbers, strings, lists and the like, at most 1,000 bytes as JSON. The
        arguments of __init__, from the attributes of the same names, unless
        something else is said here."""
        found = {}
        for name, parameter in inspect.signature(type(self)).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL,
                                  parameter.VAR_KEYWORD):
                continue
            if not hasattr(self, name):
                raise TypeError(
                    f"{type(self).__name__} has no attribute {name!r} with the "
                    f"argument {name!r}: keep it there, or write settings()"
                )
            found[name] = getattr(self, name)
        return found

    # ----------------------------------------- what is there in them ---

    @property
    def params(self) -> dict[str, Floats]:
        """The parameters, by name, in forward() and backward()."""
        return self._pass().params

    @property
    def grads(self) -> dict[str, Floats]:
        """Their gradients, to be added to, in backward()."""
        return self._pass().grads

    @property
    def training(self) -> bool:
        """Whether this pass is part of training, in forward() and
        backward()."""
        return self._pass().training

    @property
    def rng(self) -> np.random.Generator:
        """Random numbers that follow from the seed of the net, and from the
        step: the same in forward() and backward()."""
        return self._pass().rng

    def __call__(self, x: Node) -> Node:
        """The output of the layer when it takes that of a node, for Net(x,
        y). Each place in a net has parameters of its own."""
        return called(self, x)

    def _pass(self) -> Pass:
        found = _running.passes.get(id(self))
        if found is None:
            raise RuntimeError(
                f"{type(self).__name__} is not running: there are parameters "
                "in its methods only; those of a net are in net.tensors()"
            )
        return found

    @contextlib.contextmanager
    def _during(self, current: Pass) -> Iterator[None]:
        before = _running.passes.get(id(self))
        _running.passes[id(self)] = current
        try:
            yield
        finally:
            if before is None:
                del _running.passes[id(self)]
            else:
                _running.passes[id(self)] = before

    def __repr__(self) -> str:
        """As one would write it."""
        from ._describe import call

        parameters = dict(inspect.signature(type(self)).parameters)
        given = {
            name: value for name, value in self.settings().items()
            if name in parameters
            and not _equal(value, parameters[name].default)
        }
        return call(type(self).__name__, given, parameters)


def _equal(value: Any, default: Any) -> bool:
    return default is not inspect.Parameter.empty and bool(
        np.array_equal(value, default))
