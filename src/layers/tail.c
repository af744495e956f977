#include "layers/tail.h"

/* What the head does at a time has to fit into a cache: 2 MB. */
#define MOST_FLOATS ((size_t)1 << 19)

static size_t out_floats(const cnn_layer *layer)
{
    return cnn__shape_size(&layer->out);
}

static bool takes_samples(const cnn_layer *layer, bool in_place)
{
    const cnn__layer_ops *ops = layer->ops;

    return ops->forward_samples != NULL &&
           ((ops->traits & CNN__IN_PLACE) != 0) == in_place;
}

cnn__tail cnn__tail_of(cnn_layer *const *layers, int32_t count, int32_t i,
                       int32_t batch)
{
    const cnn_layer *head = layers[i];
    const size_t line = CNN__ALIGNMENT / sizeof(float);
    cnn__tail tail = {0};

    if (head->ops->grain == NULL)
        return tail;
    const size_t grain = (size_t)head->ops->grain(head, batch);
    if (grain == 0 || cnn__size_mul(grain, out_floats(head)) > MOST_FLOATS)
        return tail;
    if (i + 1 < count && takes_samples(layers[i + 1], true))
        tail.activation = layers[i + ++tail.length];
    if (i + tail.length + 1 < count &&
        takes_samples(layers[i + tail.length + 1], false))
        tail.pool = layers[i + ++tail.length];
    if (tail.pool == NULL)
        return (cnn__tail){0};
    tail.picks = tail.pool->ops->picks != NULL &&
                 tail.pool->ops->picks(tail.pool) &&
                 (tail.activation == NULL ||
                  tail.activation->ops->backward_floats != NULL);
    tail.room =
        cnn__size_round_up(cnn__layer_workspace(head, batch).scratch, line);
    return tail;
}

size_t cnn__tail_floats(const cnn_layer *head, const cnn__tail *tail,
                        int32_t batch)
{
    if (tail->length == 0)
        return 0;
    return (size_t)head->ops->grain(head, batch) *
           (out_floats(head) + (tail->picks ? out_floats(tail->pool) : 0));
}

static float *room(const cnn__run *run, int32_t worker)
{
    return cnn__run_scratch(run, worker) + run->tail->room;
}

float *cnn__tail_place(const cnn__run *run, float *y, size_t size,
                       int64_t first, int32_t worker)
{
    if (run->tail != NULL && (!run->keep || y == NULL))
        return room(run, worker);
    return y + (size_t)first * size;
}

void cnn__tail_forward(const cnn__run *run, float *place, int64_t first,
                       int32_t n)
{
    const cnn__tail *t = run->tail;

    if (t == NULL)
        return;
    if (t->activation != NULL)
        t->activation->ops->forward_samples(t->activation, n, place, place);
    const size_t at = (size_t)first * out_floats(t->pool);
    if (run->keep && t->picks)
        t->pool->ops->forward_picks(t->pool, n, place, t->y + at,
                                    t->picked + at);
    else
        t->pool->ops->forward_samples(t->pool, n, place, t->y + at);
}

/* The activation's slope where the pool picked something, which is all that it
 * has to do with what comes from above. */
static const float *back_by_picks(const cnn__tail *t, const float *dy,
                                  size_t size, int64_t first, int32_t n,
                                  float *to)
{
    const size_t P = out_floats(t->pool), at = (size_t)first * P;
    float *slopes = to + (size_t)n * size;

    dy += at;
    if (t->activation != NULL) {
        t->activation->ops->backward_floats(t->activation, (size_t)n * P,
                                            t->y + at, dy, slopes);
        dy = slopes;
    }
    t->pool->ops->backward_picks(t->pool, n, t->picked + at, dy, to);
    return to;
}

const float *cnn__tail_backward(const cnn__run *run, const float *y,
                                const float *dy, size_t size, int64_t first,
                                int32_t n, int32_t worker)
{
    const cnn__tail *t = run->tail;

    if (t == NULL)
        return dy + (size_t)first * size;
    const cnn_layer *pool = t->pool, *activation = t->activation;
    const size_t pooled = (size_t)first * out_floats(pool);
    float *to = room(run, worker);

    if (t->picks)
        return back_by_picks(t, dy, size, first, n, to);
    y += (size_t)first * size;
    pool->ops->backward_samples(pool, n, y, t->y + pooled, dy + pooled, to);
    if (activation != NULL)
        activation->ops->backward_samples(activation, n, y, y, to, to);
    return to;
}
