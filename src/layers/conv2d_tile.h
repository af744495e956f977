/* Convolution of a few samples at a time by im2col and sgemm: what
 * conv2d_im2col.c cuts a batch into. */
#ifndef CNN_LAYERS_CONV2D_TILE_H
#define CNN_LAYERS_CONV2D_TILE_H

#include <stddef.h>
#include <stdint.h>

#include "layers/conv2d_plan.h"
#include "layers/layer_impl.h"

/* The arrays of one pass, for the whole batch. Biases may be NULL. */
typedef struct cnn__conv_pass {
    const cnn__conv *conv;
    const cnn__run *run;
    const float *weights, *biases; /* as in cnn_layer_params(); (F) */
    const float *x;                /* (N, C, H, W) */
    float *y;                      /* (N, F, OH, OW), and ... */
    const float *dy;               /* ... these are for tail.h */
    float *dx;                     /* (N, C, H, W), or NULL */
} cnn__conv_pass;

/* Floats of workspace that one tile of up to `batch` samples needs. */
size_t cnn__conv_tile_floats(const cnn__conv *conv, int32_t batch);

/* Samples of a tile, but for the last one. */
int32_t cnn__conv_tile_samples(const cnn__conv *conv, int32_t batch);

/* y of the samples of a tile. */
void cnn__conv_forward_tile(const cnn__conv_pass *pass, int64_t tile,
                            int32_t lane);

/* dx of the samples of a tile; adds to dW, each block transposed, and to db
 * (NULL: no biases). */
void cnn__conv_backward_tile(const cnn__conv_pass *pass, int64_t tile,
                             int32_t lane, float *dW, float *db);

/* Adds a dW whose blocks are transposed, (K, filters), to one in the order of
 * the weights. */
void cnn__conv_add_weights(const cnn__conv *conv, const float *from, float *dW);

#endif
