/* Convolution of a few samples at a time by im2col and sgemm: what
 * conv2d_im2col.c cuts a batch into. */
#ifndef CNN_LAYERS_CONV2D_IM2COL_TILE_H
#define CNN_LAYERS_CONV2D_IM2COL_TILE_H

#include "layers/conv2d/conv2d_algorithm.h"
#include "layers/conv2d/conv2d_im2col.h"

/* Floats of workspace that one tile of up to `batch` samples needs. */
size_t cnn__conv_tile_floats(const cnn__conv *conv, const cnn__conv_tiling *t,
                             int32_t batch);

/* Samples of a tile, but for the last one. */
int32_t cnn__conv_tile_samples(const cnn__conv_tiling *t, int32_t batch);

/* y of the samples of a tile. */
void cnn__conv_forward_tile(const cnn__conv_pass *pass,
                            const cnn__conv_tiling *tiling, int64_t number,
                            int32_t worker);

/* dx of the samples of a tile; adds to dW, each group transposed, and to db
 * (NULL: no biases). */
void cnn__conv_backward_tile(const cnn__conv_pass *pass,
                             const cnn__conv_tiling *tiling, int64_t number,
                             int32_t worker, float *dW, float *db);

#endif
