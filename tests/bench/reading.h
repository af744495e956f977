/* What it costs to train from samples that a function reads. */
#ifndef BENCH_READING_H
#define BENCH_READING_H

#include "bench/networks.h"

/* Prints, for a network, a number of threads and a batch, how long a step takes
 * from memory, and from a reader that only copies; and how long with a reader
 * that takes nearly as long as the step, read ahead and not. */
void reading_print_head(void);
void reading_print(const network *n, int32_t threads, int32_t batch,
                   int32_t rounds);

#endif
