/* im2col where the columns of a tile are too many to be there at once: fewer
 * rows of outputs at a time, and fewer channels. */
#include <stdio.h>
#include <string.h>

#include "layers/layer_impl.h"
#include "support/conv_case.h"

/* A convolution of such a size, and how many floats of columns a worker may
 * have for it: 2^18, or one channel of a row. */
typedef struct large_case {
    naive_conv naive;
    size_t most;
} large_case;

#define MOST ((size_t)1 << 18)
#define WINDOW(H, W, KH, KW, SH, SW, DH, DW, ...) \
    {                                             \
        H, W, KH, KW, SH, SW, DH, DW, __VA_ARGS__ \
    }
#define NO_PADDING 0, 0, 0, 0

static const large_case cases[] = {
    /* Rows. */
    {{WINDOW(60, 60, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2), 2, 8, 3, 1, 0}, MOST},
    {{WINDOW(61, 40, 5, 7, 1, 1, 1, 1, NO_PADDING), 1, 9, 2, 1, 0}, MOST},
    {{WINDOW(90, 61, 7, 5, 2, 1, 1, 1, 3, 2, 0, 4), 1, 8, 4, 1, 0}, MOST},
    {{WINDOW(80, 90, 5, 5, 1, 2, 3, 2, 6, 6, 4, 4), 2, 6, 4, 2, 0}, MOST},
    /* The last row looks at padding alone, and the first. */
    {{WINDOW(40, 50, 5, 5, 1, 1, 1, 1, 9, 7, 2, 2), 1, 12, 2, 1, 0}, MOST},
    /* Rows and channels. */
    {{WINDOW(20, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1), 1, 300, 2, 1, 0}, MOST},
    {{WINDOW(30, 16, 5, 5, 2, 1, 1, 1, 2, 2, 2, 2), 2, 170, 2, 1, 0}, MOST},
    {{WINDOW(17, 17, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2), 1, 240, 4, 2, 0}, MOST},
    /* Channels, of several samples. */
    {{WINDOW(6, 6, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0), 15, 200, 3, 1, 0}, MOST},
    /* Samples: a channel of two is more than that. */
    {{WINDOW(70, 70, 61, 61, 1, 1, 1, 1, NO_PADDING), 3, 1, 2, 1, 0}, MOST},
    /* A channel of a row is more than that. */
    {{WINDOW(70, 90, 61, 61, 1, 1, 1, 1, 0, 0, 30, 30), 1, 2, 2, 1, 0},
     61 * 61 * 90},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static void open_case(conv_case *c, const naive_conv *n)
{
    const naive_window *w = &n->window;

    *c = (conv_case){.naive = *n,
                     .options = {.struct_size = sizeof(c->options),
                                 .stride_h = w->stride_h,
                                 .stride_w = w->stride_w,
                                 .dilation_h = w->dilation_h,
                                 .dilation_w = w->dilation_w,
                                 .groups = n->groups,
                                 .padding = CNN_PAD_EXPLICIT,
                                 .pad_top = w->top,
                                 .pad_bottom = w->bottom,
                                 .pad_left = w->left,
                                 .pad_right = w->right,
                                 .algorithm = CNN_ALGORITHM_IM2COL}};
    snprintf(c->what, sizeof(c->what), "%d x %dx%dx%d, %d of %dx%d", n->N, n->C,
             w->H, w->W, n->F, w->kernel_h, w->kernel_w);
}

static size_t columns_of(const rig *r, const naive_window *w, int32_t channels)
{
    return (size_t)channels * (size_t)(w->kernel_h * w->kernel_w) *
           (size_t)(r->out.h * r->out.w);
}

/* Whole numbers: the bits do not depend on how the sums are cut. */
static void equal_naive(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        conv_case c;

        open_case(&c, &cases[i].naive);
        conv_case_assert_exact(&c, 5);
    }
}

/* One filter sees few of the channels. */
static void tables_too(void **state)
{
    const naive_window w = WINDOW(120, 110, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2);
    const uint8_t table[] = {1, 0, 1, 0, 1, 1};
    conv_case c;

    (void)state;
    open_case(&c, &(naive_conv){w, 2, 3, 2, 1, table});
    conv_case_assert_exact(&c, 6);
}

static void same_bits_however_it_is_run(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i += 3) {
        conv_case c;
        rig r;

        open_case(&c, &cases[i].naive);
        conv_case_open(&c, &r);
        rig_fill_uniform(&r, 8);
        rig_assert_threads_agree(&r);
        rig_assert_dx_is_optional(&r);
        rig_close(&r);
    }
}

/* A worker's memory is that of the columns, the maps of a tile of several
 * samples and a channel with its padding; and the whole would be more. */
static void memory_is_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        const naive_conv *n = &cases[i].naive;
        const naive_window *w = &n->window;
        const size_t channel = (size_t)(w->H + w->top + w->bottom) *
                               (size_t)(w->W + w->left + w->right);
        conv_case c;
        rig r;

        open_case(&c, n);
        conv_case_open(&c, &r);
        const cnn__workspace need = cnn__layer_workspace(r.layer, n->N);
        const size_t maps = n->N > 2 ? r.Y : 0;
        if (need.scratch > cases[i].most + maps + channel)
            fail_msg("%s: %zu floats of workspace", c.what, need.scratch);
        assert_true(columns_of(&r, w, n->C / n->groups) > MOST || n->N > 2);
        rig_close(&r);
    }
}

/* What took 115 MB: 64 channels of 224 x 224. Neither more rows nor more
 * channels change what a worker needs. */
static void memory_of_large_images(void **state)
{
    static const cnn_shape shapes[] = {
        {64, 224, 224}, {64, 1000, 224}, {2048, 32, 32}, {256, 14, 14}};
    const cnn_conv2d_options o = {.struct_size = sizeof(o),
                                  .padding = CNN_PAD_SAME,
                                  .algorithm = CNN_ALGORITHM_IM2COL};

    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        rig r;

        rig_open(&r, cnn_conv2d_create(8, 3, 3, &o), &shapes[i], 1);
        assert_in_range(cnn__layer_workspace(r.layer, 1).scratch, 1 << 17,
                        (1 << 18) + 226 * 6);
        rig_close(&r);
    }
}

/* The maps of a table are copied beside its columns. */
static void memory_of_tables(void **state)
{
    const cnn_conv2d_options o = {.struct_size = sizeof(o),
                                  .padding = CNN_PAD_SAME,
                                  .algorithm = CNN_ALGORITHM_IM2COL};
    uint8_t table[2000];
    cnn_layer *layer = cnn_conv2d_create(1000, 5, 5, &o);
    rig r;

    (void)state;
    for (int i = 0; i < 2000; i++)
        table[i] = i % 3 > 0;
    assert_int_equal(cnn_conv2d_set_table(layer, 1000, 2, table), CNN_OK);
    rig_open(&r, layer, &(cnn_shape){2, 60, 60}, 1);
    assert_in_range(cnn__layer_workspace(r.layer, 1).scratch, 1 << 17,
                    (1 << 18) + 64 * 64 + 1000 * 25);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_naive),
        cmocka_unit_test(tables_too),
        cmocka_unit_test(same_bits_however_it_is_run),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(memory_of_large_images),
        cmocka_unit_test(memory_of_tables),
    };

    return cmocka_run_group_tests_name("parts of tiles", tests, NULL, NULL);
}
