#include "layers/conv2d/conv2d_taps_plan.h"

#include "math/simd.h"
#include "math/winograd.h"

/* Floats of the frames and of the lanes of a band, about: a quarter and an
 * eighth of a MB. A band has at least LEAST_ROWS rows, because its frame
 * repeats rows of the one before it. */
#define FRAME_FLOATS ((size_t)1 << 16)
#define LANE_FLOATS  ((size_t)1 << 15)
#define LEAST_ROWS   4

/* From so many weights on, partial sums of the batch take longer to clear and
 * to add up than to compute: dW goes block by block, if there are enough of
 * them for several workers. Frames are then made again for each block. */
#define MANY_WEIGHTS ((size_t)1 << 18)
#define MANY_BLOCKS  4

/* Pixels that dW is summed over at a time, about, by taking several samples. */
#define TILE_PIXELS  256
#define TILE_SAMPLES 8

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* ------------------------------------------------------------ one side --- */

static bool reaches_beyond(const cnn__conv_side *a)
{
    const size_t all = cnn__conv_side_results(a, 0);

    return a->low < 0 ||
           (size_t)a->low + cnn__conv_side_seen(a, all) > (size_t)a->in;
}

size_t cnn__taps_count(const cnn__taps_side *s, int32_t p, int32_t q)
{
    return s->planes * cnn__conv_side_taps(&s->h, p) *
           cnn__conv_side_taps(&s->w, q);
}

int32_t *cnn__taps_list(const cnn__taps_side *s, int32_t p, int32_t q,
                        int32_t *to)
{
    int32_t down, right;

    for (size_t c = 0; c < s->planes; c++)
        for (int32_t u = 0; u < s->h.axis.kernel; u++)
            for (int32_t v = 0; v < s->w.axis.kernel; v++)
                if (cnn__conv_side_shift(&s->h, p, u, &down) &&
                    cnn__conv_side_shift(&s->w, q, v, &right))
                    *to++ = (int32_t)(c * s->plane +
                                      (size_t)(down - s->h.low) * s->columns +
                                      (size_t)(right - s->w.low));
    return to;
}

size_t cnn__taps_lanes(size_t maps)
{
    return cnn__size_round_up(maps, CNN__LANES);
}

size_t cnn__taps_block(size_t maps, size_t f)
{
    const size_t rest = cnn__taps_lanes(maps) - f;

    return rest < CNN__TAPS_LANES ? rest : CNN__TAPS_LANES;
}

static size_t at_least(size_t a, size_t b)
{
    return a > b ? a : b;
}

cnn__taps_side cnn__taps_side_of(const cnn__conv *conv, bool back,
                                 size_t planes, size_t maps)
{
    cnn__taps_side s = {.planes = planes,
                        .maps = maps,
                        .h = cnn__conv_side_of(&conv->window.h, back),
                        .w = cnn__conv_side_of(&conv->window.w, back)};
    const size_t all = cnn__conv_side_results(&s.h, 0);

    s.framed = reaches_beyond(&s.h) || reaches_beyond(&s.w);
    s.columns = s.framed
                    ? cnn__conv_side_seen(&s.w, cnn__conv_side_results(&s.w, 0))
                    : (size_t)s.w.in;
    const size_t row = cnn__size_mul3(s.planes, s.columns, (size_t)s.h.step);
    const size_t lanes = (size_t)s.h.phases * (size_t)s.w.out * CNN__TAPS_LANES;
    const size_t fit = FRAME_FLOATS / row, lane_rows = LANE_FLOATS / lanes;
    s.band = at_least(fit < lane_rows ? fit : lane_rows, LEAST_ROWS);
    s.band = s.band < all ? s.band : all;
    s.rows = cnn__conv_side_seen(&s.h, s.band);
    s.plane = s.framed ? s.rows * s.columns : (size_t)s.h.in * (size_t)s.w.in;
    return s;
}

/* The part of `count` inputs from `first` on that there is: how many come
 * before it, and its length. Returns its first input. */
static size_t clip(const cnn__conv_side *a, ptrdiff_t first, size_t count,
                   size_t *before, size_t *length)
{
    const ptrdiff_t end = first + (ptrdiff_t)count, in = a->in;
    const ptrdiff_t from = first > 0 ? first : 0, to = end < in ? end : in;
    const bool any = to > from;

    *length = any ? (size_t)(to - from) : 0;
    *before = any ? (size_t)(from - first) : 0;
    return any ? (size_t)from : 0;
}

size_t cnn__taps_frame_of(const cnn__taps_side *s, size_t first,
                          cnn__taps_frame *f)
{
    const size_t width = (size_t)s->w.in;
    const ptrdiff_t row = (ptrdiff_t)(first * (size_t)s->h.step) + s->h.low;

    *f = (cnn__taps_frame){.planes = s->planes,
                           .plane = (size_t)s->h.in * width,
                           .width = width,
                           .rows = s->rows,
                           .columns = s->columns};
    if (!s->framed) {
        const size_t rest = (size_t)(s->h.in - row);

        f->h = s->rows < rest ? s->rows : rest;
        f->w = width;
        return (size_t)row * width + (size_t)s->w.low;
    }
    const size_t i = clip(&s->h, row, s->rows, &f->top, &f->h);
    return i * width + clip(&s->w, s->w.low, s->columns, &f->left, &f->w);
}

cnn__taps_band cnn__taps_band_at(const cnn__taps_side *s, size_t first)
{
    const size_t rest = cnn__conv_side_results(&s->h, 0) - first;

    return (cnn__taps_band){first, rest < s->band ? rest : s->band};
}

cnn__taps cnn__taps_phase(const cnn__taps_side *s, cnn__taps_band b, int32_t p,
                          int32_t q, size_t wide, size_t lanes)
{
    const size_t rows = cnn__conv_side_results(&s->h, p);
    const size_t row = (size_t)s->w.out * lanes;

    return (cnn__taps){.rows =
                           rows < b.first + b.count ? rows - b.first : b.count,
                       .columns = cnn__conv_side_results(&s->w, q),
                       .x_row = s->columns * (size_t)s->h.step * wide,
                       .x_step = (size_t)s->w.step * wide,
                       .y_row = row * (size_t)s->h.phases,
                       .y_step = lanes * (size_t)s->w.phases,
                       .lanes = lanes};
}

/* ------------------------------------------------------------ the plan --- */

bool cnn__taps_plan(void *plan, const cnn__conv *conv)
{
    cnn__conv_taps_plan *t = plan;
    const cnn__taps_routines *routines = cnn__simd_used()->taps;

    if (routines->maps == NULL || !cnn__conv_sides_fit(conv))
        return false;
    const size_t C = (size_t)conv->most_channels;
    const size_t F = (size_t)conv->most_filters;
    *t = (cnn__conv_taps_plan){.routines = routines,
                               .forward = cnn__taps_side_of(conv, false, C, F),
                               .back = cnn__taps_side_of(conv, true, F, C)};
    if (cnn__size_mul(t->forward.planes, t->forward.plane) > INT32_MAX ||
        cnn__size_mul(t->back.planes, t->back.plane) > INT32_MAX)
        return false;
    t->by_blocks = conv->weights >= MANY_WEIGHTS &&
                   conv->filters >= MANY_BLOCKS * CNN__TAPS_LANES;
    t->tile = 1;
    if (t->forward.band == (size_t)conv->window.h.out)
        t->tile = least(TILE_SAMPLES, TILE_PIXELS / conv->pixels + 1);
    return true;
}

/* Bounds within which taps pay against im2col. Measured over 26 shapes of
 * ResNet and MobileNet with AVX-512: with a stride 1.3x to 2.9x forward
 * and 1.2x to 2.4x both ways; kernels of 7 x 7, 1 x 7 and 7 x 1 1.7x to 2.0x;
 * stems of three channels 1.0x to 2.4x. With fewer taps, most time goes into
 * transposing the sums; with fewer filters, lanes are empty; with fewer pixels,
 * weights are turned for nothing. */
#define LEAST_TAPS    27
#define LEAST_FILTERS 8
#define LEAST_PIXELS  12

/* Bounds for pixelwise convolutions without a stride, which im2col does not
 * lower: 1.04x to 1.18x forward, 1.1x to 1.2x both ways, for whole vectors and
 * few weights. With more, both take the same time. */
#define MOST_NARROW     64
#define MOST_WIDE       256
#define LEAST_POINTWISE 192

static bool pays_pixelwise(const cnn__conv *conv)
{
    const int32_t C = conv->most_channels, F = conv->most_filters;

    return C % CNN__LANES == 0 && F % CNN__TAPS_LANES == 0 &&
           (C <= MOST_NARROW || F <= MOST_NARROW) && C <= MOST_WIDE &&
           F <= MOST_WIDE && C > CNN__LANES && conv->pixels >= LEAST_POINTWISE;
}

bool cnn__taps_pays(const void *plan, const cnn__conv *conv)
{
    const int32_t C = conv->most_channels;
    const bool strided = conv->window.h.stride > 1 || conv->window.w.stride > 1;

    (void)plan;
    if (conv->area == 1 && !strided)
        return pays_pixelwise(conv);
    return conv->most_filters >= LEAST_FILTERS &&
           conv->pixels >= LEAST_PIXELS &&
           (conv->area == 1 ? C >= LEAST_FILTERS
                            : C * conv->area >= LEAST_TAPS);
}

int32_t cnn__taps_grain(const void *plan, int32_t batch)
{
    const cnn__conv_taps_plan *t = plan;

    return t->by_blocks ? 0 : least(batch, t->tile);
}

size_t cnn__taps_side_frame(const cnn__taps_side *s)
{
    return s->framed ? cnn__size_mul(s->planes, s->plane) : 0;
}

size_t cnn__taps_frame_floats(const cnn__conv_taps_plan *t)
{
    return at_least(
        cnn__size_mul((size_t)t->tile, cnn__taps_side_frame(&t->forward)),
        cnn__taps_side_frame(&t->back));
}

static size_t side_lanes(const cnn__taps_side *s)
{
    return cnn__size_mul3(s->band * (size_t)s->h.phases, (size_t)s->w.out,
                          CNN__TAPS_LANES);
}

size_t cnn__taps_lane_floats(const cnn__conv_taps_plan *t)
{
    return at_least(cnn__size_mul((size_t)t->tile, side_lanes(&t->forward)),
                    side_lanes(&t->back));
}
