/* Dropout (Srivastava et al., 2014). Training scales, so that prediction has
 * nothing to do:
 *
 *     forward   y = m x,  m = 0 with probability `rate`, else 1 / (1 - rate)
 *     backward  dx = m dy
 *
 * m is a function of seed, layer, step, sample and element. Backward draws it
 * again instead of storing it, and it does not depend on the number of threads.
 */
#include <string.h>

#include "base/random.h"
#include "base/threads.h"
#include "layers/kinds.h"

typedef struct dropout {
    cnn_layer base;
    float rate;
} dropout;

static const cnn__field fields[] = {
    {"rate", CNN__FLOAT, offsetof(dropout, rate)},
};

static cnn_status check(cnn_layer *layer)
{
    const float rate = ((const dropout *)layer)->rate;

    if (!(rate >= 0.0f && rate < 1.0f))
        return cnn__fail(CNN_EINVAL, "rate %g, expected 0 to below 1",
                         (double)rate);
    return CNN_OK;
}

/* What one pass hands to its chunks; a chunk is one sample. */
typedef struct job {
    const cnn_layer *layer;
    const cnn__run *run;
    const float *from;
    float *to;
} job;

/* Each layer of a net has its own streams. */
static uint64_t layer_seed(const job *j)
{
    const uint64_t odd = 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */

    return j->run->seed + odd * (uint64_t)j->layer->index;
}

static void drop_sample(void *data, int64_t sample, int32_t worker)
{
    const job *j = data;
    const float rate = ((const dropout *)j->layer)->rate;
    const float keep = 1.0f / (1.0f - rate);
    const size_t size = cnn__shape_size(&j->layer->in);
    const float *from = j->from + (size_t)sample * size;
    float *to = j->to + (size_t)sample * size;
    cnn__random random;

    (void)worker;
    cnn__random_start(&random, layer_seed(j), CNN__RANDOM_DROPOUT, j->run->step,
                      j->run->first + (uint32_t)sample);
    for (size_t i = 0; i < size; i++)
        to[i] = cnn__random_uniform(&random) < rate ? 0.0f : from[i] * keep;
}

static void drop_or_copy(job *j)
{
    const cnn_layer *layer = j->layer;

    if (cnn__trains(layer, j->run->flags))
        cnn__parallel(j->run->batch, j->run->workers, drop_sample, j);
    else if (j->from != j->to)
        memcpy(j->to, j->from,
               (size_t)j->run->batch * cnn__shape_size(&layer->in) *
                   sizeof(float));
}

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    job j = {layer, run, x, y};

    drop_or_copy(&j);
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    job j = {layer, run, dy, dx};

    (void)x;
    (void)y;
    if (dx != NULL)
        drop_or_copy(&j);
}

const cnn__layer_ops cnn__dropout_ops = {
    .kind = "dropout",
    .size = sizeof(dropout),
    .traits = CNN__IN_PLACE,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .fields = fields,
    .check = check,
    .forward = forward,
    .backward = backward,
};

cnn_layer *cnn_dropout_create(float rate)
{
    dropout *d = (dropout *)cnn__layer_new(&cnn__dropout_ops, NULL);

    if (d == NULL)
        return NULL;
    d->rate = rate;
    return cnn__layer_checked(&d->base);
}
