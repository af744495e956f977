#include "layers/conv2d/conv2d_depthwise_block.h"

#include <string.h>

#include "math/lanes.h"

#define LANES CNN__DEPTHWISE_LANES

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Floats of the inputs and of the results of a band, channels last. */
static size_t input_floats(const cnn__taps_side *s)
{
    return cnn__size_mul3(s->rows, (size_t)s->w.in, LANES);
}

static size_t result_floats(const cnn__taps_side *s)
{
    return cnn__size_mul3(s->band * (size_t)s->h.phases, (size_t)s->w.out,
                          LANES);
}

static size_t lane_floats(const cnn__depthwise_plan *d)
{
    const size_t forward =
        most(input_floats(&d->forward), result_floats(&d->forward));
    const size_t back = most(input_floats(&d->back), result_floats(&d->back));

    return most(forward, back);
}

/* Floats of the frame, or of what takes its place. */
static size_t frame_floats(const cnn__depthwise_plan *d)
{
    return most(
        most(cnn__taps_side_frame(&d->forward), cnn__taps_side_frame(&d->back)),
        lane_floats(d));
}

cnn__depthwise_scratch cnn__depthwise_scratch_of(const cnn__depthwise_job *j,
                                                 int32_t worker)
{
    const cnn__depthwise_plan *d = j->plan;
    cnn__depthwise_scratch s = {.frame = cnn__run_scratch(j->run, worker)};

    s.lanes = s.frame + frame_floats(d);
    s.w = s.lanes + lane_floats(d);
    return s;
}

size_t cnn__depthwise_scratch_floats(const cnn__depthwise_plan *d)
{
    return cnn__size_add(cnn__size_add(frame_floats(d), lane_floats(d)),
                         cnn__size_mul(d->area, LANES));
}

/* ---------------------------------------------------------- one band --- */

cnn__depthwise_block cnn__depthwise_block_at(const cnn__conv *conv,
                                             size_t first)
{
    const size_t rest = (size_t)conv->channels - first;

    return (cnn__depthwise_block){first, rest < LANES ? rest : LANES};
}

/* `rows` rows of a block of planes with the channels last. */
static void turn(cnn__depthwise_block b, const float *planes, size_t plane,
                 size_t rows, size_t columns, float *lanes)
{
    const cnn__planes from = {(float *)planes, plane, b.count, rows, columns};
    const cnn__grid to = {lanes, columns * LANES, LANES};

    if (b.count < LANES)
        memset(lanes, 0, rows * columns * LANES * sizeof(float));
    cnn__planes_to_lanes(&from, &to);
}

/* What the taps of the band at row `first` look at, channels last: framed, or
 * as it is. */
static const float *look(const cnn__depthwise_job *j, const cnn__taps_side *s,
                         cnn__depthwise_block b, size_t first,
                         const float *planes, const cnn__depthwise_scratch *to)
{
    const size_t W = (size_t)s->w.in;
    cnn__taps_frame f;
    const size_t at = cnn__taps_frame_of(s, first, &f), column = at % W;

    turn(b, planes + at - column, f.plane, f.h, W, to->lanes);
    if (!s->framed)
        return to->lanes + column * LANES;
    f.planes = 1;
    f.width = W * LANES;
    f.columns *= LANES;
    f.left *= LANES;
    f.w *= LANES;
    j->plan->taps->frame(&f, to->lanes + column * LANES, to->frame);
    return to->frame;
}

/* A band: results in `lanes`. */
static void compute(const cnn__depthwise_job *j, const cnn__taps_side *s,
                    const int32_t *offsets, cnn__taps_band band, const float *w,
                    const float *b, const float *x, float *lanes)
{
    const size_t row = (size_t)s->w.out * LANES;

    for (int32_t p = 0; p < s->h.phases; p++)
        for (int32_t q = 0; q < s->w.phases; q++) {
            cnn__taps t = cnn__taps_phase(s, band, p, q, LANES, LANES);

            t.count =
                cnn__conv_side_taps(&s->h, p) * cnn__conv_side_taps(&s->w, q);
            t.offsets = offsets;

            j->plan->routines->maps(
                &t, w, b, x, lanes + (size_t)p * row + (size_t)q * LANES);
            offsets += t.count;
            w += t.count * LANES;
        }
}

void cnn__depthwise_maps(const cnn__depthwise_job *j, const cnn__taps_side *s,
                         const int32_t *offsets, const int32_t *numbers,
                         const float *biases, cnn__depthwise_block b,
                         const float *planes, float *maps,
                         const cnn__depthwise_scratch *to)
{
    const size_t OW = (size_t)s->w.out, P = (size_t)s->h.out * OW;
    const size_t phases = (size_t)s->h.phases, area = j->plan->area;
    const float *weights = j->pass->weights + b.first * area;
    float start[LANES] = {0};

    for (size_t i = 0; i < b.count && biases != NULL; i++)
        start[i] = biases[b.first + i];
    memset(to->w, 0, area * LANES * sizeof(float));
    for (size_t k = 0; k < area; k++)
        for (size_t i = 0; i < b.count; i++)
            to->w[k * LANES + i] =
                weights[i * area + (numbers != NULL ? (size_t)numbers[k] : k)];
    for (size_t first = 0; first < cnn__conv_side_results(&s->h, 0);
         first += s->band) {
        const cnn__taps_band band = cnn__taps_band_at(s, first);
        const size_t rest = (size_t)s->h.out - first * phases;
        const size_t most = band.count * phases;
        const size_t rows = rest < most ? rest : most;
        const float *x = look(j, s, b, first, planes, to);
        /* Without a frame the inputs are in the place of the results. */
        float *lanes = s->framed ? to->lanes : to->frame;
        const cnn__grid from = {lanes, OW * LANES, LANES};
        const cnn__planes there = {maps + first * phases * OW, P, b.count, rows,
                                   OW};

        compute(j, s, offsets, band, to->w, start, x, lanes);
        cnn__lanes_to_planes(&from, &there, NULL);
    }
}

void cnn__depthwise_weights(const cnn__depthwise_job *j, cnn__depthwise_block b,
                            const float *x, const float *dy, float *dW,
                            const cnn__depthwise_scratch *to)
{
    const cnn__taps_side *s = &j->plan->forward;
    const size_t OW = (size_t)s->w.out, P = (size_t)s->h.out * OW;

    for (size_t first = 0; first < (size_t)s->h.out; first += s->band) {
        cnn__taps t =
            cnn__taps_phase(s, cnn__taps_band_at(s, first), 0, 0, LANES, LANES);
        const float *at = look(j, s, b, first, x, to);
        float *slopes = s->framed ? to->lanes : to->frame;

        t.count = j->plan->area;
        t.offsets = j->offsets;
        turn(b, dy + first * OW, P, t.rows, OW, slopes);
        j->plan->routines->weights(&t, at, slopes, dW);
    }
}
