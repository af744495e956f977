/* Four floats in a register, which every supported machine has, through the
 * vector extension of gcc and clang. */
#ifndef CNN_MATH_VEC4_H
#define CNN_MATH_VEC4_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef float cnn__vec4 __attribute__((vector_size(16)));
typedef int32_t cnn__mask4 __attribute__((vector_size(16)));

/* For any alignment: memcpy of a constant size costs no call. */
static inline cnn__vec4 cnn__load4(const float *from)
{
    cnn__vec4 v;

    memcpy(&v, from, sizeof(v));
    return v;
}

static inline void cnn__store4(float *to, cnn__vec4 v)
{
    memcpy(to, &v, sizeof(v));
}

/* The start of the block at i, of n >= block elements. The last block may
 * overlap the one before it, which costs less than handling the rest one by
 * one. */
static inline size_t cnn__block_at(size_t i, size_t block, size_t n)
{
    return i + block <= n ? i : n - block;
}

/* to[0 .. n) = from[0 .. n), without overlap. For a few floats of unknown
 * number, memcpy would cost a call each time. */
static inline void cnn__copy4(float *to, const float *from, size_t n)
{
    for (size_t i = 0; i < n && n < 4; i++)
        to[i] = from[i];
    for (size_t i = 0; i < n && n >= 4; i += 4)
        cnn__store4(to + cnn__block_at(i, 4, n),
                    cnn__load4(from + cnn__block_at(i, 4, n)));
}

/* mask ? a : b, lane by lane; comparisons give masks. */
static inline cnn__vec4 cnn__select4(cnn__mask4 mask, cnn__vec4 a, cnn__vec4 b)
{
    return (cnn__vec4)((mask & (cnn__mask4)a) | (~mask & (cnn__mask4)b));
}

/* Splits eight floats into even and odd columns; joins them again. */
static inline void cnn__split4(const float *from, cnn__vec4 *even,
                               cnn__vec4 *odd)
{
    const cnn__vec4 a = cnn__load4(from), b = cnn__load4(from + 4);

    *even = __builtin_shufflevector(a, b, 0, 2, 4, 6);
    *odd = __builtin_shufflevector(a, b, 1, 3, 5, 7);
}

static inline void cnn__join4(float *to, cnn__vec4 even, cnn__vec4 odd)
{
    cnn__store4(to, __builtin_shufflevector(even, odd, 0, 4, 1, 5));
    cnn__store4(to + 4, __builtin_shufflevector(even, odd, 2, 6, 3, 7));
}

#endif
