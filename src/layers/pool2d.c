/* Max and average pooling: the same walk over windows, two ways to look at one.
 *
 *     max      y = the first largest x under the window;  dx there += dy
 *     average  y = sum of x / D;  dx += dy / D, with D the inputs under the
 *              window, or the whole window if count_include_pad */
#include <math.h>
#include <string.h>

#include "base/threads.h"
#include "layers/kinds.h"
#include "math/max2x2.h"
#include "math/window.h"

typedef struct pool2d {
    cnn_layer base;
    int32_t window_h, window_w;
    cnn_pool2d_options o;
    cnn__window window;
    bool quarters; /* windows of 2 x 2 that tile the image */
} pool2d;

static const cnn__field fields[] = {
    {"window_h", CNN__INT, offsetof(pool2d, window_h)},
    {"window_w", CNN__INT, offsetof(pool2d, window_w)},
    {"stride_h", CNN__INT, offsetof(pool2d, o.stride_h)},
    {"stride_w", CNN__INT, offsetof(pool2d, o.stride_w)},
    {"padding", CNN__INT, offsetof(pool2d, o.padding)},
    {"pad_top", CNN__INT, offsetof(pool2d, o.pad_top)},
    {"pad_bottom", CNN__INT, offsetof(pool2d, o.pad_bottom)},
    {"pad_left", CNN__INT, offsetof(pool2d, o.pad_left)},
    {"pad_right", CNN__INT, offsetof(pool2d, o.pad_right)},
    {"count_include_pad", CNN__INT, offsetof(pool2d, o.count_include_pad)},
};

static cnn__sliding sliding(const pool2d *p)
{
    const cnn_pool2d_options *o = &p->o;

    return (cnn__sliding){
        p->window_h, p->window_w, o->stride_h,   o->stride_w, 1,           1,
        o->padding,  o->pad_top,  o->pad_bottom, o->pad_left, o->pad_right};
}

static cnn_status check(cnn_layer *layer)
{
    pool2d *p = (pool2d *)layer;
    cnn_pool2d_options *o = &p->o;

    if (o->stride_h == 0)
        o->stride_h = p->window_h;
    if (o->stride_w == 0)
        o->stride_w = p->window_w;
    const cnn__sliding s = sliding(p);
    CNN__TRY(cnn__window_check(&s, "window"));
    if (o->flags != 0)
        return cnn__fail(CNN_EINVAL, "unknown flags 0x%x, expected 0",
                         (unsigned)o->flags);
    /* Then no window lies in the padding alone. */
    if (o->pad_top >= p->window_h || o->pad_bottom >= p->window_h ||
        o->pad_left >= p->window_w || o->pad_right >= p->window_w)
        return cnn__fail(CNN_EINVAL,
                         "padding of %d, %d, %d, %d is not smaller than the "
                         "window %dx%d",
                         o->pad_top, o->pad_bottom, o->pad_left, o->pad_right,
                         p->window_h, p->window_w);
    if (o->count_include_pad != 0 && o->count_include_pad != 1)
        return cnn__fail(CNN_EINVAL, "count_include_pad %d, expected 0 or 1",
                         o->count_include_pad);
    return CNN_OK;
}

static bool is_halved(const cnn__axis *a)
{
    return a->kernel == 2 && a->stride == 2 && a->in == 2 * a->out;
}

static cnn_status shape(cnn_layer *layer)
{
    pool2d *p = (pool2d *)layer;
    const cnn__sliding s = sliding(p);

    CNN__TRY(cnn__window_fit(&p->window, &s, &layer->in, "window"));
    layer->out = (cnn_shape){layer->in.c, p->window.h.out, p->window.w.out};
    p->quarters = is_halved(&p->window.h) && is_halved(&p->window.w);
    return CNN_OK;
}

/* -------------------------------------------------------- one window --- */

/* The inputs under a window: rows top .. bottom - 1, columns left .. right - 1.
 */
typedef struct view {
    int32_t top, bottom, left, right;
} view;

static void clip(const cnn__axis *a, int32_t o, int32_t *first, int32_t *end)
{
    const int64_t from = (int64_t)o * a->stride - a->before;
    const int64_t to = from + a->kernel;

    *first = from < 0 ? 0 : (int32_t)from;
    *end = to > a->in ? a->in : (int32_t)to;
}

static view view_at(const cnn__window *w, int32_t i, int32_t j)
{
    view v;

    clip(&w->h, i, &v.top, &v.bottom);
    clip(&w->w, j, &v.left, &v.right);
    return v;
}

/* The place of the first largest, or of the first NaN. */
static size_t largest(const float *x, const view *v, size_t W)
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
static float share_of(const pool2d *p, const view *v)
{
    if (p->o.count_include_pad)
        return 1.0f / ((float)p->window_h * (float)p->window_w);
    return 1.0f / (float)((v->bottom - v->top) * (v->right - v->left));
}

/* ------------------------------------------------------- one channel --- */

static void max_forward(const pool2d *p, const float *x, float *y)
{
    const size_t W = (size_t)p->window.w.in;

    if (p->quarters) {
        cnn__max2x2(x, (size_t)p->window.h.out, (size_t)p->window.w.out, y);
        return;
    }

    for (int32_t i = 0; i < p->window.h.out; i++)
        for (int32_t j = 0; j < p->window.w.out; j++) {
            const view v = view_at(&p->window, i, j);
            *y++ = x[largest(x, &v, W)];
        }
}

static void max_backward(const pool2d *p, const float *x, const float *dy,
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
            const view v = view_at(&p->window, i, j);
            dx[largest(x, &v, W)] += *dy++;
        }
}

static void average_forward(const pool2d *p, const float *x, float *y)
{
    const size_t W = (size_t)p->window.w.in;

    for (int32_t i = 0; i < p->window.h.out; i++)
        for (int32_t j = 0; j < p->window.w.out; j++) {
            const view v = view_at(&p->window, i, j);
            float sum = 0.0f;
            for (int32_t r = v.top; r < v.bottom; r++)
                for (int32_t c = v.left; c < v.right; c++)
                    sum += x[(size_t)r * W + (size_t)c];
            *y++ = sum * share_of(p, &v);
        }
}

static void average_backward(const pool2d *p, const float *x, const float *dy,
                             float *dx)
{
    const size_t W = (size_t)p->window.w.in;

    (void)x;
    memset(dx, 0, (size_t)p->window.h.in * W * sizeof(float));
    for (int32_t i = 0; i < p->window.h.out; i++)
        for (int32_t j = 0; j < p->window.w.out; j++) {
            const view v = view_at(&p->window, i, j);
            const float share = *dy++ * share_of(p, &v);
            for (int32_t r = v.top; r < v.bottom; r++)
                for (int32_t c = v.left; c < v.right; c++)
                    dx[(size_t)r * W + (size_t)c] += share;
        }
}

/* ------------------------------------------------------------ passes --- */

/* What one pass hands to its chunks: `from` -> `to` forward, dy -> dx back. */
typedef struct job {
    const pool2d *pool;
    int32_t batch, samples; /* in all, in a chunk */
    const float *x, *dy;
    float *y, *dx;
    void (*forward)(const pool2d *, const float *x, float *y);
    void (*backward)(const pool2d *, const float *x, const float *dy,
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
    j->pool = (const pool2d *)layer;
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

#define POOL_OPS(name, looks, at)                                            \
    {                                                                        \
        .kind = (name), .size = sizeof(pool2d),                              \
        .options = offsetof(pool2d, o),                                      \
        .options_size = sizeof(cnn_pool2d_options), .traits = (at),          \
        .field_count = sizeof(fields) / sizeof(fields[0]), .fields = fields, \
        .check = check, .shape = shape, .forward = forward_##looks,          \
        .backward = backward_##looks,                                        \
    }

const cnn__layer_ops cnn__maxpool2d_ops =
    POOL_OPS("maxpool2d", max, CNN__NEEDS_X);
const cnn__layer_ops cnn__avgpool2d_ops = POOL_OPS("avgpool2d", average, 0);

static cnn_layer *create(const cnn__layer_ops *ops, int32_t window_h,
                         int32_t window_w, const cnn_pool2d_options *options)
{
    pool2d *p = (pool2d *)cnn__layer_new(ops, options);

    if (p == NULL)
        return NULL;
    p->window_h = window_h;
    p->window_w = window_w;
    return cnn__layer_checked(&p->base);
}

cnn_layer *cnn_maxpool2d_create(int32_t window_h, int32_t window_w,
                                const cnn_pool2d_options *options)
{
    return create(&cnn__maxpool2d_ops, window_h, window_w, options);
}

cnn_layer *cnn_avgpool2d_create(int32_t window_h, int32_t window_w,
                                const cnn_pool2d_options *options)
{
    return create(&cnn__avgpool2d_ops, window_h, window_w, options);
}
