/* The lowering of a convolution to a product of matrices, and its adjoint. */
#ifndef CNN_MATH_IM2COL_H
#define CNN_MATH_IM2COL_H

#include <stddef.h>

#include "math/window.h"

/* Floats of scratch that both need: one channel with its padding, 0 if there is
 * no padding. */
size_t cnn__im2col_scratch(const cnn__window *window);

/* col[c][u][v][i][j] = the pixel of channel c under kernel position (u, v) for
 * output (i, j), zero where that is padding.
 *
 *     x    (channels, H, W)
 *     col  (channels * KH * KW) rows of OH * OW; a row is `stride` floats
 * behind the one before it, so that samples can stand side by side */
void cnn__im2col(const cnn__window *window, int32_t channels, const float *x,
                 float *scratch, float *col, size_t stride);

/* The adjoint: adds each col[c][u][v][i][j] to the pixel it came from. */
void cnn__col2im(const cnn__window *window, int32_t channels, const float *col,
                 size_t stride, float *scratch, float *dx);

#endif
