/* Convolution in groups of one channel and one filter, in vectors of channels:
 *
 *     forward   y = sum over the taps of w x, plus b
 *     backward  dw += sum over the pixels of x dy;  dx = the same sum as
 *               forward, of dy, for each of the stride x stride phases of dx
 */
#include "layers/conv2d/conv2d_algorithms.h"

#include "base/threads.h"
#include "layers/conv2d/conv2d_depthwise_block.h"
#include "layers/fused.h"
#include "layers/partials.h"
#include "math/simd.h"
#include "math/sum.h"

#define LANES CNN__DEPTHWISE_LANES

static bool plan(void *data, const cnn__conv *conv)
{
    cnn__depthwise_plan *d = data;
    const cnn__simd *set = cnn__simd_used();

    if (set->depthwise->maps == NULL || conv->most_channels > 1 ||
        conv->most_filters > 1 || !cnn__conv_sides_fit(conv))
        return false;
    *d = (cnn__depthwise_plan){
        .routines = set->depthwise,
        .taps = set->taps,
        .forward = cnn__taps_side_of(conv, false, LANES, LANES),
        .back = cnn__taps_side_of(conv, true, LANES, LANES),
        .area = (size_t)conv->area};
    return cnn__taps_side_frame(&d->forward) <= INT32_MAX &&
           cnn__taps_side_frame(&d->back) <= INT32_MAX;
}

/* With fewer channels most lanes are empty. With whole vectors it is 1.1x
 * (images of 112 x 112) to 2x (14 x 14) as fast as direct convolution, and 3x
 * to 7x as im2col with a stride, forward and both ways. */
#define LEAST_CHANNELS 8

static bool pays(const void *plan, const cnn__conv *conv)
{
    (void)plan;
    return conv->channels >= LEAST_CHANNELS;
}

/* ---------------------------------------------------------- the taps --- */

/* Lists the offsets of the taps of phase (p, q), and which weights they are;
 * returns how many there are. */
static size_t list(const cnn__taps_side *s, int32_t p, int32_t q,
                   int32_t *offsets, int32_t *weight)
{
    const int32_t KW = s->w.axis.kernel, area = s->h.axis.kernel * KW;
    size_t n = 0;

    for (int32_t k = 0; k < area; k++) {
        int32_t down, right;

        if (!cnn__conv_side_shift(&s->h, p, k / KW, &down) ||
            !cnn__conv_side_shift(&s->w, q, k % KW, &right))
            continue;
        offsets[n] = (int32_t)(((size_t)(down - s->h.low) * s->columns +
                                (size_t)(right - s->w.low)) *
                               LANES);
        weight[n++] = k;
    }
    return n;
}

static cnn__depthwise_job job_of(const cnn__depthwise_plan *d,
                                 const cnn__conv_pass *pass)
{
    cnn__depthwise_job j = {.plan = d,
                            .pass = pass,
                            .run = pass->run,
                            .offsets = (int32_t *)pass->run->shared};
    size_t n = 0;

    j.back = j.offsets + d->area;
    j.weight = j.back + d->area;
    j.sums = (float *)(j.weight + d->area);
    list(&d->forward, 0, 0, j.offsets, j.weight);
    for (int32_t p = 0; p < d->back.h.phases; p++)
        for (int32_t q = 0; q < d->back.w.phases; q++)
            n += list(&d->back, p, q, j.back + n, j.weight + n);
    return j;
}

/* ------------------------------------------------------------ passes --- */

static size_t image_floats(const cnn__depthwise_job *j)
{
    const cnn__window *w = &j->pass->conv->window;

    return (size_t)w->h.in * (size_t)w->w.in;
}

static size_t pixels(const cnn__depthwise_job *j)
{
    return (size_t)j->pass->conv->pixels;
}

static void forward_sample(void *data, int64_t sample, int32_t worker)
{
    const cnn__depthwise_job *j = data;
    const cnn__conv *conv = j->pass->conv;
    const size_t C = (size_t)conv->channels, X = image_floats(j);
    const cnn__span span = {sample, 1, worker};
    const cnn__depthwise_scratch s = cnn__depthwise_scratch_of(j, worker);
    const float *x = j->pass->x + (size_t)sample * C * X;
    float *y = cnn__fused_place(j->run, &span, j->pass->y, C * pixels(j));

    for (size_t c = 0; c < C; c += LANES)
        cnn__depthwise_maps(j, &j->plan->forward, j->offsets, NULL,
                            j->pass->biases, cnn__depthwise_block_at(conv, c),
                            x + c * X, y + c * pixels(j), &s);
    cnn__fused_done(j->run, &span, y);
}

static void forward(const void *plan, const cnn__conv_pass *pass)
{
    cnn__depthwise_job j = job_of(plan, pass);

    cnn__parallel(j.run->batch, j.run->workers, forward_sample, &j);
}

/* Adds a sample to dW and db (NULL: not wanted); computes its dx. */
static void backward_sample(const cnn__depthwise_job *j, int64_t sample,
                            int32_t worker, float *dW, float *db)
{
    const cnn__conv *conv = j->pass->conv;
    const size_t C = (size_t)conv->channels, X = image_floats(j);
    const size_t P = pixels(j), at = (size_t)sample * C * X;
    const cnn__span span = {sample, 1, worker};
    const cnn__depthwise_scratch s = cnn__depthwise_scratch_of(j, worker);
    const float *dy = cnn__fused_gradient(j->run, &span, j->pass->dy, C * P);

    for (size_t c = 0; c < C && db != NULL; c++)
        db[c] += cnn__sum(dy + c * P, P);
    for (size_t c = 0; c < C; c += LANES) {
        const cnn__depthwise_block b = cnn__depthwise_block_at(conv, c);

        if (dW != NULL)
            cnn__depthwise_weights(j, b, j->pass->x + at + c * X, dy + c * P,
                                   dW + c * j->plan->area, &s);
        if (j->pass->dx != NULL)
            cnn__depthwise_maps(j, &j->plan->back, j->back, j->weight,
                                j->pass->dx_biases, b, dy + c * P,
                                j->pass->dx + at + c * X, &s);
    }
}

/* Floats of dW in blocks. */
static size_t block_floats(const cnn__conv *conv)
{
    return cnn__size_mul(cnn__size_round_up((size_t)conv->channels, LANES),
                         (size_t)conv->area);
}

static void backward_samples(void *data, const cnn__partial *p)
{
    const cnn__depthwise_job *j = data;
    const size_t blocks = block_floats(j->pass->conv);
    float *dW = j->pass->dW != NULL ? p->sum : NULL;
    float *db = j->pass->db != NULL ? p->sum + blocks : NULL;

    for (int64_t n = p->first; n < p->end; n++)
        backward_sample(j, n, p->worker, dW, db);
}

static size_t sum_floats(const cnn__conv *conv)
{
    return cnn__size_add(block_floats(conv), (size_t)conv->channels);
}

static void backward(const void *plan, const cnn__conv_pass *pass)
{
    const cnn__conv *conv = pass->conv;
    const size_t area = (size_t)conv->area, C = (size_t)conv->channels;
    cnn__depthwise_job j = job_of(plan, pass);
    const cnn__partials partials = {
        .chunks = pass->run->batch,
        .floats = pass->dW != NULL ? sum_floats(conv) : 0,
        .sums = j.sums,
        .add = backward_samples,
        .data = &j,
    };

    cnn__sum_partials(&partials, pass->run->workers);
    for (size_t c = 0; c < C && pass->dW != NULL; c++)
        for (size_t k = 0; k < area; k++)
            pass->dW[c * area + k] +=
                j.sums[(c / LANES * area + k) * LANES + c % LANES];
    if (pass->db != NULL)
        cnn__add(pass->db, j.sums + block_floats(conv), C);
}

/* --------------------------------------------------------- the table --- */

/* Shared memory: the lists of taps, then the partial sums. */
static void sizes(const void *plan, const cnn__conv *conv, int32_t batch,
                  cnn__workspace *need)
{
    const cnn__depthwise_plan *d = plan;

    need->scratch = cnn__depthwise_scratch_floats(d);
    need->shared = cnn__size_add(cnn__size_mul(3, d->area),
                                 cnn__partials_floats(batch, sum_floats(conv)));
}

static int32_t grain(const void *plan, int32_t batch)
{
    (void)plan;
    (void)batch;
    return 1;
}

_Static_assert(sizeof(cnn__depthwise_plan) <= CNN__CONV_PLAN_SIZE,
               "a plan fits");

const cnn__conv_algorithm cnn__conv_depthwise = {
    .name = "depthwise",
    .asked_as = CNN__ALGORITHM_DEPTHWISE,
    .demands = "groups of one channel and one filter, moderate kernels and "
               "strides, avx2 or avx512",
    .plan_size = sizeof(cnn__depthwise_plan),
    .plan = plan,
    .pays = pays,
    .sizes = sizes,
    .grain = grain,
    .forward = forward,
    .backward = backward,
};
