/**
 * @file shapes.h
 * Layers that change the shape of a sample, and have nothing to learn.
 */
#ifndef CNN_SHAPES_H
#define CNN_SHAPES_H

#include "cnn/export.h"
#include "cnn/layer.h"

CNN_BEGIN_DECLS

/** Where cnn_upsample2d_create() takes new pixels from. */
enum {
    CNN_UPSAMPLE_NEAREST = 0, /**< each pixel is repeated */
    CNN_UPSAMPLE_BILINEAR = 1 /**< the four pixels around, weighted by distance,
                                   pixels being squares (align_corners = False
                                   of PyTorch, half_pixel of ONNX) */
};

/**
 * Makes an image larger by whole factors, {C, H, W} to {C, factor_h H, factor_w
 * W}. Row i of a channel is taken from row p = (i + 1/2) / factor_h - 1/2 of
 * the input: by CNN_UPSAMPLE_NEAREST from the row nearest to it, i / factor_h
 * rounded down; by CNN_UPSAMPLE_BILINEAR from the two rows around it, each with
 * a share of 1 minus its distance, and from the first or last row beyond these.
 * Columns likewise.
 *
 * @param factor_h  at least 1
 * @param factor_w  at least 1
 * @param mode      CNN_UPSAMPLE_NEAREST or CNN_UPSAMPLE_BILINEAR
 * @return as for cnn_conv2d_create()
 */
CNN_API cnn_layer *cnn_upsample2d_create(int32_t factor_h, int32_t factor_w,
                                         int32_t mode);

/**
 * The same elements, in row-major order, as a sample of another shape: {1, 1,
 * L} for a signal, say, or {C, H, W} for a convolution after a dense layer. It
 * costs next to nothing. The input must have as many elements (CNN_ESHAPE when
 * it is built). One size may be -1: it is what the others leave of the input,
 * whatever its shape. {-1, 1, 1} is one vector of all elements.
 *
 * @param shape  each size at least 1, or one of them -1; copied
 * @return as for cnn_conv2d_create()
 */
CNN_API cnn_layer *cnn_reshape_create(const cnn_shape *shape);

CNN_END_DECLS

#endif
