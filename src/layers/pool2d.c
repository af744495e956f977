/* Max and average pooling: one loop over windows, and two functions of a
 * window.
 *
 *     max      y = the first largest x under the window;  dx there += dy
 *     average  y = sum of x / D;  dx += dy / D, with D the inputs under the
 *              window, or the whole window if count_include_pad
 *
 * A global one has a single window, the image, whatever its size. */
#include <math.h>
#include <string.h>

#include "layers/kinds.h"
#include "layers/pool2d_impl.h"
#include "math/max2x2.h"
#include "math/sum.h"
#include "math/sum2x2.h"

static size_t plane(const cnn_shape *s)
{
    return (size_t)s->h * (size_t)s->w;
}

/* The index of the first largest input, or of the first NaN. */
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

/* The weight of each input under the window in its mean: 1 / D. */
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
        cnn__max2x2(x, (size_t)p->window.h.out, (size_t)p->window.w.out, y,
                    NULL);
        return;
    }

    for (int32_t i = 0; i < p->window.h.out; i++)
        for (int32_t j = 0; j < p->window.w.out; j++) {
            const cnn__view v = cnn__view_at(&p->window, i, j);
            *y++ = x[largest(x, &v, W)];
        }
}

static void max_backward(const cnn__pool2d *p, const float *x, const float *y,
                         const float *dy, float *dx)
{
    const size_t W = (size_t)p->window.w.in;

    if (p->quarters) {
        const cnn__max2x2_winners w = {x, y, NULL};

        cnn__max2x2_back(&w, (size_t)p->window.h.out, (size_t)p->window.w.out,
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
                             const float *y, const float *dy, float *dx)
{
    const size_t W = (size_t)p->window.w.in;

    (void)x;
    (void)y;
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

/* The whole channel is one run of floats, which needs no windows. */
static void mean_forward(const cnn__pool2d *p, const float *x, float *y)
{
    const cnn__view all = cnn__view_at(&p->window, 0, 0);

    *y = cnn__sum(x, plane(&p->base.in)) * share_of(p, &all);
}

static void mean_backward(const cnn__pool2d *p, const float *x, const float *y,
                          const float *dy, float *dx)
{
    const cnn__view all = cnn__view_at(&p->window, 0, 0);
    const float share = *dy * share_of(p, &all);

    (void)x;
    (void)y;
    for (size_t i = 0; i < plane(&p->base.in); i++)
        dx[i] = share;
}

/* ------------------------------------------------------------ passes --- */

/* Channels of n samples. */
static size_t planes(const cnn_layer *layer, int32_t n)
{
    return (size_t)n * (size_t)layer->in.c;
}

typedef void forward_plane(const cnn__pool2d *, const float *x, float *y);
typedef void backward_plane(const cnn__pool2d *, const float *x, const float *y,
                            const float *dy, float *dx);

static void forward_planes(const cnn_layer *layer, int32_t n, const float *x,
                           float *y, forward_plane *forward)
{
    const size_t X = plane(&layer->in), Y = plane(&layer->out);

    for (size_t i = 0; i < planes(layer, n); i++)
        forward((const cnn__pool2d *)layer, x + i * X, y + i * Y);
}

static void backward_planes(const cnn_layer *layer, int32_t n, const float *x,
                            const float *y, const float *dy, float *dx,
                            backward_plane *backward)
{
    const size_t X = plane(&layer->in), Y = plane(&layer->out);

    for (size_t i = 0; i < planes(layer, n); i++)
        backward((const cnn__pool2d *)layer, x + i * X, y + i * Y, dy + i * Y,
                 dx + i * X);
}

static void forward_max(const cnn_layer *layer, int32_t n, const float *x,
                        float *y)
{
    forward_planes(layer, n, x, y, max_forward);
}

static void backward_max(const cnn_layer *layer, int32_t n, const float *x,
                         const float *y, const float *dy, float *dx)
{
    backward_planes(layer, n, x, y, dy, dx, max_backward);
}

static void forward_average(const cnn_layer *layer, int32_t n, const float *x,
                            float *y)
{
    forward_planes(layer, n, x, y, average_forward);
}

static void backward_average(const cnn_layer *layer, int32_t n, const float *x,
                             const float *y, const float *dy, float *dx)
{
    backward_planes(layer, n, x, y, dy, dx, average_backward);
}

static void forward_mean(const cnn_layer *layer, int32_t n, const float *x,
                         float *y)
{
    forward_planes(layer, n, x, y, mean_forward);
}

static void backward_mean(const cnn_layer *layer, int32_t n, const float *x,
                          const float *y, const float *dy, float *dx)
{
    backward_planes(layer, n, x, y, dy, dx, mean_backward);
}

/* ------------------------------------------- max pooling by argmax ----- */

static bool has_argmax(const cnn_layer *layer)
{
    return ((const cnn__pool2d *)layer)->quarters;
}

static void forward_argmax(const cnn_layer *layer, int32_t n, const float *x,
                           float *y, uint8_t *argmax)
{
    const size_t OH = (size_t)layer->out.h, OW = (size_t)layer->out.w;

    for (size_t i = 0; i < planes(layer, n); i++)
        cnn__max2x2(x + i * 4 * OH * OW, OH, OW, y + i * OH * OW,
                    argmax + i * OH * OW);
}

static void backward_argmax(const cnn_layer *layer, int32_t n,
                            const uint8_t *argmax, const float *dy, float *dx)
{
    const size_t OH = (size_t)layer->out.h, OW = (size_t)layer->out.w;

    for (size_t i = 0; i < planes(layer, n); i++) {
        const cnn__max2x2_winners w = {.argmax = argmax + i * OH * OW};

        cnn__max2x2_back(&w, OH, OW, dy + i * OH * OW, dx + i * 4 * OH * OW);
    }
}

/* ---------------------------------------------------- tables, create --- */

static void add_costs(const cnn_layer *layer, cnn_costs *costs)
{
    const cnn__pool2d *p = (const cnn__pool2d *)layer;

    costs->connections =
        (int64_t)cnn__shape_size(&layer->out) * p->window_h * p->window_w;
}

static const cnn__sample_ops max_samples = {forward_max, backward_max};
static const cnn__sample_ops average_samples = {forward_average,
                                                backward_average};
static const cnn__sample_ops mean_samples = {forward_mean, backward_mean};
static const cnn__argmax_ops max_argmax = {has_argmax, forward_argmax,
                                           backward_argmax};

#define POOL_OPS(name, at, ...)                                               \
    {                                                                         \
        .kind = (name), .size = sizeof(cnn__pool2d), .traits = (at),          \
        .forward = cnn__forward_by_samples,                                   \
        .backward = cnn__backward_by_samples, .costs = add_costs, __VA_ARGS__ \
    }
#define WITH_WINDOW                                                  \
    .options = offsetof(cnn__pool2d, o),                             \
    .options_size = sizeof(cnn_pool2d_options),                      \
    .field_count = CNN__POOL2D_FIELDS, .fields = cnn__pool2d_fields, \
    .check = cnn__pool2d_check, .shape = cnn__pool2d_shape

const cnn__layer_ops cnn__maxpool2d_ops =
    POOL_OPS("maxpool2d", CNN__NEEDS_X | CNN__NEEDS_Y, WITH_WINDOW,
             .samples = &max_samples, .argmax = &max_argmax);
const cnn__layer_ops cnn__avgpool2d_ops =
    POOL_OPS("avgpool2d", 0, WITH_WINDOW, .samples = &average_samples);
const cnn__layer_ops cnn__global_maxpool2d_ops =
    POOL_OPS("global_maxpool2d", CNN__NEEDS_X | CNN__NEEDS_Y,
             .shape = cnn__pool2d_shape_global, .samples = &max_samples,
             .argmax = &max_argmax);
const cnn__layer_ops cnn__global_avgpool2d_ops =
    POOL_OPS("global_avgpool2d", 0, .shape = cnn__pool2d_shape_global,
             .samples = &mean_samples);

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

cnn_layer *cnn_global_maxpool2d_create(void)
{
    return cnn__layer_new(&cnn__global_maxpool2d_ops, NULL);
}

cnn_layer *cnn_global_avgpool2d_create(void)
{
    return cnn__layer_new(&cnn__global_avgpool2d_ops, NULL);
}
