"""Owning an object of libcnn: it is freed once, when nothing needs it any more.

The objects of Python hold handles. An object that borrows another one (a
trainer its net, a view its layer) also holds the handle of that one. So the
order of freeing is right, in whatever order Python deletes the objects.
"""

from __future__ import annotations

import ctypes
import threading
import weakref
from typing import Any, Callable, Optional

import numpy as np
import numpy.typing as npt


# `now` is True in a thread that libcnn reads samples by (_reader.py).
reading = threading.local()


def _free(free: Callable[[Any], None], pointer: Any, keep: Any) -> None:
    if getattr(reading, "now", False):
        # Garbage is collected in any thread, and a trainer waits for its own.
        threading.Thread(target=_free, args=(free, pointer, keep)).start()
    else:
        free(pointer)


class Handle:
    """A pointer with the function that frees it.

    `keep` must outlive the object. `calls` is what libcnn calls while the
    object is there, but not to free it: it may lead back to the handle, which
    a finalizer would then never let go of. A thread holds `lock` while it is inside
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
        self.calls: list[Any] = []
        self.lock = threading.RLock() if lock is None else lock
        self._finalizer = weakref.finalize(self, _free, free, pointer, keep)
        # At the end of the process all memory goes anyway, and a thread may
        # still be computing.
        self._finalizer.atexit = False

    def __reduce__(self) -> Any:
        raise TypeError("objects of libcnn cannot be copied or pickled")

    def disown(self) -> None:
        """From now on this handle does not free the object."""
        self._finalizer.detach()


class Owner:
    """An object that has a handle until it is closed."""

    _handle: Optional[Handle] = None
    _instead = "make another one"  # of a copy

    def __reduce_ex__(self, protocol: Any) -> Any:
        """For copy and pickle. A second object with the same handle would be
        an alias: changes of one would also change the other."""
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
        """Releases the object now, and not when Python deletes it.

        Memory that a trainer, a session or an array still uses is freed with
        the last of them. Closing twice is allowed. Any other use of a closed
        object is a RuntimeError.
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
        self, handle: Optional[Handle], address: int, shape: tuple[int, ...]
    ) -> None:
        self.handle = handle
        self.__array_interface__ = {
            "version": 3,
            "typestr": np.dtype(np.float32).str,
            "data": (address, False),
            "shape": shape,
        }


def view(
    handle: Optional[Handle], pointer: Any, shape: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    """An array over floats of libcnn, which keeps their owner alive; without
    one it is for as long as a function is called with them."""
    if not pointer:
        return np.empty(shape, np.float32)
    address = ctypes.addressof(pointer.contents)
    return np.asarray(_Memory(handle, address, shape))
