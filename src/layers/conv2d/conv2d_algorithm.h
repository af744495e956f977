/* The contract between a convolution and the ways to compute it.
 *
 * An algorithm is one const table: what it plans for a shape, whether that
 * pays, the memory that it works in, and its two passes. conv2d_algorithms.c
 * lists them in the order in which they are tried; docs/contributing.md shows
 * how to add one. */
#ifndef CNN_LAYERS_CONV2D_ALGORITHM_H
#define CNN_LAYERS_CONV2D_ALGORITHM_H

#include "layers/conv2d/conv2d_geometry.h"
#include "layers/layer_impl.h"

/* The arrays of one pass, for the whole batch. */
typedef struct cnn__conv_pass {
    const cnn__conv *conv;
    const cnn__run *run;
    const float *weights; /* as in cnn_layer_params() */
    const float *biases;  /* (F), or NULL */
    const float *x;       /* (N, C, H, W) */
    float *y;             /* (N, F, OH, OW); where its samples stand, and ... */
    const float *dy;      /* ... those of dy, fused.h says */
    float *dx;            /* (N, C, H, W), or NULL: not wanted */
    float *dW, *db;       /* as the weights; (F), or NULL */
} cnn__conv_pass;

typedef struct cnn__conv_algorithm {
    const char *name;    /* as CNN_ALGORITHM in the environment spells it */
    int32_t asked_as;    /* the CNN_ALGORITHM_* that asks for it */
    const char *demands; /* what plan() demands, for the text of an error */
    size_t plan_size;    /* of what plan() fills in */
    /* Plans for a shape: false if it does not fit. Depends on the shape and the
     * instruction set only. */
    bool (*plan)(void *plan, const cnn__conv *conv);
    /* Is it faster than those that come later? NULL: wherever it fits. */
    bool (*pays)(const void *plan, const cnn__conv *conv);
    /* Sets what passes of up to `batch` samples need. NULL: nothing. */
    void (*sizes)(const void *plan, const cnn__conv *conv, int32_t batch,
                  cnn__workspace *need);
    /* The most samples of a batch that are done at a time. NULL: all, so that
     * nothing can be done with them in between. */
    int32_t (*grain)(const void *plan, int32_t batch);
    /* y of the batch. */
    void (*forward)(const void *plan, const cnn__conv_pass *pass);
    /* dx of the batch; adds to dW and db. */
    void (*backward)(const void *plan, const cnn__conv_pass *pass);
} cnn__conv_algorithm;

#endif
