/* Layers with several inputs: their sum, and their channels one after the
 * other. Only nets make them (cnn_net_join()), since a pass by hand has one
 * input. */
#include "layers/join.h"

#include <stdio.h>
#include <string.h>

#include "cnn/graph.h"
#include "layers/kinds.h"
#include "math/sum.h"

typedef struct join {
    cnn_layer base;
    int32_t *from;  /* base.from points here */
    size_t *floats; /* of a sample of each input */
} join;

/* -------------------------------------------------------------- shapes --- */

const char *cnn__source_name(int32_t number, char text[CNN__SOURCE_NAME])
{
    if (number == CNN_NET_INPUT)
        return "the input";
    snprintf(text, CNN__SOURCE_NAME, "layer %d", number);
    return text;
}

static cnn_status fail_shape(const cnn_layer *layer, int32_t k,
                             const cnn_shape *in, const char *must)
{
    const cnn_shape *first = &layer->in;
    char one[CNN__SOURCE_NAME], other[CNN__SOURCE_NAME];

    return cnn__fail(CNN_ESHAPE, "%s has %dx%dx%d and %s %dx%dx%d, expected %s",
                     cnn__source_name(layer->from[0], one), first->c, first->h,
                     first->w, cnn__source_name(layer->from[k], other), in->c,
                     in->h, in->w, must);
}

static void remember(cnn_layer *layer, const cnn_shape *const *in)
{
    for (int32_t k = 0; k < layer->from_count; k++)
        ((join *)layer)->floats[k] = cnn__shape_size(in[k]);
}

static cnn_status shape_of_sum(cnn_layer *layer, const cnn_shape *const *in)
{
    for (int32_t k = 1; k < layer->from_count; k++)
        if (in[k]->c != in[0]->c || in[k]->h != in[0]->h ||
            in[k]->w != in[0]->w)
            return fail_shape(layer, k, in[k], "the same shape");
    remember(layer, in);
    return CNN_OK;
}

static cnn_status shape_of_channels(cnn_layer *layer,
                                    const cnn_shape *const *in)
{
    int64_t channels = 0;

    for (int32_t k = 0; k < layer->from_count; k++) {
        if (in[k]->h != in[0]->h || in[k]->w != in[0]->w)
            return fail_shape(layer, k, in[k], "the same height and width");
        channels += in[k]->c;
    }
    if (channels > INT32_MAX)
        return cnn__fail(CNN_EOVERFLOW, "%lld channels, more than %d",
                         (long long)channels, INT32_MAX);
    layer->out.c = (int32_t)channels;
    remember(layer, in);
    return CNN_OK;
}

/* -------------------------------------------------------------- passes --- */

/* One pass, cut into samples for the workers. */
typedef struct job {
    const cnn_layer *layer;
    const cnn__run *run;
    const float *const *x; /* the inputs; to split, dy */
    float *y;              /* to split, dx */
    size_t part;           /* floats of dx for a sample */
    int32_t samples;       /* of a chunk */
} job;

static void run_chunks(job *j, void (*body)(void *, int64_t, int32_t))
{
    j->samples = cnn__chunk_samples(cnn__shape_size(&j->layer->out));
    cnn__parallel(cnn__chunks(j->run->batch, j->samples), j->run->workers, body,
                  j);
}

/* The samples of a chunk: `first` becomes the first. */
static size_t chunk_samples(const job *j, int64_t chunk, size_t *first)
{
    *first = (size_t)chunk * (size_t)j->samples;
    const size_t rest = (size_t)j->run->batch - *first;

    return rest < (size_t)j->samples ? rest : (size_t)j->samples;
}

/* The activation that follows works on the sums while they are in the cache. */
static void follow(const job *j, size_t count, float *y)
{
    const cnn_layer *next = j->run->next;

    if (next != NULL)
        next->ops->pointwise->forward(next, count, y, y);
}

static void add_chunk(void *data, int64_t chunk, int32_t worker)
{
    const job *j = data;
    const size_t size = cnn__shape_size(&j->layer->out);
    size_t first;
    const size_t n = chunk_samples(j, chunk, &first) * size;
    const float *a = j->x[0] + first * size, *b = j->x[1] + first * size;
    float *y = j->y + first * size;

    (void)worker;
    cnn__sum_of(y, a, b, n); /* y may be a or b */
    for (int32_t k = 2; k < j->layer->from_count; k++)
        cnn__add(y, j->x[k] + first * size, n);
    follow(j, n, y);
}

static void add_forward(const cnn_layer *layer, const cnn__run *run,
                        const float *const *x, float *y)
{
    run_chunks(&(job){.layer = layer, .run = run, .x = x, .y = y}, add_chunk);
}

static void concat_chunk(void *data, int64_t chunk, int32_t worker)
{
    const job *j = data;
    const size_t size = cnn__shape_size(&j->layer->out);
    size_t first;
    const size_t n = chunk_samples(j, chunk, &first);
    float *y = j->y + first * size;

    (void)worker;
    for (size_t s = first; s < first + n; s++)
        for (int32_t k = 0; k < j->layer->from_count; k++) {
            const size_t floats = ((const join *)j->layer)->floats[k];

            memcpy(y, j->x[k] + s * floats, floats * sizeof(float));
            y += floats;
        }
    follow(j, n * size, j->y + first * size);
}

static void concat_forward(const cnn_layer *layer, const cnn__run *run,
                           const float *const *x, float *y)
{
    run_chunks(&(job){.layer = layer, .run = run, .x = x, .y = y},
               concat_chunk);
}

static void split_chunk(void *data, int64_t chunk, int32_t worker)
{
    const job *j = data;
    const size_t size = cnn__shape_size(&j->layer->out);
    size_t first;
    const size_t n = chunk_samples(j, chunk, &first);

    (void)worker;
    for (size_t s = first; s < first + n; s++)
        memcpy(j->y + s * j->part, j->x[0] + s * size, j->part * sizeof(float));
}

/* dx is the channels of dy that came from input k. */
static void concat_backward(const cnn_layer *layer, const cnn__run *run,
                            int32_t k, const float *dy, float *dx)
{
    const join *c = (const join *)layer;

    for (int32_t i = 0; i < k; i++)
        dy += c->floats[i];
    run_chunks(&(job){.layer = layer,
                      .run = run,
                      .x = &dy,
                      .y = dx,
                      .part = c->floats[k]},
               split_chunk);
}

static void release(cnn_layer *layer)
{
    cnn__free(((join *)layer)->from);
    cnn__free(((join *)layer)->floats);
}

static const cnn__join_ops add = {CNN_JOIN_ADD, shape_of_sum, add_forward,
                                  NULL};
static const cnn__join_ops concat = {CNN_JOIN_CONCAT, shape_of_channels,
                                     concat_forward, concat_backward};

const cnn__layer_ops cnn__add_ops = {
    .kind = "add",
    .size = sizeof(join),
    .traits = CNN__IN_PLACE,
    .release = release,
    .join = &add,
};

const cnn__layer_ops cnn__concat_ops = {
    .kind = "concat",
    .size = sizeof(join),
    .release = release,
    .join = &concat,
};

cnn_layer *cnn__join_new(int32_t kind, int32_t count, const int32_t *from)
{
    cnn_layer *layer = cnn__layer_new(
        kind == CNN_JOIN_ADD ? &cnn__add_ops : &cnn__concat_ops, NULL);
    join *j = (join *)layer;

    if (layer == NULL)
        return NULL;
    j->from = cnn__alloc((size_t)count * sizeof(*j->from));
    j->floats = cnn__alloc_zero((size_t)count * sizeof(*j->floats));
    if (j->from == NULL || j->floats == NULL) {
        cnn_layer_free(layer);
        return cnn__lost(CNN__LAYER);
    }
    memcpy(j->from, from, (size_t)count * sizeof(*from));
    layer->from = j->from;
    layer->from_count = count;
    return layer;
}
