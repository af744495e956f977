/* Nets with branches, described but not built. */
#ifndef TESTS_SUPPORT_GRAPHS_H
#define TESTS_SUPPORT_GRAPHS_H

#include "support/nets.h"

#define GRAPH_CLASSES 5
extern const cnn_shape graph_shape; /* 3x8x8 */

/* A described net of up to 25 layers: convolutions, batch normalisation,
 * activations, dropout, pooling, upsampling, sums and concatenations of what
 * there is, the input included; all that is left over is pooled, joined, and
 * goes through a dense layer. The same seed gives the same net. With `smooth`
 * it has neither kinks nor dropout. */
cnn_net *random_graph(uint64_t seed, bool smooth);

/* 1x6x6 -> 10: a stem (layer 0, conv 4@3x3 SAME, and 1, ReLU), a block (2, such
 * a conv, 3, batch normalisation, and 4, GELU) whose output 5 adds to its
 * input, 6, which concatenates both, and 7, dense 10. */
cnn_net *block_graph(void);

#endif
