/* y = W x + b for the rows of a matrix, or for groups of the rows: what a dense
 * layer computes, and a convolution whose kernels are as large as the image. */
#ifndef CNN_MATH_AFFINE_H
#define CNN_MATH_AFFINE_H

#include <stdint.h>

/* Each row has `groups`, each of which has weights of its own:
 *
 *     x, dx  (rows, groups, inputs)
 *     y, dy  (rows, groups, outputs)
 *     W, dW  (groups, outputs, inputs)
 *     b, db  (groups, outputs), or NULL */
typedef struct cnn__affine {
    int32_t rows, groups, inputs, outputs;
    int32_t workers;
    const float *W, *b; /* for the way forward, W for dx too */
    float *dW, *db;     /* for the way back */
} cnn__affine;

/* y = W x + b */
void cnn__affine_forward(const cnn__affine *a, const float *x, float *y);

/* dW += dy^T x;  db += sum of dy over the rows;  dx = dy W, if dx is not
 * NULL. */
void cnn__affine_backward(const cnn__affine *a, const float *x, const float *dy,
                          float *dx);

#endif
