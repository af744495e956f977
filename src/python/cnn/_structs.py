"""The structs of include/cnn/*.h, field by field.

A test compares them with the headers.
"""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_float, c_int32, c_int64, c_uint32, c_uint64
from typing import Any, Type, TypeVar


class LayerStruct(ctypes.Structure):
    """cnn_layer, opaque."""


class NetStruct(ctypes.Structure):
    """cnn_net, opaque."""


class SessionStruct(ctypes.Structure):
    """cnn_session, opaque."""


class OptimStruct(ctypes.Structure):
    """cnn_optim, opaque."""


class DatasetStruct(ctypes.Structure):
    """cnn_dataset, opaque."""


class TrainerStruct(ctypes.Structure):
    """cnn_trainer, opaque."""


class Shape(ctypes.Structure):
    """cnn_shape"""

    _fields_ = [("c", c_int32), ("h", c_int32), ("w", c_int32)]


class Metrics(ctypes.Structure):
    """cnn_metrics"""

    _fields_ = [("loss", c_double), ("count", c_int64), ("correct", c_int64)]


class Progress(ctypes.Structure):
    """cnn_progress"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("step", c_int64),
        ("epoch", c_int64),
        ("metrics", Metrics),
    ]


class Tensor(ctypes.Structure):
    """cnn_tensor"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("rank", c_int32),
        ("dims", c_int32 * 4),
        ("name", ctypes.c_char_p),
        ("data", ctypes.POINTER(c_float)),
        ("grad", ctypes.POINTER(c_float)),
    ]


class ConstTensor(ctypes.Structure):
    """cnn_const_tensor"""

    _fields_ = Tensor._fields_


class LayerStats(ctypes.Structure):
    """cnn_layer_stats"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("units", c_int64),
        ("dead", c_int64),
        ("saturated", c_int64),
        ("weight_norm", c_double),
        ("grad_norm", c_double),
    ]


class Costs(ctypes.Structure):
    """cnn_costs"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("params", c_int64),
        ("connections", c_int64),
        ("multiply_adds", c_int64),
    ]


class NetMemory(ctypes.Structure):
    """cnn_net_memory"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("max_batch", c_int32),
        ("training", c_int64),
        ("inference", c_int64),
        ("parameters", c_int64),
    ]


class Batch(ctypes.Structure):
    """cnn_batch"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("count", c_int32),
        ("x", ctypes.POINTER(c_float)),
        ("labels", ctypes.POINTER(c_int32)),
        ("targets", ctypes.POINTER(c_float)),
        ("weights", ctypes.POINTER(c_float)),
    ]


class DatasetSource(ctypes.Structure):
    """cnn_dataset_source"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("count", c_int64),
        ("shape", Shape),
        ("target_shape", Shape),
        ("bytes", ctypes.POINTER(ctypes.c_uint8)),
        ("floats", ctypes.POINTER(c_float)),
        ("labels", ctypes.POINTER(c_int32)),
        ("target_bytes", ctypes.POINTER(ctypes.c_uint8)),
        ("target_floats", ctypes.POINTER(c_float)),
        ("weights", ctypes.POINTER(c_float)),
        ("class_weights", ctypes.POINTER(c_float)),
        ("class_count", c_int32),
        ("target_scale", c_float),
        ("target_offset", c_float),
        ("reserved", c_uint32),
    ]


ALLOCATE = ctypes.CFUNCTYPE(
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p
)
RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
CALLBACK = ctypes.CFUNCTYPE(
    c_int32, ctypes.c_void_p, ctypes.POINTER(Progress)
)


class Allocator(ctypes.Structure):
    """cnn_allocator"""

    _fields_ = [
        ("allocate", ALLOCATE),
        ("release", RELEASE),
        ("user", ctypes.c_void_p),
    ]


# ------------------------------------------------------------- options ---


class Conv2DOptions(ctypes.Structure):
    """cnn_conv2d_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("stride_h", c_int32),
        ("stride_w", c_int32),
        ("dilation_h", c_int32),
        ("dilation_w", c_int32),
        ("groups", c_int32),
        ("padding", c_int32),
        ("pad_top", c_int32),
        ("pad_bottom", c_int32),
        ("pad_left", c_int32),
        ("pad_right", c_int32),
        ("weight_init", c_int32),
        ("weight_scale", c_float),
        ("bias_init", c_int32),
        ("bias_scale", c_float),
        ("algorithm", c_int32),
    ]


class Pool2DOptions(ctypes.Structure):
    """cnn_pool2d_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("stride_h", c_int32),
        ("stride_w", c_int32),
        ("padding", c_int32),
        ("pad_top", c_int32),
        ("pad_bottom", c_int32),
        ("pad_left", c_int32),
        ("pad_right", c_int32),
        ("count_include_pad", c_int32),
    ]


class DenseOptions(ctypes.Structure):
    """cnn_dense_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("weight_init", c_int32),
        ("weight_scale", c_float),
        ("bias_init", c_int32),
        ("bias_scale", c_float),
    ]


class LossOptions(ctypes.Structure):
    """cnn_loss_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("label_smoothing", c_float),
        ("huber_delta", c_float),
    ]


class BatchNormOptions(ctypes.Structure):
    """cnn_batchnorm_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("epsilon", c_float),
        ("momentum", c_float),
    ]


class ActivationOptions(ctypes.Structure):
    """cnn_activation_options"""

    _fields_ = [("struct_size", c_uint32), ("alpha", c_float)]


class SGDOptions(ctypes.Structure):
    """cnn_sgd_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("momentum", c_float),
        ("nesterov", c_int32),
        ("weight_decay", c_float),
    ]


class AdamOptions(ctypes.Structure):
    """cnn_adam_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("beta1", c_float),
        ("beta2", c_float),
        ("eps", c_float),
        ("weight_decay", c_float),
        ("decoupled", c_int32),
    ]


class RMSpropOptions(ctypes.Structure):
    """cnn_rmsprop_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("decay", c_float),
        ("eps", c_float),
        ("momentum", c_float),
    ]


class ScheduleOptions(ctypes.Structure):
    """cnn_schedule_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("steps", c_int32),
        ("warmup", c_int32),
        ("factor", c_float),
    ]


class AugmentOptions(ctypes.Structure):
    """cnn_augment_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("shift", c_float),
        ("rotation", c_float),
        ("scale", c_float),
        ("shear", c_float),
        ("elastic", c_float),
        ("elastic_sigma", c_float),
        ("mirror", c_int32),
    ]


class DatasetOptions(ctypes.Structure):
    """cnn_dataset_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("scale", c_float),
        ("offset", c_float),
        ("pad", c_int32),
        ("mean", ctypes.POINTER(c_float)),
        ("deviation", ctypes.POINTER(c_float)),
        ("channel_count", c_int32),
        ("reserved", c_uint32),
    ]


class TrainerOptions(ctypes.Structure):
    """cnn_trainer_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("batch", c_int32),
        ("clip_norm", c_float),
        ("seed", c_uint64),
        ("read_ahead", c_int32),
        ("accumulate", c_int32),
    ]


Sized = TypeVar("Sized", bound=ctypes.Structure)


def sized(struct: Type[Sized], /, **fields: Any) -> Sized:
    """A struct of options or for results, whose `struct_size` is set."""
    return struct(struct_size=ctypes.sizeof(struct), **fields)
