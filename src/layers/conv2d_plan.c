#include "layers/conv2d_plan.h"

#include <stdbool.h>

#include "base/memory.h"
#include "math/gemm.h"

/* A BLAS packs the weights anew for each product, so a product should have some
 * columns: samples are put together until there are so many. More gain nothing,
 * and lose where a BLAS has a path for small products. */
#define TILE_COLUMNS 192
#define TILE_SAMPLES 32

/* Floats of columns that a worker has at a time, 1 MB: they go through a
 * second-level cache. More only if those of a channel and a row of outputs are
 * more. */
#define MOST_COLUMNS ((size_t)1 << 18)

cnn_status cnn__conv_check_table(const cnn__conv_connections *with)
{
    if (cnn__size_mul((size_t)with->filters, (size_t)with->channels) >
        INT32_MAX)
        return cnn__fail(CNN_EOVERFLOW, "a table of %d x %d", with->filters,
                         with->channels);
    for (int32_t f = 0; f < with->filters; f++) {
        const uint8_t *row = with->table + (size_t)f * (size_t)with->channels;
        int32_t ones = 0;

        for (int32_t c = 0; c < with->channels; c++) {
            if (row[c] > 1)
                return cnn__fail(CNN_EINVAL,
                                 "table[%d][%d] is %d, expected 0 or 1", f, c,
                                 row[c]);
            ones += row[c];
        }
        if (ones == 0)
            return cnn__fail(CNN_EINVAL, "filter %d is connected to nothing",
                             f);
    }
    return CNN_OK;
}

size_t cnn__conv_kernels(const cnn__conv_connections *with)
{
    const size_t pairs =
        cnn__size_mul((size_t)with->filters, (size_t)with->channels);
    size_t ones = 0;

    if (with->table == NULL)
        return pairs / (size_t)with->groups;
    for (size_t i = 0; i < pairs; i++)
        ones += with->table[i];
    return ones;
}

/* One block for each group: its channels, its filters, its weights. */
static cnn__conv_block group_at(const cnn__conv *plan, int32_t g)
{
    const int32_t C = plan->most_channels, F = plan->most_filters;
    const size_t K = (size_t)C * (size_t)plan->kernel;

    return (cnn__conv_block){
        .channel = g * C,
        .channels = C,
        .filter = g * F,
        .filters = F,
        .weight = (size_t)g * (size_t)F * K,
    };
}

cnn__conv_block cnn__conv_block_at(const cnn__conv *plan, int32_t i)
{
    return plan->blocks != NULL ? plan->blocks[i] : group_at(plan, i);
}

/* One block for each channel: the filters that see it, wherever they are. A
 * kernel's number is that of the ones before it in the table. */
typedef struct lists {
    cnn__conv_block *blocks;   /* (channels) */
    int32_t *gather, *scatter; /* (kernels), those of a block in a row */
    int32_t *first, *sees;     /* as in cnn__conv */
} lists;

static lists lay_out(cnn__arena *arena, const cnn__conv_connections *with)
{
    const size_t C = (size_t)with->channels, kernels = cnn__conv_kernels(with);

    return (lists){
        cnn__arena_take(arena, C, sizeof(cnn__conv_block)),
        cnn__arena_take(arena, kernels, sizeof(int32_t)),
        cnn__arena_take(arena, kernels, sizeof(int32_t)),
        cnn__arena_take(arena, (size_t)with->filters + 1, sizeof(int32_t)),
        cnn__arena_take(arena, kernels, sizeof(int32_t)),
    };
}

static void fill_lists(lists l, const cnn__conv_connections *with)
{
    const int32_t C = with->channels, F = with->filters;
    const uint8_t *table = with->table;
    int32_t before = 0, number = 0;

    for (int32_t c = 0; c < C; c++) {
        l.blocks[c] = (cnn__conv_block){
            .channel = c,
            .channels = 1,
            .scatter = l.scatter + before,
            .gather = l.gather + before,
        };
        for (int32_t f = 0; f < F; f++)
            before += table[f * C + c];
    }
    for (int32_t f = 0; f < F; f++) {
        l.first[f] = number;
        for (int32_t c = 0; c < C; c++) {
            cnn__conv_block *b = &l.blocks[c];
            const ptrdiff_t at = b->scatter - l.scatter + b->filters;

            if (!table[f * C + c])
                continue;
            l.scatter[at] = f;
            l.gather[at] = number;
            l.sees[number++] = c;
            b->filters++;
        }
    }
    l.first[F] = number;
}

static cnn_status plan_table(cnn__conv *plan, const cnn__conv_connections *with,
                             void **memory)
{
    cnn__arena arena = {0};

    lay_out(&arena, with);
    *memory = cnn__alloc(arena.used);
    if (*memory == NULL)
        return cnn_last_status();
    arena = (cnn__arena){.base = *memory};
    const lists l = lay_out(&arena, with);
    fill_lists(l, with);
    plan->blocks = l.blocks;
    plan->first = l.first;
    plan->sees = l.sees;
    plan->block_count = with->channels;
    plan->most_channels = 1;
    plan->most_filters = with->filters;
    return CNN_OK;
}

/* ------------------------------------------------------------ the form --- */

/* Output o looks at input o, and at no other. */
static bool by_points(const cnn__axis *a)
{
    return a->kernel == 1 && a->before == 0 && a->out == a->in &&
           (a->stride == 1 || a->out == 1);
}

/* The one output looks at all inputs, each once. */
static bool is_whole(const cnn__axis *a)
{
    return a->out == 1 && a->before == 0 && a->kernel == a->in &&
           (a->dilation == 1 || a->kernel == 1);
}

/* Without columns each sample is a product of its own, for which a BLAS packs
 * the C x F weights of a block and goes through as many gradients; with them
 * the (C + F) P floats of a sample are copied to others' side. Measured over 8
 * to 256 channels and maps of 2 x 2 to 10 x 10, a float packed costs 3/4 of one
 * copied, and a product has some pixels to earn its call; more of them if it is
 * as thin as for a channel alone. Those of a table are, and gain nothing. */
#define LEAST_POINTS      16
#define LEAST_THIN_POINTS 64
#define THIN              2

static bool pays_by_points(const cnn__conv *plan)
{
    const double C = plan->most_channels, F = plan->most_filters;
    const bool thin = C <= THIN || F <= THIN;

    return plan->pixels >= (thin ? LEAST_THIN_POINTS : LEAST_POINTS) &&
           (C + F) * plan->pixels >= 0.75 * C * F;
}

static cnn__conv_form form_of(const cnn__conv *plan, bool table)
{
    const cnn__axis *h = &plan->window.h, *w = &plan->window.w;

    if (table)
        return CNN__CONV_LOWERED;
    if (is_whole(h) && is_whole(w))
        return CNN__CONV_WHOLE;
    if (by_points(h) && by_points(w) && pays_by_points(plan))
        return CNN__CONV_POINTS;
    return CNN__CONV_LOWERED;
}

/* ------------------------------------------------------------ the plan --- */

static int32_t at_most(size_t n, int32_t most)
{
    return n < (size_t)most ? (int32_t)n : most;
}

/* No more than those of which one channel fits the cache. */
static int32_t tile_samples(const cnn__conv *plan)
{
    const size_t pixels = (size_t)plan->pixels;
    const size_t samples = (TILE_COLUMNS + pixels - 1) / pixels;
    const size_t fit =
        MOST_COLUMNS / cnn__size_mul((size_t)plan->kernel, pixels);

    if (plan->form == CNN__CONV_POINTS)
        return 1;
    if (plan->form == CNN__CONV_LOWERED && fit < samples)
        return at_most(fit > 1 ? fit : 1, TILE_SAMPLES);
    return at_most(samples, TILE_SAMPLES);
}

/* How much of a tile is lowered at a time: all, if its columns fit the cache;
 * else fewer rows of outputs, as long as a product keeps its columns, and then
 * fewer channels, the products of which add up. */
static void cut_tile(cnn__conv *plan)
{
    const cnn__axis *h = &plan->window.h, *w = &plan->window.w;
    const size_t OW = (size_t)w->out, kernel = (size_t)plan->kernel;
    const size_t K = kernel * (size_t)plan->most_channels;
    size_t S = (size_t)plan->tile * (size_t)plan->pixels;

    plan->rows = h->out;
    plan->run = plan->most_channels;
    if (plan->form != CNN__CONV_LOWERED || cnn__size_mul(K, S) <= MOST_COLUMNS)
        return;
    if (plan->tile == 1) {
        const size_t wanted = (TILE_COLUMNS + OW - 1) / OW;
        const size_t fit = MOST_COLUMNS / cnn__size_mul(K, OW);
        const size_t fit_one = MOST_COLUMNS / cnn__size_mul(kernel, OW);
        const size_t rows = fit > wanted       ? fit
                            : wanted > fit_one ? fit_one
                                               : wanted;

        plan->rows = at_most(rows > 1 ? rows : 1, h->out);
        S = (size_t)plan->rows * OW;
    }
    const size_t run = MOST_COLUMNS / cnn__size_mul(kernel, S);
    plan->run = at_most(run > 1 ? run : 1, plan->most_channels);
}

cnn_status cnn__conv_plan(cnn__conv *plan, const cnn__window *window,
                          const cnn__conv_connections *with, void **memory)
{
    const bool table = with->table != NULL;
    const size_t kernel =
        cnn__size_mul((size_t)window->h.kernel, (size_t)window->w.kernel);
    const size_t pixels =
        cnn__size_mul((size_t)window->h.out, (size_t)window->w.out);
    const int32_t seen = table ? 1 : with->channels / with->groups;
    const size_t K = cnn__size_mul(kernel, (size_t)seen);

    CNN__TRY(cnn__gemm_check((size_t)with->filters, pixels, K));
    *plan = (cnn__conv){
        .window = *window,
        .channels = with->channels,
        .filters = with->filters,
        .pixels = (int32_t)pixels,
        .kernel = (int32_t)kernel,
        .weights = cnn__size_mul(cnn__conv_kernels(with), kernel),
        .block_count = with->groups,
        .most_channels = seen,
        .most_filters = with->filters / with->groups,
    };
    plan->form = form_of(plan, table);
    plan->tile = tile_samples(plan);
    cut_tile(plan);
    cnn__free(*memory);
    *memory = NULL;
    return table ? plan_table(plan, with, memory) : CNN_OK;
}
