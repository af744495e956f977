/* Convolution by its definition, sample by sample:
 *
 *     forward   y = W x + b
 *     backward  dW += dy x;  dx = W' dy
 *
 * where W' has the kernels turned around and filters and channels exchanged, so
 * that dx is the forward pass of another convolution. dW is summed up in slots
 * as in conv2d.c: whole vectors of filters one sample after the other, with the
 * filters last; others some samples at a time, which then stay in the cache. */
#include "layers/conv2d_direct.h"

#include <string.h>

#include "base/threads.h"
#include "layers/tail.h"
#include "math/lanes.h"
#include "math/sum.h"

/* For dy where there is no dx to compute. */
static cnn__framed bare(const cnn__framed *f)
{
    return (cnn__framed){.planes = f->planes,
                         .h = f->h,
                         .w = f->w,
                         .rows = f->h,
                         .row = cnn__size_round_up(f->w, CNN__DIRECT_LANES)};
}

/* What one pass hands to its chunks. */
typedef struct job {
    const cnn__conv_direct *plan;
    const cnn__conv_pass *pass;
    const cnn__run *run;
    cnn__framed dy;
    cnn__direct kernel, turned; /* forward, and from dy to dx */
    float *W;                   /* turned */
    float *slots;
    size_t params; /* floats of a slot */
    int32_t slot_count;
} job;

static job job_of(const cnn__conv_direct *d, const cnn__conv_pass *pass)
{
    const cnn__conv *c = pass->conv;
    const cnn__axis *h = &c->window.h, *w = &c->window.w;
    const size_t C = (size_t)c->channels, F = (size_t)c->filters;
    const cnn__framed f = pass->dx != NULL ? d->dy : bare(&d->dy);
    const size_t x = d->x.rows * d->x.row, dy = f.rows * f.row;

    return (job){
        .dy = f,
        .plan = d,
        .pass = pass,
        .run = pass->run,
        .kernel = {(size_t)h->kernel, C, F, (size_t)h->out, (size_t)w->out,
                   d->x.row, x, f.row, dy},
        .turned = {(size_t)h->kernel, F, C, (size_t)h->in, (size_t)w->in, f.row,
                   dy, 0, 0},
        .W = pass->run->shared,
        .slots = pass->run->shared + d->weights,
        .slot_count = cnn__conv_slots(pass->run->batch),
    };
}

static size_t image_floats(const cnn__framed *f)
{
    return f->planes * f->h * f->w;
}

static void forward_sample(void *data, int64_t sample, int32_t lane)
{
    const job *j = data;
    const cnn__conv_direct *d = j->plan;
    const size_t n = (size_t)sample;
    float *x = cnn__run_lane(j->run, lane);
    float *y =
        cnn__tail_place(j->run, j->pass->y, image_floats(&d->dy), sample, lane);

    d->kernels->enframe(&d->x, j->pass->x + n * image_floats(&d->x), x);
    d->kernels->forward(&j->kernel, j->pass->weights, j->pass->biases, x, y);
    cnn__tail_forward(j->run, y, sample, 1);
}

void cnn__direct_forward(const cnn__conv_direct *d, const cnn__conv_pass *pass)
{
    job j = job_of(d, pass);

    cnn__parallel(j.run->batch, j.run->lanes, forward_sample, &j);
}

/* W' (C, F, K, K), each kernel back to front. */
static void turn_weights(const job *j)
{
    const size_t C = j->kernel.channels, F = j->kernel.filters;
    const size_t area = j->kernel.kernel * j->kernel.kernel;

    for (size_t c = 0; c < C; c++)
        for (size_t f = 0; f < F; f++) {
            const float *from = j->pass->weights + (f * C + c) * area;
            float *to = j->W + (c * F + f) * area;

            for (size_t k = 0; k < area; k++)
                to[k] = from[area - 1 - k];
        }
}

/* Adds up a sample whose dy is `maps`, in vectors of filters; `lanes` is for
 * dy in these. */
static void add_lanes(const job *j, const float *x, const float *maps,
                      float *lanes, float *dW)
{
    const cnn__framed *f = &j->dy;
    const cnn__planes planes = {(float *)maps, f->h * f->w, f->planes, f->h,
                                f->w};
    const cnn__grid grid = {lanes, f->w * f->planes, f->planes};

    cnn__planes_to_lanes(&planes, &grid);
    j->plan->kernels->lane_weights(&j->kernel, x, lanes, dW);
}

/* Adds up samples first .. first + count - 1. */
static void backward_block(const job *j, size_t first, size_t count, float *dW,
                           float *db, int32_t lane)
{
    const cnn__conv_direct *d = j->plan;
    const cnn__framed *f = &j->dy;
    const size_t X = image_floats(&d->x), Y = image_floats(f);
    const size_t P = f->h * f->w, block = (size_t)d->block;
    const size_t xs = cnn__framed_floats(&d->x), dys = cnn__framed_floats(f);
    float *x = cnn__run_lane(j->run, lane);
    float *dy = x + block * xs;
    const float *maps =
        cnn__tail_backward(j->run, j->pass->y, j->pass->dy, Y, (int64_t)first,
                           (int32_t)count, lane);

    for (size_t s = 0; s < count; s++, maps += Y) {
        d->kernels->enframe(&d->x, j->pass->x + (first + s) * X, x + s * xs);
        for (size_t i = 0; i < f->planes && db != NULL; i++)
            db[i] += cnn__sum(maps + i * P, P);
        if (d->by_filters)
            add_lanes(j, x + s * xs, maps, dy + block * dys, dW);
        if (d->by_filters && j->pass->dx == NULL)
            continue;
        d->kernels->enframe(f, maps, dy + s * dys);
        if (j->pass->dx != NULL)
            d->kernels->forward(&j->turned, j->W, NULL, dy + s * dys,
                                j->pass->dx + (first + s) * X);
    }
    if (!d->by_filters)
        d->kernels->weights(&j->kernel, count, x, xs,
                            dy + f->top * f->row + f->left, dys, dW);
}

static void backward_slot(void *data, int64_t slot, int32_t lane)
{
    const job *j = data;
    const int64_t batch = j->run->batch;
    const int64_t end = (slot + 1) * batch / j->slot_count;
    const int32_t block = j->plan->block;
    float *dW = j->slots + (size_t)slot * j->params;
    float *db = j->params > j->plan->weights ? dW + j->plan->weights : NULL;

    memset(dW, 0, j->params * sizeof(float));
    for (int64_t n = slot * batch / j->slot_count; n < end; n += block)
        backward_block(j, (size_t)n,
                       (size_t)(end - n < block ? end - n : block), dW, db,
                       lane);
}

void cnn__direct_backward(const cnn__conv_direct *d, const cnn__conv_pass *pass,
                          float *dW, float *db)
{
    job j = job_of(d, pass);

    j.params = d->weights + (db != NULL ? d->dy.planes : 0);
    if (pass->dx != NULL)
        turn_weights(&j);
    cnn__parallel(j.slot_count, j.run->lanes, backward_slot, &j);
    for (int32_t s = 1; s < j.slot_count; s++)
        cnn__add(j.slots, j.slots + (size_t)s * j.params, j.params);
    if (d->by_filters)
        cnn__conv_add_weights(pass->conv, j.slots, dW);
    else
        cnn__add(dW, j.slots, d->weights);
    if (db != NULL)
        cnn__add(db, j.slots + d->weights, d->dy.planes);
}
