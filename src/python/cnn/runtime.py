"""What holds for the whole process: threads, and what is running."""

from __future__ import annotations

import json
from typing import Any

from . import _checks
from ._library import lib
from ._status import check


def set_num_threads(n: int) -> None:
    """Sets how many threads a call of libcnn may use, including the caller: 1
    (the default) to 64, or 0 for one per core. The bits of the results do not
    depend on this number. Set it first: nets, layers and sessions use no more
    threads than the number in force when they were built. ValueError for other
    numbers."""
    check(lib.cnn_set_num_threads(_checks.integer("n", n)))


def num_threads() -> int:
    """The number of threads in force."""
    return int(lib.cnn_num_threads())


def library_version() -> str:
    """"major.minor.patch" of the library that is loaded."""
    version: bytes = lib.cnn_version_string()
    return version.decode()


def build_info() -> dict[str, Any]:
    """What was built and what runs: "version", "compiler", "blas", "kernels",
    "threads", "cores"."""
    found: dict[str, Any] = json.loads(lib.cnn_build_info())
    return found
