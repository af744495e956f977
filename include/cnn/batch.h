/**
 * @file batch.h
 * What a training step learns from: inputs, and what the outputs should be.
 */
#ifndef CNN_BATCH_H
#define CNN_BATCH_H

#include "cnn/export.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/**
 * Samples with labels or targets, and with weights if they do not count alike.
 * The arrays belong to the caller; a call only reads them.
 *
 * A label l says that output l should be 1 and the others 0. Targets say what
 * each output should be: numbers (CNN_LOSS_MSE, CNN_LOSS_MAE, CNN_LOSS_HUBER),
 * several labels at once (CNN_LOSS_BINARY_CROSS_ENTROPY, each target from 0 to
 * 1) or the probabilities of classes (CNN_LOSS_SOFTMAX_CROSS_ENTROPY, each from
 * 0 to 1). Targets must be finite. CNN_LOSS_LENET_MAP takes labels only.
 *
 * A sample of weight w counts as w samples would: its loss and its gradient are
 * multiplied by w, and CNN_REDUCE_MEAN divides by the sum of the weights. Each
 * weight is finite and at least 0, and at least one is above 0.
 */
typedef struct cnn_batch {
    uint32_t struct_size;  /**< sizeof(cnn_batch) */
    int32_t count;         /**< samples, N: 1 to the net's max_batch */
    const float *x;        /**< (N, C, H, W) */
    const int32_t *labels; /**< (N), or NULL: then there are targets */
    const float *targets;  /**< (N, output shape), or NULL */
    const float *weights;  /**< (N), or NULL: 1 for each */
} cnn_batch;

CNN_END_DECLS

#endif
