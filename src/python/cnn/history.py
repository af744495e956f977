"""What a training gave, epoch by epoch."""

from __future__ import annotations

import math
import time
from typing import Any, NamedTuple, Optional, Union

from . import _checks
from .evaluation import Evaluation, Metrics

Measured = Union[Evaluation, Metrics]


class Epoch(NamedTuple):
    """What an epoch gave: means over its steps, and the validation. Steps
    that another trainer made, before resume(), are not among them, unless that
    made all of them and had yet to validate."""

    step: int
    """Steps done at its end, or when it was cut short."""
    loss: float
    accuracy: float
    val_loss: Optional[float]
    val_accuracy: Optional[float]
    images_per_second: float
    """NaN if another trainer made its steps."""
    epoch: int
    """Its number, from 0."""


class History(list[Epoch]):
    """One entry for each epoch, the last one maybe cut short."""

    def column(self, name: str) -> list[Any]:
        """One field of all epochs, as a list: "loss", "val_accuracy", ..."""
        return [getattr(epoch, name) for epoch in self]

    def put(self, entry: Epoch) -> None:
        """In the place of what the epoch had so far, if that is there."""
        if self and self[-1].epoch == entry.epoch:
            self.pop()
        self.append(entry)


class Means:
    """What the steps of an epoch gave so far, over one run or several."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.start = self.seconds = self.loss = 0.0
        self.steps = self.count = self.correct = 0

    def begin(self) -> None:
        """Lets its time run on."""
        self.start = time.perf_counter()

    def pause(self) -> None:
        """Stops its time."""
        self.seconds += time.perf_counter() - self.start

    def add(self, metrics: Metrics) -> None:
        """Adds a step."""
        self.loss += metrics.loss
        self.steps += 1
        self.count += metrics.count
        self.correct += metrics.correct

    def entry(self, step: int, found: Optional[Measured]) -> Epoch:
        """What it gave up to that step, with what was measured then."""
        self.pause()
        return Epoch(
            step,
            self.loss / self.steps,
            self.correct / self.count,
            None if found is None else found.loss,
            None if found is None else found.accuracy,
            self.count / max(1e-9, self.seconds),
            self.epoch,
        )


def steps_of(
    steps: Optional[int],
    epochs: Optional[float],
    count: int,
    batch: int,
    done: int = 0,
) -> int:
    """How many steps are meant: that many, or so many passes over the data,
    one by default. All batches are full, so the step that ends an epoch goes
    on into the next one, and that part counts for it: otherwise one epoch after
    the other would be longer than all at once."""
    if steps is not None and epochs is not None:
        raise ValueError("steps and epochs: one of them is enough")
    if steps is not None:
        return _checks.integer("steps", steps, 0, 2**63 - 1)
    passes = _checks.real("epochs", 1 if epochs is None else epochs)
    if not 0 <= passes < 2**31:
        raise ValueError(f"epochs {passes:g}, expected at least 0")
    whole = done * batch // count  # epochs so far
    if passes >= 1 and done == -(-whole * count // batch):
        return math.ceil((whole + passes) * count / batch) - done
    return math.ceil(passes * count / batch)
