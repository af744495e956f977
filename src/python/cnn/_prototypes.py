"""The functions of libcnn: result and arguments of each.

A test compares them with the headers and with what the library exports.
"""

from __future__ import annotations

from ctypes import (
    POINTER,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any

from . import _structs as s
from . import _structs_fit as fit
from . import _structs_own as own

STATUS = c_int  # enum cnn_status
LAYER = POINTER(s.LayerStruct)
NET = POINTER(s.NetStruct)
SESSION = POINTER(s.SessionStruct)
OPTIM = POINTER(s.OptimStruct)
DATASET = POINTER(s.DatasetStruct)
TRAINER = POINTER(s.TrainerStruct)
SHAPE = POINTER(s.Shape)
METRICS = POINTER(s.Metrics)
FLOATS = POINTER(c_float)
INTS = POINTER(c_int32)
BYTES = POINTER(c_uint8)
COSTS = POINTER(s.Costs)
POOL = POINTER(s.Pool2DOptions)
DATA_OPTIONS = POINTER(s.DatasetOptions)
SCHEDULE = POINTER(s.ScheduleOptions)

# name: (result, arguments...)
PROTOTYPES: dict[str, tuple[Any, ...]] = {
    # version.h
    "cnn_version_number": (c_uint32,),
    "cnn_version_string": (c_char_p,),
    "cnn_build_info": (c_char_p,),
    # status.h
    "cnn_status_string": (c_char_p, STATUS),
    "cnn_last_error": (c_char_p,),
    "cnn_last_status": (STATUS,),
    "cnn_set_last_error": (STATUS, STATUS, c_char_p),
    # runtime.h
    "cnn_set_num_threads": (STATUS, c_int32),
    "cnn_num_threads": (c_int32,),
    "cnn_set_allocator": (STATUS, POINTER(s.Allocator)),
    # layer.h
    "cnn_conv2d_create": (
        LAYER, c_int32, c_int32, c_int32, POINTER(s.Conv2DOptions)),
    "cnn_conv2d_set_table": (STATUS, LAYER, c_int32, c_int32, BYTES),
    "cnn_maxpool2d_create": (LAYER, c_int32, c_int32, POOL),
    "cnn_avgpool2d_create": (LAYER, c_int32, c_int32, POOL),
    "cnn_subsample2d_create": (LAYER, c_int32, c_int32, POOL),
    "cnn_dense_create": (LAYER, c_int32, POINTER(s.DenseOptions)),
    "cnn_activation_create": (LAYER, c_int32, POINTER(s.ActivationOptions)),
    "cnn_global_maxpool2d_create": (LAYER,),
    "cnn_global_avgpool2d_create": (LAYER,),
    "cnn_softmax_create": (LAYER,),
    "cnn_dropout_create": (LAYER, c_float),
    "cnn_batchnorm_create": (LAYER, POINTER(s.BatchNormOptions)),
    "cnn_rbf_create": (LAYER, c_int32, FLOATS),
    "cnn_reshape_create": (LAYER, SHAPE),
    "cnn_upsample2d_create": (LAYER, c_int32, c_int32, c_int32),
    "cnn_conv2d_transpose_create": (
        LAYER, c_int32, c_int32, c_int32,
        POINTER(own.Conv2DTransposeOptions)),
    "cnn_layernorm_create": (LAYER, POINTER(own.LayerNormOptions)),
    "cnn_layer_free": (None, LAYER),
    "cnn_layer_build": (STATUS, LAYER, SHAPE, c_int32, c_uint64),
    "cnn_layer_forward": (STATUS, LAYER, c_uint32, c_int32, FLOATS, FLOATS),
    "cnn_layer_backward": (
        STATUS, LAYER, c_int32, FLOATS, FLOATS, FLOATS, FLOATS),
    "cnn_layer_set_frozen": (STATUS, LAYER, c_int32),
    "cnn_layer_frozen": (c_int32, LAYER),
    "cnn_layer_update": (STATUS, LAYER, OPTIM),
    "cnn_layer_zero_grad": (STATUS, LAYER),
    "cnn_layer_in_shape": (STATUS, LAYER, SHAPE),
    "cnn_layer_out_shape": (STATUS, LAYER, SHAPE),
    "cnn_layer_kind": (c_char_p, LAYER),
    "cnn_layer_param_count": (c_size_t, LAYER),
    "cnn_layer_params": (FLOATS, LAYER),
    "cnn_layer_grads": (FLOATS, LAYER),
    "cnn_layer_const_params": (FLOATS, LAYER),
    "cnn_layer_const_grads": (FLOATS, LAYER),
    # inspect.h
    "cnn_layer_setting_count": (c_int32, LAYER),
    "cnn_layer_setting_name": (c_char_p, LAYER, c_int32),
    "cnn_layer_setting": (STATUS, LAYER, c_char_p, POINTER(c_double)),
    "cnn_conv2d_table": (BYTES, LAYER, INTS, INTS),
    "cnn_layer_tensor_count": (c_int32, LAYER),
    "cnn_layer_tensor": (STATUS, LAYER, c_int32, POINTER(s.Tensor)),
    "cnn_layer_const_tensor": (
        STATUS, LAYER, c_int32, POINTER(s.ConstTensor)),
    # custom.h
    "cnn_layer_create_custom": (LAYER, POINTER(own.LayerMethods), c_void_p),
    "cnn_net_load_custom": (NET, c_char_p, c_int32, own.LAYER_MAKER, c_void_p),
    "cnn_net_load_custom_memory": (
        NET, c_void_p, c_size_t, c_int32, own.LAYER_MAKER, c_void_p),
    "cnn_net_set_custom_loss": (STATUS, NET, own.LOSS, c_void_p),
    # graph.h
    "cnn_net_append": (c_int32, NET, c_int32, LAYER),
    "cnn_net_join": (c_int32, NET, c_int32, c_int32, POINTER(c_int32)),
    "cnn_net_source_count": (c_int32, NET, c_int32),
    "cnn_net_source": (c_int32, NET, c_int32, c_int32),
    # parts.h
    "cnn_layer_copy": (LAYER, LAYER),
    "cnn_net_take": (NET, NET, c_int32, c_int32),
    "cnn_net_copy": (NET, NET, c_int32),
    "cnn_net_fold": (NET, NET, c_int32),
    "cnn_net_copy_params": (STATUS, NET, NET),
    "cnn_net_tensor_count": (c_int32, NET),
    "cnn_net_tensor_name": (STATUS, NET, c_int32, c_char_p, c_size_t),
    "cnn_net_tensor": (STATUS, NET, c_char_p, POINTER(s.Tensor)),
    "cnn_net_const_tensor": (STATUS, NET, c_char_p, POINTER(s.ConstTensor)),
    "cnn_net_load_weights": (
        STATUS, NET, c_char_p, c_uint32, own.MISFIT, c_void_p),
    "cnn_net_load_weights_memory": (
        STATUS, NET, c_void_p, c_size_t, c_uint32, own.MISFIT, c_void_p),
    "cnn_net_predict_layer": (STATUS, NET, c_int32, c_int64, FLOATS, FLOATS),
    "cnn_net_gradcheck": (
        STATUS, NET, POINTER(s.Batch), POINTER(own.GradcheckOptions),
        POINTER(own.GradcheckResult)),
    # reader.h
    "cnn_dataset_create_callback": (
        DATASET, POINTER(own.DatasetReader), DATA_OPTIONS),
    # net.h
    "cnn_net_create": (NET,),
    "cnn_net_free": (None, NET),
    "cnn_net_add": (STATUS, NET, LAYER),
    "cnn_net_set_loss": (STATUS, NET, c_int32, c_int32),
    "cnn_net_set_loss_options": (STATUS, NET, POINTER(s.LossOptions)),
    "cnn_net_build": (STATUS, NET, SHAPE, c_int32, c_uint64),
    "cnn_net_set_metadata": (STATUS, NET, c_char_p, c_char_p),
    "cnn_net_metadata": (c_char_p, NET, c_char_p),
    "cnn_net_metadata_count": (c_int32, NET),
    "cnn_net_metadata_key": (c_char_p, NET, c_int32),
    "cnn_net_set_normalisation": (STATUS, NET, c_int32, FLOATS, FLOATS),
    "cnn_net_normalisation": (STATUS, NET, c_int32, FLOATS, FLOATS),
    "cnn_net_normalise": (STATUS, NET, c_int64, FLOATS),
    "cnn_net_predict": (STATUS, NET, c_int64, FLOATS, FLOATS),
    "cnn_net_train_step": (
        STATUS, NET, OPTIM, c_int32, FLOATS, INTS, METRICS),
    "cnn_net_train_batch": (STATUS, NET, OPTIM, POINTER(s.Batch), METRICS),
    "cnn_net_forward": (STATUS, NET, c_uint32, c_int32, FLOATS),
    "cnn_net_output": (FLOATS, NET),
    "cnn_net_backward": (STATUS, NET, c_int32, FLOATS, FLOATS),
    "cnn_net_backward_input": (
        STATUS, NET, c_int32, FLOATS, FLOATS, FLOATS),
    "cnn_net_update": (STATUS, NET, OPTIM),
    "cnn_net_clip_grads": (STATUS, NET, c_float, POINTER(c_double)),
    "cnn_net_zero_grad": (STATUS, NET),
    "cnn_net_layer_count": (c_int32, NET),
    "cnn_net_layer": (LAYER, NET, c_int32),
    "cnn_net_const_layer": (LAYER, NET, c_int32),
    "cnn_net_in_shape": (STATUS, NET, SHAPE),
    "cnn_net_out_shape": (STATUS, NET, SHAPE),
    "cnn_net_built": (c_int32, NET),
    "cnn_net_max_batch": (c_int32, NET),
    "cnn_net_seed": (c_uint64, NET),
    "cnn_net_loss": (c_int32, NET),
    "cnn_net_reduction": (c_int32, NET),
    "cnn_net_param_count": (c_size_t, NET),
    "cnn_net_params": (FLOATS, NET),
    "cnn_net_grads": (FLOATS, NET),
    "cnn_net_const_params": (FLOATS, NET),
    "cnn_net_const_grads": (FLOATS, NET),
    # optim.h
    "cnn_sgd_create": (OPTIM, c_float, POINTER(s.SGDOptions)),
    "cnn_adam_create": (OPTIM, c_float, POINTER(s.AdamOptions)),
    "cnn_rmsprop_create": (OPTIM, c_float, POINTER(s.RMSpropOptions)),
    "cnn_optim_set_lr": (STATUS, OPTIM, c_float),
    "cnn_optim_lr": (c_float, OPTIM),
    "cnn_layer_set_lr_factor": (STATUS, LAYER, c_float),
    "cnn_layer_lr_factor": (c_float, LAYER),
    "cnn_optim_free": (None, OPTIM),
    # schedule.h
    "cnn_schedule_lr": (STATUS, SCHEDULE, c_float, c_int64, FLOATS),
    # dataset.h
    "cnn_dataset_load": (DATASET, c_char_p, c_char_p, DATA_OPTIONS),
    "cnn_dataset_load_memory": (
        DATASET, c_void_p, c_size_t, c_void_p, c_size_t, DATA_OPTIONS),
    "cnn_dataset_wrap_u8": (DATASET, SHAPE, c_int64, BYTES, INTS, DATA_OPTIONS),
    "cnn_dataset_wrap_f32": (
        DATASET, SHAPE, c_int64, FLOATS, INTS, DATA_OPTIONS),
    "cnn_dataset_create": (
        DATASET, POINTER(s.DatasetSource), DATA_OPTIONS),
    "cnn_dataset_slice": (DATASET, DATASET, c_int64, c_int64),
    "cnn_dataset_free": (None, DATASET),
    "cnn_dataset_count": (c_int64, DATASET),
    "cnn_dataset_shape": (STATUS, DATASET, SHAPE),
    "cnn_dataset_classes": (c_int32, DATASET),
    "cnn_dataset_fingerprint": (c_uint32, DATASET),
    "cnn_dataset_read": (
        STATUS, DATASET, c_int64, POINTER(c_int64), FLOATS, INTS),
    "cnn_dataset_statistics": (STATUS, DATASET, c_int32, FLOATS, FLOATS),
    "cnn_dataset_target_shape": (STATUS, DATASET, SHAPE),
    "cnn_dataset_read_targets": (
        STATUS, DATASET, c_int64, POINTER(c_int64), FLOATS),
    "cnn_dataset_read_weights": (
        STATUS, DATASET, c_int64, POINTER(c_int64), FLOATS),
    # augment.h
    "cnn_augment": (
        STATUS, POINTER(s.AugmentOptions), SHAPE, POINTER(c_uint64), c_int64,
        c_float, FLOATS),
    # trainer.h
    "cnn_trainer_create": (
        TRAINER, NET, OPTIM, DATASET, POINTER(s.TrainerOptions)),
    "cnn_trainer_free": (None, TRAINER),
    "cnn_trainer_set_schedule": (STATUS, TRAINER, c_float, SCHEDULE),
    "cnn_trainer_set_augmentation": (
        STATUS, TRAINER, POINTER(s.AugmentOptions)),
    "cnn_trainer_step": (STATUS, TRAINER, METRICS),
    "cnn_trainer_run": (STATUS, TRAINER, c_int64, s.CALLBACK, c_void_p),
    "cnn_trainer_cancel": (None, TRAINER),
    "cnn_trainer_steps": (c_int64, TRAINER),
    "cnn_trainer_epoch": (c_int64, TRAINER),
    "cnn_trainer_save": (STATUS, TRAINER, c_char_p),
    "cnn_trainer_resume": (STATUS, TRAINER, c_char_p),
    "cnn_net_evaluate": (STATUS, NET, DATASET, METRICS, POINTER(c_int64)),
    # ranks.h
    "cnn_trainer_create_ranks": (
        TRAINER, NET, OPTIM, DATASET, POINTER(own.Ranks),
        POINTER(s.TrainerOptions)),
    # scaling.h
    "cnn_scaling_predict": (
        STATUS, POINTER(own.ScalingMachine), POINTER(own.ScalingLink),
        c_int32, c_int32, POINTER(own.ScalingPrediction)),
    "cnn_scaling_measure": (
        STATUS, NET, OPTIM, POINTER(s.Batch), POINTER(own.ScalingOptions),
        POINTER(own.ScalingMachine)),
    # fit.h
    "cnn_trainer_set_average": (STATUS, TRAINER, c_float),
    "cnn_trainer_copy_average": (STATUS, TRAINER, NET),
    "cnn_trainer_set_stopping": (
        STATUS, TRAINER, POINTER(fit.StoppingOptions)),
    "cnn_trainer_validate": (STATUS, TRAINER, DATASET, METRICS),
    "cnn_trainer_judge": (STATUS, TRAINER, c_double),
    "cnn_trainer_best": (STATUS, TRAINER, POINTER(fit.Best)),
    "cnn_trainer_copy_best": (STATUS, TRAINER, NET),
    "cnn_trainer_fit": (STATUS, TRAINER, POINTER(fit.FitOptions)),
    "cnn_trainer_stopped": (c_int32, TRAINER),
    # scores.h
    "cnn_net_score": (
        STATUS, NET, DATASET, POINTER(own.ScoreOptions), POINTER(own.Scores),
        POINTER(own.ClassScores)),
    # model.h
    "cnn_net_save": (STATUS, NET, c_char_p),
    "cnn_net_load": (NET, c_char_p, c_int32),
    "cnn_net_save_memory": (
        STATUS, NET, c_void_p, c_size_t, POINTER(c_size_t)),
    "cnn_net_load_memory": (NET, c_void_p, c_size_t, c_int32),
    # summary.h
    "cnn_layer_costs": (STATUS, LAYER, COSTS),
    "cnn_net_costs": (STATUS, NET, COSTS),
    "cnn_net_measure": (STATUS, NET, POINTER(s.NetMemory)),
    "cnn_net_summary": (
        STATUS, NET, c_int32, c_char_p, c_size_t, POINTER(c_size_t)),
    # stats.h
    "cnn_net_watch": (STATUS, NET, c_int32),
    "cnn_net_layer_stats": (STATUS, NET, c_int32, POINTER(s.LayerStats)),
    # session.h
    "cnn_session_create": (SESSION, NET, c_int32),
    "cnn_session_predict": (STATUS, SESSION, c_int64, FLOATS, FLOATS),
    "cnn_session_free": (None, SESSION),
}
