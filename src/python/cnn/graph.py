"""Nets with branches as one writes them (include/cnn/graph.h).

    x = cnn.Input((8, 16, 16))
    y = cnn.ReLU()(cnn.Conv2D(8, 3, padding="same")(x))
    net = cnn.Net(x, cnn.Dense(10)(x + y))
"""

from __future__ import annotations

import itertools
from typing import Any, Optional, Sequence, Union

from . import _checks

# What a net is made of: a layer, or the kind of a join, and the numbers of the
# layers whose outputs it takes, -1 for the input.
Step = tuple[Any, tuple[int, ...]]

_MOST = 256  # CNN_MAX_JOINED
_created = itertools.count()


class Node:
    """The input of a net, or what a layer makes of others: a place in a net
    that is being written. Input() is the first, a layer that is called with a
    node gives the next, and `a + b` or cnn.concat(a, b) join several."""

    # So that numpy leaves `array + node` to __radd__().
    __array_ufunc__ = None

    def __init__(self, what: Any, sources: tuple[Node, ...]) -> None:
        self._what = what
        self._sources = sources
        self._number = next(_created)

    def __add__(self, other: Node) -> Node:
        """As cnn.add()."""
        return add(self, other)

    def __radd__(self, other: Node) -> Node:
        """As cnn.add(), which says what is no node."""
        return add(other, self)

    def __repr__(self) -> str:
        return f"<Node of {self._what!r}>"


class Input(Node):
    """What the samples enter by: `net = cnn.Net(x, y)` with x = Input().

    Parameters
    ----------
    shape : (C, H, W), (H, W) or int, optional
        Of one sample. With it build() needs none, and takes no other.
    """

    def __init__(
        self, shape: Union[None, int, Sequence[int]] = None
    ) -> None:
        super().__init__(None, ())
        self.shape: Optional[tuple[int, int, int]] = (
            None if shape is None else _checks.dims(_checks.shape(shape)))

    def __repr__(self) -> str:
        return shown(self.shape)


def shown(shape: Optional[tuple[int, int, int]]) -> str:
    """An Input() as one would write it."""
    if shape is None:
        return "Input()"
    return f"Input({shape[0] if shape[1:] == (1, 1) else shape})"


def add(*nodes: Node) -> Node:
    """The sum of two nodes or more, all of one shape."""
    return _joined("add", nodes)


def concat(*nodes: Node) -> Node:
    """The channels of the first node, then those of the second, and so on: of
    two nodes or more, all of one height and width."""
    return _joined("concat", nodes)


def _joined(kind: str, nodes: tuple[Any, ...]) -> Node:
    for node in nodes:
        if isinstance(node, (list, tuple)):
            raise TypeError(
                f"{kind}() is called with a {type(node).__name__}, expected "
                f"nodes: cnn.{kind}(*nodes)"
            )
        if not is_node(node):
            raise TypeError(
                f"{kind}() is called with {_named(node)}, expected nodes"
                + _hint(node)
            )
    if not 2 <= len(nodes) <= _MOST:
        raise ValueError(
            f"{kind}() is called with {len(nodes)} nodes, expected 2 to "
            f"{_MOST}"
        )
    return Node(kind, nodes)


def called(layer: Any, x: Any) -> Node:
    """What a layer makes of a node."""
    if isinstance(x, (list, tuple)) and any(map(is_node, x)):
        raise TypeError(
            f"{layer!r} is called with a {type(x).__name__} of nodes, expected "
            "one: cnn.add(a, b) and cnn.concat(a, b) make one of several"
        )
    if not is_node(x):
        raise TypeError(
            f"{layer!r} is called with {_named(x)}, expected a node"
            + (_hint(x) or ", as x = cnn.Input() is one: a net predicts by "
               "net(x), and layer.build(shape, batch) then layer.forward(x) "
               "run a layer by itself")
        )
    return Node(layer, (x,))


def is_node(value: Any) -> bool:
    """Is it one?"""
    return isinstance(value, Node)


def _named(value: Any) -> str:
    """What stands where a node was expected."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return repr(value) if _is_layer(value) else type(value).__name__


def _hint(value: Any) -> str:
    """What makes a node of it."""
    return f": {value!r}(x) is one, for a node x" if _is_layer(value) else ""


def _is_layer(value: Any) -> bool:
    from ._layer import Layer
    from .custom import CustomLayer

    return isinstance(value, (Layer, CustomLayer))


# -------------------------------------------------------------- a net ---


def steps(x: Any, y: Any) -> list[Step]:
    """What leads from x to y, in the order in which it was written."""
    if is_node(x) and y is None:
        raise TypeError(
            f"Net({x!r}): a net of nodes is Net(x, y), from the input x to the "
            "output y"
        )
    if not isinstance(x, Input):
        what = f"{x!r}, no input" if is_node(x) else _named(x)
        raise TypeError(
            f"Net(x, y): x is {what}, expected the node of cnn.Input(); a "
            "stack is Net([layer, ...]), without nodes"
        )
    if not is_node(y):
        raise TypeError(
            f"Net(x, y): y is {_named(y)}, expected the node of the output"
            + _hint(y)
        )
    if y is x:
        raise ValueError("Net(x, y): y is x, and a net needs a layer")
    nodes = _needed(y)
    inputs = [node for node in nodes if isinstance(node, Input)]
    if x not in inputs:
        raise ValueError(
            "Net(x, y): y does not come from x, but from another Input()")
    if len(inputs) > 1:
        raise ValueError(
            f"Net(x, y): y comes from {len(inputs)} inputs, and a net has "
            "one: cnn.concat() joins what was made of a single Input()"
        )
    nodes.remove(x)
    numbers = {id(node): index for index, node in enumerate(nodes)}
    numbers[id(x)] = -1
    return [(node._what, tuple(numbers[id(s)] for s in node._sources))
            for node in nodes]


def _needed(y: Node) -> list[Node]:
    """The nodes that y is made of, and y."""
    found: dict[int, Node] = {}
    left = [y]
    while left:
        node = left.pop()
        if id(node) not in found:
            found[id(node)] = node
            left += node._sources
    return sorted(found.values(), key=lambda node: node._number)


def part(
    made: Sequence[Step], numbers: Sequence[int], below: int
) -> list[Step]:
    """Some of the layers of a net, numbered anew. The output of layer `below`
    becomes the input."""
    new = {below: -1, **{old: index for index, old in enumerate(numbers)}}
    found = []
    for number in numbers:
        layer, sources = made[number]
        kind = layer if isinstance(layer, str) else layer.kind
        for source in sources:
            if source not in new:
                what = "the input" if source < 0 else f"layer {source}"
                raise ValueError(
                    f"layer {number}: the {kind} layer takes {what}, and the "
                    f"part begins after layer {below}"
                )
        found.append((layer, tuple(new[source] for source in sources)))
    return found


def before(made: Sequence[Step], number: int) -> list[int]:
    """The layers that layer `number` is made of, and it itself."""
    found, left = set(), [number]
    while left:
        one = left.pop()
        if one >= 0 and one not in found:
            found.add(one)
            left += made[one][1]
    return sorted(found)
