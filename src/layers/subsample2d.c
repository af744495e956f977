/* Trainable sub-sampling, S2 and S4 of LeNet-5 (LeCun et al., 1998, II.B): the
 * sum of the inputs under a window, times a coefficient of the channel, plus a
 * bias of the channel. The squashing function is a separate layer.
 *
 *     forward   y = w[c] s + b[c],  s = sum of x under the window
 *     backward  dw[c] += sum of dy s;  db[c] += sum of dy;  dx += w[c] dy */
#include <string.h>

#include "base/threads.h"
#include "layers/kinds.h"
#include "layers/pool2d_impl.h"
#include "math/sum.h"
#include "math/sum2x2.h"

static cnn_status check(cnn_layer *layer)
{
    const cnn__pool2d *p = (const cnn__pool2d *)layer;

    CNN__TRY(cnn__pool2d_check(layer));
    if (p->o.count_include_pad != 0)
        return cnn__fail(CNN_EINVAL, "count_include_pad is for averages");
    return CNN_OK;
}

static cnn_status shape(cnn_layer *layer)
{
    const cnn__pool2d *p = (const cnn__pool2d *)layer;
    const double fan_in = (double)p->window_h * (double)p->window_w;

    CNN__TRY(cnn__pool2d_shape(layer));
    cnn__add_tensor(layer, &(cnn__tensor){
                               .name = "weight",
                               .rank = 1,
                               .dims = {layer->in.c},
                               .initial = {CNN_INIT_LECUN, 0, fan_in, 1},
                           });
    cnn__add_biases(layer, layer->in.c, CNN_INIT_DEFAULT, 0);
    return CNN_OK;
}

static size_t plane_size(const cnn_shape *s)
{
    return (size_t)s->h * (size_t)s->w;
}

/* Where channel c of sample n begins. */
static size_t plane(const cnn_shape *s, int32_t n, int64_t c)
{
    return ((size_t)n * (size_t)s->c + (size_t)c) * plane_size(s);
}

/* Scratch: the sums of one plane, for backward. */
static void sizes(const cnn_layer *layer, int32_t batch, cnn__workspace *need)
{
    (void)batch;
    need->scratch = cnn__size_mul((size_t)layer->out.h, (size_t)layer->out.w);
}

/* What one pass hands to its chunks. A chunk is one channel over the whole
 * batch, so that one worker computes each sum, in one order. */
typedef struct job {
    const cnn__pool2d *pool;
    const cnn__run *run;
    const float *x, *dy;
    float *y, *dx;
} job;

/* to (OH, OW) = weight s + bias, for one plane x (H, W). */
static void from_sums(const cnn__pool2d *p, const float *x, float weight,
                      float bias, float *to)
{
    const cnn__window *w = &p->window;

    if (p->quarters) {
        cnn__sum2x2(x, (size_t)w->h.out, (size_t)w->w.out, weight, bias, to);
        return;
    }
    for (int32_t i = 0; i < w->h.out; i++)
        for (int32_t k = 0; k < w->w.out; k++) {
            const cnn__view v = cnn__view_at(w, i, k);
            *to++ = weight * cnn__view_sum(&v, (size_t)w->w.in, x) + bias;
        }
}

/* dx (H, W) of one plane: adds weight dy to all inputs of each window. */
static void spread(const cnn__pool2d *p, float weight, const float *dy,
                   float *dx)
{
    const cnn__window *w = &p->window;
    const size_t W = (size_t)w->w.in;

    if (p->quarters) {
        cnn__spread2x2(weight, dy, (size_t)w->h.out, (size_t)w->w.out, dx);
        return;
    }
    memset(dx, 0, (size_t)w->h.in * W * sizeof(float));
    for (int32_t i = 0; i < w->h.out; i++)
        for (int32_t k = 0; k < w->w.out; k++) {
            const cnn__view v = cnn__view_at(w, i, k);
            cnn__view_add(&v, W, weight * *dy++, dx);
        }
}

static void forward_channel(void *data, int64_t c, int32_t worker)
{
    const job *j = data;
    const cnn_layer *layer = &j->pool->base;
    const float weight = layer->params.value[c];
    const float bias = layer->params.value[layer->in.c + c];

    (void)worker;
    for (int32_t n = 0; n < j->run->batch; n++)
        from_sums(j->pool, j->x + plane(&layer->in, n, c), weight, bias,
                  j->y + plane(&layer->out, n, c));
}

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    job j = {.pool = (const cnn__pool2d *)layer, .run = run};

    j.x = x;
    j.y = y;
    cnn__parallel(layer->in.c, cnn__run_workers(layer, run), forward_channel,
                  &j);
}

/* Sums over a plane are in the order of cnn__sum(), sums over the batch sample
 * by sample. */
static void backward_channel(void *data, int64_t c, int32_t worker)
{
    const job *j = data;
    const cnn_layer *layer = &j->pool->base;
    const size_t Y = plane_size(&layer->out);
    float *sums = cnn__run_scratch(j->run, worker); /* (OH, OW) */
    double dw = 0.0, db = 0.0;

    for (int32_t n = 0; n < j->run->batch; n++) {
        const size_t in = plane(&layer->in, n, c);
        const float *dy = j->dy + plane(&layer->out, n, c);

        from_sums(j->pool, j->x + in, 1.0f, 0.0f, sums);
        dw += (double)cnn__dot(dy, sums, Y);
        db += (double)cnn__sum(dy, Y);
        if (j->dx != NULL)
            spread(j->pool, layer->params.value[c], dy, j->dx + in);
    }
    layer->params.grad[c] += (float)dw;
    layer->params.grad[layer->in.c + c] += (float)db;
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    job j = {.pool = (const cnn__pool2d *)layer, .run = run};

    (void)y;
    j.x = x;
    j.dy = dy;
    j.dx = dx;
    cnn__parallel(layer->in.c, cnn__run_workers(layer, run), backward_channel,
                  &j);
}

static void add_costs(const cnn_layer *layer, cnn_costs *costs)
{
    const cnn__pool2d *p = (const cnn__pool2d *)layer;
    const int64_t outputs = (int64_t)cnn__shape_size(&layer->out);

    costs->multiply_adds = outputs;
    costs->connections = outputs * ((int64_t)p->window_h * p->window_w + 1);
}

const cnn__layer_ops cnn__subsample2d_ops = {
    .kind = "subsample2d",
    .size = sizeof(cnn__pool2d),
    .options = offsetof(cnn__pool2d, o),
    .options_size = sizeof(cnn_pool2d_options),
    .traits = CNN__NEEDS_X,
    .field_count = CNN__POOL2D_FIELDS,
    .fields = cnn__pool2d_fields,
    .check = check,
    .shape = shape,
    .sizes = sizes,
    .forward = forward,
    .backward = backward,
    .costs = add_costs,
};

cnn_layer *cnn_subsample2d_create(int32_t window_h, int32_t window_w,
                                  const cnn_pool2d_options *options)
{
    return cnn__pool2d_create(&cnn__subsample2d_ops, window_h, window_w,
                              options);
}
