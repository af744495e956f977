/* exp and functions based on it, without branches or library calls, so that
 * loops over them are vectorised and the bits are the same on every machine.
 * Each is within 3 ULP, also for denormal results, and NaN gives NaN
 * (tests/unit/test_exp.c).
 *
 *     x = k ln 2 + r,  |r| <= ln 2 / 2,  e^x = 2^k (1 + p),  p = e^r - 1 */
#ifndef CNN_MATH_EXP_H
#define CNN_MATH_EXP_H

#include <stdint.h>
#include <string.h>

/* ln 2 in two parts. The first has nine bits, so that its product with k is
 * exact. */
#define CNN__LN2_HIGH 0.693359375f
#define CNN__LN2_LOW  -0x1.bd0106p-13f
#define CNN__LOG2_E   0x1.715476p+0f
/* Adding this rounds a small float to a whole number, held in the last bits. */
#define CNN__ROUNDER 0x1.8p23f

static inline uint32_t cnn__bits(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static inline float cnn__of_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

/* 2^k for -127 < k < 128; k is taken modulo 2^32. */
static inline float cnn__power_of_2(uint32_t k)
{
    return cnn__of_bits((k + 127) << 23);
}

/* Returns p, and sets k modulo 2^32, for |x| < 2^15. The polynomial
 * interpolates (e^r - 1 - r) / r^2 at the zeros of a Chebyshev polynomial; the
 * error of p is 2^-29. As its first term is r itself, p is monotonic in r even
 * when rounded. */
static inline float cnn__reduce(float x, uint32_t *k)
{
    const float shifted = x * CNN__LOG2_E + CNN__ROUNDER;
    const float n = shifted - CNN__ROUNDER;
    const float r = (x - n * CNN__LN2_HIGH) - n * CNN__LN2_LOW;
    float q = 0x1.a1258cp-13f;

    q = q * r + 0x1.6d43d2p-10f;
    q = q * r + 0x1.1110e0p-7f;
    q = q * r + 0x1.5554e8p-5f;
    q = q * r + 0x1.555556p-3f;
    q = q * r + 0.5f;
    *k = cnn__bits(shifted) - cnn__bits(CNN__ROUNDER);
    return r + r * r * q;
}

/* Beyond the bounds the result is 0 or infinity anyway. 2^k is applied as two
 * factors, because 2^k may overflow where the result does not. */
static inline float cnn__exp(float x)
{
    uint32_t k;
    float p;

    x = x < -104.0f ? -104.0f : x;
    x = x > 89.0f ? 89.0f : x;
    p = cnn__reduce(x, &k);
    /* Adding 512, an even number, makes the shifted value non-negative. */
    const uint32_t half = ((k + 512) >> 1) - 256;
    return (1.0f + p) * cnn__power_of_2(half) * cnn__power_of_2(k - half);
}

/* e^x - 1 for x <= 0. For x > 0 the result is unspecified. */
static inline float cnn__expm1_negative(float x)
{
    uint32_t k;
    float p, power;

    x = x < -20.0f ? -20.0f : x;
    p = cnn__reduce(x, &k);
    power = cnn__power_of_2(k);
    return power * p + (power - 1.0f);
}

/* 1 / (1 + e^-x). Monotonic in x even when rounded, as each step is. Where e^-x
 * may overflow, numerator and denominator are scaled by 2^-64. */
static inline float cnn__sigmoid(float x)
{
    const uint32_t less = x < -64.0f ? 64 : 0;
    const float one = x < -64.0f ? 0x1p-64f : 1.0f;
    uint32_t k;
    float p;

    x = x < -105.0f ? -105.0f : x;
    x = x > 40.0f ? 40.0f : x;
    p = cnn__reduce(-x, &k);
    return one / (one + (1.0f + p) * cnn__power_of_2(k - less));
}

/* -m / (2 + m) with m = e^(-2 |x|) - 1 and the sign of x: accurate near zero.
 */
static inline float cnn__tanh(float x)
{
    const uint32_t sign = 0x80000000u;
    const float m =
        cnn__expm1_negative(-2.0f * cnn__of_bits(cnn__bits(x) & ~sign));

    return cnn__of_bits((cnn__bits(m / (2.0f + m)) & ~sign) |
                        (cnn__bits(x) & sign));
}

/* log(1 + e^x) = max(x, 0) + log(1 + t), t = e^-|x|, and
 *
 *     log(1 + t) = 2 atanh(u / 2) = u (1 + u^2 / 12 + ...),  u = 2 t / (2 + t)
 *
 * with a polynomial in u^2 <= 4 / 9, whose error is below 2^-27 of the
 * logarithm. Written so that a denormal t loses nothing. */
static inline float cnn__softplus(float x)
{
    const float t = cnn__exp(x < 0.0f ? x : -x);
    const float u = t / (1.0f + 0.5f * t);
    const float v = u * u;
    float q = 0x1.1ed82cp-11f;

    q = q * v + 0x1.1ebcf8p-9f;
    q = q * v + 0x1.99d20ap-7f;
    q = q * v + 0x1.555502p-4f;
    return (x > 0.0f ? x : 0.0f) + (u + u * v * q);
}

#endif
