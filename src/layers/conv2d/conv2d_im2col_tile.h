/* Convolution of one tile of samples by im2col and sgemm. */
#ifndef CNN_LAYERS_CONV2D_IM2COL_TILE_H
#define CNN_LAYERS_CONV2D_IM2COL_TILE_H

#include "layers/conv2d/conv2d_algorithm.h"
#include "layers/conv2d/conv2d_im2col.h"

/* Floats of scratch for a tile of up to `batch` samples. */
size_t cnn__conv_tile_floats(const cnn__conv *conv, const cnn__conv_tiling *t,
                             int32_t batch);

/* Samples of a tile; the last one may have fewer. */
int32_t cnn__conv_tile_samples(const cnn__conv_tiling *t, int32_t batch);

/* Computes y of a tile. */
void cnn__conv_forward_tile(const cnn__conv_pass *pass,
                            const cnn__conv_tiling *tiling, int64_t number,
                            int32_t worker);

/* Computes dx of a tile. Adds to dW, in which each group is transposed, and to
 * db (NULL: not wanted). */
void cnn__conv_backward_tile(const cnn__conv_pass *pass,
                             const cnn__conv_tiling *tiling, int64_t number,
                             int32_t worker, float *dW, float *db);

#endif
