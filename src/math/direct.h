/* Convolution by its definition, for few channels, where im2col costs more than
 * the product that it prepares: sums stay in registers, and vectors go along
 * the rows of an image.
 *
 * Stride 1, no dilation, kernels of 3 x 3 and 5 x 5. Inputs stand in planes
 * that have their padding around them and zeros behind each row, so that a
 * vector may begin at every column and needs no border. */
#ifndef CNN_MATH_DIRECT_H
#define CNN_MATH_DIRECT_H

#include <stddef.h>

/* Floats of the widest vectors. */
#define CNN__DIRECT_LANES 16

typedef struct cnn__direct {
    size_t kernel;            /* K: 3 or 5 */
    size_t channels, filters; /* C, F */
    size_t rows, columns;     /* OH, OW of the outputs; at least 2 rows */
    size_t x_row, x_plane;    /* floats from a row, a channel, to the next */
    size_t dy_row, dy_plane;
} cnn__direct;

/* Only where the processor multiplies and adds in one: elsewhere sgemm wins. */
typedef struct cnn__direct_kernels {
    /* y (F, OH, OW) = b (F) + sum over c, u, v of w (F, C, K, K) x; b may be
     * NULL. */
    void (*forward)(const cnn__direct *d, const float *w, const float *b,
                    const float *x, float *y);
    /* dw (F, C, K, K) += sum over i, j of dy x, for `samples` that stand
     * x_sample and dy_sample floats apart. Rows of dy are followed by zeros. */
    void (*weights)(const cnn__direct *d, size_t samples, const float *x,
                    size_t x_sample, const float *dy, size_t dy_sample,
                    float *dw);
} cnn__direct_kernels;

#endif
