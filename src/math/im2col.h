/* Lowering a convolution to a product of matrices, and the adjoint. */
#ifndef CNN_MATH_IM2COL_H
#define CNN_MATH_IM2COL_H

#include <stddef.h>

#include "math/window.h"

/* Floats of scratch for up to `rows` rows of outputs: the part of a channel
 * that they look at, with its padding; 0 if there is no padding. `window` may
 * be a part (cnn__axis_part()). */
size_t cnn__im2col_scratch(const cnn__window *window, int32_t rows);

/* col[c][u][v][i][j] = the pixel of channel c under kernel position (u, v) for
 * output (i, j), zero where that is padding.
 *
 *     x    (channels, H, W); channels are `plane` floats apart, so that they
 *          may be rows of a larger image
 *     col  (channels * KH * KW) rows of OH * OW; rows are `stride` floats
 *          apart, so that samples can be side by side */
typedef struct cnn__lowering {
    const cnn__window *window;
    int32_t channels;
    size_t plane, stride;
    float *scratch;
} cnn__lowering;

void cnn__im2col(const cnn__lowering *l, const float *x, float *col);

/* The adjoint: adds each col[c][u][v][i][j] to its pixel of dx. */
void cnn__col2im(const cnn__lowering *l, const float *col, float *dx);

#endif
