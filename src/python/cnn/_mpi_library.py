"""Finding libcnn_mpi, and seeing that it and mpi4py are of one MPI."""

from __future__ import annotations

import ctypes
import os
import pathlib
from typing import Any, Iterator, Optional

from ._library import SONAME, lib_path
from ._structs import (
    DatasetStruct,
    NetStruct,
    OptimStruct,
    TrainerOptions,
    TrainerStruct,
    sized,
)

MPI_SONAME = SONAME.replace("libcnn", "libcnn_mpi")

# What a version may be long in any MPI.
_TEXT = 8192


class MpiOptions(ctypes.Structure):
    """cnn_mpi_options"""

    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("portions", ctypes.c_int32),
        ("check_every", ctypes.c_int32),
        ("reserved", ctypes.c_uint32),
        ("average_every", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
    ]


def _candidates() -> Iterator[str]:
    """Where the library may be: beside libcnn, which in a build tree is in the
    folder above, and where the system has its own."""
    named = os.environ.get("LIBCNN_MPI_LIBRARY")
    if named:
        yield named
        return
    folder = pathlib.Path(lib_path).parent
    if os.sep in lib_path:
        yield str(folder / MPI_SONAME)
        yield str(folder / "mpi" / MPI_SONAME)
    yield MPI_SONAME


def _load() -> ctypes.CDLL:
    tried = []
    for path in _candidates():
        try:
            return ctypes.CDLL(path)
        except OSError as error:
            tried.append(f"  {path}: {error}")
    raise ImportError(
        "training over ranks needs libcnn_mpi (Debian package libcnn-mpi0, or "
        "-DCNN_WITH_MPI=ON), which was not found:\n" + "\n".join(tried)
        + "\nThe environment variable LIBCNN_MPI_LIBRARY may name it."
    )


def _declare(library: ctypes.CDLL, handle: Any) -> None:
    """`handle` is the type of an MPI_Comm, which each MPI has its own of."""
    pointer = ctypes.POINTER
    library.cnn_mpi_create.argtypes = [handle, pointer(MpiOptions)]
    library.cnn_mpi_create.restype = ctypes.c_void_p
    library.cnn_mpi_free.argtypes = [ctypes.c_void_p]
    library.cnn_mpi_free.restype = None
    library.cnn_mpi_trainer_create.argtypes = [
        ctypes.c_void_p,
        pointer(NetStruct),
        pointer(OptimStruct),
        pointer(DatasetStruct),
        pointer(TrainerOptions),
    ]
    library.cnn_mpi_trainer_create.restype = pointer(TrainerStruct)


def _version(library: ctypes.CDLL) -> str:
    """Of the MPI that the library is linked with."""
    text, length = ctypes.create_string_buffer(_TEXT), ctypes.c_int()
    library.MPI_Get_library_version(text, ctypes.byref(length))
    return text.value.decode("utf-8", "replace")


_loaded: Optional[ctypes.CDLL] = None


def mpi_library(mpi: Any) -> ctypes.CDLL:
    """libcnn_mpi, for the module MPI of mpi4py."""
    global _loaded
    if _loaded is None:
        library = _load()
        theirs, ours = mpi.Get_library_version(), _version(library)
        if theirs.rstrip("\0") != ours:
            raise ImportError(
                f"libcnn_mpi was built with {_name(ours)}, and mpi4py with "
                f"{_name(theirs)}: both must be of one MPI"
            )
        one = ctypes.c_void_p
        if mpi._sizeof(mpi.Comm) == ctypes.sizeof(ctypes.c_int):
            one = ctypes.c_int  # type: ignore[assignment]
        _declare(library, one)
        _loaded = library
    return _loaded


def _name(version: str) -> str:
    """The first words, which say whose it is."""
    line = version.split("\n", 1)[0].split(",", 1)[0]
    return " ".join(line.split())


def options_of(**fields: int) -> MpiOptions:
    return sized(MpiOptions, **fields)
