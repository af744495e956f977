/* The gradients of weights and biases of a batch, as the sum of a fixed number
 * of partials. Each is over a fixed range of the batch, and they are added up
 * in a fixed order, so the bits do not depend on the number of threads. */
#ifndef CNN_LAYERS_CONV2D_PARTIALS_H
#define CNN_LAYERS_CONV2D_PARTIALS_H

#include "layers/conv2d/conv2d_algorithm.h"

/* One partial, over chunks first .. end - 1. */
typedef struct cnn__conv_partial {
    int64_t first, end;
    int32_t worker;
    float *sum; /* zero at first */
} cnn__conv_partial;

typedef struct cnn__conv_partials {
    int64_t chunks; /* chunks of the batch */
    size_t floats;  /* floats of one sum */
    float *sums;    /* cnn__conv_partials_floats() floats */
    void (*add)(void *data, const cnn__conv_partial *partial);
    void *data;
} cnn__conv_partials;

/* Floats of all partials, `floats` each, over `chunks` chunks. */
size_t cnn__conv_partials_floats(int64_t chunks, size_t floats);

/* Calls `add` for each partial, then adds them up into the first one of
 * p->sums. */
void cnn__conv_sum(const cnn__conv_partials *p, int32_t workers);

/* Adds a sum of conv->params floats to dW and db. `turned`: each group of its
 * weights is transposed, (K, filters). */
void cnn__conv_add_sum(const cnn__conv_pass *pass, const float *sum,
                       bool turned);

#endif
