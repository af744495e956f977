/* Layers of every kind, with what the bytes say of them. */
#include <stdlib.h>

#include "fuzz/call_world.h"

/* Inputs of a sample that a layer with codes may have. */
#define CODES 4096

#define FLAG(field) (1u << (field))

static cnn_layer *make_conv(world *w, bool *wild)
{
    bytes *b = &w->b;
    const int32_t filters = take_int(b, wild);
    const int32_t h = take_int(b, wild), width = take_int(b, wild);
    void *o =
        take_options(b, sizeof(cnn_conv2d_options), FLAG(13) | FLAG(15), wild);
    cnn_layer *layer = cnn_conv2d_create(filters, h, width, o);

    free(o);
    return layer;
}

static cnn_layer *make_pool(world *w, int32_t kind, bool *wild)
{
    bytes *b = &w->b;
    const int32_t h = take_int(b, wild), width = take_int(b, wild);
    void *o = take_options(b, sizeof(cnn_pool2d_options), 0, wild);
    cnn_layer *layer = kind == 0   ? cnn_maxpool2d_create(h, width, o)
                       : kind == 1 ? cnn_avgpool2d_create(h, width, o)
                                   : cnn_subsample2d_create(h, width, o);

    free(o);
    return layer;
}

static cnn_layer *make_dense(world *w, bool *wild)
{
    const int32_t units = take_int(&w->b, wild);
    void *o =
        take_options(&w->b, sizeof(cnn_dense_options), FLAG(3) | FLAG(5), wild);
    cnn_layer *layer = cnn_dense_create(units, o);

    free(o);
    return layer;
}

static cnn_layer *make_activation(world *w, bool *wild)
{
    const int32_t kind = take_int(&w->b, wild);
    void *o =
        take_options(&w->b, sizeof(cnn_activation_options), FLAG(1), wild);
    cnn_layer *layer = cnn_activation_create(kind, o);

    free(o);
    return layer;
}

static cnn_layer *make_batchnorm(world *w, bool *wild)
{
    void *o = take_options(&w->b, sizeof(cnn_batchnorm_options),
                           FLAG(2) | FLAG(3), wild);
    cnn_layer *layer = cnn_batchnorm_create(o);

    free(o);
    return layer;
}

/* With codes or those of the digits. */
static cnn_layer *make_rbf(world *w, layer_slot *slot)
{
    const int32_t units = take_int(&w->b, &slot->wild);
    float *codes = NULL;

    if (take_byte(&w->b) % 2 == 0 && w->garbage_count < GARBAGE) {
        codes = take_floats(
            w, CODES * (units > 0 && units < 8 ? (size_t)units : 1));
        w->garbage[w->garbage_count++] = codes;
        slot->codes = true;
        slot->wild |= units >= 8;
    }
    return cnn_rbf_create(units, codes);
}

static cnn_layer *make_transpose(world *w, bool *wild)
{
    bytes *b = &w->b;
    const int32_t filters = take_int(b, wild);
    const int32_t h = take_int(b, wild), width = take_int(b, wild);
    void *o = take_options(b, sizeof(cnn_conv2d_transpose_options),
                           FLAG(13) | FLAG(15), wild);
    cnn_layer *layer = cnn_conv2d_transpose_create(filters, h, width, o);

    free(o);
    return layer;
}

static cnn_layer *make_layernorm(world *w, bool *wild)
{
    void *o = take_options(&w->b, sizeof(cnn_layernorm_options), FLAG(2), wild);
    cnn_layer *layer = cnn_layernorm_create(o);

    free(o);
    return layer;
}

static cnn_layer *make_upsample(world *w, bool *wild)
{
    const int32_t h = take_int(&w->b, wild), width = take_int(&w->b, wild);

    return cnn_upsample2d_create(h, width, take_int(&w->b, wild));
}

static cnn_layer *make_reshape(world *w, bool *wild)
{
    const cnn_shape to = {take_int(&w->b, wild), take_int(&w->b, wild),
                          take_int(&w->b, wild)};

    return cnn_reshape_create(take_byte(&w->b) == 255 ? NULL : &to);
}

/* y = p x, with a p for each element. */
static int32_t scale_shape(void *user, cnn_layer_plan *plan)
{
    (void)user;
    plan->params = (size_t)plan->in.c * (size_t)plan->in.h * (size_t)plan->in.w;
    plan->multiply_adds = (int64_t)plan->params;
    return 0;
}

static void scale_forward(void *user, const cnn_layer_pass *pass,
                          const float *x, float *y)
{
    (void)user;
    for (size_t i = 0; i < (size_t)pass->batch * pass->param_count; i++)
        y[i] = pass->params[i % pass->param_count] * x[i];
}

static void scale_backward(void *user, const cnn_layer_pass *pass,
                           const float *x, const float *y, const float *dy,
                           float *dx)
{
    (void)user;
    (void)y;
    for (size_t i = 0; i < (size_t)pass->batch * pass->param_count; i++) {
        const size_t at = i % pass->param_count;

        pass->grads[at] += dy[i] * x[i];
        if (dx != NULL)
            dx[i] = dy[i] * pass->params[at];
    }
}

static cnn_layer *make_custom(world *w)
{
    const cnn_layer_methods methods = {
        .struct_size = sizeof(methods),
        .flags = take_byte(&w->b) % 2 ? CNN_BY_SAMPLES : 0,
        .name = take_byte(&w->b) == 255 ? "no name" : "scale",
        .shape = scale_shape,
        .forward = scale_forward,
        .backward = scale_backward,
    };

    return cnn_layer_create_custom(&methods, NULL);
}

/* Kinds that came later. */
static cnn_layer *make_newer(world *w, int32_t kind, bool *wild)
{
    bytes *b = &w->b;

    return kind <= 2    ? make_transpose(w, wild)
           : kind <= 4  ? make_layernorm(w, wild)
           : kind <= 6  ? make_upsample(w, wild)
           : kind <= 8  ? make_reshape(w, wild)
           : kind == 9  ? cnn_global_maxpool2d_create()
           : kind == 10 ? cnn_global_avgpool2d_create()
           : kind <= 12
               ? make_custom(w)
               : cnn_activation_create(CNN_GELU + take_below(b, 6), NULL);
}

/* Bytes up to 239 mean what they meant when there were twelve kinds, so that
 * inputs that found a fault still do. */
cnn_layer *make_layer(world *w, layer_slot *slot)
{
    const uint8_t byte = take_byte(&w->b);
    const int32_t kind = byte % 12;
    bool *wild = &slot->wild;

    if (byte >= 240)
        return make_newer(w, byte - 240, wild);
    return kind <= 2    ? make_conv(w, wild)
           : kind <= 5  ? make_pool(w, kind - 3, wild)
           : kind == 6  ? make_dense(w, wild)
           : kind == 7  ? make_activation(w, wild)
           : kind == 8  ? cnn_softmax_create()
           : kind == 9  ? cnn_dropout_create(take_float(&w->b))
           : kind == 10 ? make_batchnorm(w, wild)
                        : make_rbf(w, slot);
}
