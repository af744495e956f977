#include "layers/conv2d/conv2d_winograd_plan.h"

#include "layers/conv2d/conv2d_im2col.h"
#include "layers/partials.h"
#include "math/simd.h"

/* Squares of a tile: enough to read the weights seldom, few enough that V and M
 * do not far exceed the cache. 16 and 32 were no faster; 128 cost 15 % with 32
 * channels and 64 filters. */
#define TILE_SQUARES 64
#define TILE_SAMPLES 32

/* Extra floats from one point of an array to the next, so that the points do
 * not all fall into one set of the cache. */
#define GAP CNN__LANES

/* With fewer channels or filters, lanes are empty and the products thin. Speed
 * against im2col, forward and backward together: 2.5 to 3x from 16 channels on,
 * 1.3x with 8, 1.1x with 6, 0.5x with 1. */
#define LEAST_CHANNELS 8
/* The most floats of U, of which each partial has a copy: 10 MB, for up to 256
 * channels and filters. Also the most scratch of a worker, unless im2col would
 * need more for a tile's columns. With 512, U takes longer to read than a
 * single image to compute, and eight copies of it would be 300 MB. */
#define MOST_FLOATS ((size_t)5 << 19)

static bool is_plain(const cnn__axis *a)
{
    return a->stride == 1 && a->dilation == 1;
}

/* Multiplications for one filter and one channel. Squares of 2 x 2 need fewer
 * if the output has at most 2 rows or columns. */
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
        cnn__partials_floats(cnn__winograd_tiles(w, batch),
                             cnn__size_add(w->weights, w->filters)));
    need->kept = cnn__size_add(CNN__WINOGRAD_HEADER + w->weights,
                               cnn__winograd_source_floats(w));
}

bool cnn__winograd_pays(const void *plan, const cnn__conv *conv)
{
    const cnn__conv_winograd_plan *w = plan;

    if (w->channels < LEAST_CHANNELS || w->filters < LEAST_CHANNELS)
        return false;
    /* Squares reach beyond a small output, so require that at least half of the
     * multiplications are saved. */
    const size_t columns = cnn__conv_tile_columns(conv);

    return products(w->transforms, &conv->window) <=
               (int64_t)conv->pixels * conv->area / 2 &&
           w->weights <= MOST_FLOATS &&
           scratch_floats(w, w->tile) <=
               (columns > MOST_FLOATS ? columns : MOST_FLOATS);
}
