/* The widest register of the instruction set that a file is compiled for
 * (math/simd.h), through the vector extension of gcc and clang. Its names are
 * short: include it only in files compiled for each set. */
#ifndef CNN_MATH_VECTOR_H
#define CNN_MATH_VECTOR_H

#include <string.h>

#include "math/vec4.h"

#if defined(__AVX512F__)
#define WIDTH 16
#elif defined(__AVX2__)
#define WIDTH 8
#else
#define WIDTH 4
#endif

typedef float vec __attribute__((vector_size(4 * WIDTH)));

/* Constant arguments are propagated into such a function, so that loops over
 * registers are unrolled. */
#define INLINE static inline __attribute__((always_inline))

INLINE vec all(float a)
{
    return a - (vec){0};
}

INLINE vec load(const float *from)
{
    vec v;

    memcpy(&v, from, sizeof(v));
    return v;
}

INLINE void store(float *to, vec v)
{
    memcpy(to, &v, sizeof(v));
}

/* to[0 .. n) = from[0 .. n), without overlap. */
INLINE void copy(float *to, const float *from, size_t n)
{
    if (n < WIDTH)
        cnn__copy4(to, from, n);
    else
        for (size_t i = 0; i < n; i += WIDTH)
            store(to + cnn__block_at(i, WIDTH, n),
                  load(from + cnn__block_at(i, WIDTH, n)));
}

INLINE float sum_of(vec v)
{
    float part[WIDTH];

    store(part, v);
    for (size_t half = WIDTH / 2; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++)
            part[i] += part[i + half];
    return part[0];
}

/* The address as one value. Otherwise the compiler keeps the invariant part of
 * each address in a loop in a register of its own, and there are too few. */
INLINE const float *whole(const float *at)
{
    __asm__("" : "+r"(at));
    return at;
}

#endif
