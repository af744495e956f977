#include "net/fusion.h"

/* The outputs of a span have to fit into a cache: 2 MB. */
#define MOST_FLOATS ((size_t)1 << 19)

static size_t out_floats(const cnn_layer *layer)
{
    return cnn__shape_size(&layer->out);
}

/* ----------------------------------------------------- called by the head */

/* A worker's place for outputs that are not stored, and for their gradients. */
static float *worker_scratch(const cnn__fusion *f, const cnn__run *run,
                             int32_t worker)
{
    return cnn__run_scratch(run, worker) + f->scratch;
}

static float *place(const cnn__fused *fused, const cnn__run *run,
                    const cnn__span *span)
{
    const cnn__fusion *f = (const cnn__fusion *)fused;

    if (!f->keep || f->head_y == NULL)
        return worker_scratch(f, run, span->worker);
    return f->head_y + (size_t)span->first * out_floats(f->head);
}

static void done(const cnn__fused *fused, const cnn__span *span, float *y)
{
    const cnn__fusion *f = (const cnn__fusion *)fused;
    const size_t at = (size_t)span->first * out_floats(f->last);
    const int32_t n = span->count;

    if (f->activation != NULL)
        f->activation->ops->pointwise->forward(
            f->activation, (size_t)n * out_floats(f->head), y, y);
    if (f->keep && f->by_argmax)
        f->last->ops->argmax->forward(f->last, n, y, f->y + at, f->argmax + at);
    else
        f->last->ops->samples->forward(f->last, n, y, f->y + at);
}

/* Pools back by argmax. Only the elements that pooling took have a gradient,
 * and their activations are its outputs: the slope needs nothing else.
 */
static void back_by_argmax(const cnn__fusion *f, const cnn__span *span,
                           const float *dy, float *to)
{
    const size_t P = out_floats(f->last), at = (size_t)span->first * P;
    const size_t n = (size_t)span->count;
    float *slopes = to + n * out_floats(f->head);

    dy += at;
    if (f->activation != NULL) {
        f->activation->ops->pointwise->backward(f->activation, n * P, f->y + at,
                                                dy, slopes);
        dy = slopes;
    }
    f->last->ops->argmax->backward(f->last, span->count, f->argmax + at, dy,
                                   to);
}

static const float *gradient(const cnn__fused *fused, const cnn__run *run,
                             const cnn__span *span, const float *dy)
{
    const cnn__fusion *f = (const cnn__fusion *)fused;
    const cnn_layer *last = f->last, *activation = f->activation;
    const size_t floats = (size_t)span->count * out_floats(f->head);
    const size_t pooled = (size_t)span->first * out_floats(last);
    float *to = worker_scratch(f, run, span->worker);

    if (f->by_argmax) {
        back_by_argmax(f, span, dy, to);
        return to;
    }
    const float *y = f->head_y + (size_t)span->first * out_floats(f->head);
    last->ops->samples->backward(last, span->count, y, f->y + pooled,
                                 dy + pooled, to);
    if (activation != NULL)
        activation->ops->pointwise->backward(activation, floats, y, to, to);
    return to;
}

/* ------------------------------------------------------------ finding --- */

/* Adds to the head's scratch a span of its outputs, and with argmax of those
 * of pooling. */
static void plan_scratch(cnn__fusion *f, size_t grain, int32_t batch)
{
    const size_t line = CNN__ALIGNMENT / sizeof(float);
    const cnn__workspace need = cnn__layer_workspace(f->head, batch);

    f->scratch = cnn__size_round_up(need.scratch, line);
    f->scratch_floats = grain * (out_floats(f->head) +
                                 (f->by_argmax ? out_floats(f->last) : 0));
}

/* The layer after layer i, if nothing else takes the output of i. */
static const cnn_layer *follower(cnn_layer *const *layers, int32_t count,
                                 int32_t i)
{
    return i + 1 < count && layers[i]->uses == 1 && layers[i + 1]->from[0] == i
               ? layers[i + 1]
               : NULL;
}

static cnn__fusion find(cnn_layer *const *layers, int32_t count, int32_t i,
                        int32_t batch)
{
    const cnn_layer *head = layers[i];
    cnn__fusion f = {.calls = {place, done, gradient}, .head = head};
    const cnn_layer *next = follower(layers, count, i);
    int32_t last = i + 1;

    if (head->ops->head == NULL)
        return f;
    const size_t grain = (size_t)head->ops->head->grain(head, batch);
    if (grain == 0 || cnn__size_mul(grain, out_floats(head)) > MOST_FLOATS)
        return f;
    if (next != NULL && next->ops->pointwise != NULL) {
        f.activation = next;
        next = follower(layers, count, last++);
    }
    if (next == NULL || next->ops->samples == NULL)
        return f;
    f.last = next;
    f.length = last - i;
    f.by_argmax =
        f.last->ops->argmax != NULL && f.last->ops->argmax->fits(f.last);
    plan_scratch(&f, grain, batch);
    return f;
}

void cnn__fusions_find(cnn__fusion *fusions, cnn_layer *const *layers,
                       int32_t count, int32_t batch)
{
    for (int32_t i = 0; i < count; i++)
        fusions[i] = find(layers, count, i, batch);
}

bool cnn__fusion_inside(const cnn__fusion *fusions, int32_t i)
{
    return fusions[i].length > 0 || (i > 0 && fusions[i - 1].length > 1);
}

int32_t cnn__fusion_head(const cnn__fusion *fusions, int32_t i)
{
    for (int32_t n = 1; n <= CNN__MOST_FUSED && n <= i; n++)
        if (fusions[i - n].length == n)
            return i - n;
    return i;
}
