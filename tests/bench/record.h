/* What was measured, as JSON. */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include "bench/growth.h"

/* Writes the rows, or the series of growth if there are any (NULL: none). */
void record_write(const char *path, const rows *all, const growth *growths);

/* Prints which of the rows are slower than those of a file that record_write()
 * wrote, by more than 15 %, once both are measured by the peak of their run;
 * how many are, or exits if the file is none or of other kernels. */
int record_check(const char *path, const rows *all);

#endif
