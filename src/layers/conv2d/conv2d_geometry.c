#include "layers/conv2d/conv2d_geometry.h"

#include "base/memory.h"
#include "math/gemm.h"

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

/* Group g of a convolution with equal groups. */
static cnn__conv_group group_at(const cnn__conv *conv, int32_t g)
{
    const int32_t C = conv->most_channels, F = conv->most_filters;
    const size_t K = (size_t)C * (size_t)conv->area;

    return (cnn__conv_group){
        .channel = g * C,
        .channels = C,
        .filter = g * F,
        .filters = F,
        .weight = (size_t)g * (size_t)F * K,
    };
}

cnn__conv_group cnn__conv_group_at(const cnn__conv *conv, int32_t i)
{
    return conv->table != NULL ? conv->table[i] : group_at(conv, i);
}

/* The lists of a connection table. Each channel is a group, whose filters are
 * those that are connected to it. Kernels are numbered in the order of the
 * table. */
typedef struct lists {
    cnn__conv_group *groups;   /* (channels) */
    int32_t *gather, *scatter; /* (kernels), group by group */
    int32_t *first, *sees;     /* as in cnn__conv */
} lists;

static lists lay_out(cnn__arena *arena, const cnn__conv_connections *with)
{
    const size_t C = (size_t)with->channels, kernels = cnn__conv_kernels(with);

    return (lists){
        cnn__arena_take(arena, C, sizeof(cnn__conv_group)),
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
        l.groups[c] = (cnn__conv_group){
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
            cnn__conv_group *g = &l.groups[c];
            const ptrdiff_t at = g->scatter - l.scatter + g->filters;

            if (!table[f * C + c])
                continue;
            l.scatter[at] = f;
            l.gather[at] = number;
            l.sees[number++] = c;
            g->filters++;
        }
    }
    l.first[F] = number;
}

static cnn_status list_groups(cnn__conv *conv,
                              const cnn__conv_connections *with, void **memory)
{
    cnn__arena arena = {0};

    lay_out(&arena, with);
    *memory = cnn__alloc(arena.used);
    if (*memory == NULL)
        return cnn_last_status();
    arena = (cnn__arena){.base = *memory};
    const lists l = lay_out(&arena, with);
    fill_lists(l, with);
    conv->table = l.groups;
    conv->first = l.first;
    conv->sees = l.sees;
    conv->group_count = with->channels;
    conv->most_channels = 1;
    conv->most_filters = with->filters;
    return CNN_OK;
}

cnn_status cnn__conv_geometry(cnn__conv *conv, const cnn__window *window,
                              const cnn__conv_connections *with, void **memory)
{
    const bool table = with->table != NULL;
    const size_t area =
        cnn__size_mul((size_t)window->h.kernel, (size_t)window->w.kernel);
    const size_t pixels =
        cnn__size_mul((size_t)window->h.out, (size_t)window->w.out);
    const int32_t seen = table ? 1 : with->channels / with->groups;
    const size_t K = cnn__size_mul(area, (size_t)seen);

    CNN__TRY(cnn__gemm_check((size_t)with->filters, pixels, K));
    *conv = (cnn__conv){
        .window = *window,
        .channels = with->channels,
        .filters = with->filters,
        .pixels = (int32_t)pixels,
        .area = (int32_t)area,
        .weights = cnn__size_mul(cnn__conv_kernels(with), area),
        .group_count = with->groups,
        .most_channels = seen,
        .most_filters = with->filters / with->groups,
    };
    conv->params =
        cnn__size_add(conv->weights, with->biased ? (size_t)with->filters : 0);
    cnn__free(*memory);
    *memory = NULL;
    return table ? list_groups(conv, with, memory) : CNN_OK;
}
