"""Statuses of libcnn as exceptions of Python, with libcnn's own texts."""

from __future__ import annotations

import enum
import threading
import weakref
from typing import Any, Optional

from ._library import lib


class Status(enum.IntEnum):
    """The values of cnn_status (include/cnn/status.h)."""

    OK = 0
    EINVAL = -1
    ESHAPE = -2
    ESTATE = -3
    ENOMEM = -4
    EOVERFLOW = -5
    EIO = -6
    EFORMAT = -7
    ECANCELED = -8
    EUNSUPPORTED = -9
    EDIVERGED = -10


class Error(Exception):
    """An error of libcnn; `status` is its status.

    Always one of Python's own exceptions as well: ValueError, RuntimeError,
    MemoryError or OSError.
    """

    status: int = Status.OK


class InvalidError(Error, ValueError):
    """EINVAL, ESHAPE, EOVERFLOW, EFORMAT: arguments, arrays or files that do
    not fit."""


class UnsupportedError(InvalidError, NotImplementedError):
    """EUNSUPPORTED: an algorithm that does not fit its layer, or a file that is
    newer than libcnn, or of a kind that libcnn does not read."""


class StateError(Error, RuntimeError):
    """ESTATE, ECANCELED, EDIVERGED: a call that is not allowed in this state, a
    training that was cancelled, or one that diverged."""


class OutOfMemoryError(Error, MemoryError):
    """ENOMEM"""


class FileError(Error, OSError):
    """EIO"""


_KINDS: dict[int, type[Error]] = {
    Status.EINVAL: InvalidError,
    Status.ESHAPE: InvalidError,
    Status.EOVERFLOW: InvalidError,
    Status.EFORMAT: InvalidError,
    Status.EUNSUPPORTED: UnsupportedError,
    Status.ENOMEM: OutOfMemoryError,
    Status.EIO: FileError,
}


# Functions that libcnn reads samples by (_reader.py).
sources: weakref.WeakSet[Any] = weakref.WeakSet()


def last_error() -> BaseException:
    """The last failure of this thread as an exception: if it is what libcnn
    says about an exception of a function of Python, that one."""
    status = lib.cnn_last_status()
    text = lib.cnn_last_error().decode("utf-8", "replace")
    for source in sources:
        failure: BaseException | None = source.error
        if failure is not None and text.endswith(source.why):
            source.error = None
            return failure
    if status == Status.EDIVERGED and "layer 0 " in text:
        text += "; is np.isfinite(images).all() true?"
    text = text.replace("cnn_net_set_custom_loss()", "net.set_loss(function)")
    error = _KINDS.get(status, StateError)(text)
    error.status = status
    return error


class _Raised(threading.local):
    """What functions of Python raised that libcnn called in this thread."""

    error: Optional[BaseException] = None


_raised = _Raised()


def remember(error: BaseException) -> None:
    """Keeps the first exception until C returns: check() raises it."""
    if _raised.error is None:
        _raised.error = error


def again() -> None:
    """Raises what was raised before in the call of C that is still going on:
    a function of Python is called no more after its exception."""
    if _raised.error is not None:
        raise _raised.error


def _raise() -> None:
    error, _raised.error = _raised.error, None
    if error is not None:
        try:
            raise error
        finally:
            del error


def check(status: int) -> None:
    """Raises what a function of Python raised that C called, or the exception
    of a status that is not OK."""
    if _raised.error is not None:
        _raise()
    if status != Status.OK:
        raise last_error()


def created(pointer: Any) -> Any:
    """The pointer that a `_create` gave, or its failure as an exception."""
    if not pointer:
        check(Status.OK)
        raise last_error()
    return pointer
