#include "layers/conv2d/conv2d_taps_weights.h"

#include <string.h>

#include "layers/conv2d/conv2d_gradients.h"
#include "layers/partials.h"
#include "math/lanes.h"
#include "math/sum.h"

/* Floats that a list of offsets takes: whole vectors. */
static size_t list_floats(const cnn__taps_side *s, const cnn__conv *conv)
{
    return cnn__size_round_up(cnn__taps_in_all(s, conv), CNN__LANES);
}

size_t cnn__taps_block_floats(const cnn__taps_side *s, const cnn__conv *conv)
{
    return cnn__size_mul3((size_t)conv->group_count, cnn__taps_in_all(s, conv),
                          cnn__taps_lanes(s->maps));
}

static size_t most_block_floats(const cnn__conv_taps_plan *t,
                                const cnn__conv *conv)
{
    const size_t a = cnn__taps_block_floats(&t->forward, conv);
    const size_t b = cnn__taps_block_floats(&t->back, conv);

    return a > b ? a : b;
}

size_t cnn__taps_sum_floats(const cnn__conv_taps_plan *t, const cnn__conv *conv)
{
    return cnn__size_add(cnn__taps_block_floats(&t->forward, conv),
                         (size_t)conv->filters);
}

static void list_taps(const cnn__taps_side *s, int32_t *to)
{
    for (int32_t p = 0; p < s->h.phases; p++)
        for (int32_t q = 0; q < s->w.phases; q++)
            to = cnn__taps_list(s, p, q, to);
}

cnn__taps_job cnn__taps_job_of(const cnn__conv_taps_plan *t,
                               const cnn__conv_pass *pass)
{
    const cnn__conv *conv = pass->conv;
    cnn__taps_job j = {.plan = t,
                       .pass = pass,
                       .run = pass->run,
                       .offsets = (int32_t *)pass->run->shared};

    j.back = j.offsets + list_floats(&t->forward, conv);
    j.W = (float *)(j.back + list_floats(&t->back, conv));
    j.sums = j.W + most_block_floats(t, conv);
    list_taps(&t->forward, j.offsets);
    list_taps(&t->back, j.back);
    return j;
}

float *cnn__taps_block_of(const cnn__taps_side *s, const cnn__conv *conv,
                          float *blocks, size_t g, size_t f)
{
    const size_t lanes = cnn__taps_lanes(s->maps);

    return blocks + (g * lanes + f) * cnn__taps_in_all(s, conv);
}

size_t cnn__taps_there(const cnn__taps_side *s, size_t f)
{
    const size_t rest = s->maps - f;

    return rest < CNN__TAPS_LANES ? rest : CNN__TAPS_LANES;
}

void cnn__taps_load_weights(void *data, int64_t group, int32_t worker)
{
    const cnn__taps_job *j = data;
    const cnn__taps_side *s = &j->plan->forward;
    const cnn__conv *conv = j->pass->conv;
    const size_t K = cnn__taps_in_all(s, conv), g = (size_t)group;

    (void)worker;
    for (size_t f = 0; f < s->maps; f += CNN__TAPS_LANES) {
        const size_t lanes = cnn__taps_block(s->maps, f);
        const cnn__planes from = {(float *)j->pass->weights +
                                      (g * s->maps + f) * K,
                                  K, cnn__taps_there(s, f), 1, K};
        const cnn__grid to = {cnn__taps_block_of(s, conv, j->W, g, f), 0,
                              lanes};

        if (cnn__taps_there(s, f) < lanes)
            memset(to.at, 0, K * lanes * sizeof(float));
        cnn__planes_to_lanes(&from, &to);
    }
}

/* The taps of one phase of dx, over all filters of a group, for a block of
 * channels; returns their end. `from` is the weight of the first filter and
 * channel, `to` (taps, lanes). */
static float *turn_phase(const cnn__taps_job *j, int32_t p, int32_t q, size_t c,
                         const float *from, float *to)
{
    const cnn__taps_side *s = &j->plan->back;
    const int32_t KH = s->h.axis.kernel, KW = s->w.axis.kernel;
    const size_t lanes = cnn__taps_block(s->maps, c),
                 count = cnn__taps_there(s, c);
    const size_t area = (size_t)KH * (size_t)KW;
    int32_t shift;

    for (size_t f = 0; f < s->planes; f++, from += s->maps * area)
        for (int32_t u = 0; u < KH; u++)
            for (int32_t v = 0; v < KW; v++) {
                if (!cnn__conv_side_shift(&s->h, p, u, &shift) ||
                    !cnn__conv_side_shift(&s->w, q, v, &shift))
                    continue;
                for (size_t i = 0; i < lanes; i++)
                    to[i] = i < count ? from[i * area + (size_t)(u * KW + v)]
                                      : 0.0f;
                to += lanes;
            }
    return to;
}

void cnn__taps_turn_weights(void *data, int64_t group, int32_t worker)
{
    const cnn__taps_job *j = data;
    const cnn__taps_side *s = &j->plan->back;
    const cnn__conv *conv = j->pass->conv;
    const size_t area = (size_t)conv->area, g = (size_t)group;

    (void)worker;
    for (size_t c = 0; c < s->maps; c += CNN__TAPS_LANES) {
        const float *from =
            j->pass->weights + (g * s->planes * s->maps + c) * area;
        float *to = cnn__taps_block_of(s, conv, j->W, g, c);

        for (int32_t p = 0; p < s->h.phases; p++)
            for (int32_t q = 0; q < s->w.phases; q++)
                to = turn_phase(j, p, q, c, from, to);
    }
}

void cnn__taps_add_block(const cnn__taps_job *j, size_t g, size_t f,
                         const float *block)
{
    const cnn__taps_side *s = &j->plan->forward;
    const size_t K = cnn__taps_in_all(s, j->pass->conv);

    cnn__conv_add_turned(j->pass->dW + (g * s->maps + f) * K, block,
                         cnn__taps_there(s, f), K, cnn__taps_block(s->maps, f));
}

void cnn__taps_add_sums(const cnn__taps_job *j)
{
    const cnn__taps_side *s = &j->plan->forward;
    const cnn__conv *conv = j->pass->conv;

    for (size_t g = 0; g < (size_t)conv->group_count; g++)
        for (size_t f = 0; f < s->maps; f += CNN__TAPS_LANES)
            cnn__taps_add_block(j, g, f,
                                cnn__taps_block_of(s, conv, j->sums, g, f));
    if (j->pass->db != NULL)
        cnn__add(j->pass->db, j->sums + cnn__taps_block_floats(s, conv),
                 (size_t)conv->filters);
}

/* The lists of offsets, the weights in blocks, the partial sums. */
size_t cnn__taps_job_floats(const cnn__conv_taps_plan *t, const cnn__conv *conv,
                            int32_t batch)
{
    const size_t lists = cnn__size_add(list_floats(&t->forward, conv),
                                       list_floats(&t->back, conv));

    return cnn__size_add(
        cnn__size_add(lists, most_block_floats(t, conv)),
        t->by_blocks
            ? 0
            : cnn__partials_floats(batch, cnn__taps_sum_floats(t, conv)));
}
