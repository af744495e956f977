/* The plan of a convolution by im2col and sgemm, the general algorithm. */
#ifndef CNN_LAYERS_CONV2D_IM2COL_H
#define CNN_LAYERS_CONV2D_IM2COL_H

#include "layers/conv2d/conv2d_geometry.h"

/* The plan for a shape. A tile is T samples, whose columns, P of each sample,
 * are side by side in one matrix. */
typedef struct cnn__conv_tiling {
    bool lowered; /* im2col writes the columns; otherwise x itself is the matrix
                     of columns */
    int32_t samples; /* T; depends on the shape only, as do rows and run */
    int32_t rows;    /* of outputs, lowered at a time; T is 1 if less than OH */
    int32_t run;     /* channels of a group lowered at a time */
} cnn__conv_tiling;

cnn__conv_tiling cnn__conv_tiling_of(const cnn__conv *conv);

/* Floats of all columns of a tile. */
size_t cnn__conv_tile_columns(const cnn__conv *conv);

#endif
