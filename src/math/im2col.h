/* The lowering of a convolution to a product of matrices, and its adjoint. */
#ifndef CNN_MATH_IM2COL_H
#define CNN_MATH_IM2COL_H

#include <stddef.h>

#include "math/window.h"

/* Floats of scratch that both need for up to `rows` rows of outputs, of all or
 * of a part (cnn__axis_part()): what they look at in a channel, with its
 * padding; 0 if there is no padding. */
size_t cnn__im2col_scratch(const cnn__window *window, int32_t rows);

/* col[c][u][v][i][j] = the pixel of channel c under kernel position (u, v) for
 * output (i, j), zero where that is padding.
 *
 *     x    (channels, H, W); a channel is `plane` floats behind the one before
 *          it, so that it may be some rows of an image
 *     col  (channels * KH * KW) rows of OH * OW; a row is `stride` floats
 *          behind the one before it, so that samples can stand side by side */
typedef struct cnn__lowering {
    const cnn__window *window;
    int32_t channels;
    size_t plane, stride;
    float *scratch;
} cnn__lowering;

void cnn__im2col(const cnn__lowering *l, const float *x, float *col);

/* The adjoint: adds each col[c][u][v][i][j] to the pixel it came from. */
void cnn__col2im(const cnn__lowering *l, const float *col, float *dx);

#endif
