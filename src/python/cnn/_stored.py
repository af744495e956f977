"""Writing a net (include/cnn/model.h)."""

from __future__ import annotations

import ctypes

from . import _checks
from ._checks import Path
from ._library import lib
from ._running import Running
from ._status import check


class Stored(Running):
    """The part of Net that writes model files."""

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
