"""Detects images of shape (N, H, W, C), which other libraries use, where
(N, C, H, W) is expected. Without this check the mistake would not be noticed: a
net learns from such images too, but worse."""

from __future__ import annotations

from typing import Optional

from . import _hints

Dims = tuple[int, ...]

_CHANNELS = 1, 3, 4  # of pictures: grey, colour, with transparency
_PICTURE = 16  # rows and columns that a picture in colour has at least


def _turned(name: str) -> str:
    return (
        f"this looks like (N, H, W, C), expected (N, C, H, W), which "
        f"{name}.transpose(0, 3, 1, 2) is"
    )


def without_ones(shape: Dims) -> Dims:
    """The sizes that count."""
    return tuple(size for size in shape if size != 1)


def hint(name: str, given: Dims, expected: Dims) -> str:
    """The end of an error text, if a sample of shape `given` has its channels
    last; otherwise an empty text."""
    if len(given) == 3 and (given[2], *given[:2]) == tuple(expected):
        return "; " + _turned(name)
    return ""


def check(name: str, shape: Dims, expected: Optional[Dims]) -> None:
    """Refuses a batch whose shape is not the expected one. If no shape is
    expected, refuses a batch that is unusual as (N, C, H, W) but usual for
    pictures as (N, H, W, C).

    Two kinds of shapes are unusual in this way. The first are squares of more
    than 4 x 4 pixels with 1, 3 or 4 channels: as (N, C, H, W) they would have
    as many channels as rows. The second are colour images of 16 x 16 pixels and
    more: as (N, C, H, W) they would have at least 16 channels, of images no
    wider than 3.
    """
    if expected is not None:
        if without_ones(shape[1:]) != without_ones(expected):
            raise ValueError(
                f"{name} has shape {shape}, expected (N, "
                + ", ".join(map(str, expected)) + ")"
                + (hint(name, shape[1:], expected)
                   or _hints.shape(name, shape, expected))
            )
        return
    if len(shape) != 4:
        return
    C, H, W = shape[1:]
    square = C == H > max(_CHANNELS) and W in _CHANNELS
    if square or (W == 3 and min(C, H) >= _PICTURE):
        raise ValueError(
            f"{name} has shape {shape}: {_turned(name)}. If it is meant as {C} "
            f"channels of {H} x {W}, say so: Dataset(..., shape={shape[1:]}), "
            "or build the net with that shape first"
        )


def same(given: Dims, expected: Dims) -> None:
    """Refuses a dataset whose images have another shape than a net."""
    if without_ones(given) != without_ones(expected):
        raise ValueError(
            f"images of shape {given}, the net has {expected}"
            + hint("images", given, expected)
        )
