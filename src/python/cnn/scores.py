"""How good a net is, in more numbers than loss and hits
(include/cnn/scores.h)."""

from __future__ import annotations

import ctypes
import dataclasses
import functools
import math
from typing import Any, Optional, Sequence

from . import _checks, _interrupt, _structs, _structs_own
from ._library import lib
from ._predict import Runner
from ._status import check
from .dataset import Dataset

_KINDS = "classes", "labels", "numbers"


@dataclasses.dataclass(frozen=True)
class ClassScores:
    """Those of one class, label or number. What does not apply is NaN: of
    numbers all before `mae`, of others all from there. Counts are weights of
    samples; 0 / 0 is 0."""

    support: float
    true_positives: float
    false_positives: float
    false_negatives: float
    precision: float
    recall: float
    f1: float
    mae: float
    mse: float
    rmse: float
    r2: float


@dataclasses.dataclass(frozen=True, repr=False)
class Scores:
    """Scores over a dataset, all as scikit-learn defines them.

    `kind` is what was scored: "classes" (one of K for each sample), "labels"
    (each of K there or not) or "numbers". What does not apply to it is NaN.
    `correct` counts samples, all others weigh them.
    """

    kind: str
    outputs: int
    top_k: int
    loss: float
    count: int
    correct: int
    weight: float
    accuracy: float
    element_accuracy: float
    top_k_accuracy: float
    balanced_accuracy: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    micro_precision: float
    micro_recall: float
    micro_f1: float
    mae: float
    mse: float
    rmse: float
    r2: float
    _found: Any = dataclasses.field(compare=False)

    @functools.cached_property
    def classes(self) -> tuple[ClassScores, ...]:
        """One for each class, label or number, in the order of the outputs."""
        return tuple(
            ClassScores(*(getattr(found, name) for name in _COLUMNS))
            for found in self._found
        )

    def __getstate__(self) -> dict[str, Any]:
        """For pickle, which takes no array of C."""
        return {**self.__dict__, "_found": self.classes}

    def __repr__(self) -> str:
        """What applies."""
        shown = [
            f"{field.name}={getattr(self, field.name):.6g}"
            for field in dataclasses.fields(self)[3:-1]
            if not math.isnan(getattr(self, field.name))
        ]
        return f"Scores(kind={self.kind!r}, {', '.join(shown)})"

    def table(self, names: Optional[Sequence[str]] = None) -> str:
        """A text with a line for each class, label or number, and the
        averages below.

        Parameters
        ----------
        names : sequence of str, optional
            Of the outputs; their numbers by default.

        Raises
        ------
        ValueError
            if there are more or fewer than outputs.
        """
        if names is None:
            names = [str(index) for index in range(self.outputs)]
        if len(names) != self.outputs:
            raise ValueError(f"{len(names)} names, {self.outputs} outputs")
        if self.kind == "numbers":
            columns: tuple[str, ...] = ("mae", "mse", "rmse", "r2")
            means = {"mean": columns}
        else:
            columns = "precision", "recall", "f1", "support"
            means = {
                average: tuple(f"{average}_{name}" for name in columns[:3])
                for average in ("macro", "micro")
            }
        rows = [("", *columns)]
        for name, found in zip(names, self.classes):
            rows.append((str(name), *_cells(found, columns)))
        for name, fields in means.items():
            rows.append((name, *_cells(self, fields)))
        first = max(len(row[0]) for row in rows)
        return "\n".join(
            f"{row[0]:<{first}}"
            + "".join(f" {cell:>10}" for cell in row[1:])
            for row in rows
        )


_COLUMNS = tuple(field.name for field in dataclasses.fields(ClassScores))


def _cells(found: Any, names: Sequence[str]) -> list[str]:
    """Numbers as a table shows them: counts as they are."""
    return [
        f"{getattr(found, name):{'g' if name == 'support' else '.4g'}}"
        for name in names
    ]


def score(
    net: Runner,
    dataset: Dataset,
    threshold: Optional[float],
    top_k: Optional[int],
) -> Scores:
    """See Net.scores()."""
    handle = net._h
    options = _structs.sized(
        _structs_own.ScoreOptions,
        threshold=_checks.setting("threshold", threshold),
        top_k=0 if top_k is None else _checks.count("top_k", top_k),
    )
    found = _structs.sized(_structs_own.Scores)
    of_each = (_structs_own.ClassScores * math.prod(net._out))()
    of_each[0].struct_size = ctypes.sizeof(of_each[0])

    def call() -> None:
        check(
            lib.cnn_net_score(
                handle.pointer,
                dataset._p,
                ctypes.byref(options),
                ctypes.byref(found),
                of_each,
            )
        )

    _interrupt.run(handle.lock, net._cost * len(dataset), call)
    fields = {
        name: getattr(found, name) for name, _ in found._fields_[2:]
    }
    return Scores(kind=_KINDS[found.kind], _found=of_each, **fields)
