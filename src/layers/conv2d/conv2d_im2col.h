/* How a convolution by im2col and sgemm, the general way, is cut up. */
#ifndef CNN_LAYERS_CONV2D_IM2COL_H
#define CNN_LAYERS_CONV2D_IM2COL_H

#include "layers/conv2d/conv2d_geometry.h"

/* As planned for a shape. A tile is some samples, T, whose columns stand side
 * by side: P of each. */
typedef struct cnn__conv_tiling {
    bool lowered;    /* im2col writes the columns; else a sample's channels are
                        its columns as they are */
    int32_t samples; /* T; depends on the shape only, as do the next two */
    int32_t rows; /* of outputs that are lowered at a time; below OH: T is 1 */
    int32_t run;  /* channels of a group that are lowered at a time */
} cnn__conv_tiling;

cnn__conv_tiling cnn__conv_tiling_of(const cnn__conv *conv);

/* Floats of all columns of a tile, were they there at once. */
size_t cnn__conv_tile_columns(const cnn__conv *conv);

#endif
