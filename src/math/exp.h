/* exp and what follows from it, without branches and without a library, so that
 * loops over them turn into vector instructions and the bits are the same on
 * every machine. Each is within 3 ULP, denormal results among them, and NaN
 * gives NaN (tests/unit/test_exp.c).
 *
 *     x = k ln 2 + r,  |r| <= ln 2 / 2,  e^x = 2^k (1 + p),  p = e^r - 1 */
#ifndef CNN_MATH_EXP_H
#define CNN_MATH_EXP_H

#include <stdint.h>
#include <string.h>

/* ln 2 in two parts. The first has nine bits, so that k times it is exact. */
#define CNN__LN2_HIGH 0.693359375f
#define CNN__LN2_LOW  -0x1.bd0106p-13f
#define CNN__LOG2_E   0x1.715476p+0f
/* Adding it rounds a small float to a whole number, found in the last bits. */
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

/* 2^k for -127 < k < 128; k is a number modulo 2^32. */
static inline float cnn__power_of_2(uint32_t k)
{
    return cnn__of_bits((k + 127) << 23);
}

/* p, and k modulo 2^32, for |x| < 2^15. The polynomial interpolates
 * (e^r - 1 - r) / r^2 at the zeros of a Chebyshev polynomial: p is off by
 * 2^-29. It rises with r, as rounded, because its first term is r itself. */
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

/* The bounds are where the result is 0 and infinity anyway. 2^k goes in two
 * factors, as it may be beyond a float where the result is not. */
static inline float cnn__exp(float x)
{
    uint32_t k;
    float p;

    x = x < -104.0f ? -104.0f : x;
    x = x > 89.0f ? 89.0f : x;
    p = cnn__reduce(x, &k);
    /* An even number is added, for a shift of what is never negative. */
    const uint32_t half = ((k + 512) >> 1) - 256;
    return (1.0f + p) * cnn__power_of_2(half) * cnn__power_of_2(k - half);
}

/* e^x - 1 for x <= 0. Above, it is some float or other. */
static inline float cnn__expm1_negative(float x)
{
    uint32_t k;
    float p, power;

    x = x < -20.0f ? -20.0f : x;
    p = cnn__reduce(x, &k);
    power = cnn__power_of_2(k);
    return power * p + (power - 1.0f);
}

/* 1 / (1 + e^-x), which rises with x as rounded since each step does. Where
 * e^-x may be infinite, both sides of the fraction are taken times 2^-64. */
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

/* -m / (2 + m) with m = e^(-2 |x|) - 1, which loses nothing near zero; and the
 * sign of x. */
static inline float cnn__tanh(float x)
{
    const uint32_t sign = 0x80000000u;
    const float m =
        cnn__expm1_negative(-2.0f * cnn__of_bits(cnn__bits(x) & ~sign));

    return cnn__of_bits((cnn__bits(m / (2.0f + m)) & ~sign) |
                        (cnn__bits(x) & sign));
}

#endif
