/* A function of each element: y = f(x), dx = dy f'(x), with f' from y where y
 * determines it, else from x. There are two tables of operations of the one
 * kind; `check` gives a layer the one that its function needs. */
#include <math.h>

#include "base/options.h"
#include "cnn/net.h"
#include "layers/kinds.h"
#include "math/simd.h"

typedef struct activation {
    cnn_layer base;
    int32_t function; /* CNN_RELU .. CNN_CLAMP */
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

static const cnn__layer_ops from_x_ops;

static cnn_status check(cnn_layer *layer)
{
    activation *a = (activation *)layer;

    if (a->function < 0 || a->function >= CNN__MAPS)
        return cnn__fail(CNN_EINVAL, "kind %d, expected 0 to %d", a->function,
                         CNN__MAPS - 1);
    const cnn__map *map = map_of(layer);
    a->o.alpha = cnn__or_default(a->o.alpha, map->alpha);
    /* Where the slope is computed from y, y must have the sign of x. */
    if (!isfinite(a->o.alpha) || a->o.alpha < 0.0f)
        return cnn__fail(CNN_EINVAL, "alpha %g, expected at least 0",
                         (double)a->o.alpha);
    if (map->alpha == 0.0f && a->o.alpha != 0.0f)
        return cnn__fail(CNN_EINVAL, "alpha %g, but %s has none",
                         (double)a->o.alpha, map->name);
    layer->ops = map->from_x ? &from_x_ops : &cnn__activation_ops;
    return CNN_OK;
}

static void forward_floats(const cnn_layer *layer, size_t n, const float *x,
                           float *y)
{
    map_of(layer)->forward(((const activation *)layer)->o.alpha, x, y, n);
}

static void backward_floats(const cnn_layer *layer, size_t n,
                            const float *y_or_x, const float *dy, float *dx)
{
    map_of(layer)->backward(((const activation *)layer)->o.alpha, y_or_x, dy,
                            dx, n);
}

static size_t floats(const cnn_layer *layer, int32_t n)
{
    return (size_t)n * cnn__shape_size(&layer->in);
}

static void forward_samples(const cnn_layer *layer, int32_t n, const float *x,
                            float *y)
{
    forward_floats(layer, floats(layer, n), x, y);
}

static void backward_samples(const cnn_layer *layer, int32_t n, const float *x,
                             const float *y, const float *dy, float *dx)
{
    (void)y;
    backward_floats(layer, floats(layer, n), x, dy, dx);
}

/* All functions with bounds rise, from one to the other. */
static bool bounds(const cnn_layer *layer, float *low, float *high)
{
    const float least = -INFINITY, most = INFINITY;

    forward_floats(layer, 1, &least, low);
    forward_floats(layer, 1, &most, high);
    return isfinite(*low) && isfinite(*high);
}

static int32_t folds_into(const cnn_layer *layer)
{
    return ((const activation *)layer)->function == CNN_SIGMOID
               ? CNN_LOSS_BINARY_CROSS_ENTROPY
               : -1;
}

static const cnn__pointwise_ops pointwise = {forward_floats, backward_floats,
                                             bounds};

static const cnn__sample_ops samples = {forward_samples, backward_samples};

#define ACTIVATION_OPS(at, ...)                                              \
    {                                                                        \
        .kind = "activation", .size = sizeof(activation),                    \
        .options = offsetof(activation, o),                                  \
        .options_size = sizeof(cnn_activation_options),                      \
        .traits = (at) | CNN__ACTIVATION,                                    \
        .field_count = sizeof(fields) / sizeof(fields[0]), .fields = fields, \
        .check = check, .forward = cnn__forward_by_samples,                  \
        .backward = cnn__backward_by_samples, __VA_ARGS__                    \
    }

const cnn__layer_ops cnn__activation_ops =
    ACTIVATION_OPS(CNN__NEEDS_Y | CNN__IN_PLACE, .folds_into = folds_into,
                   .pointwise = &pointwise);
static const cnn__layer_ops from_x_ops =
    ACTIVATION_OPS(CNN__NEEDS_X, .samples = &samples);

cnn_layer *cnn_activation_create(int32_t kind,
                                 const cnn_activation_options *options)
{
    activation *a = (activation *)cnn__layer_new(&cnn__activation_ops, options);

    if (a == NULL)
        return NULL;
    a->function = kind;
    return cnn__layer_checked(&a->base);
}
