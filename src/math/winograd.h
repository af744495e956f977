/* Winograd's convolution, which is a product point by point in a transformed
 * domain: the transforms of one square of each array, forward and back.
 *
 * Winograd (1980); for networks Lavin and Gray (2016), "Fast algorithms for
 * convolutional neural networks". A square of m x m outputs of a K x K kernel
 * is computed from n x n inputs, n = m + K - 1, by n x n instead of m m K K
 * products:
 *
 *     y = A' [(G w G') . (B' x B)] A
 *
 * with the sum over the channels taken before A' [..] A. Backward is the
 * adjoint of this formula:
 *
 *     dM = A dy A';   dw = G' [dM . (B' x B)] G;   dx = B [dM . (G w G')] B'
 *
 * Row p of A and of G holds the powers of point p; in G they are divided by the
 * product of its distances to the other points. Row p of B' holds the
 * coefficients of the polynomial that is zero at all other points. The points
 * are 0, +-1, +-2, +-1/2 and infinity for n = 8, without +-1/2 for n = 6 and
 * without +-2 for n = 4: their powers are exact. */
#ifndef CNN_MATH_WINOGRAD_H
#define CNN_MATH_WINOGRAD_H

#include <stddef.h>
#include <stdint.h>

/* The innermost side of the arrays, channels or filters, is padded to a
 * multiple of this. */
#define CNN__LANES 16

/* Squares of `lanes` floats: element (i, j) is at i row + j column. */
typedef struct cnn__grid {
    float *at;
    size_t row, column;
} cnn__grid;

/* Reads `from`, writes `to`; lanes is a multiple of CNN__LANES. */
typedef void (*cnn__transform)(const cnn__grid *from, const cnn__grid *to,
                               size_t lanes);

/* The transforms for one n, m and K. */
typedef struct cnn__winograd {
    int32_t kernel, outputs, points; /* K, m, n */
    cnn__transform data;             /* n x n -> n x n: B' x B */
    cnn__transform data_back;        /* n x n -> n x n: adds B v B' */
    cnn__transform maps;             /* n x n -> m x m: A' M A */
    cnn__transform maps_back;        /* m x m -> n x n: A dy A' */
    cnn__transform filter;           /* K x K -> n x n: G w G' */
    cnn__transform filter_back;      /* n x n -> K x K: G' u G */
} cnn__winograd;

/* The table holds F(2x2, 3x3), F(4x4, 3x3), F(2x2, 5x5) and F(4x4, 5x5), where
 * F(m x m, K x K) is the entry for m and K. */
#define CNN__WINOGRADS 4

#endif
