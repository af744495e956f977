#include "bench/times.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cnn/cnn.h"
#include "math/gemm.h"

/* A sample takes this long at least, so that the clock is not what is measured,
 * unless that would take more calls. */
#define SAMPLE     1e-3
#define MOST_CALLS 1000

double bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

_Noreturn void bench_fail(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, cnn_last_error());
    exit(1);
}

void *bench_alloc(size_t size)
{
    void *memory = calloc(size > 0 ? size : 1, 1);

    if (memory == NULL) {
        fprintf(stderr, "bench: no memory for %zu bytes\n", size);
        exit(1);
    }
    return memory;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

times times_of(double *seconds, int count)
{
    qsort(seconds, (size_t)count, sizeof(*seconds), by_size);
    return (times){seconds[0], seconds[count / 2]};
}

static double sample(timed_call call, void *data, int calls)
{
    const double start = bench_now();

    for (int i = 0; i < calls; i++)
        call(data);
    return (bench_now() - start) / calls;
}

times times_measure(timed_call call, void *data, int rounds)
{
    double *seconds = bench_alloc((size_t)rounds * sizeof(*seconds));

    sample(call, data, 1); /* threads start, pages are touched */
    const double calls = SAMPLE / sample(call, data, 1);
    const int some = calls < MOST_CALLS ? (int)calls + 1 : MOST_CALLS;
    for (int i = 0; i < rounds; i++)
        seconds[i] = sample(call, data, some);
    const times t = times_of(seconds, rounds);
    free(seconds);
    return t;
}

/* -------------------------------------------------------------- peak --- */

#define SIDE 1024
/* Seconds to try for; a BLAS that is slow gets one try. */
#define TRY 0.3

static void multiply(void *data)
{
    cnn__gemm(data);
}

double times_sgemm_peak(void)
{
    static double best;
    const size_t size = (size_t)SIDE * SIDE;
    float *memory = bench_alloc(3 * size * sizeof(float));
    cnn__product p = {.m = SIDE,
                      .n = SIDE,
                      .k = SIDE,
                      .a = memory,
                      .b = memory + size,
                      .c = memory + 2 * size};
    const double end = bench_now() + TRY;

    for (size_t i = 0; i < 2 * size; i++)
        memory[i] = (float)(i % 97) / 97.0f;
    cnn__gemm_enter();
    do {
        const double seconds = sample(multiply, &p, 1);
        const double speed = 2.0 * SIDE * SIDE * SIDE / seconds;
        best = speed > best ? speed : best;
    } while (bench_now() < end);
    cnn__gemm_leave();
    free(memory);
    return best / 1e9;
}
