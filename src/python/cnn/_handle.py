"""Owning an object of libcnn: freed once, when nobody needs it any more.

The objects of Python hold handles; what borrows an object of libcnn (a
trainer its net, a view its layer) holds that object's handle too. So the order
of freeing is right whatever the order in which Python lets go.
"""

from __future__ import annotations

import ctypes
import threading
import weakref
from typing import Any, Callable, Optional

import numpy as np
import numpy.typing as npt


def _free(free: Callable[[Any], None], pointer: Any, keep: Any) -> None:
    free(pointer)


class Handle:
    """A pointer with the function that frees it.

    `keep` is what has to outlive it. `lock` is held by whoever is inside of
    libcnn with this object: libcnn allows one thread at a time.
    """

    def __init__(
        self,
        pointer: Any,
        free: Callable[[Any], None],
        keep: Any = None,
        lock: Any = None,
    ) -> None:
        self.pointer = pointer
        self.keep = keep
        self.lock = threading.RLock() if lock is None else lock
        self._finalizer = weakref.finalize(self, _free, free, pointer, keep)
        # At the end of the process all memory goes anyway, and a thread may
        # still be computing.
        self._finalizer.atexit = False

    def __reduce__(self) -> Any:
        raise TypeError("objects of libcnn cannot be copied or pickled")

    def disown(self) -> None:
        """Somebody else frees it from now on."""
        self._finalizer.detach()


class Owner:
    """What has a handle until it is closed."""

    _handle: Optional[Handle] = None
    _instead = "make another one"  # of a copy

    def __reduce_ex__(self, protocol: Any) -> Any:
        """For copy and pickle: a second object with the same handle would be
        an alias, whose changes show in the first."""
        raise TypeError(
            f"a {type(self).__name__} can be neither copied nor pickled: "
            + self._instead
        )

    @property
    def _h(self) -> Handle:
        if self._handle is None:
            raise RuntimeError(f"the {type(self).__name__} is closed")
        return self._handle

    @property
    def _p(self) -> Any:
        return self._h.pointer

    def close(self) -> None:
        """Lets go at once instead of when Python does; twice is fine.

        Memory that a trainer, a session or an array still uses is freed with
        the last of them. Any other use of a closed object is a RuntimeError.
        """
        self._handle = None

    def __enter__(self) -> Any:
        self._h
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class _Memory:
    """Memory of libcnn in the form that numpy takes without copying."""

    def __init__(
        self, handle: Handle, address: int, shape: tuple[int, ...]
    ) -> None:
        self.handle = handle
        self.__array_interface__ = {
            "version": 3,
            "typestr": np.dtype(np.float32).str,
            "data": (address, False),
            "shape": shape,
        }


def view(
    handle: Handle, pointer: Any, shape: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    """An array over floats of libcnn, which keeps their owner alive."""
    if not pointer:
        return np.empty(shape, np.float32)
    address = ctypes.addressof(pointer.contents)
    return np.asarray(_Memory(handle, address, shape))
