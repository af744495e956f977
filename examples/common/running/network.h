/* Networks as tables of layers. */
#ifndef EXAMPLES_NETWORK_H
#define EXAMPLES_NETWORK_H

#include "running/recipe.h"

typedef struct layer {
    enum layer_kind {
        END,
        CONV,
        MAXPOOL,
        SUBSAMPLE,
        DENSE,
        RBF,
        RELU,
        SIGMOID,
        TANH,
        LECUN_TANH,
        SOFTMAX
    } kind;
    int32_t size;   /* filters, edge of the window, units or classes */
    int32_t kernel; /* of CONV: edge of the kernel */
    enum { SAME, VALID } padding; /* of CONV: zeros around, or none */
    /* Of CONV: what is connected, a row for each channel that comes in and in
     * it an X for each filter that sees it. NULL: everything. */
    const char *const *table;
} layer;

/* The net of a table that ends with END, ready to be built; an error in the
 * table surfaces when it is. NULL if memory is short. */
cnn_net *network_create(const layer *table, const recipe *r);

/* Puts the layers of another table on top. */
void network_add(cnn_net *net, const layer *table, const recipe *r);

/* Does the smallest output say the class, as with RBF on top, or the
 * largest? */
bool network_smallest_wins(cnn_net *net);

#endif
