#include "layers/layer_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/options.h"

cnn_layer *cnn__layer_new(const cnn__layer_ops *ops, const void *options)
{
    cnn_layer *layer = cnn__alloc_zero(ops->size);

    if (layer == NULL)
        return cnn__lost(CNN__LAYER);
    layer->ops = ops;
    layer->lr_factor = 1.0f;
    if (ops->options_size > 0 &&
        cnn__options_read((char *)layer + ops->options, ops->options_size,
                          options, ops->kind) != CNN_OK) {
        cnn__free(layer);
        return cnn__lost(CNN__LAYER);
    }
    return layer;
}

static cnn_layer *refused(cnn_layer *layer)
{
    cnn__fail_where("%s", layer->ops->kind);
    cnn_layer_free(layer);
    return cnn__lost(CNN__LAYER);
}

cnn_layer *cnn__layer_checked(cnn_layer *layer)
{
    if (layer == NULL || layer->ops->check == NULL ||
        layer->ops->check(layer) == CNN_OK)
        return layer;
    return refused(layer);
}

/* Only what a program says is looked at: files of older versions may have both.
 */
static cnn_status check_no_bias(uint32_t flags, const cnn__initial *bias)
{
    if ((flags & CNN_NO_BIAS) != 0 && bias->init != CNN_INIT_DEFAULT)
        return cnn__fail(CNN_EINVAL,
                         "bias init %d with CNN_NO_BIAS, expected 0",
                         bias->init);
    return CNN_OK;
}

cnn_layer *cnn__layer_checked_weights(cnn_layer *layer, uint32_t flags,
                                      const cnn__initial *weight,
                                      const cnn__initial *bias)
{
    if (layer->ops->check(layer) == CNN_OK &&
        check_no_bias(flags, bias) == CNN_OK &&
        cnn__initial_check_scale(weight, "weight") == CNN_OK &&
        cnn__initial_check_scale(bias, "bias") == CNN_OK)
        return layer;
    return refused(layer);
}

void cnn__add_tensor(cnn_layer *layer, const cnn__tensor *tensor)
{
    layer->tensors[layer->tensor_count++] = *tensor;
}

void cnn__add_biases(cnn_layer *layer, int32_t count, int32_t init, float scale)
{
    cnn__tensor bias = {
        .name = "bias",
        .rank = 1,
        .dims = {count},
        .initial = {init, scale, (double)count, (double)count},
    };

    if (init == CNN_INIT_DEFAULT) {
        bias.initial.init = CNN_INIT_CONSTANT;
        bias.initial.scale = 0.0f;
    }
    cnn__add_tensor(layer, &bias);
}

cnn_status cnn__check_weights(uint32_t flags, const cnn__initial *weight,
                              const cnn__initial *bias)
{
    if ((flags & ~CNN_NO_BIAS) != 0)
        return cnn__fail(CNN_EINVAL, "unknown flags 0x%x, expected 0 or 0x%x",
                         (unsigned)flags, CNN_NO_BIAS);
    CNN__TRY(cnn__initial_check(weight->init, weight->scale, "weight"));
    return cnn__initial_check(bias->init, bias->scale, "bias");
}

cnn_status cnn__check_epsilon(float *epsilon)
{
    *epsilon = cnn__or_default(*epsilon, 1e-5f);
    if (!(isfinite(*epsilon) && *epsilon > 0.0f))
        return cnn__fail(CNN_EINVAL, "epsilon %g, expected above 0",
                         cnn__plain_zero(*epsilon));
    return CNN_OK;
}

size_t cnn__tensor_size(const cnn__tensor *tensor)
{
    size_t size = 1;

    for (int32_t i = 0; i < tensor->rank; i++)
        size = cnn__size_mul(size, (size_t)tensor->dims[i]);
    return size;
}

bool cnn__tensor_alike(const cnn__tensor *a, const cnn__tensor *b)
{
    return strcmp(a->name, b->name) == 0 && a->rank == b->rank &&
           memcmp(a->dims, b->dims, (size_t)a->rank * sizeof(a->dims[0])) == 0;
}

const char *cnn__tensor_dims(const cnn__tensor *tensor,
                             char text[CNN__DIMS_TEXT])
{
    size_t used = 0;

    for (int32_t i = 0; i < tensor->rank; i++)
        used += (size_t)snprintf(text + used, CNN__DIMS_TEXT - used, "%s%d",
                                 i > 0 ? " x " : "", tensor->dims[i]);
    return text;
}

cnn_status cnn__check_sample(const cnn_shape *shape, const char *what)
{
    if (cnn__shape_size(shape) > INT32_MAX)
        return cnn__fail(CNN_EOVERFLOW, "%s %dx%dx%d has more than %d elements",
                         what, shape->c, shape->h, shape->w, INT32_MAX);
    return CNN_OK;
}

cnn_status cnn__layer_shape(cnn_layer *layer, const cnn_shape *const *in)
{
    layer->in = *in[0];
    layer->out = *in[0];
    layer->tensor_count = 0;
    layer->params.count = 0;
    layer->params.fixed_count = 0;
    if (layer->ops->shape != NULL)
        CNN__TRY(layer->ops->shape(layer));
    if (layer->ops->join != NULL)
        CNN__TRY(layer->ops->join->shape(layer, in));
    CNN__TRY(cnn__check_sample(&layer->out, "output"));
    for (int32_t i = 0; i < layer->tensor_count; i++) {
        size_t *count = layer->tensors[i].fixed ? &layer->params.fixed_count
                                                : &layer->params.count;
        *count = cnn__size_add(*count, cnn__tensor_size(&layer->tensors[i]));
    }
    if (layer->params.count > INT32_MAX ||
        layer->params.fixed_count > INT32_MAX)
        return cnn__fail(
            CNN_EOVERFLOW, "%zu parameters and %zu fixed ones, more than %d",
            layer->params.count, layer->params.fixed_count, INT32_MAX);
    return cnn__given_check(layer);
}

cnn__workspace cnn__layer_workspace(const cnn_layer *layer, int32_t batch)
{
    cnn__workspace need = {0};

    if (layer->ops->sizes != NULL)
        layer->ops->sizes(layer, batch, &need);
    return need;
}

static float *part_of(float *block, size_t at)
{
    return block != NULL ? block + at : NULL;
}

void cnn__layer_place(cnn_layer *layer, const cnn__params *blocks,
                      cnn__params *at)
{
    cnn__params *p = &layer->params;

    p->value = part_of(blocks->value, at->count);
    p->grad = part_of(blocks->grad, at->count);
    for (int i = 0; i < CNN__MAX_SLOTS; i++)
        p->slot[i] = part_of(blocks->slot[i], at->count);
    p->fixed = part_of(blocks->fixed, at->fixed_count);
    p->rule = NULL;
    p->steps = 0;
    at->count += p->count;
    at->fixed_count += p->fixed_count;
}

float *cnn__tensor_data(const cnn_layer *layer, int32_t t)
{
    const bool fixed = layer->tensors[t].fixed;
    float *data = fixed ? layer->params.fixed : layer->params.value;

    for (int32_t i = 0; i < t; i++)
        if (layer->tensors[i].fixed == fixed)
            data += cnn__tensor_size(&layer->tensors[i]);
    return data;
}

static void draw(cnn_layer *layer, uint64_t seed)
{
    for (int32_t i = 0; i < layer->tensor_count; i++)
        cnn__initial_fill(&layer->tensors[i].initial, seed, layer->index, i,
                          cnn__tensor_data(layer, i),
                          cnn__tensor_size(&layer->tensors[i]));
    if (layer->ops->init != NULL)
        layer->ops->init(layer);
}

void cnn__layer_init(cnn_layer *layer, uint64_t seed, int32_t index)
{
    layer->index = index;
    if (layer->given != NULL)
        cnn__given_take(layer);
    else
        draw(layer, seed);
    if (layer->params.count > 0)
        memset(layer->params.grad, 0, layer->params.count * sizeof(float));
}

void cnn__run_plan(cnn__run *run, const cnn__workspace *need, int32_t workers,
                   cnn__arena *arena)
{
    const size_t line = CNN__ALIGNMENT / sizeof(float);

    run->workers = workers;
    run->scratch_stride = cnn__size_round_up(need->scratch, line);
    run->scratch = cnn__arena_floats(
        arena, cnn__size_mul((size_t)workers, run->scratch_stride));
    run->shared = cnn__arena_floats(arena, need->shared);
}

void cnn__workspace_join(cnn__workspace *all, const cnn__workspace *one)
{
    if (one->shared > all->shared)
        all->shared = one->shared;
    if (one->scratch > all->scratch)
        all->scratch = one->scratch;
}

cnn_status cnn__layer_check_built(const cnn_layer *layer, const void *array)
{
    if (layer == NULL)
        return cnn__fail_null(CNN__LAYER, NULL);
    if (array == NULL)
        return cnn__fail(CNN_EINVAL, "an array is NULL");
    if (!layer->built)
        return cnn__fail(CNN_ESTATE, "the %s layer is not built",
                         layer->ops->kind);
    return CNN_OK;
}

cnn_status cnn__check_batch(int32_t batch, int32_t max_batch)
{
    if (batch < 1 || batch > max_batch)
        return cnn__fail(CNN_EINVAL, "batch %d, expected 1 to %d", batch,
                         max_batch);
    return CNN_OK;
}

cnn_status cnn__check_flags(uint32_t flags)
{
    if ((flags & ~CNN_TRAIN) != 0)
        return cnn__fail(CNN_EINVAL, "unknown flags 0x%x, expected 0 or 0x%x",
                         (unsigned)flags, CNN_TRAIN);
    return CNN_OK;
}

cnn_status cnn__check_input(const cnn_shape *in, int32_t max_batch)
{
    if (in->c < 1 || in->h < 1 || in->w < 1)
        return cnn__fail(CNN_EINVAL, "input %dx%dx%d, expected at least 1x1x1",
                         in->c, in->h, in->w);
    CNN__TRY(cnn__check_sample(in, "input"));
    if (max_batch < 1)
        return cnn__fail(CNN_EINVAL, "max_batch %d, expected at least 1",
                         max_batch);
    return CNN_OK;
}
