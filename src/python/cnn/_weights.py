"""The parameters of a net by name, from and to other places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, NamedTuple

import numpy as np

from . import _checks, _structs_own
from ._checks import Source
from ._inspect import Inspected, check_built, net_of
from ._layer import Floats
from ._library import lib
from ._status import check

if TYPE_CHECKING:
    from .net import Net

_WHAT_FITS = 1
_SHOWN = 8  # misfits in a text


class Misfit(NamedTuple):
    """An array that did not fit."""

    name: str
    why: str


def as_array(name: str, value: Any) -> Floats:
    """Numbers as float32: an array, a list, a tensor of PyTorch (on whatever
    device, and with its gradient)."""
    for step in "detach", "cpu":
        if hasattr(value, step):
            value = getattr(value, step)()
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise ValueError(f"{array.dtype}, expected numbers")
        return np.array(array, np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from error


def _text(misfits: list[Misfit]) -> str:
    listed = [f"{name} {why}" for name, why in misfits[:_SHOWN]]
    if len(misfits) > _SHOWN:
        listed.append(f"{len(misfits) - _SHOWN} more")
    return "; ".join(listed)


class Weights(Inspected):
    """The part of Net that hands out parameters, and takes others."""

    def tensors(self) -> dict[str, Floats]:
        """Views over the arrays of all layers: writing to one changes the net.

        The names are those of model files, "0.weight", "0.bias", ...; what is
        not trained, such as "1.running_mean", is there too. Empty before
        build.
        """
        return {
            f"{index}.{tensor.name}": tensor.data
            for index, layer in enumerate(self._layers)
            for tensor in layer.tensors()
        }

    def state_dict(self) -> dict[str, Floats]:
        """Copies of tensors(): what the parameters are now."""
        with self._h.lock:
            return {
                name: array.copy() for name, array in self.tensors().items()
            }

    def grad_dict(self) -> dict[str, Floats]:
        """Views over the gradients, by the same names."""
        return {
            f"{index}.{tensor.name}": tensor.grad
            for index, layer in enumerate(self._layers)
            for tensor in layer.tensors()
            if tensor.grad is not None
        }

    def load_state_dict(
        self, state: Mapping[str, Any], strict: bool = True
    ) -> list[Misfit]:
        """Copies arrays into the net. What optimisers remember stays.

        Parameters
        ----------
        state : mapping of names to arrays
            By the names of tensors(), with the same shapes: arrays of numpy,
            tensors of PyTorch, lists.
        strict : bool
            Whether all have to fit, and no others may be there. If not, what
            fits is taken.

        Returns
        -------
        list of Misfit
            Name, and why it did not fit; empty if all did.

        Raises
        ------
        ValueError
            if something does not fit, or nothing does; the net is then as it
            was.
        RuntimeError
            if the net is not built.
        """
        check_built(self)
        ours, misfits = self.tensors(), []
        # All are looked at, and read, before one is written: they may be
        # views over this very net.
        arrays = {}
        for name, mine in ours.items():
            if name not in state:
                misfits.append(Misfit(name, "is missing"))
                continue
            array = as_array(name, state[name])
            if array.shape == mine.shape:
                arrays[name] = array
            else:
                misfits.append(Misfit(
                    name, f"has shape {array.shape}, expected {mine.shape}"))
        misfits += [Misfit(str(name), "is not in the net")
                    for name in state if name not in ours]
        if misfits and (strict or not arrays):
            raise ValueError(_text(misfits))
        with self._h.lock:
            for name, array in arrays.items():
                ours[name][...] = array
        return misfits

    def load_weights(self, source: Source, strict: bool = True) -> list[Misfit]:
        """As load_state_dict(), from a model file or a checkpoint, whatever
        the rest of its architecture.

        Parameters
        ----------
        source : path, or bytes
            As for load().
        strict : bool
            As for load_state_dict().

        Raises
        ------
        ValueError
            if something does not fit, or nothing does, or the file is damaged;
            the net is then as it was.
        OSError
            if the file cannot be read.
        RuntimeError
            if the net is not built.
        """
        misfits: list[Misfit] = []

        def note(_: Any, name: bytes, why: bytes) -> None:
            misfits.append(Misfit(name.decode(), why.decode()))

        data = _checks.content(source)
        how = 0 if strict else _WHAT_FITS, _structs_own.MISFIT(note), None
        handle = self._h
        with handle.lock:
            if data is None:
                check(lib.cnn_net_load_weights(
                    handle.pointer, _checks.path(source), *how))
            else:
                check(lib.cnn_net_load_weights_memory(
                    handle.pointer, data.ctypes.data, data.size, *how))
        return misfits

    def copy_params(self, other: Net) -> None:
        """Takes over all parameters of a net of the same architecture, those
        too that are not trained.

        Raises
        ------
        ValueError
            if an array has another name or shape there; nothing changes then.
        RuntimeError
            if one of the nets is not built.
        """
        ours, theirs = self._h, net_of(other)._h
        # In one order, whoever copies from whom at the same time.
        first, second = sorted((ours, theirs), key=id)
        with first.lock, second.lock:
            check(lib.cnn_net_copy_params(ours.pointer, theirs.pointer))
