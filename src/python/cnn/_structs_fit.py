"""The structs of include/cnn/fit.h."""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_float, c_int32, c_int64, c_uint32

from ._structs import CALLBACK, DatasetStruct, Metrics


class StoppingOptions(ctypes.Structure):
    """cnn_stopping_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("watch", c_int32),
        ("patience", c_int32),
        ("min_delta", c_float),
    ]


class Best(ctypes.Structure):
    """cnn_best"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("waited", c_int32),
        ("step", c_int64),
        ("value", c_double),
    ]


class Epoch(ctypes.Structure):
    """cnn_epoch"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("ended", c_int32),
        ("validated", c_int32),
        ("is_best", c_int32),
        ("epoch", c_int64),
        ("step", c_int64),
        ("seconds", c_double),
        ("training", Metrics),
        ("validation", Metrics),
    ]


EPOCH_CALLBACK = ctypes.CFUNCTYPE(
    c_int32, ctypes.c_void_p, ctypes.POINTER(Epoch)
)


class FitOptions(ctypes.Structure):
    """cnn_fit_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("every", c_int32),
        ("every_steps", c_int64),
        ("steps", c_int64),
        ("epochs", c_int64),
        ("seconds", c_double),
        ("validation", ctypes.POINTER(DatasetStruct)),
        ("callback", CALLBACK),
        ("epoch_callback", EPOCH_CALLBACK),
        ("user", ctypes.c_void_p),
    ]
