"""Which layer of a net takes what (include/cnn/graph.h)."""

from __future__ import annotations

import ctypes
import warnings
from typing import Any, Iterable, Optional, Sequence, TypeVar, Union

from . import _checks, _structs
from ._inspect import Inspected
from ._layer import Layer
from ._library import lib
from ._own import OwnLayer
from ._status import Status, check
from .custom import CustomLayer
from .graph import Node, Step, before, part, steps
from .joins import KINDS, Add, Concat

B = TypeVar("B", bound="Branches")


class Branches(Inspected):
    """The part of Net that is a graph. Layers take outputs of layers below
    them, -1 stands for the input, and the last one gives the output."""

    _batch: int
    _in: tuple[int, int, int]
    # As Input() said; of a net that is built, its input has one anyway.
    _shape: Optional[tuple[int, int, int]] = None

    # ---------------------------------------------------- describing ---

    def _append(self, layer: Any, source: int) -> None:
        """Takes a layer over, which takes the output of layer `source`."""
        layer = layer_of(layer)
        handle, theirs = self._h, layer._h
        with handle.lock, theirs.lock:
            # C would free a layer that it refuses.
            layer._check_free()
            if self._batch > 0:
                raise RuntimeError(
                    "the net is built already: net[:] has the same layers, and "
                    "takes others"
                )
            theirs.disown()
            layer.close()
            _added(lib.cnn_net_append(
                handle.pointer, source, theirs.pointer))
            handle.calls.append(layer._calls())
            layer._join(handle, theirs.pointer)
            self._layers.append(layer)

    def _join(self, kind: str, sources: Sequence[int]) -> None:
        handle, count = self._h, len(sources)
        numbers = (ctypes.c_int32 * count)(*sources)
        with handle.lock:
            number = _added(lib.cnn_net_join(
                handle.pointer, KINDS[kind], count, numbers))
            pointer = lib.cnn_net_layer(handle.pointer, number)
            self._layers.append(Layer._of_net(handle, pointer))

    def _follow(self, made: Iterable[Step]) -> None:
        """Puts layers and joins into a net that has none."""
        for layer, sources in made:
            if isinstance(layer, str):
                self._join(layer, sources)
            else:
                self._append(layer, sources[0])

    # ------------------------------------------------------- looking ---

    def _sources(self, number: int) -> tuple[int, ...]:
        pointer = self._p
        return tuple(
            lib.cnn_net_source(pointer, number, index)
            for index in range(lib.cnn_net_source_count(pointer, number)))

    def _steps(self) -> list[Step]:
        return [
            (x.kind if isinstance(x, (Add, Concat)) else x, self._sources(i))
            for i, x in enumerate(self._layers)
        ]

    def _is_stack(self) -> bool:
        return all(self._sources(i) == (i - 1,)
                   for i in range(len(self._layers)))

    def _known(self) -> Optional[tuple[int, int, int]]:
        """The shape of a sample, as far as it is known."""
        return self._in if self._batch > 0 else self._shape

    # ------------------------------------------------------ building ---

    def _asked(
        self, shape: Union[None, int, Sequence[int]]
    ) -> _structs.Shape:
        """The shape that build() is to take."""
        if shape is None:
            if self._shape is None:
                raise TypeError(
                    "build() needs the shape of a sample, (C, H, W): only a "
                    "net of nodes that begins with Input(shape) knows it"
                )
            return _structs.Shape(*self._shape)
        asked = _checks.shape(shape)
        if self._shape not in (None, _checks.dims(asked)):
            raise ValueError(
                f"build({_checks.dims(asked)}), but Input() said that the "
                f"shape of a sample is {self._shape}"
            )
        return asked

    def _check_inputs(self: Any, inputs: _structs.Shape) -> None:
        """Of layers for which C cannot check them."""
        made = None
        for index, layer in enumerate(self._layers):
            if not layer._checks_input:
                continue
            made = made or self._steps()
            source = made[index][1][0]
            shape = _checks.dims(inputs)
            if source >= 0:
                shape = self._given(made, source, inputs)
            layer._check_input(shape)

    def _given(
        self: Any, made: list[Step], number: int, inputs: _structs.Shape
    ) -> Any:
        """The shape of what a layer gives, before the net is built."""
        some = part(made, before(made, number), -1)
        alone = type(self)._of([
            (x if isinstance(x, str) else x._again(), sources)
            for x, sources in some])
        return alone.build(_checks.dims(inputs), 1).out_shape

    def _warn_of_two(self) -> None:
        """Of Softmax upon Softmax, with which a net hardly learns."""
        for index, layer in enumerate(self._layers):
            below = self._sources(index)[0]
            if layer.kind == "softmax" and below >= 0 and (
                    self._layers[below].kind == "softmax"):
                warnings.warn(
                    f"layers {below} and {index} are both Softmax(): one is "
                    "enough, and under softmax cross-entropy none is needed",
                    stacklevel=3,
                )


def layer_of(value: Any) -> Layer:
    """What a net takes as a layer."""
    if isinstance(value, CustomLayer):
        return OwnLayer(value)
    if isinstance(value, Node):
        raise TypeError(
            f"{value!r} is no layer: Net(x, y) makes a net of nodes, from the "
            "input x to the output y, and a list has layers only"
        )
    if not isinstance(value, Layer):
        raise TypeError(
            f"{type(value).__name__}, expected a Layer" + (
                f": {value.__name__}() makes one"
                if isinstance(value, type) else "")
        )
    return value


def between(
    x: Any, y: Any
) -> tuple[list[Step], Optional[tuple[int, int, int]]]:
    """What leads from the node x to the node y, if a net can have it, which is
    known before one of the layers is taken; and the shape of a sample, as far
    as Input() said it."""
    made: list[Step] = [
        (what if isinstance(what, str) else layer_of(what), sources)
        for what, sources in steps(x, y)]
    places: dict[int, int] = {}
    for index, (layer, _) in enumerate(made):
        if isinstance(layer, str):
            continue
        first = places.setdefault(id(layer), index)
        if first != index:
            raise ValueError(
                f"Net(x, y): {layer!r} is at two places, {first} and {index}, "
                "and a layer has one: layer.copy() is another with the same "
                "settings"
            )
        layer._check_free()
    return made, x.shape


def copied(made: Iterable[Step]) -> list[Step]:
    """The same of copies of the layers."""
    return [(x if isinstance(x, str) else x.copy(), sources)
            for x, sources in made]


def _added(number: int) -> int:
    """The number of a new layer, or the failure as an exception."""
    check(Status.OK if number >= 0 else lib.cnn_last_status())
    return number
