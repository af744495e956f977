"""Nets as estimators of scikit-learn, which has to be there.

    from cnn.sklearn import Classifier
    model = make_pipeline(StandardScaler(), Classifier(
        [cnn.Dense(64), cnn.ReLU(), cnn.Dense(10)], epochs=20))
    print(cross_val_score(model, X, y))

`import cnn` does not need scikit-learn.
"""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt
from sklearn.base import (  # type: ignore
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
)
from sklearn.utils import (  # type: ignore
    check_array,
    check_consistent_length,
    check_random_state,
    column_or_1d,
)
from sklearn.utils.class_weight import (  # type: ignore
    compute_sample_weight,
)
from sklearn.utils.multiclass import (  # type: ignore
    check_classification_targets,
)
from sklearn.utils.validation import check_is_fitted  # type: ignore

from . import _checks
from ._layer import Layer
from ._own import Loss
from .custom import CustomLayer
from .dataset import Dataset
from .layers import Dense, ReLU
from .net import Net
from .optim import Optimizer

Layers = Union[Net, Sequence[Union[Layer, CustomLayer]]]
_HIDDEN = 100  # units of the net that one gets without layers


def _wanted(y: Any) -> Any:
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None")
    return y


class _Estimator(BaseEstimator):  # type: ignore[misc]
    """What both estimators do."""

    _loss = ""

    def __init__(
        self,
        layers: Optional[Layers] = None,
        *,
        epochs: float = 20,
        batch_size: int = 32,
        optimizer: Optional[Optimizer] = None,
        loss: Union[None, str, Loss] = None,
        shape: Union[None, int, Sequence[int]] = None,
        random_state: Any = 0,
        verbose: bool = False,
        fit_options: Optional[Mapping[str, Any]] = None,
    ) -> None:
        self.layers = layers
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.loss = loss
        self.shape = shape
        self.random_state = random_state
        self.verbose = verbose
        self.fit_options = fit_options

    def _images(self, X: Any) -> npt.NDArray[np.float32]:
        """X as numbers in the shape of the net's input."""
        x = check_array(X, allow_nd=True, dtype=np.float32, order="C")
        if x.ndim > 4:
            raise ValueError(
                f"X has shape {x.shape}, expected (N, F), (N, H, W) or "
                "(N, C, H, W)"
            )
        shape = self.shape
        if shape is None and isinstance(self.layers, Net):
            shape = self.layers._known()
        sample = _checks.dims(_checks.shape(
            x.shape[1:] if shape is None else shape))
        if np.prod(sample) != np.prod(x.shape[1:]):
            raise ValueError(
                f"X has shape {x.shape}: {np.prod(x.shape[1:])} numbers for "
                f"each sample, but shape={shape} has {np.prod(sample)}"
            )
        images: npt.NDArray[np.float32] = x.reshape(len(x), *sample)
        return images

    def _fit(self, X: Any, x: Any, outputs: int, **wanted: Any) -> None:
        dataset = Dataset(x, shape=x.shape[1:], **wanted)
        layers = self.layers
        if layers is None:
            layers = [Dense(_HIDDEN), ReLU(), Dense(outputs)]
        # Copies, so that the estimator can be fitted again.
        if isinstance(layers, Net):
            net = layers[:]
        else:
            net = Net([
                x.copy() if isinstance(x, Layer) else x for x in layers])
        net.set_loss(self._loss if self.loss is None else self.loss)
        rng = check_random_state(self.random_state)
        seed = int(rng.randint(2**31 - 1))
        size = min(_checks.count("batch_size", self.batch_size), len(x))
        net.build(x.shape[1:], size, seed=seed)
        given = int(np.prod(net.out_shape))
        if given != outputs:
            raise ValueError(
                f"the last layer has {given} outputs, {outputs} are needed: "
                f"put Dense({outputs}) there"
            )
        self.history_ = net.fit(
            dataset,
            epochs=self.epochs,
            batch_size=size,
            optimizer=self.optimizer,
            progress=bool(self.verbose),
            seed=seed,
            **(self.fit_options or {}),
        )
        self.net_ = net
        self.n_features_in_ = int(np.asarray(X).shape[1])

    def _ready(self, X: Any) -> npt.NDArray[np.float32]:
        """X for the net that was fitted."""
        check_is_fitted(self, "net_")
        x = self._images(X)
        if x.shape[1:] != self.net_.in_shape:
            # The words are those that scikit-learn expects.
            raise ValueError(
                f"X has {np.asarray(X).shape[1]} features, but "
                f"{type(self).__name__} is expecting {self.n_features_in_} "
                f"features as input: samples of {self.net_.in_shape}, not "
                f"{x.shape[1:]}"
            )
        return x


class Classifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """A net that classifies.

    Parameters
    ----------
    layers : sequence of Layer or CustomLayer, or Net, optional
        From the input upwards, not built, with as many outputs as there are
        classes; copied. Of a net its layers, with branches or without, not
        its loss. A hidden layer of 100 by default.
    epochs, batch_size, optimizer
        As for Net.fit(); 20, 32 and Adam() by default.
    loss : str or callable, optional
        As for Net.set_loss(); softmax cross-entropy by default.
    shape : (C, H, W), (H, W) or int, optional
        Of a sample, for X of vectors that are images.
    random_state : int, RandomState or None
        Of parameters and the order of the samples. None is by chance.
    verbose : bool
        Whether a line shows where it stands.
    fit_options : mapping, optional
        More arguments of Net.fit(): schedule, augmentation, ...
    class_weight : dict, "balanced" or None
        How much the samples of a class count.

    X is (N, F), (N, H, W) or (N, C, H, W); its numbers are taken as they are,
    bytes too. y are labels of any kind.

    Attributes
    ----------
    net_, history_, classes_, n_features_in_
    """

    _loss = "softmax_cross_entropy"

    def __init__(
        self,
        layers: Optional[Layers] = None,
        *,
        epochs: float = 20,
        batch_size: int = 32,
        optimizer: Optional[Optimizer] = None,
        loss: Union[None, str, Loss] = None,
        shape: Union[None, int, Sequence[int]] = None,
        random_state: Any = 0,
        verbose: bool = False,
        fit_options: Optional[Mapping[str, Any]] = None,
        class_weight: Any = None,
    ) -> None:
        super().__init__(
            layers, epochs=epochs, batch_size=batch_size, optimizer=optimizer,
            loss=loss, shape=shape, random_state=random_state,
            verbose=verbose, fit_options=fit_options,
        )
        self.class_weight = class_weight

    def fit(
        self, X: Any, y: Any, sample_weight: Optional[Any] = None
    ) -> Classifier:
        """Trains a new net; returns the estimator."""
        x = self._images(X)
        if np.ndim(np.asarray(y)) == 2 and np.asarray(y).shape[1] > 1:
            raise ValueError(
                f"y has shape {np.asarray(y).shape}, expected (N,): "
                "y.argmax(1), if it is one-hot"
            )
        y = column_or_1d(_wanted(y), warn=True)
        check_consistent_length(x, y)
        check_classification_targets(y)
        classes, labels = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                "Classifier needs at least 2 classes, y has 1 class: "
                f"{classes[0]!r}"
            )
        weights = sample_weight
        if self.class_weight is not None:
            weights = compute_sample_weight(self.class_weight, y)
            if sample_weight is not None:
                weights = weights * np.asarray(sample_weight, np.float32)
        if weights is not None:
            weights = np.asarray(weights, np.float32)
        self._fit(X, x, len(classes), labels=labels, sample_weight=weights)
        self.classes_ = classes
        return self

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Probabilities (N, K), in the order of classes_."""
        x = self._ready(X)
        found: npt.NDArray[np.float32] = self.net_.predict_proba(x)
        return found

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The class of each sample (N,)."""
        x = self._ready(X)
        found: npt.NDArray[Any] = self.classes_[self.net_.classify(x)]
        return found


class Regressor(RegressorMixin, _Estimator):  # type: ignore[misc]
    """A net that meets numbers; `loss` is "mse" by default. As Classifier
    otherwise, without class_weight; y is (N,) or (N, K)."""

    _loss = "mse"

    def _more_tags(self) -> dict[str, Any]:
        return {"multioutput": True}

    def __sklearn_tags__(self) -> Any:
        """As _more_tags(), for scikit-learn 1.6 and later."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(
        self, X: Any, y: Any, sample_weight: Optional[Any] = None
    ) -> Regressor:
        """Trains a new net; returns the estimator."""
        x = self._images(X)
        aims = check_array(
            _wanted(y), ensure_2d=False, dtype=np.float32, order="C")
        check_consistent_length(x, aims)
        weights = sample_weight
        if weights is not None:
            weights = np.asarray(weights, np.float32)
        self._fit(X, x, int(np.prod(aims.shape[1:])),
                  targets=aims.reshape(len(aims), -1), sample_weight=weights)
        self._vector = aims.ndim == 1
        return self

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Outputs (N,) or (N, K), like the y of fit()."""
        x = self._ready(X)
        y = self.net_.predict(x).reshape(len(x), -1).astype(np.float64)
        return y[:, 0] if self._vector else y
