/* The contract between a convolution and the ways to compute it.
 *
 * An algorithm is one const table: its plan for a shape, whether it pays, the
 * memory it needs, and its two passes. conv2d_algorithms.c lists the algorithms
 * in the order in which they are tried; docs/contributing.md shows how to add
 * one. */
#ifndef CNN_LAYERS_CONV2D_ALGORITHM_H
#define CNN_LAYERS_CONV2D_ALGORITHM_H

#include "layers/conv2d/conv2d_geometry.h"
#include "layers/layer_impl.h"

/* Values of asked_as that only the environment variable CNN_ALGORITHM asks for,
 * for comparisons. */
enum { CNN__ALGORITHM_TAPS = 64, CNN__ALGORITHM_DEPTHWISE };

/* The arrays of one pass, for the whole batch. */
typedef struct cnn__conv_pass {
    const cnn__conv *conv;
    const cnn__run *run;
    const float *weights; /* as in cnn_layer_params() */
    const float *biases;  /* (F), or NULL */
    const float *x;       /* (N, C, H, W); backward reads it for dW only */
    float *y;        /* (N, F, OH, OW); the algorithm writes each span where */
    const float *dy; /* cnn__fused_place() says, and reads dy likewise */
    float *dx;       /* (N, C, H, W); NULL: not wanted */
    const float *dx_biases; /* (C), of a transposed convolution: dx starts from
                               them; NULL: from zero */
    float *dW, *db;         /* as the weights; (F); NULL: not wanted */
} cnn__conv_pass;

#define CNN__CONV_PLAN_SIZE 512

typedef struct cnn__conv_algorithm {
    const char *name;    /* value of the environment variable CNN_ALGORITHM */
    int32_t asked_as;    /* CNN_ALGORITHM_* that asks for it */
    const char *demands; /* what plan() requires, for error texts */
    size_t plan_size;    /* size of the struct that plan() fills in, at most
                            CNN__CONV_PLAN_SIZE */
    /* Plans for a shape; false if the shape does not fit. Depends on the shape
     * and the instruction set only. */
    bool (*plan)(void *plan, const cnn__conv *conv);
    /* Is it faster than the algorithms that follow? NULL: always. */
    bool (*pays)(const void *plan, const cnn__conv *conv);
    /* Sets the memory that passes of up to `batch` samples need. NULL: none. */
    void (*sizes)(const void *plan, const cnn__conv *conv, int32_t batch,
                  cnn__workspace *need);
    /* The most samples in a span. NULL: the whole batch is computed at once, so
     * nothing can be fused. */
    int32_t (*grain)(const void *plan, int32_t batch);
    /* Computes y of the batch. */
    void (*forward)(const void *plan, const cnn__conv_pass *pass);
    /* Computes dx of the batch; adds to dW and db. What is not wanted costs
     * next to nothing. */
    void (*backward)(const void *plan, const cnn__conv_pass *pass);
} cnn__conv_algorithm;

#endif
