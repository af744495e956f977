/* Convolution by taps (math/taps.h), for any stride, dilation and groups.
 *
 *     forward   y = sum over the taps of w x, plus b
 *     backward  dw += sum over the pixels of x dy;  dx = the same sum as
 *               forward, of dy, for each of the stride x stride phases of dx
 *
 * Weights are turned into blocks of filters, (taps, lanes) each. Images are
 * computed band by band: the rows that it looks at are copied into a frame with
 * their padding, and its results come out with the filters last, to be
 * transposed while they are in the cache. */
#include "layers/conv2d/conv2d_algorithms.h"

#include <string.h>

#include "base/threads.h"
#include "layers/conv2d/conv2d_taps_weights.h"
#include "layers/fused.h"
#include "layers/partials.h"
#include "math/lanes.h"
#include "math/sum.h"

/* ---------------------------------------------------------- one band --- */

/* What the taps of a band look at, from planes (planes, in, in) of a group:
 * framed, or where it is. */
static const float *look(const cnn__taps_job *j, const cnn__taps_side *s,
                         cnn__taps_band b, const float *planes, float *to)
{
    cnn__taps_frame f;
    const size_t at = cnn__taps_frame_of(s, b.first, &f);

    if (!s->framed)
        return planes + at;
    j->plan->routines->frame(&f, planes + at, to);
    return to;
}

/* One block of maps of a band, from the planes that `x` looks at. lanes (rows,
 * columns, block) is where they come out. */
static void maps_block(const cnn__taps_job *j, const cnn__taps_side *s,
                       cnn__taps_band b, const int32_t *offsets, const float *w,
                       const float *biases, const float *x, size_t block,
                       float *lanes)
{
    const size_t row = (size_t)s->w.out * block;

    for (int32_t p = 0; p < s->h.phases; p++)
        for (int32_t q = 0; q < s->w.phases; q++) {
            cnn__taps t = cnn__taps_phase(s, b, p, q, 1, block);

            t.count = cnn__taps_count(s, p, q);
            t.offsets = offsets;

            j->plan->routines->maps(
                &t, w, biases, x, lanes + (size_t)p * row + (size_t)q * block);
            offsets += t.count;
            w += t.count * block;
        }
}

/* All maps of a group for one sample. */
static void maps_of_group(const cnn__taps_job *j, const cnn__taps_side *s,
                          const int32_t *offsets, size_t g, const float *biases,
                          const float *planes, float *to, int32_t worker)
{
    float *frame = cnn__run_scratch(j->run, worker);
    float *lanes = frame + cnn__taps_frame_floats(j->plan);
    const size_t OW = (size_t)s->w.out, P = (size_t)s->h.out * OW;
    const size_t phases = (size_t)s->h.phases;

    for (size_t first = 0; first < cnn__conv_side_results(&s->h, 0);
         first += s->band) {
        const cnn__taps_band b = cnn__taps_band_at(s, first);
        const float *x = look(j, s, b, planes, frame);
        const size_t rest = (size_t)s->h.out - first * phases;
        const size_t rows = rest < b.count * phases ? rest : b.count * phases;

        for (size_t f = 0; f < s->maps; f += CNN__TAPS_LANES) {
            const size_t block = cnn__taps_block(s->maps, f);
            float start[CNN__TAPS_LANES] = {0};
            const cnn__grid from = {lanes, OW * block, block};
            const cnn__planes there_to = {to + f * P + first * phases * OW, P,
                                          cnn__taps_there(s, f), rows, OW};

            for (size_t i = 0; i < cnn__taps_there(s, f) && biases != NULL; i++)
                start[i] = biases[f + i];
            maps_block(j, s, b, offsets,
                       cnn__taps_block_of(s, j->pass->conv, j->W, g, f), start,
                       x, block, lanes);
            cnn__lanes_to_planes(&from, &there_to, NULL);
        }
    }
}

/* All maps of a sample: y from x, or dx from dy. */
static void maps_of_sample(const cnn__taps_job *j, const cnn__taps_side *s,
                           const int32_t *offsets, const float *biases,
                           const float *planes, float *to, int32_t worker)
{
    const size_t in = s->planes * (size_t)s->h.in * (size_t)s->w.in;
    const size_t out = s->maps * (size_t)s->h.out * (size_t)s->w.out;

    for (size_t g = 0; g < (size_t)j->pass->conv->group_count; g++)
        maps_of_group(j, s, offsets, g,
                      biases != NULL ? biases + g * s->maps : NULL,
                      planes + g * in, to + g * out, worker);
}

/* ------------------------------------------------------------ passes --- */

static size_t image_floats(const cnn__taps_job *j)
{
    const cnn__window *w = &j->pass->conv->window;

    return (size_t)j->pass->conv->channels * (size_t)w->h.in * (size_t)w->w.in;
}

static size_t map_floats(const cnn__taps_job *j)
{
    return (size_t)j->pass->conv->filters * (size_t)j->pass->conv->pixels;
}

static void forward_sample(void *data, int64_t sample, int32_t worker)
{
    const cnn__taps_job *j = data;
    const cnn__span span = {sample, 1, worker};
    float *y = cnn__fused_place(j->run, &span, j->pass->y, map_floats(j));

    maps_of_sample(j, &j->plan->forward, j->offsets, j->pass->biases,
                   j->pass->x + (size_t)sample * image_floats(j), y, worker);
    cnn__fused_done(j->run, &span, y);
}

static void forward(const void *plan, const cnn__conv_pass *pass)
{
    cnn__taps_job j = cnn__taps_job_of(plan, pass);

    cnn__parallel(pass->conv->group_count, j.run->workers,
                  cnn__taps_load_weights, &j);
    cnn__parallel(j.run->batch, j.run->workers, forward_sample, &j);
}

/* A band of some samples, whose dW is added up. */
typedef struct stack {
    size_t samples;
    const float *x, *dy; /* of the first sample */
    cnn__taps_band b;
} stack;

/* dy of a block of filters, filters last; their maps begin at `maps`. */
static void load_slopes(const cnn__taps_job *j, const stack *k,
                        const float *maps, size_t count, size_t block,
                        float *lanes)
{
    const cnn__conv *conv = j->pass->conv;
    const size_t OW = (size_t)conv->window.w.out, P = (size_t)conv->pixels;
    const size_t floats = k->b.count * OW * block;

    if (count < block)
        memset(lanes, 0, k->samples * floats * sizeof(float));
    for (size_t n = 0; n < k->samples; n++) {
        const cnn__planes from = {(float *)maps + n * map_floats(j) +
                                      k->b.first * OW,
                                  P, count, k->b.count, OW};
        const cnn__grid to = {lanes + n * floats, OW * block, block};

        cnn__planes_to_lanes(&from, &to);
    }
}

/* Adds a band of the maps f .. end - 1 of a group to their dW, in blocks. */
static void weights_of_maps(const cnn__taps_job *j, const stack *k, size_t g,
                            size_t f, size_t end, float *dW, float *frame)
{
    const cnn__taps_side *s = &j->plan->forward;
    const cnn__conv *conv = j->pass->conv;
    const size_t size = s->planes * (size_t)s->h.in * (size_t)s->w.in;
    const size_t P = (size_t)conv->pixels, framed = s->planes * s->plane;
    float *lanes = frame + cnn__taps_frame_floats(j->plan);
    const float *from = k->x + g * size, *x = look(j, s, k->b, from, frame);

    for (size_t n = 1; n < k->samples && s->framed; n++)
        look(j, s, k->b, from + n * image_floats(j), frame + n * framed);
    for (; f < end; f += CNN__TAPS_LANES) {
        const size_t block = cnn__taps_block(s->maps, f);
        cnn__taps t = cnn__taps_phase(s, k->b, 0, 0, 1, block);

        t.count = cnn__taps_in_all(s, conv);
        t.offsets = j->offsets;
        load_slopes(j, k, k->dy + (g * s->maps + f) * P, cnn__taps_there(s, f),
                    block, lanes);
        j->plan->routines->weights(
            &t, k->samples, x, s->framed ? framed : image_floats(j), lanes, dW);
        dW += t.count * block;
    }
}

/* Adds a span to dW and db (NULL: not wanted); computes its dx. */
static void backward_span(const cnn__taps_job *j, const cnn__span *span,
                          float *dW, float *db)
{
    const cnn__taps_side *s = &j->plan->forward;
    const cnn__conv *conv = j->pass->conv;
    const size_t X = image_floats(j), P = (size_t)conv->pixels;
    const size_t count = (size_t)span->count, at = (size_t)span->first;
    const float *dy =
        cnn__fused_gradient(j->run, span, j->pass->dy, map_floats(j));

    for (size_t i = 0; i < count * (size_t)conv->filters && db != NULL; i++)
        db[i % (size_t)conv->filters] += cnn__sum(dy + i * P, P);
    for (size_t first = 0; first < (size_t)s->h.out && dW != NULL;
         first += s->band) {
        const stack k = {count, j->pass->x + at * X, dy,
                         cnn__taps_band_at(s, first)};

        for (size_t g = 0; g < (size_t)conv->group_count; g++)
            weights_of_maps(j, &k, g, 0, s->maps,
                            cnn__taps_block_of(s, conv, dW, g, 0),
                            cnn__run_scratch(j->run, span->worker));
    }
    for (size_t n = 0; n < count && j->pass->dx != NULL; n++)
        maps_of_sample(j, &j->plan->back, j->back, j->pass->dx_biases,
                       dy + n * map_floats(j), j->pass->dx + (at + n) * X,
                       span->worker);
}

static void backward_samples(void *data, const cnn__partial *p)
{
    const cnn__taps_job *j = data;
    const cnn__conv *conv = j->pass->conv;
    const int64_t tile = j->plan->tile;
    float *dW = j->pass->dW != NULL ? p->sum : NULL;
    float *db = j->pass->db != NULL
                    ? p->sum + cnn__taps_block_floats(&j->plan->forward, conv)
                    : NULL;

    for (int64_t n = p->first; n < p->end; n += tile) {
        const int64_t rest = p->end - n;
        const cnn__span span = {n, (int32_t)(rest < tile ? rest : tile),
                                p->worker};

        backward_span(j, &span, dW, db);
    }
}

/* By samples: each partial sum is over a range of the batch. */
static void backward_by_samples(cnn__taps_job *j)
{
    const cnn__conv_pass *pass = j->pass;
    const cnn__partials partials = {
        .chunks = pass->run->batch,
        .floats =
            pass->dW != NULL ? cnn__taps_sum_floats(j->plan, pass->conv) : 0,
        .sums = j->sums,
        .add = backward_samples,
        .data = j,
    };

    cnn__sum_partials(&partials, j->run->workers);
    if (pass->dW != NULL)
        cnn__taps_add_sums(j);
}

static void backward_input(void *data, int64_t sample, int32_t worker)
{
    const cnn__taps_job *j = data;
    const size_t n = (size_t)sample;

    maps_of_sample(j, &j->plan->back, j->back, j->pass->dx_biases,
                   j->pass->dy + n * map_floats(j),
                   j->pass->dx + n * image_floats(j), worker);
}

/* dW and db of a block of filters, over the whole batch. */
static void backward_block(void *data, int64_t number, int32_t worker)
{
    const cnn__taps_job *j = data;
    const cnn__taps_side *s = &j->plan->forward;
    const cnn__conv_pass *pass = j->pass;
    const size_t blocks = cnn__taps_blocks(s), g = (size_t)number / blocks;
    const size_t f = (size_t)number % blocks * CNN__TAPS_LANES;
    const size_t batch = (size_t)j->run->batch, tile = (size_t)j->plan->tile;
    const size_t P = (size_t)pass->conv->pixels;
    float *frame = cnn__run_scratch(j->run, worker);
    float *dW = frame + cnn__taps_frame_floats(j->plan) +
                cnn__taps_lane_floats(j->plan);

    memset(dW, 0, cnn__taps_one_block(s, pass->conv) * sizeof(float));
    for (size_t n = 0; n < batch; n += tile)
        for (size_t row = 0; row < (size_t)s->h.out; row += s->band) {
            const stack k = {batch - n < tile ? batch - n : tile,
                             pass->x + n * image_floats(j),
                             pass->dy + n * map_floats(j),
                             cnn__taps_band_at(s, row)};

            weights_of_maps(j, &k, g, f, f + 1, dW, frame);
        }
    cnn__taps_add_block(j, g, f, dW);
    for (size_t i = 0; i < cnn__taps_there(s, f) && pass->db != NULL; i++) {
        const size_t map = g * s->maps + f + i;
        float sum = 0.0f;

        for (size_t n = 0; n < batch; n++)
            sum += cnn__sum(pass->dy + n * map_floats(j) + map * P, P);
        pass->db[map] += sum;
    }
}

static void backward(const void *plan, const cnn__conv_pass *pass)
{
    cnn__taps_job j = cnn__taps_job_of(plan, pass);
    const int32_t groups = pass->conv->group_count;

    if (pass->dx != NULL)
        cnn__parallel(groups, j.run->workers, cnn__taps_turn_weights, &j);
    if (!j.plan->by_blocks) {
        backward_by_samples(&j);
        return;
    }
    if (pass->dx != NULL)
        cnn__parallel(j.run->batch, j.run->workers, backward_input, &j);
    if (pass->dW != NULL)
        cnn__parallel((int64_t)cnn__taps_blocks(&j.plan->forward) * groups,
                      j.run->workers, backward_block, &j);
}

/* --------------------------------------------------------- the table --- */

static void sizes(const void *plan, const cnn__conv *conv, int32_t batch,
                  cnn__workspace *need)
{
    const cnn__conv_taps_plan *t = plan;

    need->scratch = cnn__size_add(
        cnn__size_add(cnn__taps_frame_floats(t), cnn__taps_lane_floats(t)),
        t->by_blocks ? cnn__taps_one_block(&t->forward, conv) : 0);
    need->shared = cnn__taps_job_floats(t, conv, batch);
}

_Static_assert(sizeof(cnn__conv_taps_plan) <= CNN__CONV_PLAN_SIZE,
               "a plan fits");

const cnn__conv_algorithm cnn__conv_taps = {
    .name = "taps",
    .asked_as = CNN__ALGORITHM_TAPS,
    .demands = "moderate kernels and strides without a table, avx2 or avx512",
    .plan_size = sizeof(cnn__conv_taps_plan),
    .plan = cnn__taps_plan,
    .pays = cnn__taps_pays,
    .sizes = sizes,
    .grain = cnn__taps_grain,
    .forward = forward,
    .backward = backward,
};
