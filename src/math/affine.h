/* y = W x + b for the rows of a matrix, or for groups of each row: a dense
 * layer, or a convolution whose kernels are as large as the image. */
#ifndef CNN_MATH_AFFINE_H
#define CNN_MATH_AFFINE_H

#include <stdbool.h>
#include <stdint.h>

/* Each row has `groups` groups, each with its own weights:
 *
 *     x, dx  (rows, groups, inputs)
 *     y, dy  (rows, groups, outputs)
 *     W, dW  (groups, outputs, inputs)
 *     b, db  (groups, outputs), or NULL */
typedef struct cnn__affine {
    int32_t rows, groups, inputs, outputs;
    int32_t workers;
    const float *W, *b; /* for forward; W for dx too */
    float *dW, *db;     /* for backward; NULL: not wanted */
    bool adds;          /* to dx, which is otherwise overwritten */
} cnn__affine;

/* y = W x + b */
void cnn__affine_forward(const cnn__affine *a, const float *x, float *y);

/* dW += dy^T x;  db += sum of dy over the rows;  dx = dy W, if dx is not NULL.
 * x is read for dW only. */
void cnn__affine_backward(const cnn__affine *a, const float *x, const float *dy,
                          float *dx);

#endif
