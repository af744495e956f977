"""What a net makes of samples, and whether its gradients are right."""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple, Optional

import numpy as np
import numpy.typing as npt

from . import _checks, _interrupt, _structs, _structs_own
from ._inspect import check_built
from ._layer_data import Floats
from ._library import lib
from ._losses import Losses
from ._running import Running
from ._status import check
from .dataset import dataset_of
from .evaluation import evaluate


class GradCheck(NamedTuple):
    """What Net.gradcheck() found (include/cnn/parts.h)."""

    error: float
    """Of the worst array: |gradients - slopes| over the larger of both, as
    vectors. 1e-3 is good, 1e-1 wrong."""
    checked: int
    """Parameters that were looked at."""
    name: Optional[str]
    """Of the worst array, as in tensors(); None if none was checked."""
    element: int
    """Of it, whose gradient is furthest from its slope."""
    gradient: float
    """Of that element, by backward."""
    slope: float
    """(L(w + h) - L(w - h)) / 2h"""


def _softmax(y: Floats) -> Floats:
    powers = np.exp(y - y.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _sigmoid(y: Floats) -> Floats:
    # tanh does not overflow.
    shares: Floats = (0.5 * (1 + np.tanh(0.5 * y))).astype(np.float32)
    return shares


class Judging(Running, Losses):
    """The part of Net that judges."""

    def predict_proba(self, x: Any) -> Floats:
        """Probabilities, (N, K): of the classes under softmax cross-entropy
        or the LeNet-5 criterion, of each label by itself under binary
        cross-entropy. Whether there is a Softmax, or a Sigmoid, on top makes
        no difference.

        Parameters
        ----------
        x : array or Dataset
            As for predict().

        Raises
        ------
        ValueError
            if the loss is another one, or x does not fit.
        RuntimeError
            before build.
        """
        y, top = self._vectors(x), self._layers[-1]
        loss = self.loss
        if loss == "softmax_cross_entropy":
            return y if top.kind == "softmax" else _softmax(y)
        if loss == "lenet_map":
            return _softmax(-y)
        if loss == "binary_cross_entropy":
            function = top.settings().get("function")
            return y if function == _SIGMOID else _sigmoid(y)
        if top.kind == "softmax":
            return y
        raise ValueError(
            f"a net with the loss {loss!r} has no probabilities: predict() "
            "gives its outputs"
        )

    def classify(self, x: Any) -> npt.NDArray[np.int64]:
        """The class of each sample, (N,): the largest output, under the
        LeNet-5 criterion the smallest. As predict_proba() otherwise."""
        y = self._vectors(x)
        best = y.argmin(1) if self.loss == "lenet_map" else y.argmax(1)
        classes: npt.NDArray[np.int64] = best.astype(np.int64)
        return classes

    def _vectors(self, x: Any) -> Floats:
        y = self.predict(x)
        return y.reshape(len(y), -1)

    def score(
        self, data: Any, labels: Optional[Any] = None,
        sample_weight: Optional[Any] = None,
    ) -> float:
        """One number that is 1 at best: of labels the share that is right, of
        targets R2, the mean over the outputs of 1 - (sum of squared errors) /
        (that of the mean of the targets). Samples count by their weights.

        Parameters
        ----------
        data : Dataset, or images
        labels : array, optional
            Labels or targets of the images.
        sample_weight : array (N,), optional
            Instead of those of the dataset.

        Raises
        ------
        ValueError
            if data and net do not fit together, or there are no samples.
        RuntimeError
            before build.
        """
        check_built(self)
        dataset = dataset_of(data, labels, self)
        weights = dataset.weights()
        if sample_weight is not None:
            weights = _checks.weights(sample_weight, len(dataset))
        if dataset.target_shape is None:
            if np.ptp(weights) == 0 and weights[0] == 1:
                return evaluate(self, dataset, True, False).accuracy
            right = self.classify(dataset) == dataset.labels
            return float(np.average(right, weights=weights))
        y = self._vectors(dataset).astype(np.float64)
        wanted = dataset.targets().reshape(y.shape)
        mean = np.average(wanted, axis=0, weights=weights)
        left = np.average((y - wanted) ** 2, axis=0, weights=weights)
        spread = np.average((wanted - mean) ** 2, axis=0, weights=weights)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(spread > 0, 1 - left / spread, left == 0)
        return float(found.mean())

    def gradcheck(
        self,
        x: Any,
        labels: Any,
        sample_weight: Optional[Any] = None,
        *,
        step: Optional[float] = None,
        per_tensor: Optional[int] = None,
    ) -> GradCheck:
        """Compares the gradients of the loss with differences of it: whether
        the backward() of a CustomLayer, or the gradient of a loss of one's
        own, is right. Parameters are the same afterwards, gradients not.

        Parameters
        ----------
        x, labels, sample_weight : array
            As for train_step(); a few samples are enough.
        step : float, optional
            How far a parameter is moved to each side, above 0; 2^-8 by
            default. Less meets fewer kinks, as ReLU has them, and rounds more.
        per_tensor : int, optional
            The most parameters of an array that are looked at; 50 by default.

        Raises
        ------
        ValueError
            if x or labels do not fit.
        RuntimeError
            before build, or if the loss is not finite.
        """
        batch, keep = self._batch_of(x, labels, sample_weight)
        options = _structs.sized(
            _structs_own.GradcheckOptions,
            step=_checks.optional("step", step),
            per_tensor=0 if per_tensor is None
            else _checks.count("per_tensor", per_tensor),
        )
        found = _structs.sized(_structs_own.GradcheckResult)
        handle = self._h

        def call() -> None:
            check(
                lib.cnn_net_gradcheck(
                    handle.pointer,
                    ctypes.byref(batch),
                    ctypes.byref(options),
                    ctypes.byref(found),
                )
            )

        passes = 3 + 100 * len(self._layers)
        _interrupt.run(handle.lock, passes * self._cost * len(keep[0]), call)
        name = None
        if found.layer >= 0:
            tensors = self._layers[found.layer].tensors()
            name = f"{found.layer}.{tensors[found.tensor].name}"
        return GradCheck(found.error, found.checked, name, found.element,
                         found.gradient, found.slope)


_SIGMOID = 1  # of the functions of activations
