/* Taking times, and failing. */
#ifndef BENCH_TIMES_H
#define BENCH_TIMES_H

#include <stddef.h>

/* Seconds of one call. */
typedef struct times {
    double min, median;
} times;

typedef void (*timed_call)(void *data);

/* Seconds on a clock that only goes forward. */
double bench_now(void);

/* Sorts the times, which are overwritten. */
times times_of(double *seconds, int count);

/* Times `rounds` samples of a call, after some that do not count. A sample is
 * one call, or the mean of as many as take a millisecond. */
times times_measure(timed_call call, void *data, int rounds);

/* GFLOP/s of the library's product of 1024 x 1024 matrices on one thread: the
 * best of this process so far, with some more tries. */
double times_sgemm_peak(void);

/* Prints what failed and cnn_last_error(), and exits. */
_Noreturn void bench_fail(const char *what);

/* Never NULL. */
void *bench_alloc(size_t size);

#endif
