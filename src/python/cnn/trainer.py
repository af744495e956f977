"""Training a net on a dataset, stopping and going on (include/cnn/trainer.h).

The steps are a loop of Python around cnn_trainer_step(): so Ctrl-C and the
exceptions of callbacks work as everywhere, for some microseconds a step.
"""

from __future__ import annotations

import ctypes
import math
import time
from typing import TYPE_CHECKING, Any, Callable, Iterable, NamedTuple, Optional

from . import _checks, _reader, _structs
from ._checks import Path
from ._handle import Handle
from ._inspect import net_of
from ._library import lib
from ._status import check, created
from .dataset import dataset_of
from .evaluation import Metrics, metrics_of
from .history import History, Means, steps_of
from .optim import Optimizer, optimizer_of
from .progress import Display
from .ranks import ranks_of
from .schedules import Augmentation, Schedule
from .stopping import Callback, EarlyStopping, Judging, Told

if TYPE_CHECKING:
    from .net import Net

_NO_SHUFFLE = 1


def _ahead(read_ahead: Optional[int]) -> int:
    """As C has it: 0 is the default, -1 none."""
    if read_ahead is None:
        return 0
    return _checks.integer("read_ahead", read_ahead, 0, 1024) or -1


def _created(theirs: tuple[Handle, ...], options: Any, lock: Any) -> Handle:
    with lock:
        pointer = created(
            lib.cnn_trainer_create(
                *(handle.pointer for handle in theirs), ctypes.byref(options)
            )
        )
    return Handle(pointer, lib.cnn_trainer_free, theirs, lock)


class Progress(NamedTuple):
    """What a callback sees, after each step."""

    step: int
    """Steps done since the training began, over all resumes."""
    epoch: int
    """Whole passes over the data begun before this step, from 0."""
    metrics: Metrics
    """Of the step, before its update."""
    trainer: Trainer


def _ended(
    callback: Optional[Callable[[Progress], Any]], now: Progress, end: float
) -> Optional[str]:
    """Why a run ends after a step, as far as others say so."""
    if callback is not None and callback(now):
        return "callback"
    return "time" if time.monotonic() >= end else None


class Trainer(Judging):
    """Trains a net, step by step or many steps at once.

    Keeps net, optimiser and dataset alive. Net.fit() is the short way.

    Parameters
    ----------
    net : Net
        Built.
    optimizer : Optimizer
    data : Dataset or (images, labels)
        Not empty.
    batch_size : int, optional
        The net's max_batch by default, for each piece.
    schedule, augmentation : optional
        How learning rate and images change.
    shuffle : bool
    clip_norm : float, optional
        Longer gradients are shortened to it.
    seed : int
        Of shuffling and augmentation; below 2^64.
    average : float, optional
        Decay of an exponential average of the parameters, such as 0.999,
        kept beside them: it is what is validated, and use_average() and
        save_average() hand it over.
    stopping : EarlyStopping, optional
        Lets validations be judged.
    read_ahead : int, optional
        Batches that a thread reads while a step computes, each with memory of
        its own; 0: none. By default 2 with a Dataset.from_function(),
        otherwise none.
    accumulate : int
        Run each batch in so many pieces, whose gradients are added up: the
        steps are those of whole batches, but for rounding, and a batch may be
        that many times the net's max_batch. Batch normalisation looks at one
        piece at a time.
    comm : communicator of mpi4py, or Ranks, optional
        Whose processes train together: each makes its own net, optimiser and
        data, all alike, and then the same calls. `batch_size` is that of all,
        by default max_batch of each. Metrics, and why a run ends, are the same
        on all; so is an exception of a callback. Rank 0 shows the progress and
        writes the files of save() and BestCheckpoint.

    Attributes
    ----------
    history : History
        The epochs of all runs so far; of one that goes on, what it had when
        the last run ended. Also there when Ctrl-C ended that.

    Raises
    ------
    ValueError
        if data, net and settings do not fit together.
    RuntimeError
        if the net is not built.
    """

    _instead = "save() and another one's resume() do that"

    def __init__(
        self,
        net: Net,
        optimizer: Optimizer,
        data: Any,
        *,
        batch_size: Optional[int] = None,
        schedule: Optional[Schedule] = None,
        augmentation: Optional[Augmentation] = None,
        shuffle: bool = True,
        clip_norm: Optional[float] = None,
        seed: int = 0,
        average: Optional[float] = None,
        stopping: Optional[EarlyStopping] = None,
        read_ahead: Optional[int] = None,
        accumulate: int = 1,
        comm: Any = None,
    ) -> None:
        self._ranks = ranks_of(comm)
        rule, handle = optimizer_of(optimizer), net_of(net)._h
        dataset = dataset_of(data, net=net)
        theirs = handle, rule._h, dataset._h
        self._net, self._optimizer = net, rule
        size, pieces = 0, _checks.count("accumulate", accumulate)
        if batch_size is not None:
            size = _checks.count("batch_size", batch_size)
        options = _structs.sized(
            _structs.TrainerOptions,
            flags=0 if shuffle else _NO_SHUFFLE,
            batch=size,
            seed=_checks.seed(seed),
            clip_norm=_checks.optional("clip_norm", clip_norm),
            read_ahead=_ahead(read_ahead),
            accumulate=pieces,
        )
        lock = theirs[0].lock
        if self._ranks is not None:
            self._handle = self._ranks._create(theirs, options, lock)
        else:
            self._handle = _created(theirs, options, lock)
        _reader.watch(self._handle)
        self._count = len(dataset)
        parts = 1 if self._ranks is None else self._ranks._parts()
        self._batch = size or net.max_batch * parts * pieces
        # Forward, and twice as much backward; an elastic distortion takes some
        # hundred operations a pixel.
        pixels = math.prod(net.in_shape) if augmentation is not None else 0
        self._cost = self._batch * (3 * net._cost + 200 * pixels)
        self._cancelled = False
        self.stopped = None
        self.history, self._means = History(), Means(0)
        self._set(schedule, augmentation)
        self._learn(average, stopping)

    def _set(
        self,
        schedule: Optional[Schedule],
        augmentation: Optional[Augmentation],
    ) -> None:
        if schedule is not None:
            options = schedule._options()
            check(
                lib.cnn_trainer_set_schedule(
                    self._p, self._optimizer.lr, ctypes.byref(options)
                )
            )
        if augmentation is not None:
            changes = augmentation._options()
            check(
                lib.cnn_trainer_set_augmentation(
                    self._p, ctypes.byref(changes)
                )
            )

    @property
    def epoch(self) -> int:
        """The epoch that the next sample comes from, from 0."""
        return int(lib.cnn_trainer_epoch(self._p))

    def step(self) -> Metrics:
        """One step on the next batch.

        Raises
        ------
        RuntimeError
            if loss or gradient are not finite: net and trainer are then as
            they were.
        """
        handle = self._h

        def call() -> Metrics:
            found = _structs.Metrics()
            check(
                lib.cnn_trainer_step(handle.pointer, ctypes.byref(found))
            )
            return metrics_of(found)

        return self._run(self._cost, call)

    def run(
        self,
        steps: Optional[int] = None,
        *,
        epochs: Optional[float] = None,
        validation_data: Optional[Any] = None,
        callback: Optional[Callable[[Progress], Any]] = None,
        callbacks: Iterable[Callback] = (),
        time_limit: Optional[float] = None,
        progress: bool = False,
    ) -> History:
        """`steps` more steps, or `epochs` more passes over the data; fewer if
        time, patience, a callback or cancel() say so: `stopped` tells which
        it was. Arguments and errors are those of Net.fit().

        Validations are judged where an epoch is over, not where a run ends
        within one. A patience that is used up ends the next run, too, unless
        an EarlyStopping with other settings is given.

        An epoch that was over before, and not validated, as a checkpoint of
        its last step may say, is so first; it is in the trainer's history.

        A batch may straddle two epochs. One whole epoch after the other, each
        in a run of its own, ends where they would end in a single run.

        Returns
        -------
        History
            An entry for each epoch that steps of this run belong to. One that
            was begun by an earlier run has the means over that part, too.
        """
        total = steps_of(steps, epochs, self._count, self._batch, self.steps)
        limit = _checks.optional_seconds("time_limit", time_limit)
        validation = None
        if validation_data is not None:
            validation = dataset_of(validation_data, net=self._net)
        told = Told(self, callbacks, validation)
        history = History()
        shown = progress and self._is_first
        display = Display(total, self._count / self._batch, shown)
        done, before = self.steps, self.epoch
        if self._means.epoch != before:
            self._means = Means(before)
        means = self._means
        means.begin()
        end = time.monotonic() + limit
        self.stopped = None
        with self._patient():
            try:
                due = told.due()
                if due is None:
                    self.stopped = told.patience()
                else:
                    self.history.put(due)
                    self.stopped = self._agreed(told.epoch, due)
                for left in range(total - 1, -1, -1):
                    self.stopped = self._agreed(self._asked)
                    if self.stopped is not None:
                        break
                    metrics = self.step()
                    done += 1
                    means.add(metrics)
                    if display.moves:
                        display.step(total - left, metrics)
                    now = Progress(done, before, metrics, self)
                    self.stopped = self._agreed(_ended, callback, now, end)
                    epoch = done * self._batch // self._count
                    over = epoch > before
                    if over or left == 0 or self.stopped is not None:
                        found = told.validate(over)
                        entry = means.entry(done, found)
                        history.append(entry)
                        self.history.put(entry)
                        display.epoch(max(epoch, before + 1), entry)
                        if over:
                            before, means = epoch, Means(epoch)
                            self._means = means
                            self.stopped = (
                                self._agreed(told.epoch, entry)
                                or self.stopped
                            )
                        means.begin()
                if self.stopped is None:
                    self.stopped = "steps" if epochs is None else "epochs"
            finally:
                means.pause()
                display.close()
                self._cancelled = False
                told.end()
        return history

    def _asked(self) -> Optional[str]:
        return "cancel" if self._cancelled else self.stopped

    def cancel(self) -> None:
        """Ends run() after the step it is at; if none is running, the next
        one at once. From any thread, and from a signal handler."""
        self._cancelled = True

    def save(self, path: Path) -> None:
        """Saves all that a resumed training needs to equal one that never
        stopped, bit for bit; the file is a model file as well. Atomic.

        Raises
        ------
        OSError
            if the file cannot be written; an old one is then still there.
        RuntimeError
            if a parameter is not finite.
        """
        handle = self._h
        with handle.lock:
            check(lib.cnn_trainer_save(handle.pointer, _checks.path(path)))

    def resume(self, path: Path) -> None:
        """Goes on from a file of save(): with the same layers, data, settings
        and seed. The net's metadata become those of the file.

        Raises
        ------
        ValueError
            if the file was made for another training, or is damaged; net and
            trainer are then as they were.
        OSError
            if it cannot be read.
        """
        handle = self._h
        with handle.lock:
            check(lib.cnn_trainer_resume(handle.pointer, _checks.path(path)))
        # What came after that has not happened.
        self._means = Means(self.epoch)
        self.history[:] = [e for e in self.history if e.step <= self.steps]
