"""How inputs are normalised: as options of datasets, and in the metadata of a
net (include/cnn/net.h)."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from . import _checks, _structs
from ._inspect import check_built
from ._library import lib
from ._losses import Losses
from ._status import check
from .dataset import Dataset

Floats = npt.NDArray[np.float32]
_KEY = "normalisation"  # CNN_NORMALISATION


class Normalising(Losses):
    """The part of Net that knows what its inputs are."""

    @property
    def normalisation(self) -> Optional[tuple[Floats, Floats]]:
        """Mean and deviation of each channel, (C,) each, by which the images
        were normalised that the net learnt from; None if nobody has said it.

        Setting it writes the metadata, which model files, checkpoints, copies
        and pickles keep; None removes them. predict() and fit() do not use it:
        prepare() does. Reading it needs a net that is built (RuntimeError); a
        ValueError says that what stands in the metadata is no such thing.
        """
        check_built(self)
        if _KEY not in self.metadata:  # type: ignore[attr-defined]
            return None
        count = self._in[0]  # type: ignore[attr-defined]
        mean, deviation = np.empty((2, count), np.float32)
        handle = self._h
        with handle.lock:
            check(
                lib.cnn_net_normalisation(
                    handle.pointer,
                    count,
                    _checks.floats(mean),
                    _checks.floats(deviation),
                )
            )
        return mean, deviation

    @normalisation.setter
    def normalisation(self, value: Optional[Any]) -> None:
        handle = self._h
        if value is None:
            with handle.lock:
                check(
                    lib.cnn_net_set_normalisation(handle.pointer, 0, None, None)
                )
            return
        mean, deviation = _checks.normalisation(value)
        with handle.lock:
            check(
                lib.cnn_net_set_normalisation(
                    handle.pointer,
                    len(mean),
                    _checks.floats(mean),
                    _checks.floats(deviation),
                )
            )

    def prepare(
        self,
        images: Any,
        *,
        scale: Optional[float] = None,
        offset: float = 0.0,
        pad: int = 0,
    ) -> Floats:
        """What predict() is to be given for images as they come: as a Dataset
        reads them with these options and the net's `normalisation`, to the bit.

        Parameters
        ----------
        images : array (N, ...)
            Bytes; or floating-point numbers, if `scale` is given.
        scale, offset, pad
            As of Dataset(). Floats need a scale, 1.0 for none: so what
            prepare() has returned is not prepared again by mistake.

        Returns
        -------
        (N, C, H, W) float32

        Raises
        ------
        TypeError
            if images are floats and there is no scale.
        ValueError
            if they have another shape than the net's input less the padding.
        RuntimeError
            if the net is not built.
        """
        check_built(self)
        array = _checks.as_array(images, "images")
        if scale is None and array.dtype != np.uint8:
            raise TypeError(
                f"images are {array.dtype}, expected uint8: give floats a "
                "scale, 1.0 if they are as the training's were before they "
                "were normalised; what prepare() returned is ready to predict"
            )
        C, H, W = self._in  # type: ignore[attr-defined]
        border = 2 * _checks.integer("pad", pad)
        data = Dataset(
            array,
            scale=scale,
            offset=offset,
            pad=pad,
            shape=(C, H - border, W - border),
            normalisation=self.normalisation,
        )
        return data.images
