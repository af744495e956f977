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

/* cnn_net_train_step(), with the gradients clipped to a norm; 0: not at all. */
cnn_status cnn__net_learn(cnn_net *net, cnn_optim *optim, float clip_norm,
                          const cnn__batch *batch, cnn_metrics *out);

/* Looks at the units of a net that is watched, after a step of `batch` samples.
 */
void cnn__watch_step(cnn_net *net, int32_t batch);

/* How many layers run before the loss begins: under cross-entropy a softmax on
 * top belongs to the loss. */
int32_t cnn__scored_layers(const cnn_net *net);

/* What the loss looks at, after a pass over x through those layers. */
const float *cnn__scored(const cnn_net *net, const float *x);

/* Are these the numbers of outputs? `first` is the sample of the first of them,
 * for the text. */
cnn_status cnn__check_labels(const int32_t *labels, int64_t first,
                             int32_t count, size_t outputs);

/* Do the images and labels of the dataset fit the net, which must be built? */
cnn_status cnn__check_dataset(const cnn_net *net, const cnn_dataset *dataset);

#endif
