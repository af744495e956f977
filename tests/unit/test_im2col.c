/* The lowering of a convolution, and its adjoint. */
#include "math/im2col.h"

#include <string.h>

#include "support/conv_case.h"

/* The window of a naive one. */
static cnn__window window_of(const naive_window *w)
{
    return (cnn__window){
        .h = {.in = w->H,
              .out = naive_out_h(w),
              .kernel = w->kernel_h,
              .stride = w->stride_h,
              .dilation = w->dilation_h,
              .before = w->top,
              .after = w->bottom},
        .w = {.in = w->W,
              .out = naive_out_w(w),
              .kernel = w->kernel_w,
              .stride = w->stride_w,
              .dilation = w->dilation_w,
              .before = w->left,
              .after = w->right},
    };
}

/* 2x3 pixels, a column of zeros on the left, kernel 2x2, stride 1: two rows of
 * windows are one, three columns of them. */
static void hand_case(void **state)
{
    const naive_window w = {2, 3, 2, 2, 1, 1, 1, 1, 0, 0, 1, 0};
    const float x[] = {1, 2, 3, 4, 5, 6};
    const float want[] = {0, 1, 2,  /* u 0, v 0 */
                          1, 2, 3,  /* u 0, v 1 */
                          0, 4, 5,  /* u 1, v 0 */
                          4, 5, 6}; /* u 1, v 1 */
    /* How often each pixel is seen. */
    const float seen[] = {2, 2, 1, 2, 2, 1};
    const cnn__window window = window_of(&w);
    float col[12], ones[12], dx[6] = {0}, scratch[8];

    (void)state;
    assert_int_equal(cnn__im2col_scratch(&window, 1), 8);
    const cnn__lowering l = {&window, 1, 6, 3, scratch};
    cnn__im2col(&l, x, col);
    assert_same_bits(col, want, 12);
    for (int i = 0; i < 12; i++)
        ones[i] = 1.0f;
    cnn__col2im(&l, ones, dx);
    assert_same_bits(dx, seen, 6);
}

/* An image and its columns, as random as they get. */
typedef struct lowering {
    conv_case c;
    cnn__window window;
    size_t X, rows, pixels, stride; /* floats of a row, and to the next one */
    float *x, *scratch, *col;
} lowering;

static void open_lowering(lowering *l, uint64_t seed)
{
    conv_case_draw(&l->c, 0, seed);
    naive_conv *n = &l->c.naive;
    /* As one filter for each row of the columns would: one sample, one group.
     */
    n->N = 1;
    n->groups = 1;
    n->F = 1;
    l->window = window_of(&n->window);
    l->X = naive_x_size(n);
    l->rows = naive_w_size(n);
    l->pixels = naive_y_size(n);
    l->stride = l->pixels + (size_t)(seed % 3);
    l->x = new_floats(l->X);
    l->scratch =
        new_floats(cnn__im2col_scratch(&l->window, l->window.h.out) + 1);
    l->col = new_floats(l->rows * l->stride);
    fill_integers(l->x, l->X, 9, seed);
}

static void close_lowering(lowering *l)
{
    test_free(l->x);
    test_free(l->scratch);
    test_free(l->col);
}

static cnn__lowering whole(const lowering *l)
{
    const naive_conv *n = &l->c.naive;

    return (cnn__lowering){&l->window, n->C, l->X / (size_t)n->C, l->stride,
                           l->scratch};
}

/* Row w of the columns holds, for output y, the pixel that weight w meets. */
static void place(void *data, const naive_tap *t)
{
    lowering *l = data;

    l->col[t->w * l->stride + t->y] = l->x[t->x];
}

static void equals_naive(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        lowering l;

        open_lowering(&l, seed);
        const size_t size = l.rows * l.stride;
        float *got = new_floats(size);
        /* Where no weight meets a pixel there is padding: zero. What lies
         * between the rows is not the function's. */
        for (size_t i = 0; i < size; i++) {
            const int row = i % l.stride < l.pixels;
            l.col[i] = row ? 0.0f : 7.0f;
            got[i] = row ? 100.0f : 7.0f;
        }
        naive_conv_each(&l.c.naive, place, &l);
        const cnn__lowering all = whole(&l);
        cnn__im2col(&all, l.x, got);
        assert_same_bits(got, l.col, size);
        test_free(got);
        close_lowering(&l);
    }
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* <im2col(x), u> = <x, col2im(u)>: exact on whole numbers. */
static void is_adjoint(void **state)
{
    (void)state;
    for (uint64_t seed = 1000; seed < 1400; seed++) {
        lowering l;

        open_lowering(&l, seed);
        const size_t size = l.rows * l.stride;
        float *u = new_floats(size), *dx = new_floats(l.X);

        fill_integers(u, size, 9, seed);
        memset(l.col, 0, size * sizeof(float));
        memset(dx, 0, l.X * sizeof(float));
        const cnn__lowering all = whole(&l);
        cnn__im2col(&all, l.x, l.col);
        cnn__col2im(&all, u, dx);
        const double above = dot(l.col, u, size), below = dot(l.x, dx, l.X);
        if (above != below)
            fail_msg("%s: <im2col(x), u> = %g, <x, col2im(u)> = %g", l.c.what,
                     above, below);
        test_free(u);
        test_free(dx);
        close_lowering(&l);
    }
}

/* Some rows of outputs at a time, each part with scratch of its own size: the
 * columns and the pixels are the same as for all of them. */
static void by_parts(void **state)
{
    (void)state;
    for (uint64_t seed = 2000; seed < 2400; seed++) {
        lowering l;

        open_lowering(&l, seed);
        const int32_t rows = 1 + (int32_t)(seed % 3);
        const size_t size = l.rows * l.stride;
        float *got = new_floats(size), *dx = new_floats(l.X);
        float *want = new_floats(l.X);
        float *scratch = new_floats(cnn__im2col_scratch(&l.window, rows) + 1);
        cnn__lowering all = whole(&l);

        fill_integers(l.col, size, 9, seed);
        memcpy(got, l.col, size * sizeof(float));
        memset(dx, 0, l.X * sizeof(float));
        memset(want, 0, l.X * sizeof(float));
        cnn__col2im(&all, l.col, want);
        cnn__im2col(&all, l.x, l.col);
        all.scratch = scratch;
        for (int32_t i = 0; i < l.window.h.out; i += rows) {
            const int32_t rest = l.window.h.out - i;
            cnn__window part = l.window;
            int32_t at;

            part.h =
                cnn__axis_part(&l.window.h, i, rest < rows ? rest : rows, &at);
            all.window = &part;
            const size_t x = (size_t)at * (size_t)l.window.w.in;
            const size_t y = (size_t)i * (size_t)l.window.w.out;
            cnn__col2im(&all, got + y, dx + x);
            cnn__im2col(&all, l.x + x, got + y);
        }
        assert_same_bits(dx, want, l.X);
        assert_same_bits(got, l.col, size);
        test_free(got);
        test_free(dx);
        test_free(want);
        test_free(scratch);
        close_lowering(&l);
    }
}

/* col2im adds to what is there. */
static void col2im_adds(void **state)
{
    lowering l;

    (void)state;
    open_lowering(&l, 3);
    float *once = new_floats(l.X), *twice = new_floats(l.X);
    fill_integers(l.col, l.rows * l.stride, 9, 1);
    memset(once, 0, l.X * sizeof(float));
    memset(twice, 0, l.X * sizeof(float));
    const cnn__lowering all = whole(&l);
    cnn__col2im(&all, l.col, once);
    for (int i = 0; i < 2; i++)
        cnn__col2im(&all, l.col, twice);
    for (size_t i = 0; i < l.X; i++)
        once[i] *= 2.0f;
    assert_same_bits(twice, once, l.X);
    test_free(once);
    test_free(twice);
    close_lowering(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_case),   cmocka_unit_test(equals_naive),
        cmocka_unit_test(is_adjoint),  cmocka_unit_test(by_parts),
        cmocka_unit_test(col2im_adds),
    };

    return cmocka_run_group_tests_name("im2col", tests, NULL, NULL);
}
