/**
 * @file augment.h
 * Small random changes to images, so that a net sees each a little different
 * every time.
 */
#ifndef CNN_AUGMENT_H
#define CNN_AUGMENT_H

#include "cnn/export.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** How far an image may be changed. Each change is drawn uniformly from the
 *  range +- the field; 0 leaves that change out. */
typedef struct cnn_augment_options {
    uint32_t struct_size; /**< sizeof(cnn_augment_options) */
    float shift;          /**< pixels, in each direction */
    float rotation;       /**< degrees */
    float scale;          /**< factor 1 +- scale, below 1 */
    float shear;          /**< horizontal pixels for each vertical one */
    float elastic;        /**< strength alpha of an elastic distortion, pixels:
                               a random field of +-1, smoothed, times this
                               (Simard et al., 2003) */
    float elastic_sigma;  /**< its smoothness, pixels; the smoothing reaches
                               32 pixels at most [4] */
    int32_t mirror;       /**< 1: mirrors an image left to right with
                               probability 1/2, pixel by pixel [0] */
} cnn_augment_options;

/**
 * Changes images as a trainer does. The random numbers for image n follow from
 * the seed, the step and n, so the same call gives the same images.
 *
 * @param shape   of an image, each at least 1
 * @param random  two numbers, the seed and the step
 * @param count   images, at least 0
 * @param paper   the value of pixels that come from outside the image, in all
 *                channels; a trainer takes that of a pixel 0 in each
 * @param images  (count, shape), changed in place
 * @return CNN_OK, or CNN_EINVAL, CNN_EOVERFLOW, CNN_ENOMEM and nothing changed
 */
CNN_API cnn_status cnn_augment(const cnn_augment_options *options,
                               const cnn_shape *shape, const uint64_t *random,
                               int64_t count, float paper, float *images);

CNN_END_DECLS

#endif
