#include "layers/conv2d/conv2d_winograd_plan.h"

#include "layers/conv2d/conv2d_im2col.h"
#include "layers/conv2d/conv2d_partials.h"
#include "math/simd.h"

/* Squares of a tile: enough for the weights to be read seldom, few enough for
 * V and M not to grow far beyond the cache. Half and a quarter were no faster,
 * twice as many cost 15 % where there are 32 channels and 64 filters. */
#define TILE_SQUARES 64
#define TILE_SAMPLES 32

/* Floats between two points of an array, so that not all of them fall into the
 * same set of a cache. */
#define GAP CNN__LANES

/* Below this many channels or filters the lanes are empty and the products too
 * thin. Measured against im2col, forward and backward in one: 2.5 to 3 times as
 * fast from 16 channels on, 1.3 times with 8, 1.1 with 6, half with 1. */
#define LEAST_CHANNELS 8
/* Of the transformed weights, of which there is one array for each partial sum:
 * 8 MB. A worker's memory may be as large; for large images larger, up to what
 * im2col would take if it had all columns of a sample at once. */
#define MOST_FLOATS ((size_t)1 << 21)

static bool is_plain(const cnn__axis *a)
{
    return a->stride == 1 && a->dilation == 1;
}

/* For all outputs of a channel. The squares of 2 x 2 need fewer where there are
 * no more outputs than that, in one direction at least. */
static int64_t products(const cnn__winograd *t, const cnn__window *w)
{
    return cnn__chunks(w->h.out, t->outputs) *
           cnn__chunks(w->w.out, t->outputs) * t->points * t->points;
}

static const cnn__winograd *transforms_of(const cnn__conv *conv)
{
    const cnn__winograd *all = cnn__simd_used()->winograds;
    const cnn__window *w = &conv->window;

    if (!is_plain(&w->h) || !is_plain(&w->w) || conv->group_count > 1 ||
        conv->table != NULL)
        return NULL;
    const cnn__winograd *best = NULL;
    for (int i = 0; i < CNN__WINOGRADS; i++)
        if (all[i].kernel == w->h.kernel && all[i].kernel == w->w.kernel &&
            (best == NULL || products(&all[i], w) <= products(best, w)))
            best = &all[i];
    return best;
}

static size_t in_lanes(int32_t count)
{
    return cnn__size_round_up((size_t)count, CNN__LANES);
}

static int32_t tile_samples(size_t squares)
{
    const size_t samples = (TILE_SQUARES + squares - 1) / squares;

    return samples < TILE_SAMPLES ? (int32_t)samples : TILE_SAMPLES;
}

bool cnn__winograd_plan(void *plan, const cnn__conv *conv)
{
    cnn__conv_winograd_plan *w = plan;
    const cnn__winograd *t = transforms_of(conv);

    if (t == NULL)
        return false;
    *w = (cnn__conv_winograd_plan){.transforms = t};
    const size_t m = (size_t)t->outputs, K = (size_t)t->kernel;
    w->rows = (size_t)cnn__chunks(conv->window.h.out, t->outputs);
    w->columns = (size_t)cnn__chunks(conv->window.w.out, t->outputs);
    w->tile = tile_samples(w->rows * w->columns);
    w->channels = (size_t)conv->channels;
    w->filters = (size_t)conv->filters;
    w->CL = in_lanes(conv->channels);
    w->FL = in_lanes(conv->filters);
    w->HP = w->rows * m + K - 1;
    w->WP = w->columns * m + K - 1;
    w->kernel_floats = cnn__size_mul(K * K, w->FL);
    w->maps = cnn__size_mul3(w->rows * m, w->columns * m, w->FL);
    w->image = cnn__size_mul3(w->HP, w->WP, w->CL);
    w->points = (size_t)t->points * (size_t)t->points;
    w->weight_step = cnn__size_add(cnn__size_mul(w->channels, w->FL), GAP);
    w->weights = cnn__size_mul(w->points, w->weight_step);
    w->turned_step = cnn__size_add(cnn__size_mul(w->filters, w->CL), GAP);
    return true;
}

int32_t cnn__winograd_grain(const void *plan, int32_t batch)
{
    const cnn__conv_winograd_plan *w = plan;

    return batch < w->tile ? batch : w->tile;
}

size_t cnn__winograd_step(size_t T, size_t lanes)
{
    return cnn__size_add(cnn__size_mul(T, lanes), GAP);
}

void cnn__winograd_lay_out(const cnn__conv_winograd_plan *w, int32_t batch,
                           cnn__arena *arena, cnn__winograd_arrays *b)
{
    const size_t T = cnn__winograd_squares(w, cnn__winograd_grain(w, batch));

    b->image = cnn__arena_floats(arena, w->image);
    b->maps = cnn__arena_floats(arena, w->maps);
    b->kernels = cnn__arena_floats(arena, cnn__size_mul(2, w->kernel_floats));
    b->V = cnn__arena_floats(
        arena, cnn__size_mul(w->points, cnn__winograd_step(T, w->CL)));
    b->M = cnn__arena_floats(
        arena, cnn__size_mul(w->points, cnn__winograd_step(T, w->FL)));
}

static size_t scratch_floats(const cnn__conv_winograd_plan *w, int32_t batch)
{
    cnn__arena arena = {0};
    cnn__winograd_arrays arrays;

    cnn__winograd_lay_out(w, batch, &arena, &arrays);
    return cnn__size_round_up(arena.used, sizeof(float)) / sizeof(float);
}

int64_t cnn__winograd_tiles(const cnn__conv_winograd_plan *w, int32_t batch)
{
    return cnn__chunks(batch, w->tile);
}

void cnn__winograd_sizes(const void *plan, const cnn__conv *conv, int32_t batch,
                         cnn__workspace *need)
{
    const cnn__conv_winograd_plan *w = plan;

    (void)conv;
    need->scratch = scratch_floats(w, batch);
    need->shared = cnn__size_add(
        cnn__size_mul(w->points, w->turned_step),
        cnn__conv_partials_floats(cnn__winograd_tiles(w, batch),
                                  cnn__size_add(w->weights, w->filters)));
    need->kept = cnn__size_add(CNN__WINOGRAD_HEADER + w->weights,
                               cnn__winograd_source_floats(w));
}

bool cnn__winograd_pays(const void *plan, const cnn__conv *conv)
{
    const cnn__conv_winograd_plan *w = plan;

    if (w->channels < LEAST_CHANNELS || w->filters < LEAST_CHANNELS)
        return false;
    /* With few outputs the squares reach far beyond them: it should save at
     * least half of the multiplications. */
    const size_t columns = cnn__conv_tile_columns(conv);

    return products(w->transforms, &conv->window) <=
               (int64_t)conv->pixels * conv->area / 2 &&
           w->weights <= MOST_FLOATS &&
           scratch_floats(w, w->tile) <=
               (columns > MOST_FLOATS ? columns : MOST_FLOATS);
}
