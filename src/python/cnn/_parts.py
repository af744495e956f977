"""A net as a list of layers: its parts, copies, and what it looks like."""

from __future__ import annotations

import operator
from typing import (
    Any,
    Callable,
    Iterator,
    Optional,
    Sequence,
    TypeVar,
    Union,
    overload,
)

from . import _checks
from ._branches import copied
from ._describe import word
from ._inspect import check_built
from ._judging import Judging
from ._layer import Floats, Layer
from ._library import lib
from ._predict import predict
from ._status import created
from ._stored import Stored
from .graph import part, shown

N = TypeVar("N", bound="Parts")


def _left(layers: Sequence[Layer], folded: Any) -> list[Layer]:
    """Those that a net of C without some of the normalisations still has."""
    left: list[Layer] = []
    for layer in layers:
        its = lib.cnn_net_layer(folded, len(left))
        if its and lib.cnn_layer_kind(its).decode() == layer.kind:
            left.append(layer)
    return left


class Parts(Stored, Judging):
    """The part of Net that is a list of layers."""

    def __len__(self) -> int:
        """Number of layers."""
        return len(self._layers)

    def __bool__(self) -> bool:
        """Always true, for a net without layers too."""
        return True

    def __iter__(self) -> Iterator[Layer]:
        """The layers, from the input upwards."""
        return iter(self.layers)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """From the input upwards."""
        return tuple(self._layers)

    @overload
    def __getitem__(self, index: int) -> Layer: ...

    @overload
    def __getitem__(self: N, index: slice) -> N: ...

    def __getitem__(self, index: Union[int, slice]) -> Any:
        """net[i], a layer, from the end if i < 0; net[a:b], a new net as of
        take()."""
        if not isinstance(index, slice):
            return self._layers[self._index(index)]
        first, end, step = index.indices(len(self))
        if step != 1:
            raise ValueError(f"a step of {step}, expected 1")
        return self.take(first, max(0, end - first))

    def _index(self, value: Any) -> int:
        """The number of a layer, from 0."""
        if isinstance(value, Layer):
            for index, layer in enumerate(self._layers):
                if layer is value:
                    return index
            raise ValueError("the layer is none of this net's")
        try:
            index = operator.index(value)
        except TypeError:
            raise TypeError(
                f"{type(value).__name__}, expected the number of a layer, or "
                "a slice"
            ) from None
        if not -len(self) <= index < len(self):
            raise IndexError(f"layer {index}, but the net has {len(self)}")
        return index % len(self)

    # -------------------------------------------------------- copies ---

    def copy(self: N, max_batch: Optional[int] = None) -> N:
        """A net that equals this one: layers, parameters, what is frozen, loss
        and metadata. They share nothing; what optimisers remember is not
        copied. `copy.copy` and `copy.deepcopy` do this too.

        Parameters
        ----------
        max_batch : int, optional
            As for build(); that of this net by default.

        Raises
        ------
        RuntimeError
            if a layer keeps parameters for a build that is still to come.
        MemoryError
        """
        handle = self._h
        with handle.lock:
            if self._batch == 0:
                return self._again()
            return self._made(lib.cnn_net_copy, max_batch)

    def fold(self: N, max_batch: Optional[int] = None) -> N:
        """A copy for predicting: each batch normalisation right after a
        convolution or a dense layer is in the weights of that, and is no layer
        of the copy, so higher layers have lower numbers. It gives the same up
        to rounding. Training it trains another net.

        Parameters
        ----------
        max_batch : int, optional
            As for copy(). 1 is enough for sessions, which say their own.

        Raises
        ------
        RuntimeError
            if the net is not built, or a weight is not finite then.
        MemoryError
        """
        handle = self._h
        with handle.lock:
            check_built(self)
            return self._made(lib.cnn_net_fold, max_batch)

    def _made(
        self: N, make: Callable[..., Any], max_batch: Optional[int]
    ) -> N:
        """What `make` makes of this net, which is built."""
        batch = self._batch
        if max_batch is not None:
            batch = _checks.integer("max_batch", max_batch)
        pointer = created(make(self._h.pointer, batch))
        made = self._adopt(pointer, _left(self._layers, pointer))
        made._loss_said = self._loss_said
        made._own_loss = self._own_loss
        return made

    def _again(self: N) -> N:
        """Another net that is not built."""
        made = self._of(copied(self._steps()))
        made._shape = self._shape
        made.set_loss(**self._loss_said)
        made.metadata.update(self.metadata)
        return made

    def __copy__(self: N) -> N:
        return self.copy()

    def __deepcopy__(self: N, memo: Any) -> N:
        return self.copy()

    def take(self: N, first: int, count: int) -> N:
        """Some of the layers in a new net that is not built, so that others
        can be added. Those of a built net keep their parameters, as
        Layer.copy() says; loss and metadata are those of a new net.

        Parameters
        ----------
        first : int
            The number of the first, from 0.
        count : int
            How many, at least 1.

        Raises
        ------
        ValueError
            if they are not all there, or take an output from below the one
            before the first, which becomes the input.
        """
        start = _checks.integer("first", first)
        number = _checks.integer("count", count)
        handle = self._h
        with handle.lock:
            if self._batch > 0:
                taken = created(lib.cnn_net_take(
                    handle.pointer, start, number))
                return self._adopt(
                    taken, self._layers[start:start + number])
            if start < 0 or number < 1 or number > len(self) - start:
                raise ValueError(
                    f"{number} layers from layer {start} on, but the net has "
                    f"{len(self)}"
                )
            some = range(start, start + number)
            return self._of(copied(part(self._steps(), some, start - 1)))

    # ------------------------------------------------------- looking ---

    def sources(self, layer: Union[int, Layer]) -> tuple[Optional[int], ...]:
        """The numbers of the layers whose outputs a layer takes, None for the
        input of the net. One, but for Add and Concat.

        Parameters
        ----------
        layer : int or Layer
            As for outputs().
        """
        return tuple(None if source < 0 else source
                     for source in self._sources(self._index(layer)))

    def _lines(self) -> list[str]:
        """The lines of repr(): of a net with branches they are numbered, and
        say what each layer takes."""
        if self._is_stack():
            return [repr(layer) for layer in self._layers]
        lines = [f"x: {shown(self._known())}"]
        for index, (layer, sources) in enumerate(self._steps()):
            names = ("x" if s < 0 else str(s) for s in sources)
            what = layer if isinstance(layer, str) else repr(layer)
            lines.append(f"{index}: {what}({', '.join(names)})")
        return lines

    def outputs(
        self, x: Any, layer: Union[int, Layer], *, out: Optional[Any] = None
    ) -> Floats:
        """What an inner layer gives, for any number of samples: as predict()
        has it on its way.

        Parameters
        ----------
        x : array
            As for predict().
        layer : int or Layer
            Its number, from the end if below 0; or one of this net's.
        out : array, optional
            Where the result goes.

        Returns
        -------
        array (N, K), or (N, C, H, W) if the output is no vector
        """
        check_built(self)
        index = self._index(layer)

        def run(pointer: Any, *arguments: Any) -> int:
            status: int = lib.cnn_net_predict_layer(pointer, index, *arguments)
            return status

        return predict(self, run, x, out, self._layers[index].out_shape)

    def __repr__(self) -> str:
        """As one would write it; summary() says more."""
        if self._handle is None:
            return f"<{type(self).__name__}, closed>"
        lines = "".join(f"    {line},\n" for line in self._lines())
        layers = f"[\n{lines}]" if lines else ""
        more = [layers] if lines else []
        for name, value, usual in (
            ("loss", self.loss, "softmax_cross_entropy"),
            ("reduction", self.reduction, "mean"),
        ):
            if value != usual:
                shown = getattr(value, "__name__", None) or word(value)
                more.append(f"{name}={shown}")
        return f"{type(self).__name__}({', '.join(more)})"
