/* What is measured of one network, with so many threads and images: a row. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "bench/networks.h"
#include "bench/split.h"

typedef struct row {
    const network *network;
    network_size size;
    int32_t threads;
    double forward_flop, step_flop; /* of the batch */
    times forward, step;
    split split; /* of a step; wall is 0 if nobody asked */
} row;

typedef struct rows {
    row *rows;
    int count;
    double peak; /* GFLOP/s: times_sgemm_peak() after the last of them */
} rows;

/* Measures network, size and threads of a row. */
void row_measure(row *r, int rounds, bool splits);

/* Operations a second, as a part of what so many threads at the peak do. */
double row_share(const row *r, double flop, const times *t, double peak);

/* Tables on standard output: the rows, and their splits. */
void rows_print(const rows *all);
void rows_print_splits(const rows *all);
void rows_print_layers(const rows *all);

/* Library, kernels and cores, in a few lines. */
void rows_print_machine(double peak);

#endif
