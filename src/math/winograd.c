/* Compiled once for each instruction set (math/simd.h). Lanes are independent
 * and the order of operations is fixed below, so all sets give the same bits.
 */
#include "math/winograd.h"

#include "math/simd.h"
#include "math/vector.h"

#define MOST 8 /* the most points */

/* ---------------------------------------------------------- one line --- */

/* Points are in the order 0, 1, -1, 2, -2, 1/2, -1/2, infinity. The points p
 * and -p share the even and the odd part. */
INLINE void pair(vec even, vec odd, vec *r)
{
    r[0] = even + odd;
    r[1] = even - odd;
}

/* B' */
INLINE void data8(const vec *d, vec *r)
{
    r[0] = d[0] - d[6] + 5.25f * (d[4] - d[2]);
    pair(d[2] + d[6] - 4.25f * d[4], d[1] + d[5] - 4.25f * d[3], r + 1);
    pair(0.25f * d[2] - 1.25f * d[4] + d[6],
         0.5f * d[1] - 2.5f * d[3] + 2.0f * d[5], r + 3);
    pair(4.0f * d[2] - 5.0f * d[4] + d[6],
         2.0f * d[1] - 2.5f * d[3] + 0.5f * d[5], r + 5);
    r[7] = d[7] - d[1] + 5.25f * (d[3] - d[5]);
}

/* B */
INLINE void data_back8(const vec *r, vec *d)
{
    const vec s1 = r[1] + r[2], s2 = r[3] + r[4], s3 = r[5] + r[6];
    const vec d1 = r[1] - r[2], d2 = r[3] - r[4], d3 = r[5] - r[6];

    d[0] = r[0];
    d[1] = d1 + 0.5f * d2 + 2.0f * d3 - r[7];
    d[2] = s1 + 0.25f * s2 + 4.0f * s3 - 5.25f * r[0];
    d[3] = 5.25f * r[7] - 4.25f * d1 - 2.5f * (d2 + d3);
    d[4] = 5.25f * r[0] - 4.25f * s1 - 1.25f * s2 - 5.0f * s3;
    d[5] = d1 + 2.0f * d2 + 0.5f * d3 - 5.25f * r[7];
    d[6] = s1 + s2 + s3 - r[0];
    d[7] = r[7];
}

INLINE void data6(const vec *d, vec *r)
{
    r[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
    pair(d[4] - 4.0f * d[2], d[3] - 4.0f * d[1], r + 1);
    pair(d[4] - d[2], 2.0f * (d[3] - d[1]), r + 3);
    r[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
}

INLINE void data_back6(const vec *r, vec *d)
{
    const vec s1 = r[1] + r[2], s2 = r[3] + r[4];
    const vec d1 = r[1] - r[2], d2 = r[3] - r[4];

    d[0] = 4.0f * r[0];
    d[1] = 4.0f * r[5] - 4.0f * d1 - 2.0f * d2;
    d[2] = -5.0f * r[0] - 4.0f * s1 - s2;
    d[3] = d1 + 2.0f * d2 - 5.0f * r[5];
    d[4] = r[0] + s1 + s2;
    d[5] = r[5];
}

INLINE void data4(const vec *d, vec *r)
{
    r[0] = d[0] - d[2];
    pair(d[2], d[1], r + 1);
    r[3] = d[3] - d[1];
}

INLINE void data_back4(const vec *r, vec *d)
{
    d[0] = r[0];
    d[1] = r[1] - r[2] - r[3];
    d[2] = r[1] + r[2] - r[0];
    d[3] = r[3];
}

/* A: the polynomial with these `count` coefficients at the points +-1, +-2 and
 * +-1/2; its first and last coefficient are the values at 0 and infinity. */
INLINE void evaluate(const vec *c, int count, vec *r, int points)
{
    for (int k = 0; k < points / 2 - 1; k++) {
        const float p = k == 0 ? 1.0f : k == 1 ? 2.0f : 0.5f;
        vec even = c[0], odd = p * c[1];
        float power = p;

        for (int i = 2; i < count; i++) {
            power *= p;
            if (i % 2 == 0)
                even += power * c[i];
            else
                odd += power * c[i];
        }
        pair(even, odd, r + 1 + 2 * k);
    }
    r[0] = c[0];
    r[points - 1] = c[count - 1];
}

/* A' */
INLINE void interpolate(const vec *r, int points, vec *c, int count)
{
    const int pairs = points / 2 - 1;
    float p[3] = {1.0f, 1.0f, 1.0f};

    for (int i = 0; i < count; i++) {
        vec sum = {0};

        for (int k = 0; k < pairs; k++) {
            const vec a = r[1 + 2 * k], b = r[2 + 2 * k];
            const vec term = p[k] * (i % 2 == 0 ? a + b : a - b);

            sum = k == 0 ? term : sum + term;
        }
        if (i == 0)
            sum += r[0];
        if (i == count - 1)
            sum += r[points - 1];
        c[i] = sum;
        p[1] *= 2.0f;
        p[2] *= 0.5f;
    }
}

/* The denominators of G: one over the product of the distances of a point to
 * the others. The sign for point 0 is in B'. */
INLINE void weigh(vec *r, int points)
{
    static const float of8[MOST] = {1.0f,          -2.0f / 9.0f, -2.0f / 9.0f,
                                    1.0f / 90.0f,  1.0f / 90.0f, 32.0f / 45.0f,
                                    32.0f / 45.0f, 1.0f};
    static const float of6[MOST] = {0.25f,        -1.0f / 6.0f, -1.0f / 6.0f,
                                    1.0f / 24.0f, 1.0f / 24.0f, 1.0f};
    static const float of4[MOST] = {1.0f, 0.5f, 0.5f, 1.0f};

    for (int i = 0; i < points; i++)
        r[i] *= points == 8 ? of8[i] : points == 6 ? of6[i] : of4[i];
}

INLINE void filter(const vec *w, int count, vec *r, int points)
{
    evaluate(w, count, r, points);
    weigh(r, points);
}

INLINE void filter_back(const vec *r, int points, vec *w, int count)
{
    vec weighed[MOST];

    memcpy(weighed, r, (size_t)points * sizeof(*r));
    weigh(weighed, points);
    interpolate(weighed, points, w, count);
}

/* -------------------------------------------------------- one square --- */

/* Defines a transform from `n` x `n` to `m` x `m`. `line` turns n vectors `in`
 * into m vectors `out`: first down the columns, then along the rows. `put`
 * stores vector v at place p. */
#define TRANSFORM(name, n, m, line, put)                                       \
    static void name(const cnn__grid *from, const cnn__grid *to, size_t lanes) \
    {                                                                          \
        for (size_t l = 0; l < lanes; l += WIDTH) {                            \
            vec half[m][n], in[n], out[m];                                     \
            for (size_t j = 0; j < (n); j++) {                                 \
                for (size_t i = 0; i < (n); i++)                               \
                    in[i] =                                                    \
                        load(from->at + i * from->row + j * from->column + l); \
                line;                                                          \
                for (size_t i = 0; i < (m); i++)                               \
                    half[i][j] = out[i];                                       \
            }                                                                  \
            for (size_t i = 0; i < (m); i++) {                                 \
                memcpy(in, half[i], sizeof(in));                               \
                line;                                                          \
                for (size_t j = 0; j < (m); j++) {                             \
                    float *p = to->at + i * to->row + j * to->column + l;      \
                    put;                                                       \
                }                                                              \
            }                                                                  \
        }                                                                      \
    }

#define SET store(p, out[j])
#define ADD store(p, load(p) + out[j])

/* All transforms for n points, m outputs and a kernel of K. */
#define WINOGRAD(n, m, K)                                              \
    TRANSFORM(data_##n##_##K, n, n, data##n(in, out), SET)             \
    TRANSFORM(data_back_##n##_##K, n, n, data_back##n(in, out), ADD)   \
    TRANSFORM(maps_##n##_##K, n, m, interpolate(in, n, out, m), SET)   \
    TRANSFORM(maps_back_##n##_##K, m, n, evaluate(in, m, out, n), SET) \
    TRANSFORM(filter_##n##_##K, K, n, filter(in, K, out, n), SET)      \
    TRANSFORM(filter_back_##n##_##K, n, K, filter_back(in, n, out, K), SET)

#define ROW(n, m, K)                                                     \
    {                                                                    \
        K, m, n, data_##n##_##K, data_back_##n##_##K, maps_##n##_##K,    \
            maps_back_##n##_##K, filter_##n##_##K, filter_back_##n##_##K \
    }

WINOGRAD(4, 2, 3)
WINOGRAD(6, 4, 3)
WINOGRAD(6, 2, 5)
WINOGRAD(8, 4, 5)

const cnn__winograd CNN__OF_SET(cnn__winograds)[CNN__WINOGRADS] = {
    ROW(4, 2, 3),
    ROW(6, 4, 3),
    ROW(6, 2, 5),
    ROW(8, 4, 5),
};
