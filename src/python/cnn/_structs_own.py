"""The structs and callbacks of include/cnn/custom.h, parts.h, reader.h and
scores.h, and the options of conv_transpose.h and norm.h.

A test compares them with the headers.
"""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_float, c_int32, c_int64, c_uint32, c_uint64

from ._structs import Conv2DOptions, LayerStruct, Shape


class Conv2DTransposeOptions(ctypes.Structure):
    """cnn_conv2d_transpose_options"""

    _fields_ = Conv2DOptions._fields_ + [
        ("output_padding_h", c_int32),
        ("output_padding_w", c_int32),
    ]


class LayerNormOptions(ctypes.Structure):
    """cnn_layernorm_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("epsilon", c_float),
        ("groups", c_int32),
    ]


class LayerPlan(ctypes.Structure):
    """cnn_layer_plan"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("in", Shape),
        ("out", Shape),
        ("reserved", c_uint32),
        ("params", ctypes.c_size_t),
        ("workspace", ctypes.c_size_t),
        ("workspace_of_sample", ctypes.c_size_t),
        ("connections", c_int64),
        ("multiply_adds", c_int64),
        ("why", ctypes.c_char * 160),
    ]


class LayerPass(ctypes.Structure):
    """cnn_layer_pass"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("batch", c_int32),
        ("first", c_int32),
        ("in", Shape),
        ("out", Shape),
        ("param_count", ctypes.c_size_t),
        ("params", ctypes.POINTER(c_float)),
        ("grads", ctypes.POINTER(c_float)),
        ("workspace", ctypes.POINTER(c_float)),
        ("seed", c_uint64),
        ("step", c_uint64),
    ]


class LossSample(ctypes.Structure):
    """cnn_loss_sample"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("label", c_int32),
        ("count", ctypes.c_size_t),
        ("y", ctypes.POINTER(c_float)),
        ("targets", ctypes.POINTER(c_float)),
    ]


LAYER_SHAPE = ctypes.CFUNCTYPE(
    c_int32, ctypes.c_void_p, ctypes.POINTER(LayerPlan)
)
LAYER_INIT = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.POINTER(LayerPlan),
    c_uint64,
    ctypes.POINTER(c_float),
)
LAYER_FORWARD = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.POINTER(LayerPass),
    ctypes.POINTER(c_float),
    ctypes.POINTER(c_float),
)
LAYER_BACKWARD = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.POINTER(LayerPass),
    ctypes.POINTER(c_float),
    ctypes.POINTER(c_float),
    ctypes.POINTER(c_float),
    ctypes.POINTER(c_float),
)
LAYER_COPY = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
LAYER_RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
LAYER_MAKER = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.POINTER(ctypes.POINTER(LayerStruct)),
)
LOSS = ctypes.CFUNCTYPE(
    c_double,
    ctypes.c_void_p,
    ctypes.POINTER(LossSample),
    ctypes.POINTER(c_float),
)
MISFIT = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p
)


class Read(ctypes.Structure):
    """cnn_read"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("count", c_int32),
        ("at", c_int32),
        ("reserved", c_uint32),
        ("index", ctypes.POINTER(c_int64)),
        ("x", ctypes.POINTER(c_float)),
        ("labels", ctypes.POINTER(c_int32)),
        ("targets", ctypes.POINTER(c_float)),
        ("weights", ctypes.POINTER(c_float)),
        ("why", ctypes.c_char * 160),
    ]


READ = ctypes.CFUNCTYPE(c_int32, ctypes.c_void_p, ctypes.POINTER(Read))


class DatasetReader(ctypes.Structure):
    """cnn_dataset_reader"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("count", c_int64),
        ("shape", Shape),
        ("target_shape", Shape),
        ("class_count", c_int32),
        ("reserved", c_uint32),
        ("fingerprint", c_uint64),
        ("read", READ),
        ("user", ctypes.c_void_p),
    ]


EXCHANGE = ctypes.CFUNCTYPE(
    c_int32, ctypes.c_void_p, c_int64, ctypes.c_void_p, ctypes.c_void_p
)
SUM = ctypes.CFUNCTYPE(
    c_int32, ctypes.c_void_p, c_int64, ctypes.POINTER(c_float)
)
SPREAD = ctypes.CFUNCTYPE(c_int32, ctypes.c_void_p, c_int64, ctypes.c_void_p)


class Ranks(ctypes.Structure):
    """cnn_ranks"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("rank", c_int32),
        ("size", c_int32),
        ("portions", c_int32),
        ("check_every", c_int32),
        ("reserved", c_uint32),
        ("exchange", EXCHANGE),
        ("sum", SUM),
        ("spread", SPREAD),
        ("user", ctypes.c_void_p),
        ("average_every", c_int32),
        ("flags", c_uint32),
    ]


class LayerMethods(ctypes.Structure):
    """cnn_layer_methods"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("name", ctypes.c_char_p),
        ("settings", ctypes.c_char_p),
        ("shape", LAYER_SHAPE),
        ("init", LAYER_INIT),
        ("forward", LAYER_FORWARD),
        ("backward", LAYER_BACKWARD),
        ("copy", LAYER_COPY),
        ("release", LAYER_RELEASE),
    ]


class GradcheckOptions(ctypes.Structure):
    """cnn_gradcheck_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("step", c_float),
        ("per_tensor", c_int32),
        ("reserved", c_int32),
    ]


class GradcheckResult(ctypes.Structure):
    """cnn_gradcheck_result"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("layer", c_int32),
        ("tensor", c_int32),
        ("element", c_int32),
        ("checked", c_int64),
        ("error", c_double),
        ("gradient", c_double),
        ("slope", c_double),
    ]


class ScoreOptions(ctypes.Structure):
    """cnn_score_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("threshold", c_float),
        ("top_k", c_int32),
    ]


class Scores(ctypes.Structure):
    """cnn_scores"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("outputs", c_int32),
        ("top_k", c_int32),
        ("loss", c_double),
        ("count", c_int64),
        ("correct", c_int64),
        ("weight", c_double),
        ("accuracy", c_double),
        ("element_accuracy", c_double),
        ("top_k_accuracy", c_double),
        ("balanced_accuracy", c_double),
        ("macro_precision", c_double),
        ("macro_recall", c_double),
        ("macro_f1", c_double),
        ("micro_precision", c_double),
        ("micro_recall", c_double),
        ("micro_f1", c_double),
        ("mae", c_double),
        ("mse", c_double),
        ("rmse", c_double),
        ("r2", c_double),
    ]


class ScalingMachine(ctypes.Structure):
    """cnn_scaling_machine"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("threads", c_int32),
        ("exchanges", c_int32),
        ("reserved", c_uint32),
        ("params", c_int64),
        ("record", c_int64),
        ("fixed", c_double),
        ("per_sample", c_double),
        ("update", c_double),
        ("add", c_double),
    ]


class ScalingLink(ctypes.Structure):
    """cnn_scaling_link"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("sum", c_int32),
        ("bandwidth", c_double),
        ("latency", c_double),
        ("payload", c_double),
    ]


class ScalingPrediction(ctypes.Structure):
    """cnn_scaling_prediction"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("compute", c_double),
        ("exchange", c_double),
        ("sum", c_double),
        ("step", c_double),
        ("samples", c_double),
        ("efficiency", c_double),
        ("batch_90", c_int64),
    ]


class ScalingOptions(ctypes.Structure):
    """cnn_scaling_options"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("small", c_int32),
        ("seconds", c_double),
    ]


class ClassScores(ctypes.Structure):
    """cnn_class_scores"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("support", c_double),
        ("true_positives", c_double),
        ("false_positives", c_double),
        ("false_negatives", c_double),
        ("precision", c_double),
        ("recall", c_double),
        ("f1", c_double),
        ("mae", c_double),
        ("mse", c_double),
        ("rmse", c_double),
        ("r2", c_double),
    ]
