#include "layers/conv2d/conv2d_direct_plan.h"

#include "math/simd.h"

/* Floats of the framed samples of a tile: half a MB. */
#define TILE_FLOATS  ((size_t)1 << 17)
#define TILE_SAMPLES 8

/* Bounds within which direct convolution pays. Measured over 56 shapes within
 * them that Winograd's algorithm does not take, forward and backward together:
 * median speed-up 1.7x with AVX2 and with AVX-512; worst 0.8x, with 16 channels
 * or filters and rows of 28. With up to FEW_CHANNELS channels and whole vectors
 * of filters, it pays for up to twice as many filters, and for four times as
 * many if there are at most FEW_MAPS floats of maps: 1.2x to 1.5x against taps.
 * Below LEAST_SUMMANDS products per sum, most time goes into storing the sums;
 * narrower rows leave lanes empty. */
#define MOST_CHANNELS  16
#define MOST_FILTERS   16
#define FEW_CHANNELS   3
#define FEW_MAPS       (1 << 17)
#define LEAST_SUMMANDS 25
#define LEAST_COLUMNS  12

/* The frame of x, or with `outputs` of dy. Rows are long enough for whole
 * vectors that start at each of the first K columns. */
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
            4; /* at least K - 1 */
    return f;
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
           (h->kernel == 3 || h->kernel == 5) && h->in > 1 && h->out > 1;
}

bool cnn__direct_plan(void *plan, const cnn__conv *conv)
{
    cnn__conv_direct_plan *d = plan;
    const cnn__direct_routines *routines = cnn__simd_used()->direct;

    if (routines->forward == NULL || !is_possible(conv))
        return false;
    const cnn__axis *h = &conv->window.h, *w = &conv->window.w;
    d->routines = routines;
    d->x = frame(conv->channels, h, w, false);
    d->dy = frame(conv->filters, h, w, true);
    const size_t sample =
        cnn__size_add(cnn__framed_floats(&d->x), cnn__framed_floats(&d->dy));
    d->by_filters = conv->group_count == 1 && conv->table == NULL &&
                    d->dy.planes % CNN__DIRECT_LANES == 0;
    d->tile = 1;
    while (!d->by_filters && d->tile < TILE_SAMPLES &&
           sample <= TILE_FLOATS / (size_t)(d->tile + 1))
        d->tile++;
    return true;
}

/* Bounds for groups and tables, where Winograd's algorithm does not fit and the
 * products of im2col are small. Speed against im2col, measured with AVX2:
 *
 *     groups of one channel                     2 to 9x
 *     groups of up to 16 channels and filters   1.1 to 4x
 *     more than FEW_IN_A_GROUP, maps of 2 x 2   0.7 to 1.0x
 *     table C3 of LeNet-5                       1.6x
 *     the same with kernels of 3 x 3            2.8x
 *     tables on narrow maps                     1.0x
 *     tables with 64 filters                    0.9x
 *
 * Tables gain less because each filter is a piece of its own. */
#define FEW_IN_A_GROUP      4
#define LEAST_GROUP_COLUMNS 3
#define MOST_TABLE_FILTERS  32
#define LEAST_TABLE_COLUMNS 8

static bool pays_in_pieces(const cnn__conv *conv)
{
    if (conv->table != NULL)
        return conv->filters <= MOST_TABLE_FILTERS &&
               conv->window.w.out >= LEAST_TABLE_COLUMNS;
    return conv->most_channels <= MOST_CHANNELS &&
           conv->most_filters <= MOST_FILTERS &&
           (conv->most_channels <= FEW_IN_A_GROUP ||
            conv->window.w.out >= LEAST_GROUP_COLUMNS);
}

bool cnn__direct_pays(const void *plan, const cnn__conv *conv)
{
    const cnn__conv_direct_plan *d = plan;
    const bool few = d->by_filters && conv->channels <= FEW_CHANNELS;
    const bool small = d->by_filters && conv->channels == FEW_CHANNELS &&
                       conv->filters <= FEW_MAPS / conv->pixels;
    const int32_t most_filters = MOST_FILTERS * (small ? 4 : few ? 2 : 1);

    if (conv->group_count > 1 || conv->table != NULL)
        return pays_in_pieces(conv);
    return conv->channels <= MOST_CHANNELS && conv->filters <= most_filters &&
           conv->channels * conv->area >= LEAST_SUMMANDS &&
           conv->window.w.out >= LEAST_COLUMNS;
}

int32_t cnn__direct_grain(const void *plan, int32_t batch)
{
    const cnn__conv_direct_plan *d = plan;

    return batch < d->tile ? batch : d->tile;
}

size_t cnn__direct_scratch_floats(const cnn__conv_direct_plan *d)
{
    const size_t framed = cnn__size_mul(
        (size_t)d->tile,
        cnn__size_add(cnn__framed_floats(&d->x), cnn__framed_floats(&d->dy)));

    if (!d->by_filters)
        return framed;
    return cnn__size_add(framed,
                         cnn__size_mul3(d->dy.planes, d->dy.h, d->dy.w));
}
