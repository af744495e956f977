/* Rows as tables. */
#include <stdio.h>

#include "bench/rows.h"

void rows_print_machine(double peak)
{
    printf("%s\nsgemm peak, one thread: %.1f GFLOP/s\n", cnn_build_info(),
           peak);
}

static void print_name(const row *r)
{
    printf("%-8s %7d %6d", r->network->name, r->threads, r->size.batch);
}

void rows_print(const rows *all)
{
    printf("\n%-8s %7s %6s  %-24s  %s\n", "", "", "", "training step, ms",
           "forward, ms");
    printf("%-8s %7s %6s  %8s %8s %6s  %8s %8s %6s\n", "network", "threads",
           "batch", "min", "median", "E", "min", "median", "E");
    for (int i = 0; i < all->count; i++) {
        const row *r = &all->rows[i];

        print_name(r);
        printf("  %8.3f %8.3f %6.3f  %8.3f %8.3f %6.3f\n", 1e3 * r->step.min,
               1e3 * r->step.median,
               row_share(r, r->step_flop, &r->step, all->peak),
               1e3 * r->forward.min, 1e3 * r->forward.median,
               row_share(r, r->forward_flop, &r->forward, all->peak));
    }
}

/* A step, and under it each part that takes any time. */
static void print_split(const row *r)
{
    const double all = r->split.wall * r->threads;

    print_name(r);
    printf("  %10.3f ms x %d threads; %.2f times the least without clocks\n",
           1e3 * r->split.wall, r->threads, r->split.wall / r->step.min);
    for (int i = 0; i < PARTS; i++)
        if (r->split.parts[i] > 0.0)
            printf("    %-12s %10.3f ms %5.1f %%\n", split_names[i],
                   1e3 * r->split.parts[i], 100.0 * r->split.parts[i] / all);
}

void rows_print_splits(const rows *all)
{
    printf("\nwhere a training step goes, all threads together\n");
    for (int i = 0; i < all->count; i++)
        if (all->rows[i].split.wall > 0.0)
            print_split(&all->rows[i]);
}

void rows_print_layers(const rows *all)
{
    for (int i = 0; i < all->count; i++) {
        const row *r = &all->rows[i];

        if (r->split.layers == 0)
            continue;
        printf("\n");
        print_name(r);
        printf("  %10s %10s ms\n", "forward", "backward");
        for (int k = 0; k < r->split.layers; k++)
            printf("    %2d %-17s %10.3f %10.3f\n", k, r->split.layer[k].kind,
                   1e3 * r->split.layer[k].forward,
                   1e3 * r->split.layer[k].backward);
    }
}
