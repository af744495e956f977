#include "layers/conv2d_plan.h"

#include <stdbool.h>

#include "base/memory.h"
#include "math/gemm.h"

/* The lowered tile should stay in the second-level cache beside what the BLAS
 * packs: some 384 KiB. More samples than this gain nothing. */
#define TILE_FLOATS  (96 * 1024)
#define TILE_SAMPLES 32

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
    const size_t pairs = (size_t)with->filters * (size_t)with->channels;
    size_t ones = 0;

    if (with->table == NULL)
        return pairs / (size_t)with->groups;
    for (size_t i = 0; i < pairs; i++)
        ones += with->table[i];
    return ones;
}

/* One block for each group: its channels, its filters, its weights. */
static void plan_groups(cnn__conv *plan, cnn__conv_block *blocks,
                        const cnn__conv_connections *with)
{
    const int32_t G = with->groups;
    const int32_t C = with->channels / G, F = with->filters / G;
    const size_t K = (size_t)C * (size_t)plan->kernel;

    for (int32_t g = 0; g < G; g++)
        blocks[g] = (cnn__conv_block){
            .channel = g * C,
            .channels = C,
            .filter = g * F,
            .filters = F,
            .weight = (size_t)g * (size_t)F * K,
        };
    plan->most_channels = C;
    plan->most_filters = F;
}

/* One block for each channel: the filters that see it, wherever they are. A
 * kernel's place is the number of ones before it in the table. */
static void plan_table(cnn__conv *plan, cnn__conv_block *blocks,
                       const cnn__conv_connections *with, size_t *gather,
                       int32_t *scatter)
{
    const int32_t C = with->channels, F = with->filters;

    for (int32_t c = 0; c < C; c++) {
        int32_t n = 0;
        size_t place = 0;

        for (int32_t f = 0; f < F; f++)
            for (int32_t k = 0; k < C; k++) {
                if (!with->table[f * C + k])
                    continue;
                if (k == c) {
                    scatter[n] = f;
                    gather[n++] = place * (size_t)plan->kernel;
                }
                place++;
            }
        blocks[c] = (cnn__conv_block){
            .channel = c,
            .channels = 1,
            .filters = n,
            .scatter = scatter,
            .gather = gather,
        };
        scatter += n;
        gather += n;
    }
    plan->most_channels = 1;
    plan->most_filters = F;
}

typedef struct arrays {
    cnn__conv_block *blocks;
    size_t *gather;
    int32_t *scatter;
} arrays;

static arrays lay_out(cnn__arena *arena, const cnn__conv_connections *with,
                      int32_t blocks)
{
    const size_t kernels = with->table != NULL ? cnn__conv_kernels(with) : 0;

    return (arrays){
        cnn__arena_take(arena, (size_t)blocks, sizeof(cnn__conv_block)),
        cnn__arena_take(arena, kernels, sizeof(size_t)),
        cnn__arena_take(arena, kernels, sizeof(int32_t)),
    };
}

/* Samples whose lowered columns, K x pixels floats each, fill a tile. */
static int32_t tile_samples(size_t K, size_t pixels)
{
    const size_t fit = TILE_FLOATS / cnn__size_mul(K, pixels);

    return fit < 1 ? 1 : fit > TILE_SAMPLES ? TILE_SAMPLES : (int32_t)fit;
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
    const int32_t blocks = table ? with->channels : with->groups;
    cnn__arena arena = {0};

    CNN__TRY(cnn__gemm_check((size_t)with->filters, pixels, K));
    *plan = (cnn__conv){
        .window = *window,
        .channels = with->channels,
        .filters = with->filters,
        .pixels = (int32_t)pixels,
        .kernel = (int32_t)kernel,
        .tile = tile_samples(K, pixels),
        .block_count = blocks,
    };
    cnn__free(*memory);
    lay_out(&arena, with, blocks);
    *memory = cnn__alloc(arena.used);
    if (*memory == NULL)
        return cnn_last_status();
    arena = (cnn__arena){.base = *memory};
    const arrays a = lay_out(&arena, with, blocks);
    if (table)
        plan_table(plan, a.blocks, with, a.gather, a.scatter);
    else
        plan_groups(plan, a.blocks, with);
    plan->blocks = a.blocks;
    return CNN_OK;
}
