/* Max and average pooling: the same walk over windows, two ways to look at one.
 *
 *     max      y = the first largest x under the window;  dx there += dy
 *     average  y = sum of x / D;  dx += dy / D, with D the inputs under the
 *              window, or the whole window if count_include_pad */
#include <math.h>
#include <string.h>

#include "base/threads.h"
#include "layers/kinds.h"
#include "layers/pool2d_impl.h"
#include "math/max2x2.h"
#include "math/sum2x2.h"

/* The place of the first largest, or of the first NaN. */
static size_t largest(const float *x, const cnn__view *v, size_t W)
{
    size_t best = (size_t)v->top * W + (size_t)v->left;

    for (int32_t r = v->top; r < v->bottom; r++)
        for (int32_t c = v->left; c < v->right; c++) {
            const size_t at = (size_t)r * W + (size_t)c;
            if (x[at] > x[best] || (isnan(x[at]) && !isnan(x[best])))
                best = at;
        }
    return best;
}

/* What each input under the window counts in its mean. */
static float share_of(const cnn__pool2d *p, const cnn__view *v)
{
    if (p->o.count_include_pad)
        return 1.0f / ((float)p->window_h * (float)p->window_w);
    return 1.0f / (float)((v->bottom - v->top) * (v->right - v->left));
}

/* ------------------------------------------------------- one channel --- */

static void max_forward(const cnn__pool2d *p, const float *x, float *y)
{
    const size_t W = (size_t)p->window.w.in;

    if (p->quarters) {
        cnn__max2x2(x, (size_t)p->window.h.out, (size_t)p->window.w.out, y);
        return;
    }

    for (int32_t i = 0; i < p->window.h.out; i++)
        for (int32_t j = 0; j < p->window.w.out; j++) {
            const cnn__view v = cnn__view_at(&p->window, i, j);
            *y++ = x[largest(x, &v, W)];
        }
}

static void max_backward(const cnn__pool2d *p, const float *x, const float *dy,
                         float *dx)
{
    const size_t W = (size_t)p->window.w.in;

    if (p->quarters) {
        cnn__max2x2_back(x, (size_t)p->window.h.out, (size_t)p->window.w.out,
                         dy, dx);
        return;
    }
    memset(dx, 0, (size_t)p->window.h.in * W * sizeof(float));

    for (int32_t i = 0; i < p->window.h.out; i++)
        for (int32_t j = 0; j < p->window.w.out; j++) {
            const cnn__view v = cnn__view_at(&p->window, i, j);
            dx[largest(x, &v, W)] += *dy++;
        }
}

static void average_forward(const cnn__pool2d *p, const float *x, float *y)
{
    const size_t W = (size_t)p->window.w.in;

    if (p->quarters) {
        cnn__sum2x2(x, (size_t)p->window.h.out, (size_t)p->window.w.out, 0.25f,
                    0.0f, y);
        return;
    }

    for (int32_t i = 0; i < p->window.h.out; i++)
        for (int32_t j = 0; j < p->window.w.out; j++) {
            const cnn__view v = cnn__view_at(&p->window, i, j);
            *y++ = cnn__view_sum(&v, W, x) * share_of(p, &v);
        }
}

static void average_backward(const cnn__pool2d *p, const float *x,
                             const float *dy, float *dx)
{
    const size_t W = (size_t)p->window.w.in;

    (void)x;
    if (p->quarters) {
        cnn__spread2x2(0.25f, dy, (size_t)p->window.h.out,
                       (size_t)p->window.w.out, dx);
        return;
    }
    memset(dx, 0, (size_t)p->window.h.in * W * sizeof(float));
    for (int32_t i = 0; i < p->window.h.out; i++)
        for (int32_t j = 0; j < p->window.w.out; j++) {
            const cnn__view v = cnn__view_at(&p->window, i, j);
            cnn__view_add(&v, W, *dy++ * share_of(p, &v), dx);
        }
}

/* ------------------------------------------------------------ passes --- */

/* What one pass hands to its chunks: `from` -> `to` forward, dy -> dx back. */
typedef struct job {
    const cnn__pool2d *pool;
    int32_t batch, samples; /* in all, in a chunk */
    const float *x, *dy;
    float *y, *dx;
    void (*forward)(const cnn__pool2d *, const float *x, float *y);
    void (*backward)(const cnn__pool2d *, const float *x, const float *dy,
                     float *dx);
} job;

static void run_chunk(void *data, int64_t chunk, int32_t lane)
{
    const job *j = data;
    const cnn_shape *in = &j->pool->base.in, *out = &j->pool->base.out;
    const size_t X = (size_t)in->h * (size_t)in->w;
    const size_t Y = (size_t)out->h * (size_t)out->w;
    const size_t C = (size_t)in->c;
    const int32_t first = (int32_t)chunk * j->samples;
    const int32_t rest = j->batch - first;
    const size_t from = (size_t)first * C;
    const size_t end =
        from + (size_t)(rest < j->samples ? rest : j->samples) * C;

    (void)lane;
    for (size_t plane = from; plane < end; plane++) {
        if (j->forward != NULL) {
            j->forward(j->pool, j->x + plane * X, j->y + plane * Y);
            continue;
        }
        j->backward(j->pool, j->x + plane * X, j->dy + plane * Y,
                    j->dx + plane * X);
    }
}

static void run_job(job *j, const cnn_layer *layer, const cnn__run *run)
{
    j->pool = (const cnn__pool2d *)layer;
    j->batch = run->batch;
    j->samples = cnn__chunk_samples(cnn__shape_size(&layer->in));
    cnn__parallel(cnn__chunks(j->batch, j->samples), run->lanes, run_chunk, j);
}

static void forward_max(const cnn_layer *layer, const cnn__run *run,
                        const float *x, float *y)
{
    run_job(&(job){.x = x, .y = y, .forward = max_forward}, layer, run);
}

static void backward_max(const cnn_layer *layer, const cnn__run *run,
                         const float *x, const float *y, const float *dy,
                         float *dx)
{
    (void)y;
    if (dx != NULL)
        run_job(&(job){.x = x, .dy = dy, .dx = dx, .backward = max_backward},
                layer, run);
}

static void forward_average(const cnn_layer *layer, const cnn__run *run,
                            const float *x, float *y)
{
    run_job(&(job){.x = x, .y = y, .forward = average_forward}, layer, run);
}

static void backward_average(const cnn_layer *layer, const cnn__run *run,
                             const float *x, const float *y, const float *dy,
                             float *dx)
{
    (void)y;
    if (dx != NULL)
        run_job(
            &(job){.x = x, .dy = dy, .dx = dx, .backward = average_backward},
            layer, run);
}

/* ---------------------------------------------------- tables, create --- */

static void count(const cnn_layer *layer, cnn_layer_counts *counts)
{
    const cnn__pool2d *p = (const cnn__pool2d *)layer;

    counts->connections =
        (int64_t)cnn__shape_size(&layer->out) * p->window_h * p->window_w;
}

#define POOL_OPS(name, looks, at)                                        \
    {                                                                    \
        .kind = (name), .size = sizeof(cnn__pool2d),                     \
        .options = offsetof(cnn__pool2d, o),                             \
        .options_size = sizeof(cnn_pool2d_options), .traits = (at),      \
        .field_count = CNN__POOL2D_FIELDS, .fields = cnn__pool2d_fields, \
        .check = cnn__pool2d_check, .shape = cnn__pool2d_shape,          \
        .forward = forward_##looks, .backward = backward_##looks,        \
        .count = count,                                                  \
    }

const cnn__layer_ops cnn__maxpool2d_ops =
    POOL_OPS("maxpool2d", max, CNN__NEEDS_X);
const cnn__layer_ops cnn__avgpool2d_ops = POOL_OPS("avgpool2d", average, 0);

cnn_layer *cnn_maxpool2d_create(int32_t window_h, int32_t window_w,
                                const cnn_pool2d_options *options)
{
    return cnn__pool2d_create(&cnn__maxpool2d_ops, window_h, window_w, options);
}

cnn_layer *cnn_avgpool2d_create(int32_t window_h, int32_t window_w,
                                const cnn_pool2d_options *options)
{
    return cnn__pool2d_create(&cnn__avgpool2d_ops, window_h, window_w, options);
}
