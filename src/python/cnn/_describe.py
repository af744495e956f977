"""Layers in words: the arguments of their class, from the settings of C.

So a layer that was loaded says the same as one that was made here, and another
one like it can be made. What is the default is left out.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from ._settings import init_value, padding_value, without_bias

if TYPE_CHECKING:
    from ._layer import Layer

Arguments = dict[str, Any]
_REQUIRED = inspect.Parameter.empty


def maker(kind: type[Layer]) -> type[Layer]:
    """The class of the package that a class is, or derives from."""
    for base in kind.__mro__:
        if base.__module__.startswith(f"{__package__}."):
            return base
    return kind


def _parameters(kind: type[Layer]) -> dict[str, inspect.Parameter]:
    found = dict(inspect.signature(kind.__init__).parameters)
    del found["self"]
    return found


def short(value: Any) -> Any:
    """A float as it would be written, not the digits of a float32."""
    return float(str(np.float32(value))) if isinstance(value, float) else value


def _value(layer: Layer, name: str, default: Any) -> Any:
    """What an argument was, or stands for."""
    settings = layer.settings()
    if name in layer._choices:
        return layer._choices[name][int(settings[name])]
    if name in ("bias", "affine"):  # the same flag
        return not without_bias(settings)
    if name == "padding":
        return padding_value(settings)
    if name.endswith("_init"):
        kind, scale = init_value(settings, name)
        return kind if scale is None else (kind, short(scale))
    if name == "shape":
        sizes = tuple(int(settings[size]) for size in "chw")
        return -1 if sizes == (-1, 1, 1) else sizes
    if f"{name}_h" in settings:
        both = settings[f"{name}_h"], settings[f"{name}_w"]
        return both[0] if both[0] == both[1] else both
    if name in settings:
        value = settings[name]
        return bool(value) if isinstance(default, bool) else short(value)
    return layer._array(name)


def arguments(layer: Layer) -> Arguments:
    """Those of the class that make another layer with the same settings;
    without those that are the default."""
    kind = maker(type(layer))
    parameters = _parameters(kind)
    found = {
        name: _value(layer, name, parameter.default)
        for name, parameter in parameters.items()
    }
    needed = {
        name: found[name]
        for name, parameter in parameters.items()
        if parameter.default is _REQUIRED
    }
    if any(isinstance(found[name], np.ndarray) for name in layer._needs):
        needed |= {name: found[name] for name in layer._needs}
    if len(needed) == len(found):
        return needed
    plain = kind(**needed)
    for name, value in found.items():
        usual = _value(plain, name, parameters[name].default)
        if name not in needed and not _alike(value, usual):
            needed[name] = value
    return {name: needed[name] for name in found if name in needed}


def _alike(value: Any, usual: Any) -> bool:
    if isinstance(value, np.ndarray):
        return False
    return bool(value == usual)


def text(layer: Layer) -> str:
    """As one would write it: Conv2D(32, 5, padding="same")."""
    return call(type(layer).__name__, arguments(layer),
                _parameters(maker(type(layer))))


def call(
    name: str, given: Arguments, parameters: dict[str, inspect.Parameter]
) -> str:
    """A call as text; what may go without its name does, as far as nothing
    was left out."""
    words, by_place = [], True
    for key, parameter in parameters.items():
        by_place &= parameter.kind is not inspect.Parameter.KEYWORD_ONLY
        if key not in given:
            by_place = False
            continue
        shown = word(given[key])
        words.append(shown if by_place else f"{key}={shown}")
    return f"{name}({', '.join(words)})"


def word(value: Any) -> str:
    """A value as one would write it."""
    if isinstance(value, np.ndarray):
        return f"<{' x '.join(map(str, value.shape))}>"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"({', '.join(map(word, value))})"
    return repr(value)
