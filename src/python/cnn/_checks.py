"""Arguments of Python in the form that C needs.

ctypes truncates an integer that is too large, and 0 in an options struct means
the default. So both cases are checked here. libcnn checks everything else, and
makes the text of the error.
"""

from __future__ import annotations

import ctypes
import math
import numbers
import operator
import os
from typing import Any, Callable, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import _hints, _layout, _structs

Pair = Union[int, Sequence[int]]
Path = Union[str, bytes, "os.PathLike[str]"]
Source = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview]

_INT32_MAX = 2**31 - 1
_FLOAT_MAX = float(np.finfo(np.float32).max)


def integer(
    name: str, value: Any, least: int = -(2**31), most: int = _INT32_MAX
) -> int:
    """An integer that fits, by default one of 32 bits."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} is {type(value).__name__}, expected an integer"
        ) from None
    if not least <= number <= most:
        raise ValueError(f"{name} {number}, expected {least} to {most}")
    return number


def count(name: str, value: Any) -> int:
    """An integer of 32 bits, at least 1: 0 would mean "default" in C."""
    return integer(name, value, 1)


def seed(value: Any) -> int:
    """A seed: an integer from 0 to below 2^64."""
    return integer("seed", value, 0, 2**64 - 1)


def real(name: str, value: Any) -> float:
    """A number that a float32 holds; libcnn checks infinity and NaN."""
    number = double(name, value)
    if math.isfinite(number) and abs(number) > _FLOAT_MAX:
        raise ValueError(f"{name} {number:g} is too large for a float32")
    return number


def double(name: str, value: Any) -> float:
    """A number of any size; libcnn checks infinity and NaN."""
    if not isinstance(value, (numbers.Real, np.floating, np.integer)):
        raise TypeError(
            f"{name} is {type(value).__name__}, expected a number"
        )
    return float(value)


def optional_seconds(name: str, value: Any) -> float:
    """A time above 0; infinite for None."""
    seconds = math.inf if value is None else double(name, value)
    if not seconds > 0:
        raise ValueError(f"{name} {seconds:g}, expected seconds above 0")
    return seconds


def nonzero(name: str, value: Any) -> float:
    """A number, not 0, for a field in which 0 means "default" in C."""
    number = real(name, value)
    if ctypes.c_float(number).value == 0.0:
        raise ValueError(f"{name} {number:g}, which is 0 as a float32")
    return number


def setting(name: str, value: Any) -> float:
    """A number for a field in which 0 means "default" in C: 0 for None, and
    CNN_ZERO, which means zero in C, for 0."""
    if value is None:
        return 0.0
    return -0.0 if real(name, value) == 0.0 else nonzero(name, value)


def optional(name: str, value: Any) -> float:
    """0, which means "default" in C, for None; otherwise as nonzero()."""
    return 0.0 if value is None else nonzero(name, value)


def pair(
    name: str, value: Any, number: Callable[[str, Any], int] = count
) -> tuple[int, int]:
    """(height, width), each at least 1 if `number` says nothing else, from both
    or from one for both."""
    if isinstance(value, (str, bytes)):
        raise TypeError(f"{name} is {value!r}, expected one or two integers")
    if not isinstance(value, (Sequence, np.ndarray)):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(f"{name} has {len(value)} numbers, expected 1 or 2")
    return number(name, value[0]), number(name, value[1])


def shape(value: Any) -> _structs.Shape:
    """The shape of a sample: (C, H, W), (H, W) with one channel, or a number
    of elements."""
    if isinstance(value, (str, bytes)):
        raise TypeError(f"shape is {value!r}, expected up to three integers")
    if not isinstance(value, (Sequence, np.ndarray)):
        value = (value,)
    sizes = [integer("shape", size) for size in value]
    if len(sizes) == 1:
        sizes = [sizes[0], 1, 1]
    elif len(sizes) == 2:
        sizes = [1, *sizes]
    elif len(sizes) != 3:
        raise ValueError(f"shape {tuple(value)}, expected up to three sizes")
    return _structs.Shape(*sizes)


def dims(sizes: _structs.Shape) -> tuple[int, int, int]:
    """A shape as a tuple (C, H, W)."""
    return sizes.c, sizes.h, sizes.w


def text(name: str, value: Any) -> bytes:
    """A string in UTF-8, without a zero inside: C would end it there."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {type(value).__name__}, expected str")
    if "\0" in value:
        raise ValueError(f"{name} has a zero character inside")
    return value.encode("utf-8")


def content(value: Source) -> Optional[npt.NDArray[np.uint8]]:
    """The bytes that stand for a file; None for the path of one."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return np.frombuffer(value, np.uint8)
    return None


def path(value: Union[Path, Source]) -> bytes:
    """A path as bytes, in the encoding of the system."""
    name = os.fsencode(value)
    if b"\0" in name:
        raise ValueError("the path has a zero byte inside")
    return name


# -------------------------------------------------------------- arrays ---


def as_float32(values: Any, name: str = "array") -> npt.NDArray[np.float32]:
    """An array as libcnn reads it: float32, C-contiguous, aligned.

    An array that is already so is returned as it is, without copying. Lists,
    other floating-point types, other byte orders and other layouts are
    converted to a copy. Integers are refused, because their scale is not known.

    Raises
    ------
    TypeError
        if it does not consist of floating-point numbers.
    """
    array = as_array(values, name)
    if array.dtype.kind != "f" and not isinstance(values, (list, tuple)):
        raise TypeError(
            f"{name} is {array.dtype}, expected float32"
            + _hints.numbers(name, array)
        )
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} is {array.dtype}, expected numbers")
    return np.require(array, np.float32, ["C", "A"])


def as_array(values: Any, name: str) -> npt.NDArray[Any]:
    """An array of numbers, or something that is refused by its type."""
    if values is None or hasattr(values, "target_shape"):
        what = "None" if values is None else "a Dataset"
        more = "" if values is None else f": {name}.images is one"
        raise TypeError(f"{name} is {what}, expected an array{more}")
    try:
        array = np.asarray(values)
    except ValueError:  # of different shapes
        raise ValueError(_hints.ragged(name, values)) from None
    if array.dtype == object and array.ndim > 0 and isinstance(
            array.flat[0] if array.size else None, (np.ndarray, list, tuple)):
        raise ValueError(_hints.ragged(name, array))
    return array


def _as_integers(
    values: Any,
    name: str,
    kind: type[np.signedinteger[Any]],
    hint: Callable[[str, Any], str],
) -> npt.NDArray[Any]:
    array = np.asarray(values)
    ends = np.iinfo(kind)
    if array.size == 0 and isinstance(values, (list, tuple)):
        array = array.astype(kind)
    if array.dtype == object:  # what is no number, or a very large one
        for value in array.flat:
            integer(name, value, ends.min, ends.max)
        array = array.astype(kind)
    if array.dtype.kind not in "iu":
        raise TypeError(
            f"{name} are {array.dtype}, expected integers"
            + hint(name, array)
        )
    if array.ndim != 1:
        raise ValueError(
            f"{name} have shape {array.shape}, expected (N,)"
            + hint(name, array)
        )
    if array.dtype != kind and array.size > 0:
        integer(name, array.min(), ends.min, ends.max)
        integer(name, array.max(), ends.min, ends.max)
    return np.require(array, kind, ["C", "A"])


def as_labels(values: Any, name: str = "labels") -> npt.NDArray[np.int32]:
    """Labels as libcnn reads them: int32, C-contiguous, aligned, one
    dimension.

    An array that is already so is returned as it is, without copying. Other
    integers are converted to a copy.

    Raises
    ------
    TypeError
        if they are no integers.
    ValueError
        if they have more than one dimension, or do not fit into 32 bits.
    """
    return _as_integers(values, name, np.int32, _hints.labels)


def is_real(values: Any) -> bool:
    """Are these numbers that are no integers, and so targets?"""
    array = as_array(values, "labels")
    return bool(array.dtype.kind == "f" and array.size > 0)


def weights(values: Any, count: int) -> npt.NDArray[np.float32]:
    """A weight for each of `count` samples."""
    array = as_float32(values, "sample_weight")
    if array.shape != (count,):
        raise ValueError(
            f"sample_weight has shape {array.shape}, expected ({count},)"
        )
    return array


def normalisation(
    value: Any,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Mean and deviation of each channel, from a pair of arrays or numbers;
    libcnn checks what they are."""
    if not isinstance(value, (tuple, list, np.ndarray)) or len(value) != 2:
        raise TypeError(
            f"normalisation is {type(value).__name__}, expected a pair (mean, "
            "deviation), as Dataset.statistics() returns it"
        )
    mean, deviation = (
        as_float32(np.atleast_1d(part).astype(np.float64), name)
        for name, part in zip(("mean", "deviation"), value)
    )
    if mean.ndim != 1 or mean.shape != deviation.shape:
        raise ValueError(
            f"mean of shape {mean.shape}, deviation of shape "
            f"{deviation.shape}, expected (C,) of both"
        )
    return mean, deviation


def as_index(values: Any) -> npt.NDArray[np.int64]:
    """Numbers of samples as libcnn reads them: int64, as as_labels()."""
    return _as_integers(values, "numbers of samples", np.int64, _hints.index)


def batch(
    name: str, values: Any, sample: tuple[int, int, int]
) -> npt.NDArray[np.float32]:
    """N samples of a shape, as float32. Dimensions of size 1 do not count:
    (N, 28, 28) is the same as (N, 1, 28, 28)."""
    array = as_float32(values, name)
    if array.ndim == 0:
        raise ValueError(f"{name} is a number, expected an array")
    _layout.check(name, array.shape, sample)
    integer(f"the number of samples of {name}", len(array))
    return array


def result(
    name: str, out: Optional[Any], shape_of: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    """The array for a result: a new one, or the caller's if it fits."""
    if out is None:
        return np.empty(shape_of, np.float32)
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{name} is {type(out).__name__}, expected an array")
    flags = out.flags
    if (
        out.dtype != np.float32
        or out.shape != shape_of
        or not (flags.c_contiguous and flags.aligned and flags.writeable)
    ):
        raise ValueError(
            f"{name} is {out.dtype} of shape {out.shape}, expected writable, "
            f"C-contiguous float32 of shape {shape_of}"
        )
    return out


def apart(first: Any, second: Any) -> None:
    """Refuses two arrays that share memory."""
    if np.may_share_memory(first, second):
        raise ValueError("a result may not share memory with an argument")


def floats(array: npt.NDArray[np.float32]) -> Any:
    """A pointer to the first element; the caller keeps the array alive."""
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_float))


def ints(array: npt.NDArray[np.int32]) -> Any:
    """As floats(), of an int32 array."""
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))


def wide_ints(array: npt.NDArray[np.int64]) -> Any:
    """As floats(), of an int64 array."""
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_int64))
