"""What all layers have in common: building and copying one."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, ClassVar, Mapping, Optional, Sequence, Union

from . import _checks, _describe
from ._handle import Handle
from ._layer_data import Costs, Floats, TensorView
from ._layer_run import TRAIN, LayerRun
from ._library import lib
from ._status import check, created
from .graph import Node, called

__all__ = ["TRAIN", "Costs", "Floats", "Layer", "TensorView", "create"]


class Layer(LayerRun):
    """A layer: part of a net, or built and run by hand.

    By hand it is `build()`, then `forward()`, `backward()`, `update()`,
    `zero_grad()`. N samples are a float32 array (N, C, H, W). One that a net
    has belongs to it, and lives and is locked with it.
    """

    # The kind of C that a class stands for, and, of activations, the function.
    _kind: ClassVar[Optional[str]] = None
    _function: ClassVar[int] = 0
    _kinds: ClassVar[dict[tuple[str, int], type[Layer]]] = {}
    # What the numbers of a setting are called.
    _choices: ClassVar[Mapping[str, Sequence[str]]] = {}
    # Arguments that go together if one of them is an array.
    _needs: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        ours = cls.__module__.startswith(f"{__package__}.")
        if ours and cls._kind is not None:
            Layer._kinds.setdefault((cls._kind, cls._function), cls)

    def __init__(self, create: Callable[[], Any]) -> None:
        self._handle = Handle(create(), lib.cnn_layer_free)

    # Whether it belongs to a net.
    _owned = False
    # Whether it is a copy, not built, that keeps the parameters of another.
    _keeps = False

    # ------------------------------------------------------ in a net ---

    @classmethod
    def _of_net(cls, net: Handle, pointer: Any) -> Layer:
        """A layer that a net made by itself, when it was loaded."""
        kind = lib.cnn_layer_kind(pointer).decode()
        value = ctypes.c_double(0.0)
        if kind == "activation":
            check(lib.cnn_layer_setting(
                pointer, b"function", ctypes.byref(value)))
        found = Layer._kinds.get((kind, int(value.value)), Layer)
        layer = found.__new__(found)
        layer._join(net, pointer)
        return layer

    def _join(self, net: Handle, pointer: Any) -> None:
        """The net frees it from now on, and is kept for as long as this is."""
        handle = Handle(pointer, lib.cnn_layer_free, net, net.lock)
        handle.disown()
        self._handle = handle
        self._owned = True

    def _check_free(self) -> None:
        """Refuses a layer that no other net can have."""
        if self._owned:
            raise RuntimeError(
                f"the layer belongs to a net already: {self!r}; "
                "layer.copy() is another one with the same parameters"
            )
        if self._is_built():
            raise RuntimeError(
                "the layer is built already: layer.copy() is another one "
                "with the same parameters"
            )

    def __call__(self, x: Node) -> Node:
        """The output of the layer when it takes that of a node, for Net(x,
        y). A layer has one place in a net."""
        made = called(self, x)
        self._check_free()
        return made

    # ------------------------------------------------------- copying ---

    def copy(self) -> Layer:
        """Another layer with the same settings, which is not built. It keeps
        the parameters of one that is built, for its own build or that of the
        net that it is put into. Frozen stays frozen, and lr_factor stays.

        Raises
        ------
        RuntimeError
            if it is such a copy itself, that nobody has built yet.
        """
        handle = self._h
        with handle.lock:
            built = self._is_built()
            if self._keeps and not built:
                raise RuntimeError(
                    "the layer keeps the parameters of another until it is "
                    "built: copy that, or build it first"
                )
            if built:
                pointer = created(lib.cnn_layer_copy(handle.pointer))
                made = Handle(pointer, lib.cnn_layer_free)
                return self._wrap(made, self._own(), keeps=True)
            return self._again()

    @classmethod
    def _wrap(
        cls, handle: Handle, own: Mapping[str, Any], keeps: bool = False
    ) -> Layer:
        """A layer around one of C; `own` is what the class has to say of it
        besides."""
        other = cls.__new__(cls)
        other.__dict__.update(own)
        other._handle, other._owned, other._keeps = handle, False, keeps
        return other

    def _own(self) -> dict[str, Any]:
        hidden = "_handle", "_owned", "_keeps"
        return {k: v for k, v in self.__dict__.items() if k not in hidden}

    def _said(self) -> dict[str, Any]:
        """What pickles keep of _own()."""
        return self._own()

    def _calls(self) -> Any:
        """What libcnn calls when it runs the layer, if anything."""
        return None

    def _again(self) -> Layer:
        """Another layer with the same settings, nothing else."""
        if type(self) is Layer:  # from a file, of a kind without a class
            raise RuntimeError(f"the {self.kind} layer cannot be made again")
        made = _describe.maker(type(self))(**_describe.arguments(self))
        made._learning = self._learning
        return self._wrap(made._h, self._own())

    def __copy__(self) -> Layer:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Layer:
        return self.copy()

    def __reduce_ex__(self, protocol: Any) -> Any:
        """For pickle: the settings; with the parameters if it is built."""
        from ._pickling import reduce_layer

        return reduce_layer(self)

    def _array(self, name: str) -> Any:
        """An argument that is none of the settings; None if it was not
        given."""
        return None

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

    @property
    def lr_factor(self) -> float:
        """Of the optimiser's learning rate, for this layer [1]. With 0 the
        parameters stay; gradients are computed all the same."""
        return float(lib.cnn_layer_lr_factor(self._p))

    @lr_factor.setter
    def lr_factor(self, value: float) -> None:
        factor, handle = _checks.real("lr_factor", value), self._h
        with handle.lock:
            check(lib.cnn_layer_set_lr_factor(handle.pointer, factor))

    @property
    def _learning(self) -> tuple[Union[bool, str], float]:
        """What copies and pickles keep of how the layer learns."""
        return self.frozen, self.lr_factor

    @_learning.setter
    def _learning(self, value: tuple[Union[bool, str], float]) -> None:
        self.frozen, self.lr_factor = value

    def __repr__(self) -> str:
        """As one would write it, without what is the default."""
        if self._handle is None:
            return f"<{type(self).__name__}, closed>"
        if type(self) is not Layer:
            return _describe.text(self)
        listed = [f"{name}={value:g}"
                  for name, value in self.settings().items()]
        return f"<{' '.join([self.kind, *listed])}>"


def create(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a `_create`."""
    return created(function(*arguments))
