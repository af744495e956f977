"""Layers that take the outputs of several others (include/cnn/graph.h)."""

from __future__ import annotations

from typing import Any, NoReturn

from ._layer import Layer

# The kinds of joins, as cnn_net_join() has them.
KINDS = {"add": 1, "concat": 2}


class _Join(Layer):
    """What cnn_net_join() makes."""

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} is not made by hand: "
                        + self._instead)

    def copy(self) -> NoReturn:
        """Not possible: the other net makes one of its own."""
        self._h
        raise TypeError(
            f"{type(self).__name__} cannot be copied without its net: "
            + self._instead
        )

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        self.copy()

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"<{name}>" if self._handle else f"<{name}, closed>"


class Add(_Join):
    """The sum of several outputs, of one shape, in a net that has it: a + b,
    or cnn.add(a, b), of nodes puts it there."""

    _kind = "add"
    _instead = "a + b, or cnn.add(a, b), of the nodes of a net is one"


class Concat(_Join):
    """The channels of several outputs, one after the other, in a net that has
    it: cnn.concat(a, b) of nodes puts it there."""

    _kind = "concat"
    _instead = "cnn.concat(a, b) of the nodes of a net is one"
