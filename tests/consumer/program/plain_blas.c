/* All that libcnn needs of a BLAS, in as few lines as it takes, by the binary
 * interface of cblas.h: row-major products of float. Slow; for programs that
 * have to be small. */

enum { NO_TRANS = 111 }; /* CblasNoTrans */

/* c (m x n) = alpha a b + beta c, where a (m x k) and b (k x n) may be given
 * transposed. What c held does not matter if beta is 0. */
void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta,
                 float *c, int ldc)
{
    (void)order;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            float sum = 0;
            for (int l = 0; l < k; l++)
                sum += a[ta == NO_TRANS ? i * lda + l : l * lda + i] *
                       b[tb == NO_TRANS ? l * ldb + j : j * ldb + l];
            float *to = &c[i * ldc + j];
            *to = alpha * sum + (beta == 0 ? 0 : beta * *to);
        }
}

/* y = alpha a x + beta y, where a (m x n) may be given transposed. */
void cblas_sgemv(int order, int ta, int m, int n, float alpha, const float *a,
                 int lda, const float *x, int incx, float beta, float *y,
                 int incy)
{
    const int rows = ta == NO_TRANS ? m : n;
    const int columns = ta == NO_TRANS ? n : m;

    (void)order;
    for (int i = 0; i < rows; i++) {
        float sum = 0;
        for (int l = 0; l < columns; l++)
            sum += a[ta == NO_TRANS ? i * lda + l : l * lda + i] * x[l * incx];
        float *to = &y[i * incy];
        *to = alpha * sum + (beta == 0 ? 0 : beta * *to);
    }
}
