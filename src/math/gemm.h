/* Products of matrices: the only interface to the BLAS. */
#ifndef CNN_MATH_GEMM_H
#define CNN_MATH_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* c (m x n) = op(a) (m x k) op(b) (k x n) + beta c, all row-major. A leading
 * dimension of 0 means rows without gaps. */
typedef struct cnn__product {
    int32_t m, n, k;
    const float *a;
    int32_t lda;
    bool transpose_a; /* a is stored as k x m */
    const float *b;
    int32_t ldb;
    bool transpose_b; /* b is stored as n x k */
    float beta;
    float *c;
    int32_t ldc;
} cnn__product;

/* Call it between cnn__gemm_enter() and cnn__gemm_leave(), with sizes that
 * passed cnn__gemm_check() at build time. */
void cnn__gemm(const cnn__product *product);

/* The same on up to `workers` threads. c is cut into pieces; their number and
 * size depend on m, n and k only. */
void cnn__gemm_parallel(const cnn__product *product, int32_t workers);

/* The number of pieces for the longer side of c, of length at least 1. Each has
 * *piece rows or columns, the last one may have fewer. */
int32_t cnn__gemm_pieces(int32_t length, int32_t *piece);

/* CNN_EOVERFLOW if a dimension is too large for a BLAS. */
cnn_status cnn__gemm_check(size_t m, size_t n, size_t k);

/* Every call of the library that multiplies is between these two. The BLAS runs
 * on one thread meanwhile: libcnn has its own, and a product that the BLAS
 * divides has other bits. When the last caller leaves, the number of threads is
 * restored. */
void cnn__gemm_enter(void);
void cnn__gemm_leave(void);

/* Name and kernels of the BLAS, as far as it reports them. */
const char *cnn__gemm_config(void);
const char *cnn__gemm_core(void);

#endif
