/* Networks as tables of layers. */
#ifndef EXAMPLES_NETWORK_H
#define EXAMPLES_NETWORK_H

#include "common/recipe.h"

typedef struct layer {
    enum { END, CONV, MAXPOOL, DENSE, RELU, SIGMOID, TANH, SOFTMAX } kind;
    int32_t size;   /* filters, edge of the window, or units */
    int32_t kernel; /* of CONV: edge of the kernel */
} layer;

/* The net of a table that ends with END, ready to be built. Convolutions and
 * pooling pad with zeros where it is needed (SAME); an error in the table
 * surfaces when the net is built. NULL if memory is short. */
cnn_net *network_create(const layer *table, const recipe *r);

#endif
