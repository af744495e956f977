"""Pickles of layers: what makes them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _describe
from ._layer import Layer

if TYPE_CHECKING:
    from .net import Net


def reduce_layer(layer: Layer) -> Any:
    """The settings of a layer that is not built. One that is built is that of
    a net of one layer, whose file has the parameters too."""
    own = layer._said()
    if layer._is_built():
        from .net import Net

        alone = Net([layer.copy()]).build(layer.in_shape, 1)
        return _layer_of_net, (type(layer), alone, own)
    if layer._keeps:
        raise TypeError(
            f"a {type(layer).__name__} that keeps the parameters of another "
            "one until it is built cannot be pickled: build it first"
        )
    arguments = _describe.arguments(layer)
    return _layer_again, (type(layer), arguments, own, layer._learning)


def _layer_of_net(kind: type[Layer], alone: Net, own: dict[str, Any]) -> Layer:
    made = alone[0].copy()
    return kind._wrap(made._h, {**made._own(), **own}, keeps=True)


def _layer_again(
    kind: type[Layer], arguments: Any, own: dict[str, Any], learning: Any
) -> Layer:
    made = _describe.maker(kind)(**arguments)
    made._learning = learning
    return kind._wrap(made._h, {**made._own(), **own})
