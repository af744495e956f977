/* Saturating sums and products of sizes: they stop at SIZE_MAX, which every
 * allocation refuses. So a long formula is checked once, at its end. */
#ifndef CNN_BASE_SIZE_H
#define CNN_BASE_SIZE_H

#include <stddef.h>
#include <stdint.h>

static inline size_t cnn__size_add(size_t a, size_t b)
{
    size_t sum;
    return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

static inline size_t cnn__size_mul(size_t a, size_t b)
{
    size_t product;
    return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

/* a * b * c */
static inline size_t cnn__size_mul3(size_t a, size_t b, size_t c)
{
    return cnn__size_mul(cnn__size_mul(a, b), c);
}

/* `a` rounded up to a multiple of `unit`, a power of two. */
static inline size_t cnn__size_round_up(size_t a, size_t unit)
{
    return a > SIZE_MAX - (unit - 1) ? SIZE_MAX : (a + unit - 1) & ~(unit - 1);
}

#endif
