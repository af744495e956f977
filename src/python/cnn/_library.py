"""Finding libcnn, loading it, and declaring its functions."""

from __future__ import annotations

import ctypes
import os
import pathlib
from typing import Iterator

from ._prototypes import PROTOTYPES
from ._version import VERSION

SONAME = "libcnn.so.0"


def _candidates() -> Iterator[tuple[str, str]]:
    """Where the library may be, as (why, path), in the order of trying."""
    # Not resolved: the package of a build tree is a link to the source.
    package = pathlib.Path(os.path.abspath(__file__)).parent
    named = os.environ.get("LIBCNN_LIBRARY")
    if named:
        # No other place is tried: another library would be a surprise.
        yield "LIBCNN_LIBRARY", named
        return
    yield "in the package", str(package / SONAME)
    yield "beside the package", str(package.parent / SONAME)
    # An installed package is in PREFIX/lib/python3/dist-packages.
    if package.parent.name in ("dist-packages", "site-packages"):
        prefix = package.parent.parent.parent.parent
        for folder in ("lib", "lib64", "lib/*"):
            for found in sorted(prefix.glob(f"{folder}/{SONAME}")):
                yield "of the same installation", str(found)
    yield "of the system", SONAME
    # The package of a build tree is BUILD/python/cnn, the source's is
    # SOURCE/src/python/cnn.
    yield "of the build tree", str(package.parent.parent / "src" / SONAME)
    source = package.parent.parent.parent
    for pattern in (f"build/src/{SONAME}", f"build/*/src/{SONAME}"):
        for found in sorted(source.glob(pattern)) or [source / pattern]:
            yield "of a build tree", str(found)


def _load() -> tuple[ctypes.CDLL, str]:
    tried = []
    for why, path in _candidates():
        try:
            return ctypes.CDLL(path), path
        except OSError as error:
            tried.append(f"  {path} ({why}): {error}")
    raise ImportError(
        "libcnn was not found; tried, in this order:\n" + "\n".join(tried)
        + "\nThe environment variable LIBCNN_LIBRARY may name it."
    )


def _check_version(library: ctypes.CDLL, path: str) -> None:
    """Checks that the first two numbers of both versions agree."""
    library.cnn_version_number.restype = ctypes.c_uint32
    library.cnn_version_number.argtypes = []
    number = library.cnn_version_number()
    has = number // 10000, number // 100 % 100
    wants = tuple(int(part) for part in VERSION.split(".")[:2])
    if has != wants:
        raise ImportError(
            f"{path} is libcnn {has[0]}.{has[1]}.{number % 100}, but this "
            f"package is for {wants[0]}.{wants[1]}"
        )


def _declare(library: ctypes.CDLL, path: str) -> None:
    for name, (result, *arguments) in PROTOTYPES.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(
                f"{path} has no {name}: it is older than this package"
            ) from None
        function.restype = result
        function.argtypes = arguments


lib, lib_path = _load()
_check_version(lib, lib_path)
_declare(lib, lib_path)
