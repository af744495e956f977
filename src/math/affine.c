#include "math/affine.h"

#include <string.h>

#include "math/gemm.h"
#include "math/sum.h"

static int32_t row_of_x(const cnn__affine *a)
{
    return a->groups * a->inputs;
}

static int32_t row_of_y(const cnn__affine *a)
{
    return a->groups * a->outputs;
}

void cnn__affine_forward(const cnn__affine *a, const float *x, float *y)
{
    const int32_t I = a->inputs, U = a->outputs;
    const size_t row = (size_t)row_of_y(a);

    /* Writing b first lets the product add to it: cheaper than adding b
     * afterwards. */
    if (a->b != NULL)
        for (size_t n = 0; n < (size_t)a->rows; n++)
            memcpy(y + n * row, a->b, row * sizeof(float));
    for (int32_t p = 0; p < a->groups; p++)
        cnn__gemm_parallel(
            &(cnn__product){.m = a->rows,
                            .n = U,
                            .k = I,
                            .a = x + (size_t)p * (size_t)I,
                            .lda = row_of_x(a),
                            .b = a->W + (size_t)p * (size_t)U * (size_t)I,
                            .transpose_b = true,
                            .beta = a->b != NULL ? 1.0f : 0.0f,
                            .c = y + (size_t)p * (size_t)U,
                            .ldc = row_of_y(a)},
            a->workers);
}

/* dW += dy^T x */
static void backward_weights(const cnn__affine *a, int32_t p, const float *x,
                             const float *dy)
{
    const int32_t I = a->inputs, U = a->outputs;

    cnn__gemm_parallel(
        &(cnn__product){.m = U,
                        .n = I,
                        .k = a->rows,
                        .a = dy + (size_t)p * (size_t)U,
                        .lda = row_of_y(a),
                        .transpose_a = true,
                        .b = x + (size_t)p * (size_t)I,
                        .ldb = row_of_x(a),
                        .beta = 1.0f,
                        .c = a->dW + (size_t)p * (size_t)U * (size_t)I},
        a->workers);
}

/* dx = dy W */
static void backward_input(const cnn__affine *a, int32_t p, const float *dy,
                           float *dx)
{
    const int32_t I = a->inputs, U = a->outputs;

    cnn__gemm_parallel(
        &(cnn__product){.m = a->rows,
                        .n = I,
                        .k = U,
                        .a = dy + (size_t)p * (size_t)U,
                        .lda = row_of_y(a),
                        .b = a->W + (size_t)p * (size_t)U * (size_t)I,
                        .beta = a->adds ? 1.0f : 0.0f,
                        .c = dx + (size_t)p * (size_t)I,
                        .ldc = row_of_x(a)},
        a->workers);
}

void cnn__affine_backward(const cnn__affine *a, const float *x, const float *dy,
                          float *dx)
{
    const size_t row = (size_t)row_of_y(a);

    for (int32_t p = 0; p < a->groups && a->dW != NULL; p++)
        backward_weights(a, p, x, dy);
    if (a->db != NULL)
        for (size_t n = 0; n < (size_t)a->rows; n++)
            cnn__add(a->db, dy + n * row, row);
    for (int32_t p = 0; p < a->groups && dx != NULL; p++)
        backward_input(a, p, dy, dx);
}
