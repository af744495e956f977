/* Nets that several tests use, described but not built, and data for them. */
#ifndef TESTS_SUPPORT_NETS_H
#define TESTS_SUPPORT_NETS_H

#include <stdbool.h>

#include "support/near.h"

/* 1x12x12 -> 5: conv 4@3x3 SAME, ReLU, max pool 2x2, conv 6@3x3, ReLU, max pool
 * 2x2, dense 16, ReLU, dense 5, and a softmax if asked for. */
#define CONV_NET_INPUT   144
#define CONV_NET_CLASSES 5
#define CONV_NET_PARAMS  747
extern const cnn_shape conv_net_shape;
cnn_net *conv_net(bool softmax);

/* 1x28x28 -> 10: LeNet-5 in two modern forms, with 97,982 parameters and ReLU,
 * and with 521,982 and sigmoids. */
extern const cnn_shape lenet5_shape;
cnn_net *lenet5_relu(void);
cnn_net *lenet5_sigmoid(void);

/* 1x32x32 -> 10: LeNet-5 as of 1998, with trainable sub-sampling, C3 with its
 * table of connections, and radial basis functions under their own loss. Its
 * squashing functions are layers of their own: C1 is layer 0, S2 2, C3 4, S4 6,
 * C5 8, F6 10, the output 12. */
#define CLASSIC_PARAMS 60000
extern const cnn_shape classic_shape;
cnn_net *classic_net(void);

/* A net of one dense layer with biases, `inputs` -> `units`, built. */
cnn_net *dense_net(int32_t inputs, int32_t units, int32_t max_batch);

/* A net that hands its inputs on, `count` of them, built: one layer that
 * reshapes. */
cnn_net *echo_net(int32_t count, int32_t max_batch);

/* Builds; the test fails if that does. */
void build(cnn_net *net, const cnn_shape *in, int32_t max_batch, uint64_t seed);

/* n floats of fill_uniform(), to be given back with test_free(). */
float *uniform(size_t n, uint64_t seed);

/* n labels from 0 to classes - 1. */
void fill_labels(int32_t *labels, size_t n, int32_t classes, uint64_t seed);

/* A copy of the parameters, to be given back with test_free(). */
float *copy_params(cnn_net *net);

#endif
