/* Convolution by im2col and sgemm, over tiles of samples
 * (conv2d_im2col_tile.c):
 *
 *     forward   Y (F, P) = W (F, K) col(x) (K, P) + b
 *     backward  dW += dY col(x)^T;  db += sum of dY;  dx = col2im(W^T dY) */
#include "layers/conv2d/conv2d_im2col.h"

#include "base/threads.h"
#include "layers/conv2d/conv2d_algorithms.h"
#include "layers/conv2d/conv2d_gradients.h"
#include "layers/conv2d/conv2d_im2col_tile.h"
#include "layers/partials.h"

/* ---------------------------------------------------------- the plan --- */

/* The least columns of a product, reached by taking several samples: a BLAS
 * packs the weights anew for each product. More columns gain nothing, and are
 * slower where a BLAS has a special path for small products. */
#define TILE_COLUMNS 192
#define TILE_SAMPLES 32

/* The most floats of columns that a worker holds: 1 MB, to fit a second-level
 * cache. One row of outputs of one channel may exceed it. */
#define MOST_COLUMNS ((size_t)1 << 18)

/* Bounds for not lowering a pixelwise convolution. Without columns each sample
 * is a product of its own, for which the BLAS packs the C x F weights of a
 * group. With columns the (C + F) P floats of a sample are copied into a tile.
 * Measured over 8 to 256 channels and maps of 2 x 2 to 10 x 10: packing a float
 * costs 3/4 of copying one, and a product needs LEAST_PIXELS to be worth its
 * call. Thin products, with few channels or filters, need more. Tables are
 * always lowered: without columns they gain nothing. */
#define LEAST_PIXELS      16
#define LEAST_THIN_PIXELS 64
#define THIN              2

static bool pays_without_columns(const cnn__conv *conv)
{
    const double C = conv->most_channels, F = conv->most_filters;
    const bool thin = C <= THIN || F <= THIN;

    return conv->pixels >= (thin ? LEAST_THIN_PIXELS : LEAST_PIXELS) &&
           (C + F) * conv->pixels >= 0.75 * C * F;
}

/* Does output o look at input o only? */
static bool is_pixelwise(const cnn__axis *a)
{
    return a->kernel == 1 && a->before == 0 && a->out == a->in &&
           (a->stride == 1 || a->out == 1);
}

static bool is_lowered(const cnn__conv *conv)
{
    return conv->table != NULL || !is_pixelwise(&conv->window.h) ||
           !is_pixelwise(&conv->window.w) || !pays_without_columns(conv);
}

static int32_t at_most(size_t n, int32_t most)
{
    return n < (size_t)most ? (int32_t)n : most;
}

/* Floats of a column over `channels` channels, and of the copy of the maps that
 * a table needs. */
static size_t column_floats(const cnn__conv *conv, int32_t channels)
{
    const size_t maps = conv->table != NULL ? (size_t)conv->most_filters : 0;

    return cnn__size_mul((size_t)channels, (size_t)conv->area) + maps;
}

/* Samples of a tile: enough columns for a product, if those of one channel fit
 * the cache. */
static int32_t samples_of(const cnn__conv *conv)
{
    const size_t P = (size_t)conv->pixels;
    const size_t wanted = (TILE_COLUMNS + P - 1) / P;
    const size_t fit = MOST_COLUMNS / cnn__size_mul(column_floats(conv, 1), P);
    const size_t samples = wanted < fit ? wanted : fit;

    return at_most(samples > 1 ? samples : 1, TILE_SAMPLES);
}

size_t cnn__conv_tile_columns(const cnn__conv *conv)
{
    return cnn__size_mul3(column_floats(conv, conv->most_channels),
                          (size_t)samples_of(conv), (size_t)conv->pixels);
}

/* Rows of outputs whose columns fit the cache over all channels. At least as
 * many as a product needs, if those of one channel fit. */
static int32_t rows_of(const cnn__conv *conv)
{
    const size_t OW = (size_t)conv->window.w.out;
    const size_t room = MOST_COLUMNS / OW;
    const size_t fit = room / column_floats(conv, conv->most_channels);
    const size_t fit_one = room / column_floats(conv, 1);
    const size_t wanted = (TILE_COLUMNS + OW - 1) / OW;
    const size_t least = wanted < fit_one ? wanted : fit_one;
    const size_t rows = fit > least ? fit : least;

    return at_most(rows > 1 ? rows : 1, conv->window.h.out);
}

/* Lowers a whole tile at once if its columns fit the cache. Otherwise takes
 * fewer rows of outputs, and then fewer channels, whose products are added up.
 */
cnn__conv_tiling cnn__conv_tiling_of(const cnn__conv *conv)
{
    cnn__conv_tiling t = {
        .lowered = is_lowered(conv),
        .samples = samples_of(conv),
        .rows = conv->window.h.out,
        .run = conv->most_channels,
    };

    if (!t.lowered)
        t.samples = 1;
    if (!t.lowered || cnn__conv_tile_columns(conv) <= MOST_COLUMNS)
        return t;
    if (t.samples == 1)
        t.rows = rows_of(conv);
    const size_t S =
        (size_t)t.samples * (size_t)t.rows * (size_t)conv->window.w.out;
    const size_t run = MOST_COLUMNS / cnn__size_mul((size_t)conv->area, S);
    t.run = at_most(run > 1 ? run : 1, conv->most_channels);
    return t;
}

static bool plan(void *plan, const cnn__conv *conv)
{
    *(cnn__conv_tiling *)plan = cnn__conv_tiling_of(conv);
    return true;
}

static void sizes(const void *plan, const cnn__conv *conv, int32_t batch,
                  cnn__workspace *need)
{
    const cnn__conv_tiling *t = plan;

    need->scratch = cnn__conv_tile_floats(conv, t, batch);
    need->shared =
        cnn__partials_floats(cnn__chunks(batch, t->samples), conv->params);
}

static int32_t grain(const void *plan, int32_t batch)
{
    return cnn__conv_tile_samples(plan, batch);
}

/* ------------------------------------------------------------ passes --- */

/* What one pass hands to its chunks. */
typedef struct job {
    const cnn__conv_tiling *tiling;
    const cnn__conv_pass *pass;
} job;

static void forward_tile(void *data, int64_t number, int32_t worker)
{
    const job *j = data;

    cnn__conv_forward_tile(j->pass, j->tiling, number, worker);
}

static void forward(const void *plan, const cnn__conv_pass *pass)
{
    job j = {plan, pass};

    cnn__parallel(cnn__chunks(pass->run->batch, j.tiling->samples),
                  pass->run->workers, forward_tile, &j);
}

static void backward_tiles(void *data, const cnn__partial *p)
{
    const job *j = data;
    float *dW = j->pass->dW != NULL ? p->sum : NULL;
    float *db = j->pass->db != NULL ? p->sum + j->pass->conv->weights : NULL;

    for (int64_t number = p->first; number < p->end; number++)
        cnn__conv_backward_tile(j->pass, j->tiling, number, p->worker, dW, db);
}

static void backward(const void *plan, const cnn__conv_pass *pass)
{
    job j = {plan, pass};
    const cnn__partials partials = {
        .chunks = cnn__chunks(pass->run->batch, j.tiling->samples),
        .floats = cnn__conv_sum_floats(pass),
        .sums = pass->run->shared,
        .add = backward_tiles,
        .data = &j,
    };

    cnn__sum_partials(&partials, pass->run->workers);
    cnn__conv_add_sum(pass, partials.sums, true);
}

_Static_assert(sizeof(cnn__conv_tiling) <= CNN__CONV_PLAN_SIZE, "a plan fits");

const cnn__conv_algorithm cnn__conv_im2col = {
    .name = "im2col",
    .asked_as = CNN_ALGORITHM_IM2COL,
    .demands = "any convolution",
    .plan_size = sizeof(cnn__conv_tiling),
    .plan = plan,
    .sizes = sizes,
    .grain = grain,
    .forward = forward,
    .backward = backward,
};
