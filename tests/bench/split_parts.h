/* How split.c and split_wraps.c count: each moment of a thread belongs to one
 * part, the innermost that it is in. */
#ifndef BENCH_SPLIT_PARTS_H
#define BENCH_SPLIT_PARTS_H

#include "bench/split.h"

/* From now on this thread is at `part`; returns what it was at, for
 * split_leave(). Both do nothing while nobody counts. */
int split_enter(int part);
void split_leave(int before);

/* What this thread is at. */
int split_now(void);

#endif
