/* Trainable sub-sampling, S2 and S4 of LeNet-5 (LeCun et al., 1998, II.B): the
 * sum of the inputs under a window times a coefficient of the channel, plus a
 * bias of the channel. The squashing function is a layer of its own.
 *
 *     forward   y = w[c] s + b[c],  s = sum of x under the window
 *     backward  dw[c] += sum of dy s;  db[c] += sum of dy;  dx += w[c] dy */
#include <string.h>

#include "base/threads.h"
#include "layers/kinds.h"
#include "layers/pool2d_impl.h"

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

/* What one pass hands to its chunks, a channel over the whole batch each: so
 * every sum has one owner and one order. */
typedef struct job {
    const cnn__pool2d *pool;
    int32_t batch;
    const float *x, *dy;
    float *y, *dx;
} job;

static size_t plane(const cnn_shape *s, int32_t n, int64_t c)
{
    return ((size_t)n * (size_t)s->c + (size_t)c) * (size_t)s->h * (size_t)s->w;
}

static void forward_channel(void *data, int64_t c, int32_t lane)
{
    const job *j = data;
    const cnn_layer *layer = &j->pool->base;
    const cnn__window *w = &j->pool->window;
    const float weight = layer->params.value[c];
    const float bias = layer->params.value[layer->in.c + c];

    (void)lane;
    for (int32_t n = 0; n < j->batch; n++) {
        const float *x = j->x + plane(&layer->in, n, c);
        float *y = j->y + plane(&layer->out, n, c);

        for (int32_t r = 0; r < w->h.out; r++)
            for (int32_t s = 0; s < w->w.out; s++) {
                const cnn__view v = cnn__view_at(w, r, s);
                *y++ = weight * cnn__view_sum(&v, (size_t)w->w.in, x) + bias;
            }
    }
}

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    job j = {.pool = (const cnn__pool2d *)layer, .batch = run->batch};

    j.x = x;
    j.y = y;
    cnn__parallel(layer->in.c, run->lanes, forward_channel, &j);
}

/* One plane: adds to the sums of its channel, and to dx if it is wanted. */
static void backward_plane(const job *j, int32_t n, int64_t c, double *dw,
                           double *db)
{
    const cnn_layer *layer = &j->pool->base;
    const cnn__window *w = &j->pool->window;
    const size_t W = (size_t)w->w.in;
    const float *x = j->x + plane(&layer->in, n, c);
    const float *dy = j->dy + plane(&layer->out, n, c);
    float *dx = j->dx != NULL ? j->dx + plane(&layer->in, n, c) : NULL;

    if (dx != NULL)
        memset(dx, 0, (size_t)w->h.in * W * sizeof(float));
    for (int32_t r = 0; r < w->h.out; r++)
        for (int32_t s = 0; s < w->w.out; s++, dy++) {
            const cnn__view v = cnn__view_at(w, r, s);

            *dw += (double)*dy * (double)cnn__view_sum(&v, W, x);
            *db += (double)*dy;
            if (dx != NULL)
                cnn__view_add(&v, W, *dy * layer->params.value[c], dx);
        }
}

static void backward_channel(void *data, int64_t c, int32_t lane)
{
    const job *j = data;
    float *grad = j->pool->base.params.grad;
    double dw = 0.0, db = 0.0;

    (void)lane;
    for (int32_t n = 0; n < j->batch; n++)
        backward_plane(j, n, c, &dw, &db);
    grad[c] += (float)dw;
    grad[j->pool->base.in.c + c] += (float)db;
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    job j = {.pool = (const cnn__pool2d *)layer, .batch = run->batch};

    (void)y;
    j.x = x;
    j.dy = dy;
    j.dx = dx;
    cnn__parallel(layer->in.c, run->lanes, backward_channel, &j);
}

static void count(const cnn_layer *layer, cnn_layer_counts *counts)
{
    const cnn__pool2d *p = (const cnn__pool2d *)layer;
    const int64_t outputs = (int64_t)cnn__shape_size(&layer->out);

    counts->multiply_adds = outputs;
    counts->connections = outputs * ((int64_t)p->window_h * p->window_w + 1);
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
    .forward = forward,
    .backward = backward,
    .count = count,
};

cnn_layer *cnn_subsample2d_create(int32_t window_h, int32_t window_w,
                                  const cnn_pool2d_options *options)
{
    return cnn__pool2d_create(&cnn__subsample2d_ops, window_h, window_w,
                              options);
}
