"""Showing the progress of a training on standard error."""

from __future__ import annotations

import math
import os
import shutil
import sys
import time
from typing import TYPE_CHECKING, TextIO

from .evaluation import Metrics

if TYPE_CHECKING:
    from .history import Epoch

_WIDEST, _NARROWEST = 40, 8
_EVERY = 0.1  # seconds from one drawing to the next


class Display:
    """A moving line on a terminal; a line for each epoch, on a terminal or not.

    Parameters
    ----------
    steps : int
        Of this run.
    steps_per_epoch : float
    wanted : bool
        False: says nothing.
    """

    def __init__(
        self, steps: int, steps_per_epoch: float, wanted: bool
    ) -> None:
        self._steps = steps
        self._per_epoch = steps_per_epoch
        # None where there is no console at all.
        self._to: TextIO | None = sys.stderr if wanted else None
        self.moves = (
            self._to is not None
            and self._to.isatty()
            and os.environ.get("TERM", "dumb") != "dumb"
        )
        self._shown = False
        self._loss = self._hits = self._speed = 0.0
        self._images = 0
        self._drawn = time.perf_counter()

    def step(self, step: int, metrics: Metrics) -> None:
        """To be called after step number `step` of this run, from 1, if the
        line moves."""
        # Means over about twenty steps, and over about two seconds.
        share = 1.0 if step == 1 else 0.05
        self._loss += share * (metrics.loss - self._loss)
        self._hits += share * (metrics.accuracy - self._hits)
        self._images += metrics.count
        elapsed = time.perf_counter() - self._drawn
        if elapsed < _EVERY:
            return
        share = 1 - math.exp(-elapsed / 2) if self._speed > 0 else 1.0
        self._speed += share * (self._images / elapsed - self._speed)
        self._images = 0
        self._drawn += elapsed
        self._draw(step, (self._steps - step) * metrics.count / self._speed)

    def _draw(self, step: int, left: float) -> None:
        minutes, seconds = divmod(round(min(left, 1e8)), 60)
        room = shutil.get_terminal_size().columns - len(" 100% []  ")
        room -= _NARROWEST
        shown = ""
        for part in (
            f"  {minutes}:{seconds:02d} left",
            f"  accuracy {self._hits:.4f}",
            f"  loss {self._loss:.4g}",
            f"  {self._speed:.0f} images/s",
        ):
            if len(shown) + len(part) > room:
                break
            shown += part
        width = max(0, min(_WIDEST, room - len(shown) + _NARROWEST))
        full = "=" * int(step / self._steps * width) + ">"
        bar = f"{full[:width]:{width}}"
        self._write(f"\r{100 * step // self._steps:3d}% [{bar}]{shown}\33[K")
        self._shown = True

    def epoch(self, epoch: int, found: Epoch) -> None:
        """To be called at the end of an epoch or of the run."""
        last = int((self._steps - 1) / self._per_epoch) + 1
        line = (
            f"epoch {epoch}" + (f" of {last}" if epoch <= last else "")
            + f": loss {found.loss:.4g}, accuracy {found.accuracy:.4f}"
        )
        if found.val_accuracy is not None:
            line += (
                f", validation loss {found.val_loss:.4g}, "
                f"accuracy {found.val_accuracy:.4f}"
            )
        self.close()
        self._write(f"{line}, {found.images_per_second:.0f} images/s\n")

    def close(self) -> None:
        """Removes the moving line."""
        if self._shown:
            self._write("\r\33[K")
        self._shown = False

    def _write(self, text: str) -> None:
        if self._to is not None:
            self._to.write(text)
            self._to.flush()
