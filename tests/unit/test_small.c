/* Products of small matrices: every instruction set gives the product. Whole
 * numbers, so that neither the order of a sum nor its contraction matters. */
#include "math/small.h"

#include "math/simd.h"
#include "support/near.h"

enum { MOST_M = 17, MOST_N = 7 * CNN__SMALL_COLUMNS, MOST_K = 9 };
/* What rows have behind them. */
enum { GAP = 3 };

static float at(size_t i, size_t j, size_t seed)
{
    return (float)((i * 7 + j * 5 + i * j + seed) % 11) - 5.0f;
}

static void fill(float *to, size_t n, size_t seed)
{
    for (size_t i = 0; i < n; i++)
        to[i] = at(i / 13, i % 13, seed);
}

static void check(const cnn__simd *set, size_t m, size_t n, size_t k,
                  bool transposed, bool add)
{
    float a[(MOST_M + GAP) * (MOST_K + GAP)], b[MOST_K * (MOST_N + GAP)];
    float c[MOST_M * (MOST_N + GAP)], want[MOST_M * (MOST_N + GAP)];
    const cnn__small p = {m,
                          n,
                          k,
                          a,
                          transposed ? 1 : k + GAP,
                          transposed ? m + GAP : 1,
                          b,
                          n + GAP,
                          c,
                          n + GAP,
                          add};

    fill(a, sizeof(a) / sizeof(a[0]), 1);
    fill(b, sizeof(b) / sizeof(b[0]), 2);
    fill(c, sizeof(c) / sizeof(c[0]), 3);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n + GAP; j++) {
            float sum = add || j >= n ? c[i * p.c_row + j] : 0.0f;

            for (size_t l = 0; l < k && j < n; l++)
                sum += a[i * p.a_row + l * p.a_column] * b[l * p.b_row + j];
            want[i * p.c_row + j] = sum;
        }
    (*set->small)(&p);
    assert_same_bits(c, want, m * p.c_row);
}

static void every_set_multiplies(void **state)
{
    (void)state;
    for (int i = 0; cnn__simd_at(i) != NULL; i++)
        for (size_t m = 1; m <= MOST_M; m++)
            for (size_t n = CNN__SMALL_COLUMNS; n <= MOST_N;
                 n += CNN__SMALL_COLUMNS)
                for (int way = 0; way < 4; way++)
                    for (size_t k = 1; k <= MOST_K; k += 4)
                        check(cnn__simd_at(i), m, n, k, way % 2 > 0,
                              way / 2 > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_multiplies),
    };

    return cmocka_run_group_tests_name("small", tests, NULL, NULL);
}
