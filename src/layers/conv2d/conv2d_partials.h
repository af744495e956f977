/* The gradients of the weights and biases of a batch, as sums of a fixed number
 * of partial sums: each over a fixed range of the batch, added up in a fixed
 * order. So the bits do not depend on the number of threads. */
#ifndef CNN_LAYERS_CONV2D_PARTIALS_H
#define CNN_LAYERS_CONV2D_PARTIALS_H

#include "layers/conv2d/conv2d_algorithm.h"

/* One of them, over the chunks from `first` to before `end`. */
typedef struct cnn__conv_partial {
    int64_t first, end;
    int32_t worker;
    float *sum; /* zero at first */
} cnn__conv_partial;

typedef struct cnn__conv_partials {
    int64_t chunks; /* into which a batch is cut */
    size_t floats;  /* of a sum */
    float *sums;    /* cnn__conv_partials_floats() of them */
    void (*add)(void *data, const cnn__conv_partial *partial);
    void *data;
} cnn__conv_partials;

/* Floats of all sums of so many floats over so many chunks. */
size_t cnn__conv_partials_floats(int64_t chunks, size_t floats);

/* Has `add` compute each of them and adds them up: the whole sum is the first
 * of p->sums then. */
void cnn__conv_sum(const cnn__conv_partials *p, int32_t workers);

/* Adds a sum of conv->params floats to dW and db; `turned`: the groups of its
 * weights are transposed, (K, filters) each. */
void cnn__conv_add_sum(const cnn__conv_pass *pass, const float *sum,
                       bool turned);

#endif
