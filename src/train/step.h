/* What training steps, trainers and evaluation share. */
#ifndef CNN_TRAIN_STEP_H
#define CNN_TRAIN_STEP_H

#include "cnn/trainer.h"
#include "net/net_impl.h"

typedef struct cnn__batch {
    int32_t size;
    const float *x;        /* (N, C, H, W) */
    const int32_t *labels; /* (N) */
} cnn__batch;

/* cnn_net_train_step() with the gradients clipped to a norm; 0: no clipping. */
cnn_status cnn__net_learn(cnn_net *net, const cnn_optim *optim, float clip_norm,
                          const cnn__batch *batch, cnn_metrics *out);

/* Records the units of a watched net after a step of `batch` samples. */
void cnn__watch_step(cnn_net *net, int32_t batch);

/* The number of layers before the loss. Under cross-entropy a final softmax is
 * part of the loss. */
int32_t cnn__scored_layers(const cnn_net *net);

/* The input of the loss, after a pass over x through those layers. */
const float *cnn__scored(const cnn_net *net, const float *x);

/* CNN_EINVAL unless each label is the index of an output. `first` is the number
 * of the first sample, for the error text. */
cnn_status cnn__check_labels(const int32_t *labels, int64_t first,
                             int32_t count, size_t outputs);

/* Checks that the net is built, and that images and labels of the dataset fit
 * it. */
cnn_status cnn__check_dataset(const cnn_net *net, const cnn_dataset *dataset);

#endif
