"""Learning rates that change (include/cnn/schedule.h), and images that change
(include/cnn/augment.h).

The rate of step t = 0, 1, 2, ... is a multiple of the optimiser's rate. During
the first `warmup` steps the rate rises to the optimiser's in equal steps; t
counts from the end of the warm-up.
"""

from __future__ import annotations

import ctypes
import dataclasses
from typing import Any, ClassVar, Optional

from . import _checks, _structs
from ._library import lib
from ._status import check


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule:
    """A constant rate, after the warm-up; the base of the others."""

    warmup: int = 0

    _kind: ClassVar[int] = 0

    def _fields(self) -> dict[str, Any]:
        return {}

    def _options(self) -> _structs.ScheduleOptions:
        return _structs.sized(
            _structs.ScheduleOptions,
            kind=self._kind,
            warmup=_checks.integer("warmup", self.warmup),
            **self._fields(),
        )

    def for_steps(self, steps: int) -> Schedule:
        """This schedule for a training of `steps` steps."""
        return self

    def lr(self, base: float, step: int) -> float:
        """The rate of step `step` >= 0 for the base rate `base`, from the
        formula alone (for a plateau: of its warm-up).

        Raises
        ------
        ValueError
            if a setting, the base or the step is not possible.
        """
        rate = ctypes.c_float()
        options = self._options()
        check(
            lib.cnn_schedule_lr(
                ctypes.byref(options),
                _checks.real("base", base),
                _checks.integer("step", step, 0, 2**63 - 1),
                ctypes.byref(rate),
            )
        )
        return rate.value


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Falling(Schedule):
    """What the schedules with a factor have in common."""

    steps: int
    factor: Optional[float] = None  # 0.1

    def _fields(self) -> dict[str, Any]:
        return {
            "steps": _checks.count("steps", self.steps),
            "factor": _checks.setting("factor", self.factor),
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class StepDecay(_Falling):
    """Times `factor` after every `steps` steps."""

    _kind: ClassVar[int] = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exponential(_Falling):
    """factor ^ (t / steps): smoothly, by `factor` every `steps` steps."""

    _kind: ClassVar[int] = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """From 1 down to `factor` as half a cosine over `steps` steps (Loshchilov
    and Hutter, 2017). If `steps` is None, Net.fit() takes all its steps after
    the warm-up."""

    steps: Optional[int] = None
    factor: float = 0.0

    _kind: ClassVar[int] = 3

    def _fields(self) -> dict[str, Any]:
        if self.steps is None:
            raise ValueError("a Cosine schedule without steps")
        return {
            "steps": _checks.count("steps", self.steps),
            "factor": _checks.real("factor", self.factor),
        }

    def for_steps(self, steps: int) -> Schedule:
        """This schedule. If its `steps` is None, it falls over all of the given
        steps after the warm-up."""
        if self.steps is not None:
            return self
        warmup = _checks.integer("warmup", self.warmup)
        left = min(max(1, steps - warmup), 2**31 - 1)
        return dataclasses.replace(self, steps=left)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plateau(_Falling):
    """Times `factor` whenever the mean loss of an epoch has not been 0.01 %
    better than the best for `steps` EPOCHS in a row."""

    _kind: ClassVar[int] = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How far the images of a batch are moved, each in its own random way.

    Parameters
    ----------
    shift : float
        Pixels, in each direction.
    rotation : float
        Degrees.
    scale : float
        Factor 1 +- scale, below 1.
    shear : float
        Horizontal pixels for each vertical one.
    elastic : float
        Strength of an elastic distortion, pixels (Simard et al., 2003).
    elastic_sigma : float
        Its smoothness, pixels.
    mirror : bool
        Whether each image is mirrored left to right with probability 1/2.
    """

    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    elastic_sigma: float = 4.0
    mirror: bool = False

    def _options(self) -> _structs.AugmentOptions:
        fields = {
            field.name: _checks.real(field.name, getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name != "mirror"
        }
        _checks.nonzero("elastic_sigma", self.elastic_sigma)
        return _structs.sized(
            _structs.AugmentOptions, mirror=int(bool(self.mirror)), **fields
        )
