/* Products of matrices: the only door to the BLAS. */
#ifndef CNN_MATH_GEMM_H
#define CNN_MATH_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* c (m x n) = op(a) (m x k) op(b) (k x n) + beta c, all row-major. A leading
 * dimension of 0 means that the rows follow each other without a gap. */
typedef struct cnn__product {
    int32_t m, n, k;
    const float *a;
    int32_t lda;
    bool transpose_a; /* a is stored k x m */
    const float *b;
    int32_t ldb;
    bool transpose_b; /* b is stored n x k */
    float beta;
    float *c;
    int32_t ldc;
} cnn__product;

/* Between cnn__gemm_enter() and cnn__gemm_leave() only. The sizes must have
 * passed cnn__gemm_check() when the caller was built. */
void cnn__gemm(const cnn__product *product);

/* The same on up to `workers` threads: c is cut into pieces, whose number and
 * size depend on m, n and k only. */
void cnn__gemm_parallel(const cnn__product *product, int32_t workers);

/* How that cuts the longer side of c, of at least 1: into so many pieces, but
 * for the last one of *piece each. */
int32_t cnn__gemm_pieces(int32_t length, int32_t *piece);

/* CNN_EOVERFLOW if a dimension is larger than a BLAS takes. */
cnn_status cnn__gemm_check(size_t m, size_t n, size_t k);

/* Every call of the library that multiplies stands between these two. The BLAS
 * runs on one thread meanwhile: libcnn has its own, and a product cut up by the
 * BLAS has other bits. The setting of the process is put back when the last
 * caller leaves. */
void cnn__gemm_enter(void);
void cnn__gemm_leave(void);

/* Name and kernels of the BLAS, as far as it tells. */
const char *cnn__gemm_config(void);
const char *cnn__gemm_core(void);

#endif
