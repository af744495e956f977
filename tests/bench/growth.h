/* Whether cost grows faster than work. */
#ifndef BENCH_GROWTH_H
#define BENCH_GROWTH_H

#include "bench/rows.h"

/* The rows in which one thing grows. */
typedef struct growth {
    const char *name;
    size_t field; /* of row: what grows */
    rows rows;
} growth;

#define GROWTHS 4

/* Batch, filters and image side on one thread, and the threads; to be freed
 * with growth_free(). Those that a network does not have are empty. */
void growth_measure(growth all[GROWTHS], const network *n, int rounds);
void growth_free(growth all[GROWTHS]);

/* How much more a step's time grew than its work since the row before: above 1,
 * cost grows faster than work. Threads share the work, as far as there are
 * cores. */
double growth_ratio(const growth *g, int i);

void growth_print(const growth all[GROWTHS]);

#endif
