/* The wrapper of the BLAS. */
#include "math/gemm.h"

#include <math.h>
#include <string.h>

#include "support/draw.h"
#include "support/rig.h"

/* c = op(a) op(b) + beta c, as the definition says. Sums in double. */
static void multiply(const cnn__product *p, int32_t lda, int32_t ldb,
                     int32_t ldc)
{
    for (int32_t i = 0; i < p->m; i++)
        for (int32_t j = 0; j < p->n; j++) {
            float *c = &p->c[i * ldc + j];
            double sum = p->beta != 0.0f ? (double)p->beta * (double)*c : 0.0;

            for (int32_t k = 0; k < p->k; k++) {
                const float a =
                    p->transpose_a ? p->a[k * lda + i] : p->a[i * lda + k];
                const float b =
                    p->transpose_b ? p->b[j * ldb + k] : p->b[k * ldb + j];
                sum += (double)a * (double)b;
            }
            *c = (float)sum;
        }
}

/* The arrays of a product, with `gap` floats behind each row. */
typedef struct arrays {
    int32_t lda, ldb, ldc;
    size_t A, B, C;
    float *a, *b, *c, *want;
} arrays;

static void open_arrays(arrays *r, const cnn__product *p, int32_t gap,
                        uint64_t seed)
{
    r->lda = (p->transpose_a ? p->m : p->k) + gap;
    r->ldb = (p->transpose_b ? p->k : p->n) + gap;
    r->ldc = p->n + gap;
    r->A = (size_t)r->lda * (size_t)(p->transpose_a ? p->k : p->m);
    r->B = (size_t)r->ldb * (size_t)(p->transpose_b ? p->n : p->k);
    r->C = (size_t)r->ldc * (size_t)p->m;
    r->a = new_floats(r->A);
    r->b = new_floats(r->B);
    r->c = new_floats(r->C);
    r->want = new_floats(r->C);
    fill_integers(r->a, r->A, 8, seed);
    fill_integers(r->b, r->B, 8, seed + 1);
    fill_integers(r->c, r->C, 8, seed + 2);
    memcpy(r->want, r->c, r->C * sizeof(float));
}

static void close_arrays(arrays *r)
{
    test_free(r->a);
    test_free(r->b);
    test_free(r->c);
    test_free(r->want);
}

/* One product, on whole numbers: the same bits as the definition, and what lies
 * between the rows of c is left alone. */
static void check_product(cnn__product p, int32_t gap, uint64_t seed)
{
    arrays r;

    open_arrays(&r, &p, gap, seed);
    p.a = r.a;
    p.b = r.b;
    p.c = r.want;
    multiply(&p, r.lda, r.ldb, r.ldc);
    p.c = r.c;
    /* Without gaps, 0 says the same as the width of a row. */
    if (gap > 0 || seed % 2 == 0) {
        p.lda = r.lda;
        p.ldb = r.ldb;
        p.ldc = r.ldc;
    }
    cnn__gemm_enter();
    cnn__gemm(&p);
    cnn__gemm_leave();
    assert_same_bits(r.c, r.want, r.C);
    close_arrays(&r);
}

static void equals_definition(void **state)
{
    const float betas[] = {0, 1, 2};
    cnn__random r;

    (void)state;
    draw_start(&r, 1);
    for (uint64_t i = 0; i < 1200; i++)
        check_product((cnn__product){.m = draw_between(&r, 1, 40),
                                     .n = draw_between(&r, 1, 40),
                                     .k = draw_between(&r, 1, 70),
                                     .transpose_a = i & 1,
                                     .transpose_b = i & 2,
                                     .beta = betas[i % 3]},
                      i & 4 ? draw_between(&r, 1, 5) : 0, 3 * i);
}

/* With beta = 0, what c held does not matter, NaN included. */
static void beta_0_overwrites(void **state)
{
    (void)state;
    for (int32_t n = 1; n < 70; n += 17) {
        const size_t N = (size_t)n;
        float *a = new_floats(N * N), *c = new_floats(N * N);
        float *want = new_floats(N * N);

        fill_integers(a, N * N, 5, N);
        multiply(
            &(cnn__product){.m = n, .n = n, .k = n, .a = a, .b = a, .c = want},
            n, n, n);
        cnn__gemm_enter();
        cnn__gemm(
            &(cnn__product){.m = n, .n = n, .k = n, .a = a, .b = a, .c = c});
        cnn__gemm_leave();
        assert_same_bits(c, want, N * N);
        test_free(a);
        test_free(c);
        test_free(want);
    }
}

/* What a BLAS would complain about on the terminal is caught before: c stays
 * as it was. */
static void impossible_products_do_nothing(void **state)
{
    const float a[] = {1, 2, 3, 4};
    float c[] = {5, 6, 7, 8};
    const float before[] = {5, 6, 7, 8};
    const cnn__product right = {.m = 2, .n = 2, .k = 2, .a = a, .b = a, .c = c};
    cnn__product wrong[] = {right, right, right, right, right, right};

    (void)state;
    wrong[0].lda = wrong[1].ldb = wrong[2].ldc = 1;
    wrong[3].m = wrong[4].n = 0;
    wrong[5].k = -1;
    cnn__gemm_enter();
    for (int i = 0; i < 6; i++) {
        cnn__gemm(&wrong[i]);
        assert_same_bits(c, before, 4);
    }
    cnn__gemm(&right);
    cnn__gemm_leave();
    assert_same_bits(c, (float[]){7, 10, 15, 22}, 4);
}

static void sizes_are_checked(void **state)
{
    const size_t most = INT32_MAX;

    (void)state;
    assert_int_equal(cnn__gemm_check(most, most, most), CNN_OK);
    assert_failed(cnn__gemm_check(most + 1, 2, 3), CNN_EOVERFLOW,
                  "2147483648 x 3 by 3 x 2");
    assert_failed(cnn__gemm_check(1, most + 1, 3), CNN_EOVERFLOW,
                  "1 x 3 by 3 x 2147483648");
    assert_failed(cnn__gemm_check(1, 2, SIZE_MAX), CNN_EOVERFLOW, "larger");
}

/* Each shape with 1 to 4 threads: the same bits, and what the whole product at
 * once comes to, but for rounding: k terms of up to 1, 8 k 2^-24. */
static void check_threads(const cnn__product *p)
{
    const size_t C = (size_t)p->m * (size_t)p->n;
    cnn__product q = *p;
    float *first = new_floats(C), *c = new_floats(C);

    for (int32_t threads = 1; threads <= 4; threads++) {
        assert_int_equal(cnn_set_num_threads(threads), CNN_OK);
        fill_uniform(c, C, 9);
        q.c = c;
        cnn__gemm_enter();
        cnn__gemm_parallel(&q, 4);
        cnn__gemm_leave();
        if (threads == 1)
            memcpy(first, c, C * sizeof(float));
        else
            assert_same_bits(c, first, C);
    }
    fill_uniform(c, C, 9);
    cnn__gemm_enter();
    cnn__gemm(&q);
    cnn__gemm_leave();
    assert_near(c, first, C, 8.0 * p->k * 0x1p-24, 0);
    assert_int_equal(cnn_set_num_threads(1), CNN_OK);
    test_free(first);
    test_free(c);
}

static void same_bits_with_any_threads(void **state)
{
    /* Cut by rows, by columns, into pieces that do not come out even, and too
     * small to be cut. */
    const int32_t shapes[][3] = {{300, 70, 90},  {70, 300, 90},  {131, 131, 97},
                                 {65, 1000, 33}, {1, 5000, 300}, {5000, 1, 300},
                                 {10, 12, 14}};

    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        for (int transposed = 0; transposed < 4; transposed++) {
            const int32_t m = shapes[i][0], n = shapes[i][1], k = shapes[i][2];
            float *a = new_floats((size_t)m * (size_t)k);
            float *b = new_floats((size_t)k * (size_t)n);

            fill_uniform(a, (size_t)m * (size_t)k, i);
            fill_uniform(b, (size_t)k * (size_t)n, i + 100);
            check_threads(&(cnn__product){.m = m,
                                          .n = n,
                                          .k = k,
                                          .a = a,
                                          .b = b,
                                          .transpose_a = transposed & 1,
                                          .transpose_b = transposed & 2,
                                          .beta = (float)(i % 2)});
            test_free(a);
            test_free(b);
        }
}

/* Rows with gaps, cut up: the gaps stay. */
static void parallel_minds_the_gaps(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 4; i++)
        for (int by_rows = 0; by_rows < 2; by_rows++) {
            cnn__product p = {.m = by_rows ? 400 : 90,
                              .n = by_rows ? 90 : 400,
                              .k = 50,
                              .transpose_a = i & 1,
                              .transpose_b = i & 2,
                              .beta = 1};
            arrays r;

            open_arrays(&r, &p, 3, i);
            p.a = r.a;
            p.b = r.b;
            p.c = r.want;
            multiply(&p, r.lda, r.ldb, r.ldc);
            p.c = r.c;
            p.lda = r.lda;
            p.ldb = r.ldb;
            p.ldc = r.ldc;
            assert_int_equal(cnn_set_num_threads(3), CNN_OK);
            cnn__gemm_enter();
            cnn__gemm_parallel(&p, 3);
            cnn__gemm_leave();
            assert_int_equal(cnn_set_num_threads(1), CNN_OK);
            assert_same_bits(r.c, r.want, r.C);
            close_arrays(&r);
        }
}

/* All of it is there once, also of a side as long as a BLAS can count. */
static void pieces_of_any_length(void **state)
{
    const int32_t lengths[] = {1,        15,   16,   63,         64,
                               128,      1000, 4097, 1880000001, INT32_MAX - 14,
                               INT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        const int32_t length = lengths[i];
        int32_t piece = 0;
        const int64_t pieces = cnn__gemm_pieces(length, &piece);

        assert_in_range(pieces, 1, 8);
        assert_in_range(piece, 1, length);
        assert_true(pieces * piece >= length);
        assert_true((pieces - 1) * piece < length);
        assert_true(pieces == 1 || piece % 16 == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_definition),
        cmocka_unit_test(beta_0_overwrites),
        cmocka_unit_test(impossible_products_do_nothing),
        cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(same_bits_with_any_threads),
        cmocka_unit_test(parallel_minds_the_gaps),
        cmocka_unit_test(pieces_of_any_length),
    };

    return cmocka_run_group_tests_name("gemm", tests, NULL, NULL);
}
