#include "layers/layer_impl.h"

#include <string.h>

#include "base/threads.h"
#include "cnn/runtime.h"
#include "math/gemm.h"

void cnn_layer_free(cnn_layer *layer)
{
    if (layer == NULL || layer->owned)
        return;
    if (layer->ops->release != NULL)
        layer->ops->release(layer);
    cnn__free(layer->given);
    cnn__free(layer->memory);
    cnn__free(layer);
}

/* ---------------------------------------------------------- building --- */

/* Lays out one block: values, gradients and slots, then the workspace. */
static void lay_out(cnn_layer *layer, const cnn__workspace *need,
                    int32_t workers, cnn__arena *arena)
{
    const size_t count = layer->params.count;
    cnn__params blocks = {
        .value = cnn__arena_floats(arena, count),
        .grad = cnn__arena_floats(arena, count),
        .slot = {cnn__arena_floats(arena, count),
                 cnn__arena_floats(arena, count)},
        .fixed = cnn__arena_floats(arena, layer->params.fixed_count),
    };

    cnn__layer_place(layer, &blocks, &(cnn__params){0});
    cnn__run_plan(&layer->run, need, workers, arena);
    layer->run.kept = cnn__arena_zeros(arena, need->kept);
}

cnn_status cnn_layer_build(cnn_layer *layer, const cnn_shape *in,
                           int32_t max_batch, uint64_t seed)
{
    cnn__arena arena = {0};

    if (layer == NULL)
        return cnn__fail_null(CNN__LAYER, "layer_build");
    if (in == NULL)
        return cnn__fail(CNN_EINVAL, "layer_build: in is NULL");
    if (layer->built || layer->owned)
        return cnn__fail(CNN_ESTATE, "layer_build: the %s layer is %s",
                         layer->ops->kind,
                         layer->owned ? "owned by a net" : "built already");
    CNN__TRY(cnn__check_input(in, max_batch));
    CNN__TRY(cnn__layer_shape(layer, &in));
    const cnn__workspace need = cnn__layer_workspace(layer, max_batch);
    const int32_t workers = cnn_num_threads();
    lay_out(layer, &need, workers, &arena);
    layer->memory = cnn__alloc(arena.used);
    if (layer->memory == NULL)
        return cnn_last_status();
    arena = (cnn__arena){.base = layer->memory};
    lay_out(layer, &need, workers, &arena);
    layer->run.seed = seed;
    cnn__layer_init(layer, seed, 0);
    layer->max_batch = max_batch;
    layer->built = true;
    return CNN_OK;
}

/* ----------------------------------------------------------- running --- */

static cnn_status check_run(const cnn_layer *layer, int32_t batch,
                            const void *arrays_present)
{
    CNN__TRY(cnn__layer_check_built(layer, arrays_present));
    if (layer->ops->join != NULL)
        return cnn__fail(CNN_EUNSUPPORTED,
                         "a layer of kind %s has several inputs: only its net "
                         "runs it",
                         layer->ops->kind);
    return cnn__check_batch(batch, layer->max_batch);
}

cnn_status cnn_layer_forward(cnn_layer *layer, uint32_t flags, int32_t batch,
                             const float *x, float *y)
{
    CNN__TRY(check_run(layer, batch, x != NULL ? y : NULL));
    CNN__TRY(cnn__check_flags(flags));
    layer->run.batch = batch;
    layer->run.flags = flags;
    cnn__run_count(&layer->run, (flags & CNN_TRAIN) != 0);
    cnn__gemm_enter();
    layer->ops->forward(layer, &layer->run, x, y);
    cnn__gemm_leave();
    return CNN_OK;
}

cnn_status cnn_layer_backward(cnn_layer *layer, int32_t batch, const float *x,
                              const float *y, const float *dy, float *dx)
{
    CNN__TRY(check_run(layer, batch, x != NULL && y != NULL ? dy : NULL));
    layer->run.batch = batch;
    layer->run.flags = CNN_TRAIN;
    cnn__gemm_enter();
    layer->ops->backward(layer, &layer->run, x, y, dy, dx);
    cnn__gemm_leave();
    return CNN_OK;
}

cnn_status cnn_layer_set_frozen(cnn_layer *layer, int32_t frozen)
{
    if (layer == NULL)
        return cnn__fail_null(CNN__LAYER, "layer_set_frozen");
    if (frozen < CNN_LEARNING || frozen > CNN_FROZEN_PARAMS)
        return cnn__fail(CNN_EINVAL, "layer_set_frozen: %d, expected %d to %d",
                         frozen, CNN_LEARNING, CNN_FROZEN_PARAMS);
    layer->frozen = frozen;
    return CNN_OK;
}

int32_t cnn_layer_frozen(const cnn_layer *layer)
{
    return layer != NULL ? layer->frozen : CNN_LEARNING;
}

cnn_status cnn_layer_zero_grad(cnn_layer *layer)
{
    CNN__TRY(cnn__layer_check_built(layer, layer));
    if (layer->params.count > 0)
        memset(layer->params.grad, 0, layer->params.count * sizeof(float));
    return CNN_OK;
}
