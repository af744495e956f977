/* Products of few rows: every instruction set gives the product. Whole numbers,
 * so that no order of summing and no contraction makes a difference. */
#include "math/thin.h"

#include "math/kernels.h"
#include "support/near.h"

enum { MOST_M = CNN__THIN_ROWS, MOST_N = 4 * CNN__THIN_COLUMNS, MOST_K = 9 };
/* What rows have behind them. */
enum { GAP = 3 };

static float at(size_t i, size_t j, size_t seed)
{
    return (float)((i * 7 + j * 5 + i * j + seed) % 11) - 5.0f;
}

static void check(const cnn__kernels *set, size_t m, size_t n, size_t k)
{
    float a[MOST_M * (MOST_K + GAP)], b[MOST_K * (MOST_N + GAP)];
    float c[MOST_M * (MOST_N + GAP)], want[MOST_M * (MOST_N + GAP)];
    const cnn__thin p = {m, n, k, a, k + GAP, b, n + GAP, c, n + GAP};

    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < k + GAP; j++)
            a[i * p.lda + j] = at(i, j, 1);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < n + GAP; j++)
            b[i * p.ldb + j] = at(i, j, 2);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n + GAP; j++) {
            float sum = 0.0f;

            for (size_t l = 0; l < k; l++)
                sum += a[i * p.lda + l] * b[l * p.ldb + j];
            c[i * p.ldc + j] = 99.0f;
            want[i * p.ldc + j] = j < n ? sum : 99.0f;
        }
    (*set->thin)(&p);
    assert_same_bits(c, want, m * p.ldc);
}

static void every_set_multiplies(void **state)
{
    (void)state;
    for (int i = 0; cnn__kernels_at(i) != NULL; i++)
        for (size_t m = 1; m <= MOST_M; m++)
            for (size_t n = CNN__THIN_COLUMNS; n <= MOST_N;
                 n += CNN__THIN_COLUMNS)
                for (size_t k = 1; k <= MOST_K; k += 4)
                    check(cnn__kernels_at(i), m, n, k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_multiplies),
    };

    return cmocka_run_group_tests_name("thin", tests, NULL, NULL);
}
