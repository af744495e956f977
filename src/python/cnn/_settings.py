"""Settings that several layers share, as options of C."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np

from . import _checks

Padding = Union[str, int, Sequence[int]]
Init = Union[None, str, tuple[str, float]]

NO_BIAS = 1
_PADDINGS = {"valid": 0, "same": 1, "same_lower": 2}
_EXPLICIT = 3
_INITS = {
    "default": 0,
    "constant": 1,
    "truncated_normal": 2,
    "normal": 3,
    "uniform": 4,
    "glorot_uniform": 5,
    "he_normal": 6,
    "lecun": 7,
}
_SCALED = "constant", "truncated_normal", "normal", "uniform"


# In the order of CNN_ALGORITHM_*.
ALGORITHMS = ("auto", "im2col", "winograd", "direct")


def algorithm_number(name: str) -> int:
    """CNN_ALGORITHM_*"""
    if name not in ALGORITHMS:
        raise ValueError(
            f"algorithm {name!r}: expected {', '.join(ALGORITHMS)}"
        )
    return ALGORITHMS.index(name)


def steps(name: str, value: _checks.Pair) -> dict[str, int]:
    """One number for both axes, or (vertical, horizontal)."""
    height, width = _checks.pair(name, value)
    return {f"{name}_h": height, f"{name}_w": width}


def _choice(name: str, value: Any, choices: Mapping[str, int]) -> int:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(
            f"{name} is {value!r}, expected one of {', '.join(choices)}"
        )
    return choices[value]


def padding_fields(value: Padding) -> dict[str, int]:
    """"valid", "same", "same_lower", one number for all sides, two (vertical,
    horizontal), or four (top, bottom, left, right)."""
    if isinstance(value, str):
        return {"padding": _choice("padding", value, _PADDINGS)}
    if isinstance(value, (Sequence, np.ndarray)):
        sides = list(value)
    else:
        sides = [value]
    if len(sides) == 1:
        sides = sides * 4
    elif len(sides) == 2:
        sides = [sides[0], sides[0], sides[1], sides[1]]
    elif len(sides) != 4:
        raise ValueError(
            f"padding has {len(sides)} numbers, expected 1, 2 or 4"
        )
    names = "pad_top", "pad_bottom", "pad_left", "pad_right"
    try:
        fields = {n: _checks.integer(n, v) for n, v in zip(names, sides)}
    except TypeError:
        raise TypeError(
            f"padding is {value!r}, expected one integer for all sides, two "
            "(vertical, horizontal), or four (top, bottom, left, right)"
        ) from None
    return {"padding": _EXPLICIT, **fields}


def initial(name: str, value: Init) -> dict[str, Any]:
    """None, a name, or a name and a scale."""
    if value is None:
        return {}
    kind, scale = value if isinstance(value, tuple) else (value, None)
    return {
        f"{name}_init": _choice(f"{name}_init", kind, _INITS),
        f"{name}_scale": _checks.setting(f"{name}_scale", scale),
    }


# ------------------------------------------- and back, from those of C ---

Settings = Mapping[str, Union[int, float]]


def _name(choices: Mapping[str, int], value: Union[int, float]) -> str:
    return next(name for name, number in choices.items() if number == value)


def without_bias(settings: Settings) -> bool:
    """Was bias=False?"""
    return bool(int(settings["flags"]) & NO_BIAS)


def padding_value(settings: Settings) -> Union[str, int, tuple[int, ...]]:
    """The shortest that padding_fields() makes the same of."""
    if settings["padding"] != _EXPLICIT:
        return _name(_PADDINGS, settings["padding"])
    names = "pad_top", "pad_bottom", "pad_left", "pad_right"
    top, bottom, left, right = (int(settings[name]) for name in names)
    if top == bottom == left == right:
        return top
    if top == bottom and left == right:
        return top, left
    return top, bottom, left, right


def init_value(
    settings: Settings, name: str
) -> tuple[Optional[str], Optional[float]]:
    """A name and a scale; the scale is None if there is none, both if it is
    the default."""
    kind = _name(_INITS, settings[name])
    scale = float(settings[name.replace("_init", "_scale")])
    if kind == "default":
        return None, None
    return kind, scale if kind in _SCALED else None
