"""A net: layers with a loss on top (include/cnn/net.h)."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Iterable, Optional, Sequence, TypeVar, Union

from . import _checks
from ._branches import between
from ._inspect import check_built, shape_of
from ._layer import Layer
from ._library import lib
from ._own import Loss
from ._parts import Parts
from ._status import check, created
from ._stored import BATCH as _BATCH
from ._weights import Weights
from .custom import CustomLayer
from .dataset import dataset_of
from .evaluation import Evaluation, evaluate
from .graph import Input, Node, Step
from .history import History, steps_of
from .optim import Adam, Optimizer, optimizer_of
from .schedules import Augmentation, Schedule
from .scores import Scores, score
from .stopping import Callback, EarlyStopping
from .trainer import Progress, Trainer

N = TypeVar("N", bound="Net")


class Net(Parts, Weights):
    """Layers with a loss on top: a stack, Net([layer, ...]), or one with
    branches, Net(x, y).

    A net is described, built and run. fit() builds a net that is not built.

    Parameters
    ----------
    layers : iterable of Layer or CustomLayer; or Input
        From the input upwards; the net takes them over. Or the node that the
        samples enter by.
    y : Node, optional
        With an Input: what the net gives. The layers between them are numbered
        in the order in which they were called; others are left alone.
    loss : str or callable
        See set_loss().
    reduction : str
        How the losses of a batch become one: "mean" or "sum".

    Raises
    ------
    RuntimeError
        if a layer belongs to a net already, or is built.
    ValueError
        if y does not come from that Input alone, or a layer is at two places.
    """

    def __init__(
        self,
        layers: Union[Iterable[Union[Layer, CustomLayer]], Input] = (),
        y: Optional[Node] = None,
        *,
        loss: Union[str, Loss] = "softmax_cross_entropy",
        reduction: str = "mean",
    ) -> None:
        if isinstance(layers, (Layer, CustomLayer)):
            raise TypeError(
                f"layers are a list: Net([{layers!r}, ...]), not Net("
                f"{layers!r}, ...)"
            )
        made: list[Step] = []
        stack: Iterable[Union[Layer, CustomLayer]] = ()
        shape = None
        if isinstance(layers, Node) or y is not None:
            made, shape = between(layers, y)
        else:
            stack = layers
        self._take(created(lib.cnn_net_create()))
        self.set_loss(loss, reduction)
        self._follow(made)
        self._shape = shape
        for layer in stack:
            self.add(layer)

    def close(self) -> None:
        """Closes the net, as other objects, and its layers."""
        super().close()
        for layer in self._layers:
            layer.close()

    # ---------------------------------------------------- describing ---

    def add(self: N, layer: Union[Layer, CustomLayer]) -> N:
        """Puts a layer after the last. It belongs to the net from now on.

        Raises
        ------
        RuntimeError
            if the net or the layer is built, or the layer belongs to a net.
        """
        self._append(layer, len(self._layers) - 1)
        return self

    def build(
        self,
        shape: Union[None, int, Sequence[int]] = None,
        max_batch: int = _BATCH,
        *,
        seed: int = 0,
    ) -> Net:
        """Infers the shapes, takes all memory, draws the parameters.

        Parameters
        ----------
        shape : (C, H, W), (H, W) or int
            Of one sample; may be left out if Input(shape) said it.
        max_batch : int
            The largest batch of a training step, and the batch in which
            predict() works.
        seed : int
            The same seed gives the same parameters; below 2^64.

        Returns
        -------
        Net
            Itself.

        Raises
        ------
        ValueError
            if layers do not fit together, or sizes are not possible.
        RuntimeError
            if the net has no layers, or is built already.
        MemoryError
        """
        inputs = self._asked(shape)
        batch = _checks.integer("max_batch", max_batch)
        number = _checks.seed(seed)
        handle = self._h
        with handle.lock:
            self._warn_of_two()
            self._check_inputs(inputs)
            check(
                lib.cnn_net_build(
                    handle.pointer, ctypes.byref(inputs), batch, number
                )
            )
            self._built()
        return self

    @property
    def in_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one input; RuntimeError before build."""
        return shape_of(lib.cnn_net_in_shape, self)

    @property
    def out_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one output; RuntimeError before build."""
        return shape_of(lib.cnn_net_out_shape, self)

    @property
    def max_batch(self) -> int:
        """The max_batch of build(); 0 before it."""
        return int(lib.cnn_net_max_batch(self._p))

    @property
    def seed(self) -> int:
        """The seed of build(), or of a training that was resumed; otherwise
        0."""
        return int(lib.cnn_net_seed(self._p))

    # ------------------------------------------------------ training ---

    def evaluate(
        self,
        data: Any,
        labels: Optional[Any] = None,
        *,
        confusion: bool = False,
    ) -> Evaluation:
        """Loss, hits and confusion matrix over a dataset.

        The loss of a large dataset is added up slice by slice, and may differ
        from that of a single call of C in the last bits of a double.

        Parameters
        ----------
        data : Dataset, or images
        labels : array, optional
            Of the images.
        confusion : bool
            Whether the matrix is wanted.

        Raises
        ------
        ValueError
            if images or labels do not fit the net, or there are none.
        RuntimeError
            before build.
        """
        check_built(self)
        dataset = dataset_of(data, labels, self)
        return evaluate(self, dataset, self.reduction == "mean", confusion)

    def scores(
        self,
        data: Any,
        labels: Optional[Any] = None,
        *,
        threshold: Optional[float] = None,
        top_k: Optional[int] = None,
    ) -> Scores:
        """Precision, recall, F1, errors, R2: of all, and of each class.

        Parameters
        ----------
        data, labels
            As for evaluate().
        threshold : float, optional
            The probability above which one of several labels is said to be
            there, 0.5 by default.
        top_k : int, optional
            How many of the best outputs count, 5 by default or all if there
            are fewer.

        Raises
        ------
        ValueError, RuntimeError
            As evaluate(), and for a threshold or top_k that cannot be.
        """
        check_built(self)
        return score(self, dataset_of(data, labels, self), threshold, top_k)

    def fit(
        self,
        data: Any,
        labels: Optional[Any] = None,
        *,
        optimizer: Optional[Optimizer] = None,
        epochs: Optional[float] = None,
        steps: Optional[int] = None,
        batch_size: Optional[int] = None,
        validation_data: Optional[Any] = None,
        schedule: Optional[Schedule] = None,
        augmentation: Optional[Augmentation] = None,
        shuffle: bool = True,
        clip_norm: Optional[float] = None,
        callback: Optional[Callable[[Progress], Any]] = None,
        callbacks: Iterable[Callback] = (),
        patience: Optional[int] = None,
        restore_best: bool = False,
        average: Optional[float] = None,
        time_limit: Optional[float] = None,
        read_ahead: Optional[int] = None,
        accumulate: int = 1,
        progress: bool = True,
        seed: int = 0,
        comm: Any = None,
    ) -> History:
        """Trains; builds the net first, if need be.

        Parameters
        ----------
        data : Dataset, or images
        labels : array, optional
            Of the images.
        optimizer : Optimizer, optional
            Adam() by default. Its learning rate is the base of the schedule;
            after the training it has its old value.
        epochs : float, optional
            Passes over the data, 1 by default; or `steps`, batches.
        batch_size : int, optional
            By default max_batch of a built net, for each piece, otherwise at
            most 100.
        validation_data : Dataset or (images, labels), optional
            Evaluated after each epoch.
        schedule, augmentation : optional
            How the learning rate, and the images, change.
        shuffle : bool
        clip_norm : float, optional
            Longer gradients are shortened to this length.
        callback : callable, optional
            Called with a Progress after each step, in this thread. A true
            result ends the training; an exception is passed on.
        callbacks : iterable, optional
            EarlyStopping, BestCheckpoint, and callables that are called with
            an Epoch after each one that is over; true as a result ends it.
        patience, restore_best : optional
            Short for an EarlyStopping that watches the loss.
        average : float, optional
            Decay of an average of the parameters, such as 0.999: it is what
            is validated, and what the net has in the end.
        time_limit : float, optional
            Seconds after which no other step begins.
        read_ahead, accumulate : int, optional
            As of Trainer; a net built here has room for one piece of a batch.
        progress : bool
            Whether to show the progress on standard error: a moving line on a
            terminal, otherwise one line for each epoch.
        seed : int
            Of parameters, shuffling and augmentation; below 2^64.
        comm : communicator of mpi4py, or Ranks, optional
            Whose processes train together, all by this call: Trainer.

        Returns
        -------
        History
            An entry for each epoch; also `self.history`, after Ctrl-C too.

        Raises
        ------
        ValueError
            if data, net and settings do not fit together.
        RuntimeError
            if the training diverges.
        KeyboardInterrupt
            on Ctrl-C; the net is as after the last complete step.
        """
        dataset = dataset_of(data, labels, self)
        if len(dataset) == 0:
            raise ValueError("there are no samples to train on")
        rule = Adam() if optimizer is None else optimizer_of(optimizer)
        number = _checks.seed(seed)
        size, pieces = batch_size, _checks.count("accumulate", accumulate)
        if size is None:
            size = self.max_batch * pieces or min(_BATCH, max(1, len(dataset)))
        size = _checks.count("batch_size", size)
        total = steps_of(steps, epochs, len(dataset), size)
        if self.max_batch == 0:
            self.build(dataset.shape, -(-size // pieces), seed=number)
        lr = rule.lr
        with Trainer(
            self,
            rule,
            dataset,
            batch_size=size,
            schedule=None if schedule is None else schedule.for_steps(total),
            augmentation=augmentation,
            shuffle=shuffle,
            clip_norm=clip_norm,
            seed=number,
            average=average,
            read_ahead=read_ahead,
            comm=comm,
            accumulate=accumulate,
        ) as trainer:
            self.history = trainer.history
            told = list(callbacks)
            if patience is not None or restore_best:
                told.append(
                    EarlyStopping(patience=patience, restore_best=restore_best)
                )
            try:
                trainer.run(
                    total,
                    validation_data=validation_data,
                    callback=callback,
                    callbacks=told,
                    time_limit=time_limit,
                    progress=progress,
                )
            finally:
                trainer._hand_over()
                if schedule is not None:
                    rule.lr = lr
        return self.history
