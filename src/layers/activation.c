/* A function of each element: y = f(x), dx = dy f'(x), with f' from y. */
#include <math.h>

#include "base/threads.h"
#include "layers/kinds.h"
#include "math/kernels.h"

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
    return &cnn__kernels_used()->maps[((const activation *)layer)->function];
}

static cnn_status check(cnn_layer *layer)
{
    activation *a = (activation *)layer;

    if (a->function < 0 || a->function >= CNN__MAPS)
        return cnn__fail(CNN_EINVAL, "kind %d, expected 0 to %d", a->function,
                         CNN__MAPS - 1);
    const cnn__map *map = map_of(layer);
    if (a->o.alpha == 0.0f)
        a->o.alpha = map->alpha;
    /* y must tell the sign of x. */
    if (!isfinite(a->o.alpha) || a->o.alpha < 0.0f)
        return cnn__fail(CNN_EINVAL, "alpha %g, expected above 0",
                         (double)a->o.alpha);
    if (map->alpha == 0.0f && a->o.alpha != 0.0f)
        return cnn__fail(CNN_EINVAL, "alpha %g, but %s has none",
                         (double)a->o.alpha, map->name);
    return CNN_OK;
}

/* What one pass hands to its chunks. */
typedef struct job {
    const cnn__map *map;
    float alpha;
    size_t size; /* floats of all samples */
    const float *x, *y, *dy;
    float *to; /* y or dx */
} job;

#define CHUNK 16384

static job job_of(const cnn_layer *layer, const cnn__run *run)
{
    const activation *a = (const activation *)layer;

    return (job){
        .map = map_of(layer),
        .alpha = a->o.alpha,
        .size = (size_t)run->batch * cnn__shape_size(&layer->in),
    };
}

static size_t chunk_size(const job *j, size_t first)
{
    return j->size - first < CHUNK ? j->size - first : CHUNK;
}

static void forward_chunk(void *data, int64_t chunk, int32_t lane)
{
    const job *j = data;
    const size_t i = (size_t)chunk * CHUNK;

    (void)lane;
    j->map->forward(j->alpha, j->x + i, j->to + i, chunk_size(j, i));
}

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    job j = job_of(layer, run);

    j.x = x;
    j.to = y;
    cnn__parallel(cnn__chunks((int64_t)j.size, CHUNK), run->lanes,
                  forward_chunk, &j);
}

static void backward_chunk(void *data, int64_t chunk, int32_t lane)
{
    const job *j = data;
    const size_t i = (size_t)chunk * CHUNK;

    (void)lane;
    j->map->backward(j->alpha, j->y + i, j->dy + i, j->to + i,
                     chunk_size(j, i));
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    job j = job_of(layer, run);

    (void)x;
    if (dx == NULL)
        return;
    j.y = y;
    j.dy = dy;
    j.to = dx;
    cnn__parallel(cnn__chunks((int64_t)j.size, CHUNK), run->lanes,
                  backward_chunk, &j);
}

static bool bounds(const cnn_layer *layer, float *low, float *high)
{
    const cnn__map *map = map_of(layer);

    *low = map->low;
    *high = map->high;
    return map->low < map->high;
}

const cnn__layer_ops cnn__activation_ops = {
    .kind = "activation",
    .size = sizeof(activation),
    .options = offsetof(activation, o),
    .options_size = sizeof(cnn_activation_options),
    .traits = CNN__NEEDS_Y | CNN__IN_PLACE | CNN__ACTIVATION,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .fields = fields,
    .check = check,
    .forward = forward,
    .backward = backward,
    .bounds = bounds,
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
