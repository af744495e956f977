/**
 * @file types.h
 * The opaque handles, the two plain structs and the zero that all headers
 * share.
 */
#ifndef CNN_TYPES_H
#define CNN_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef struct cnn_layer cnn_layer;     /**< layer.h */
typedef struct cnn_net cnn_net;         /**< net.h */
typedef struct cnn_session cnn_session; /**< session.h */
typedef struct cnn_optim cnn_optim;     /**< optim.h */
typedef struct cnn_dataset cnn_dataset; /**< dataset.h */
typedef struct cnn_trainer cnn_trainer; /**< trainer.h */

/** One sample: channels, height, width. A vector of n is {n, 1, 1}. A batch of
 *  N samples is a row-major N x C x H x W array of float. */
typedef struct cnn_shape {
    int32_t c, h, w;
} cnn_shape;

/** Zero, for a field of options in which 0 means a default that is not zero.
 *  libcnn knows it by its sign; in arithmetic it is like any zero. In a field
 *  that may not be zero it is CNN_EINVAL. */
#define CNN_ZERO (-0.0f)

/** What a training step or an evaluation found. */
typedef struct cnn_metrics {
    double loss;     /**< reduced as cnn_net_set_loss() says */
    int64_t count;   /**< samples looked at */
    int64_t correct; /**< samples whose guess is the label's: the largest
                          output, or the smallest under CNN_LOSS_LENET_MAP */
} cnn_metrics;

#endif
