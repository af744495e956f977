/* What training steps, trainers and evaluation share. */
#ifndef CNN_TRAIN_STEP_H
#define CNN_TRAIN_STEP_H

#include "cnn/dataset.h"
#include "net/net_impl.h"

/* How many layers run before the loss begins: under cross-entropy a softmax on
 * top belongs to the loss. */
int32_t cnn__scored_layers(const cnn_net *net);

/* What the loss looks at, after a pass over x through those layers. */
const float *cnn__scored(const cnn_net *net, const float *x);

/* Do the images and labels of the dataset fit the net, which must be built? */
cnn_status cnn__check_dataset(const cnn_net *net, const cnn_dataset *dataset);

#endif
