#include "bench/growth.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/threads.h"

#define MOST_VALUES 12

/* One series: the rest stays as it is in `start`. */
typedef struct series {
    const char *name;
    network_size start;
    size_t field;                /* of row: the one that grows */
    int32_t values[MOST_VALUES]; /* up to the first 0 */
    bool classic;                /* it too */
} series;

static const series all_series[GROWTHS] = {
    {"batch",
     {.side = 28, .width = 1},
     offsetof(row, size.batch),
     {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000},
     true},
    {"filters",
     {.batch = 50, .side = 28},
     offsetof(row, size.width),
     {1, 2, 4, 8},
     false},
    {"side",
     {.batch = 10, .width = 1},
     offsetof(row, size.side),
     {28, 56, 112, 224},
     false},
    {"threads",
     {.batch = 200, .side = 28, .width = 1},
     offsetof(row, threads),
     {1, 2, 3, 4},
     true},
};

/* What grows. */
static int32_t *field_of(row *r, size_t field)
{
    return (int32_t *)((char *)r + field);
}

void growth_measure(growth all[GROWTHS], const network *n, int rounds)
{
    for (int k = 0; k < GROWTHS; k++) {
        const series *s = &all_series[k];
        growth *g = &all[k];

        *g = (growth){.name = s->name, .field = s->field};
        g->rows.rows = bench_alloc(MOST_VALUES * sizeof(row));
        if (n->classic && !s->classic)
            continue;
        for (int i = 0; s->values[i] > 0; i++) {
            row *r = &g->rows.rows[g->rows.count++];

            *r = (row){.network = n, .size = s->start, .threads = 1};
            *field_of(r, s->field) = s->values[i];
            fprintf(stderr, "bench: %s, %s %d\n", n->name, s->name,
                    s->values[i]);
            row_measure(r, rounds, false);
        }
        g->rows.peak = times_sgemm_peak();
    }
}

void growth_free(growth all[GROWTHS])
{
    for (int k = 0; k < GROWTHS; k++)
        free(all[k].rows.rows);
}

/* The work that one thread has to do, as far as there are cores. */
static double work_of(const row *r)
{
    const int32_t cores = cnn__cores();

    return r->step_flop / (r->threads < cores ? r->threads : cores);
}

double growth_ratio(const growth *g, int i)
{
    const row *r = &g->rows.rows[i], *before = i > 0 ? r - 1 : r;

    return r->step.min / before->step.min / (work_of(r) / work_of(before));
}

void growth_print(const growth all[GROWTHS])
{
    for (int k = 0; k < GROWTHS; k++) {
        const growth *g = &all[k];

        if (g->rows.count == 0)
            continue;
        printf("\n%s: a training step as %s grows\n",
               g->rows.rows[0].network->name, g->name);
        printf("%8s %10s %10s %10s  %s\n", g->name, "GFLOP", "min ms",
               "GFLOP/s", "time over work, to the row before");
        for (int i = 0; i < g->rows.count; i++) {
            row *r = &g->rows.rows[i];

            printf("%8d %10.4f %10.3f %10.2f  %.2f\n", *field_of(r, g->field),
                   1e-9 * r->step_flop, 1e3 * r->step.min,
                   1e-9 * r->step_flop / r->step.min, growth_ratio(g, i));
        }
    }
}
