"""Nets around what libcnn made; in files, in bytes and in pickles
(include/cnn/model.h)."""

from __future__ import annotations

import ctypes
from typing import (
    Any,
    Iterable,
    Optional,
    Sequence,
    TypeVar,
)

from . import _checks
from ._branches import Branches
from ._checks import Path, Source
from ._handle import Handle
from ._inspect import cost_of, shape_of
from ._layer import Layer
from ._library import lib
from ._normalising import Normalising
from ._own import Classes, Loading, OwnLayer
from ._status import check, created
from .custom import CustomLayer
from .graph import Step
from .history import History
from .metadata import Metadata

N = TypeVar("N", bound="Stored")
BATCH = 100  # of a net that nobody said it for


class Stored(Branches, Normalising):
    """The part of Net that knows files."""

    # ------------------------------------------------- around one of C ---

    def _take(self, pointer: Any) -> None:
        self._handle = Handle(pointer, lib.cnn_net_free)
        self._layers: list[Layer] = []
        self.metadata = Metadata(self._handle)
        self._batch = 0
        self._cost = 0.0
        self.history = History()

    def _built(self) -> None:
        self._batch = lib.cnn_net_max_batch(self._p)
        self._in = shape_of(lib.cnn_net_in_shape, self)
        self._out = shape_of(lib.cnn_net_out_shape, self)
        self._cost = cost_of(self._layers)

    @classmethod
    def _adopt(
        cls: type[N],
        pointer: Any,
        like: Optional[Iterable[Layer]] = None,
    ) -> N:
        """A net around one of C; `like` are layers that its own are copies
        of."""
        net = cls.__new__(cls)
        net._take(pointer)
        handle = net._h
        pointers = [lib.cnn_net_layer(pointer, index)
                    for index in range(lib.cnn_net_layer_count(pointer))]
        if like is None:
            net._layers = [Layer._of_net(handle, its) for its in pointers]
        else:
            for its, old in zip(pointers, like):
                layer = type(old)._wrap(handle, old._own())
                layer._join(handle, its)
                layer._keeps = True
                handle.calls.append(old._calls())
                net._layers.append(layer)
        if lib.cnn_net_built(pointer):
            net._built()
        return net

    @classmethod
    def _of(cls: type[N], made: Iterable[Step]) -> N:
        """A new net, whatever a class of one's own is called with."""
        net = cls.__new__(cls)
        net._take(created(lib.cnn_net_create()))
        net._follow(made)
        return net

    # ----------------------------------------------------------- files ---

    @classmethod
    def load(
        cls: type[N],
        source: Source,
        max_batch: int = BATCH,
        *,
        custom: Classes = (),
    ) -> N:
        """Builds the net of a model file, ready to predict and to train on.

        Parameters
        ----------
        source : path, or bytes
            A str or PathLike is a path; bytes are the content of a file.
        max_batch : int
            As for build().
        custom : class, or sequence of them
            Derived from CustomLayer: those whose names are in the file.

        Raises
        ------
        OSError
            if the file is missing or cannot be read.
        ValueError
            if it is damaged or of another kind, or was written by a newer
            version, or has a layer of a class that is not named.
        """
        return cls._load(source, max_batch, Loading(custom))

    @classmethod
    def _load(
        cls: type[N], source: Source, max_batch: int, loading: Loading
    ) -> N:
        batch = _checks.integer("max_batch", max_batch)
        data = _checks.content(source)
        if data is not None:
            pointer = lib.cnn_net_load_custom_memory(
                data.ctypes.data, data.size, batch, loading.function, None
            )
        else:
            pointer = lib.cnn_net_load_custom(
                _checks.path(source), batch, loading.function, None
            )
        net = cls._adopt(created(pointer))
        for index, layer in enumerate(net._layers):
            made = loading.made.get(ctypes.addressof(layer._p.contents))
            if made is not None:
                own = OwnLayer._wrap(layer._h, made._own())
                own._join(net._h, layer._p)
                net._layers[index] = own
                net._h.calls.append(made._calls())
        return net

    def save(self, path: Path) -> None:
        """Writes a model file (safetensors), atomically.

        Raises
        ------
        OSError
            if the file cannot be written; an old one is then still there.
        RuntimeError
            before build, or if a parameter is not finite.
        """
        handle = self._h
        with handle.lock:
            check(lib.cnn_net_save(handle.pointer, _checks.path(path)))

    def to_bytes(self) -> bytes:
        """The content of the file that save() would write."""
        size = ctypes.c_size_t()
        handle = self._h
        with handle.lock:
            check(
                lib.cnn_net_save_memory(
                    handle.pointer, None, 0, ctypes.byref(size)
                )
            )
            data = ctypes.create_string_buffer(size.value)
            check(
                lib.cnn_net_save_memory(
                    handle.pointer, data, size, ctypes.byref(size)
                )
            )
        return data.raw

    # --------------------------------------------------------- pickles ---

    def __reduce_ex__(self, protocol: Any) -> Any:
        """For pickle: the bytes of a model file, how layers learn, and the
        loss; of a net that is not built its layers."""
        loss, metadata = self._loss_said, dict(self.metadata)
        if self._batch == 0:
            return _again, (
                type(self), self._steps(), self._shape, loss, metadata)
        return _from_bytes, (
            type(self),
            self.to_bytes(),
            self._batch,
            [(type(x), x._said(), x._learning) for x in self._layers],
            [x.own for x in self._layers if isinstance(x, OwnLayer)],
            loss if callable(self.loss) else None,
        )


def _again(
    kind: Any,
    made: Sequence[Step],
    shape: Optional[tuple[int, int, int]],
    loss: dict[str, Any],
    metadata: dict[str, str],
) -> Any:
    net = kind._of(made)
    net._shape = shape
    net.set_loss(**loss)
    net.metadata.update(metadata)
    return net


def _from_bytes(
    kind: Any,
    data: bytes,
    batch: int,
    layers: Sequence[tuple[type[Layer], dict[str, Any], Any]],
    own: Sequence[CustomLayer],
    loss: Optional[dict[str, Any]],
) -> Any:
    net = kind._load(data, batch, Loading(ready=own))
    for index, (theirs, said, learning) in enumerate(layers):
        old = net._layers[index]
        layer = theirs._wrap(old._h, {**old._own(), **said})
        layer._join(net._h, old._p)
        layer._learning = learning
        net._layers[index] = layer
    if loss is not None:
        net.set_loss(**loss)
    return net
