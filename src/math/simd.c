#include "math/simd.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Declares the parts of a set. */
#define DECLARE(set)                                                 \
    extern const cnn__map cnn__maps_##set[CNN__MAPS];                \
    extern const cnn__winograd cnn__winograds_##set[CNN__WINOGRADS]; \
    extern const cnn__direct_routines cnn__direct_##set;             \
    extern const cnn__depthwise_routines cnn__depthwise_##set;       \
    extern const cnn__taps_routines cnn__taps_##set;                 \
    extern const cnn__lane_copies cnn__lane_copies_##set;            \
    extern cnn__small_fn *const cnn__small_##set;                    \
    extern const cnn__moments cnn__moments_##set;                    \
    extern cnn__update_fn *const cnn__updates_##set[CNN__UPDATES]
#define SET(set)                                                              \
    {                                                                         \
#set, cnn__maps_##set, cnn__winograds_##set, &cnn__direct_##set,      \
            &cnn__depthwise_##set, &cnn__taps_##set, &cnn__lane_copies_##set, \
            &cnn__small_##set, &cnn__moments_##set, cnn__updates_##set        \
    }

DECLARE(baseline);
#ifdef CNN__WIDE_SETS
DECLARE(avx2);
DECLARE(avx512);
#endif

static const cnn__simd sets[] = {
    SET(baseline),
#ifdef CNN__WIDE_SETS
    SET(avx2),
    SET(avx512),
#endif
};

/* How many sets this machine can run; each needs more than the one before. */
static int runnable(void)
{
#ifdef CNN__WIDE_SETS
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return 1;
    if (!__builtin_cpu_supports("avx512f") ||
        !__builtin_cpu_supports("avx512dq") ||
        !__builtin_cpu_supports("avx512vl"))
        return 2;
    return 3;
#else
    return 1;
#endif
}

const cnn__simd *cnn__simd_at(int i)
{
    return i < runnable() ? &sets[i] : NULL;
}

static const cnn__simd *used;

static void choose(void)
{
    /* Not safe if the program changes its environment in another thread.
     * NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *name = getenv("CNN_KERNELS");

    for (int i = 0; i < runnable(); i++) {
        used = &sets[i];
        if (name != NULL && strcmp(name, used->name) == 0)
            return;
    }
}

const cnn__simd *cnn__simd_used(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, choose);
    return used;
}

void cnn__planes_to_lanes(const cnn__planes *from, const cnn__grid *to)
{
    cnn__simd_used()->lanes->to_lanes(from, to);
}

void cnn__lanes_to_planes(const cnn__grid *from, const cnn__planes *to,
                          const float *add)
{
    cnn__simd_used()->lanes->to_planes(from, to, add);
}
