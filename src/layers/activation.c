/* A function of each element: y = f(x), dx = dy f'(x), with f' from y. */
#include <math.h>

#include "base/options.h"
#include "cnn/net.h"
#include "layers/kinds.h"
#include "math/simd.h"

typedef struct activation {
    cnn_layer base;
    int32_t function; /* CNN_RELU .. CNN_ELU */
    cnn_activation_options o;
} activation;

static const cnn__field fields[] = {
    {"function", CNN__INT, offsetof(activation, function)},
    {"alpha", CNN__FLOAT, offsetof(activation, o.alpha)},
};

static const cnn__map *map_of(const cnn_layer *layer)
{
    return &cnn__simd_used()->maps[((const activation *)layer)->function];
}

static cnn_status check(cnn_layer *layer)
{
    activation *a = (activation *)layer;

    if (a->function < 0 || a->function >= CNN__MAPS)
        return cnn__fail(CNN_EINVAL, "kind %d, expected 0 to %d", a->function,
                         CNN__MAPS - 1);
    const cnn__map *map = map_of(layer);
    a->o.alpha = cnn__or_default(a->o.alpha, map->alpha);
    /* The slope is computed from y alone, so y must have the sign of x. */
    if (!isfinite(a->o.alpha) || a->o.alpha < 0.0f)
        return cnn__fail(CNN_EINVAL, "alpha %g, expected at least 0",
                         (double)a->o.alpha);
    if (map->alpha == 0.0f && a->o.alpha != 0.0f)
        return cnn__fail(CNN_EINVAL, "alpha %g, but %s has none",
                         (double)a->o.alpha, map->name);
    return CNN_OK;
}

static void forward_floats(const cnn_layer *layer, size_t n, const float *x,
                           float *y)
{
    map_of(layer)->forward(((const activation *)layer)->o.alpha, x, y, n);
}

static void backward_floats(const cnn_layer *layer, size_t n, const float *y,
                            const float *dy, float *dx)
{
    map_of(layer)->backward(((const activation *)layer)->o.alpha, y, dy, dx, n);
}

static bool bounds(const cnn_layer *layer, float *low, float *high)
{
    const cnn__map *map = map_of(layer);

    *low = map->low;
    *high = map->high;
    return map->low < map->high;
}

static int32_t folds_into(const cnn_layer *layer)
{
    return ((const activation *)layer)->function == CNN_SIGMOID
               ? CNN_LOSS_BINARY_CROSS_ENTROPY
               : -1;
}

static const cnn__pointwise_ops pointwise = {forward_floats, backward_floats,
                                             bounds};

const cnn__layer_ops cnn__activation_ops = {
    .kind = "activation",
    .size = sizeof(activation),
    .options = offsetof(activation, o),
    .options_size = sizeof(cnn_activation_options),
    .traits = CNN__NEEDS_Y | CNN__IN_PLACE | CNN__ACTIVATION,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .fields = fields,
    .check = check,
    .forward = cnn__forward_by_samples,
    .backward = cnn__backward_by_samples,
    .folds_into = folds_into,
    .pointwise = &pointwise,
};

cnn_layer *cnn_activation_create(int32_t kind,
                                 const cnn_activation_options *options)
{
    activation *a = (activation *)cnn__layer_new(&cnn__activation_ops, options);

    if (a == NULL)
        return NULL;
    a->function = kind;
    return cnn__layer_checked(&a->base);
}
