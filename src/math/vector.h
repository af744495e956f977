/* The widest register of the instruction set that a file is compiled for
 * (math/simd.h), through the vector extension of gcc and clang. Its names are
 * short: include it only in files compiled for each set. */
#ifndef CNN_MATH_VECTOR_H
#define CNN_MATH_VECTOR_H

#include <string.h>

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

#endif
