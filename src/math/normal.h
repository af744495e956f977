/* The normal distribution of mean 0 and deviation 1, in the manner of
 * math/exp.h: no branches, no library calls, the same bits on every machine.
 *
 *     P(X <= x) = 1 - g(|x|) for x >= 0,  g(|x|) for x < 0,
 *     g(a) = e^(-a^2 / 2) h(a),  h(a) = Mills' ratio / sqrt(2 pi)
 *
 * h is a polynomial in t = 1 / (1 + 0.34 a), as Hastings (1955) approximates
 * erf. It was fitted to a from 0 to 15 with a relative error of 0.7 2^-24;
 * rounded, h is within 6 2^-24. Below zero the result is within
 * (10 + x^2 / 2) 2^-24 of itself, since the square in the exponent is rounded
 * (tests/unit/test_normal.c). */
#ifndef CNN_MATH_NORMAL_H
#define CNN_MATH_NORMAL_H

#include "math/exp.h"

static inline float cnn__normal(float x)
{
    const float a = x < 0.0f ? -x : x;
    const float t = 1.0f / (1.0f + 0.34f * a);
    float h = -0x1.a40be2p-6f;

    h = h * t + 0x1.19127cp-3f;
    h = h * t - 0x1.131ebep-2f;
    h = h * t + 0x1.94226ep-3f;
    h = h * t - 0x1.546916p-5f;
    h = h * t + 0x1.d35670p-4f;
    h = h * t + 0x1.d9144cp-4f;
    h = h * t + 0x1.16adb0p-3f;
    h = h * t + 0x1.15c14ap-3f;
    const float g = cnn__exp(-0.5f * (a * a)) * (t * h);
    return x < 0.0f ? g : 1.0f - g;
}

/* e^(-x^2 / 2) / sqrt(2 pi) */
static inline float cnn__normal_density(float x)
{
    return 0x1.988454p-2f * cnn__exp(-0.5f * (x * x));
}

#endif
