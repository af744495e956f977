"""Strings attached to a net, kept in its model files (include/cnn/net.h)."""

from __future__ import annotations

from typing import Any, Iterator, MutableMapping

from . import _checks
from ._handle import Handle
from ._library import lib
from ._status import check


class Metadata(MutableMapping[str, str]):
    """A mapping of strings, in the order in which they were first set.

    At most 64 keys of 1 to 64 bytes, without control characters; values of up
    to 65,535 bytes. A ValueError says what is wrong with others.
    """

    def __init__(self, net: Handle) -> None:
        self._net = net

    def __reduce_ex__(self, protocol: Any) -> Any:
        """For copy and pickle: a copy would still be the net's."""
        raise TypeError(
            "metadata of a net can be neither copied nor pickled: "
            "dict(net.metadata) is a copy"
        )

    def __getitem__(self, key: str) -> str:
        with self._net.lock:
            value = None
            if isinstance(key, str) and "\0" not in key:
                value = lib.cnn_net_metadata(
                    self._net.pointer, key.encode("utf-8", "replace")
                )
        if value is None:
            raise KeyError(key)
        return str(value.decode())

    def __setitem__(self, key: str, value: str) -> None:
        name = _checks.text("the key", key)
        content = _checks.text("the value", value)
        with self._net.lock:
            check(lib.cnn_net_set_metadata(self._net.pointer, name, content))

    def __delitem__(self, key: str) -> None:
        with self._net.lock:
            self[key]
            check(
                lib.cnn_net_set_metadata(
                    self._net.pointer, key.encode(), None
                )
            )

    def __iter__(self) -> Iterator[str]:
        with self._net.lock:
            keys = [
                lib.cnn_net_metadata_key(self._net.pointer, index).decode()
                for index in range(len(self))
            ]
        return iter(keys)

    def __len__(self) -> int:
        return int(lib.cnn_net_metadata_count(self._net.pointer))

    def __repr__(self) -> str:
        return repr(dict(self))
