/**
 * @file augment.h
 * Small random changes to images, so that a net sees each a little different
 * every time.
 */
#ifndef CNN_AUGMENT_H
#define CNN_AUGMENT_H

#include "cnn/export.h"
#include "cnn/types.h"

/** How far an image may be changed. All are drawn uniformly from the range
 *  +- the field; 0 leaves that change out. */
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
} cnn_augment_options;

#endif
