"""Validations that are judged, averages, and callbacks of epochs
(include/cnn/fit.h)."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import math
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Iterable,
    Iterator,
    NamedTuple,
    Optional,
    Union,
)

from . import _checks, _structs, _structs_fit
from ._checks import Path
from ._library import lib
from ._status import check, created
from .evaluation import Metrics, metrics_of
from .history import Epoch, Measured
from .ranks import Together

if TYPE_CHECKING:
    from .dataset import Dataset
    from .net import Net

_WATCHED = ("loss", "accuracy")


class Best(NamedTuple):
    """The best validation so far."""

    value: float
    """The loss, or the accuracy."""
    step: int
    """Steps that had been made."""
    waited: int
    """Validations since then."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EarlyStopping:
    """Ends a training whose validations have ceased to become better, and
    keeps a copy of the parameters of the best.

    Parameters
    ----------
    watch : str
        "loss", of which less is better, or "accuracy".
    patience : int, optional
        So many epochs in a row that are not better end it; by default none
        do, and only the best is kept.
    min_delta : float
        What is not better by more than this is not better.
    restore_best : bool
        Whether the net has the best parameters in the end: after fit()
        whatever ended it, after Trainer.run() if the patience did.
    """

    watch: str = "loss"
    patience: Optional[int] = None
    min_delta: float = 0.0
    restore_best: bool = False

    def _options(self) -> _structs_fit.StoppingOptions:
        if self.watch not in _WATCHED:
            raise ValueError(
                f"watch is {self.watch!r}, expected \"loss\" or \"accuracy\""
            )
        patience = self.patience
        return _structs.sized(
            _structs_fit.StoppingOptions,
            watch=_WATCHED.index(self.watch),
            patience=0
            if patience is None
            else _checks.count("patience", patience),
            min_delta=_checks.real("min_delta", self.min_delta),
        )


@dataclasses.dataclass(frozen=True)
class BestCheckpoint:
    """Saves the best net so far, as a model file, whenever it becomes better
    by what EarlyStopping watches, the loss without one. What is saved is the
    average, if the trainer keeps one."""

    path: Path


Callback = Union[EarlyStopping, BestCheckpoint, Callable[[Epoch], Any]]


def _epoch_of(found: Any) -> Epoch:
    """From C, which does not measure speed."""
    training, validation = found.training, found.validation
    there = bool(found.validated)
    return Epoch(
        found.step,
        training.loss,
        training.correct / training.count,
        validation.loss if there else None,
        validation.correct / validation.count if there else None,
        math.nan,
        found.epoch,
    )


class Judging(Together):
    """What a trainer has besides its steps."""

    _net: Net
    _cost: float
    _batch: int
    _stopping: Optional[EarlyStopping] = None
    _averaged = False
    stopped: Optional[str] = None
    """Why the last run ended: "steps", "epochs", "time", "patience",
    "callback" or "cancel"; None if it did not, or an exception ended it."""

    @property
    def steps(self) -> int:
        """Steps done since the training began, over all resumes."""
        return int(lib.cnn_trainer_steps(self._p))

    def _learn(
        self, average: Optional[float], stopping: Optional[EarlyStopping]
    ) -> None:
        if average is not None:
            decay = _checks.real("average", average)
            check(lib.cnn_trainer_set_average(self._p, decay))
            self._averaged = decay > 0
        if stopping is not None:
            self._judge_by(stopping)

    def _judge_by(self, stopping: EarlyStopping) -> None:
        """What it has waited for is kept if nothing changes."""
        if stopping == self._stopping:
            return
        options, handle = stopping._options(), self._h
        with handle.lock:
            check(
                lib.cnn_trainer_set_stopping(
                    handle.pointer, ctypes.byref(options)
                )
            )
        self._stopping = stopping

    @property
    def best(self) -> Optional[Best]:
        """The best validation so far; None if none was judged."""
        if self._stopping is None:
            return None
        found = self._found()
        if found.step < 0:
            return None
        return Best(found.value, found.step, found.waited)

    def _found(self) -> _structs_fit.Best:
        found = _structs.sized(_structs_fit.Best)
        check(lib.cnn_trainer_best(self._p, ctypes.byref(found)))
        return found

    def judge(self, value: float) -> None:
        """Judges a number of your own in place of a validation: less is
        better, or more if the accuracy is watched.

        Raises
        ------
        RuntimeError
            if there is no EarlyStopping.
        """
        handle, number = self._h, _checks.double("value", value)
        with handle.lock:
            check(lib.cnn_trainer_judge(handle.pointer, number))

    def _validate(self, dataset: Dataset) -> Metrics:
        """In one call, which judges."""
        handle, found = self._h, _structs.Metrics()

        def call() -> Metrics:
            check(
                lib.cnn_trainer_validate(
                    handle.pointer, dataset._p, ctypes.byref(found)
                )
            )
            return metrics_of(found)

        return self._run(self._cost_of(dataset), call)

    def _cost_of(self, dataset: Optional[Dataset]) -> float:
        size = 0 if dataset is None else len(dataset)
        return self._cost * size / self._batch

    def _settle(self, dataset: Optional[Dataset]) -> Optional[Epoch]:
        """If the last step ended an epoch: validates, judges, and notes that
        it was done, once, as checkpoints say whether it was. None if there
        was nothing to do."""
        handle, told = self._h, []

        def tell(_: Any, epoch: Any) -> int:
            told.append(_epoch_of(epoch.contents))
            return 0

        # All steps are made, so it does no more than that.
        options = _structs.sized(
            _structs_fit.FitOptions,
            steps=self.steps,
            epoch_callback=_structs_fit.EPOCH_CALLBACK(tell),
        )
        if options.steps == 0:
            return None
        if dataset is not None:
            options.validation = dataset._p

        def call() -> None:
            check(
                lib.cnn_trainer_fit(handle.pointer, ctypes.byref(options))
            )

        self._run(self._cost_of(dataset), call)
        return told[0] if told else None

    @contextlib.contextmanager
    def _copied(self, copy: Any, max_batch: int) -> Iterator[Any]:
        """A net for a while, with the average or the best."""
        handle = self._h
        with handle.lock:
            pointer = created(lib.cnn_net_copy(self._net._p, max_batch))
            try:
                check(copy(handle.pointer, pointer))
                yield pointer
            finally:
                lib.cnn_net_free(pointer)

    def _evaluate_average(self, dataset: Dataset) -> Metrics:
        """Without judging it."""
        found = _structs.Metrics()
        with self._copied(
            lib.cnn_trainer_copy_average, self._net.max_batch
        ) as pointer:
            check(
                lib.cnn_net_evaluate(
                    pointer, dataset._p, ctypes.byref(found), None
                )
            )
        return metrics_of(found)

    def use_average(self) -> None:
        """Sets the parameters of the net to their average.

        Raises
        ------
        RuntimeError
            if there is none.
        """
        handle = self._h
        with handle.lock:
            check(lib.cnn_trainer_copy_average(handle.pointer, self._net._p))

    def use_best(self) -> None:
        """Sets the parameters of the net to the best so far.

        Raises
        ------
        RuntimeError
            if there are none.
        """
        handle = self._h
        with handle.lock:
            check(lib.cnn_trainer_copy_best(handle.pointer, self._net._p))

    def _hand_over(self) -> None:
        """At the end of fit(): the best, if that was asked for, or else the
        average."""
        stopping = self._stopping
        wanted = stopping is not None and stopping.restore_best
        if wanted and self.best is not None:
            self.use_best()
        elif self._averaged and self.steps > 0:
            self.use_average()

    def save_average(self, path: Path) -> None:
        """Saves the net with the average, as a model file; the net itself
        stays as it is. Errors are those of use_average() and Net.save()."""
        with self._copied(lib.cnn_trainer_copy_average, 1) as pointer:
            check(lib.cnn_net_save(pointer, _checks.path(path)))

    def save_best(self, path: Path) -> None:
        """Saves the net with the best parameters so far, likewise."""
        with self._copied(lib.cnn_trainer_copy_best, 1) as pointer:
            check(lib.cnn_net_save(pointer, _checks.path(path)))


class Told:
    """Who is told of the epochs of a run, and what comes of it."""

    def __init__(
        self,
        trainer: Judging,
        callbacks: Iterable[Callback],
        validation: Optional[Dataset],
    ) -> None:
        self.trainer, self.validation = trainer, validation
        self.others: list[Callable[[Epoch], Any]] = []
        self.paths: list[Path] = []
        stopping = []
        for one in callbacks:
            if isinstance(one, EarlyStopping):
                stopping.append(one)
            elif isinstance(one, BestCheckpoint):
                self.paths.append(one.path)
            elif callable(one):
                self.others.append(one)
            else:
                raise TypeError(
                    f"a callback is {type(one).__name__}, expected "
                    "EarlyStopping, BestCheckpoint or a callable"
                )
        if len(stopping) > 1:
            raise ValueError(
                f"{len(stopping)} EarlyStopping, expected at most one"
            )
        if (stopping or self.paths) and validation is None:
            raise ValueError(
                "EarlyStopping and BestCheckpoint need validation_data"
            )
        if stopping:
            trainer._judge_by(stopping[0])
        elif self.paths and trainer._stopping is None:
            trainer._judge_by(EarlyStopping())

    def patience(self) -> Optional[str]:
        """ "patience" if that is used up."""
        stopping = self.trainer._stopping
        if stopping is None or stopping.patience is None:
            return None
        waited = self.trainer._found().waited
        return "patience" if waited >= stopping.patience else None

    def due(self) -> Optional[Epoch]:
        """The epoch that was over before, and that nobody was told of."""
        return self.trainer._settle(self.validation)

    def validate(self, over: bool) -> Optional[Measured]:
        """What the validation gave; judged if the epoch is over."""
        found = self._measure(over)
        if over:
            self.trainer._settle(None)
        return found

    def _measure(self, over: bool) -> Optional[Measured]:
        trainer, data = self.trainer, self.validation
        if data is None:
            return None
        if trainer._stopping is None and not trainer._averaged:
            if trainer._ranks is not None:
                return trainer._validate(data)  # each a part of it
            return trainer._net.evaluate(data)
        if over or trainer._stopping is None:
            return trainer._validate(data)
        if trainer._averaged:
            return trainer._evaluate_average(data)
        return trainer._net.evaluate(data)

    def epoch(self, entry: Epoch) -> Optional[str]:
        """Tells of an epoch that is over; what ends the run, if anything."""
        best = self.trainer.best
        if best is not None and best.step == entry.step and not best.waited:
            for path in self.paths if self.trainer._is_first else ():
                self.trainer.save_best(path)
        # All are told.
        stop = [bool(one(entry)) for one in self.others]
        return "callback" if any(stop) else self.patience()

    def end(self) -> None:
        """Puts the best back, if the patience ended it."""
        trainer = self.trainer
        stopping = trainer._stopping
        if (
            trainer.stopped == "patience"
            and stopping is not None
            and stopping.restore_best
            and trainer.best is not None
        ):
            trainer.use_best()
