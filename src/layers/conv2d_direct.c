/* Convolution by its definition, sample by sample:
 *
 *     forward   y = W x + b
 *     backward  dW += dy x;  dx = W' dy
 *
 * where W' has the kernels turned around and filters and channels exchanged, so
 * that dx is the forward pass of another convolution. dW is summed up in slots
 * as in conv2d.c, some samples at a time, which then stay in the cache. */
#include "layers/conv2d_direct.h"

#include <string.h>

#include "base/threads.h"
#include "layers/tail.h"
#include "math/kernels.h"
#include "math/sum.h"
#include "math/vec4.h"

/* Floats of the samples that are summed up at a time: half a MB. */
#define BLOCK_FLOATS  ((size_t)1 << 17)
#define BLOCK_SAMPLES 8

/* Measured against im2col, forward and backward in one, 57 shapes within these
 * bounds before MANY_FILTERS asked for channels: with AVX2 1.7 times as fast in
 * the middle, with AVX-512 1.4; forward alone, 0.9 and more. The worst, 0.6 to
 * 0.9, were 16 filters over 1 or 3 channels. A kernel of less than
 * LEAST_SUMMANDS spends its time on getting the sums out of the registers;
 * narrower rows leave the lanes empty. */
#define MOST_CHANNELS  16
#define MANY_FILTERS   8 /* more want this many channels: */
#define LEAST_CHANNELS 6
#define LEAST_SUMMANDS 25
#define LEAST_COLUMNS  12

/* ---------------------------------------------------------------- plan --- */

static size_t framed_floats(const cnn__framed *f)
{
    return cnn__size_mul3(f->planes, f->rows, f->row);
}

/* For the x of a convolution, or for the dy of the one that turns it around, so
 * that a row has whole vectors from each of the K first columns on. */
static cnn__framed frame(int32_t planes, const cnn__axis *h, const cnn__axis *w,
                         bool outputs)
{
    const size_t K = (size_t)h->kernel;
    const size_t top = (size_t)h->before, left = (size_t)w->before;
    const size_t H = (size_t)(outputs ? h->out : h->in);
    const size_t W = (size_t)(outputs ? w->out : w->in);
    cnn__framed f = {.planes = (size_t)planes, .h = H, .w = W};

    f.top = outputs ? K - 1 - top : top;
    f.left = outputs ? K - 1 - left : left;
    f.rows = (size_t)(outputs ? h->in : h->out) + K - 1;
    f.row = cnn__size_round_up((size_t)(w->in > w->out ? w->in : w->out),
                               CNN__DIRECT_LANES) +
            4; /* K - 1 or more */
    return f;
}

/* For dy where there is no dx to compute. */
static cnn__framed bare(const cnn__framed *f)
{
    return (cnn__framed){.planes = f->planes,
                         .h = f->h,
                         .w = f->w,
                         .rows = f->h,
                         .row = cnn__size_round_up(f->w, CNN__DIRECT_LANES)};
}

static bool fits(const cnn__axis *a)
{
    return a->stride == 1 && a->dilation == 1 && a->before < a->kernel &&
           a->after < a->kernel;
}

static bool is_possible(const cnn__conv *conv)
{
    const cnn__axis *h = &conv->window.h, *w = &conv->window.w;

    return fits(h) && fits(w) && h->kernel == w->kernel &&
           (h->kernel == 3 || h->kernel == 5) && h->in > 1 && h->out > 1 &&
           conv->block_count == 1 && conv->blocks == NULL;
}

void cnn__direct_plan(cnn__conv_direct *d, const cnn__conv *conv)
{
    const cnn__direct_kernels *kernels = cnn__kernels_used()->direct;

    *d = (cnn__conv_direct){0};
    if (kernels->forward == NULL || !is_possible(conv))
        return;
    const cnn__axis *h = &conv->window.h, *w = &conv->window.w;
    d->kernels = kernels;
    d->x = frame(conv->channels, h, w, false);
    d->dy = frame(conv->filters, h, w, true);
    d->weights = cnn__size_mul3((size_t)conv->filters, (size_t)conv->channels,
                                (size_t)conv->kernel);
    const size_t sample =
        cnn__size_add(framed_floats(&d->x), framed_floats(&d->dy));
    d->block = 1;
    while (d->block < BLOCK_SAMPLES &&
           sample <= BLOCK_FLOATS / (size_t)(d->block + 1))
        d->block++;
}

bool cnn__direct_pays(const cnn__conv_direct *d, const cnn__conv *conv)
{
    return d->kernels != NULL && conv->channels <= MOST_CHANNELS &&
           conv->filters <= MOST_CHANNELS &&
           (conv->filters <= MANY_FILTERS ||
            conv->channels >= LEAST_CHANNELS) &&
           conv->channels * conv->kernel >= LEAST_SUMMANDS &&
           conv->window.w.out >= LEAST_COLUMNS;
}

int32_t cnn__direct_block_samples(const cnn__conv_direct *d, int32_t batch)
{
    return batch < d->block ? batch : d->block;
}

static size_t lane_floats(const cnn__conv_direct *d)
{
    return cnn__size_mul(
        (size_t)d->block,
        cnn__size_add(framed_floats(&d->x), framed_floats(&d->dy)));
}

void cnn__direct_sizes(const cnn__conv_direct *d, int32_t batch, size_t params,
                       cnn__workspace *need)
{
    need->lane = lane_floats(d);
    need->shared = cnn__size_add(
        d->weights, cnn__size_mul((size_t)cnn__conv_slots(batch), params));
}

/* -------------------------------------------------------------- images --- */

/* n is a multiple of 4. */
static void clear(float *to, size_t n)
{
    for (size_t i = 0; i < n; i += 4)
        cnn__store4(to + i, (cnn__vec4){0});
}

/* Puts an image into its frame. */
static void enframe(const cnn__framed *f, const float *image, float *to)
{
    const size_t above = f->top * f->row;
    const size_t below = (f->rows - f->top - f->h) * f->row;

    for (size_t p = 0; p < f->planes; p++) {
        clear(to, above);
        to += above;
        for (size_t i = 0; i < f->h; i++, image += f->w, to += f->row) {
            clear(to, f->row);
            cnn__copy4(to + f->left, image, f->w);
        }
        clear(to, below);
        to += below;
    }
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

    enframe(&d->x, j->pass->x + n * image_floats(&d->x), x);
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

/* Adds up samples first .. first + count - 1. */
static void backward_block(const job *j, size_t first, size_t count, float *dW,
                           float *db, int32_t lane)
{
    const cnn__conv_direct *d = j->plan;
    const cnn__framed *f = &j->dy;
    const size_t X = image_floats(&d->x), Y = image_floats(f);
    const size_t P = f->h * f->w;
    const size_t xs = framed_floats(&d->x), dys = framed_floats(f);
    float *x = cnn__run_lane(j->run, lane);
    float *dy = x + (size_t)d->block * xs;
    const float *maps =
        cnn__tail_backward(j->run, j->pass->y, j->pass->dy, Y, (int64_t)first,
                           (int32_t)count, lane);

    for (size_t s = 0; s < count; s++, maps += Y) {
        enframe(&d->x, j->pass->x + (first + s) * X, x + s * xs);
        enframe(f, maps, dy + s * dys);
        for (size_t i = 0; i < f->planes && db != NULL; i++)
            db[i] += cnn__sum(maps + i * P, P);
        if (j->pass->dx != NULL)
            d->kernels->forward(&j->turned, j->W, NULL, dy + s * dys,
                                j->pass->dx + (first + s) * X);
    }
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
    cnn__add(dW, j.slots, j.params);
}
