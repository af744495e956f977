/* Convolutions whose columns are the input as it is: kernels of one pixel, and
 * kernels as large as the image. */
#include <stdio.h>
#include <string.h>

#include "layers/conv2d/conv2d_algorithms.h"
#include "layers/conv2d/conv2d_im2col.h"
#include "layers/layer_impl.h"
#include "support/conv_case.h"

/* --------------------------------------------------- what they compute --- */

static void assert_exact(unsigned kind, uint64_t seeds)
{
    for (uint64_t seed = 0; seed < seeds; seed++) {
        conv_case c;

        conv_case_draw(&c, kind, seed);
        conv_case_assert_exact(&c, seed);
    }
}

static void points_equal_naive(void **state)
{
    (void)state;
    assert_exact(CONV_POINTS, 200);
    assert_exact(CONV_POINTS | CONV_TABLE, 100);
}

static void whole_equals_naive(void **state)
{
    (void)state;
    assert_exact(CONV_WHOLE, 200);
    assert_exact(CONV_WHOLE | CONV_TABLE, 100);
}

static void gradients_are_right(void **state)
{
    static const unsigned kinds[] = {CONV_POINTS, CONV_WHOLE,
                                     CONV_POINTS | CONV_TABLE};

    (void)state;
    for (uint64_t seed = 0; seed < 90; seed++) {
        conv_case c;

        conv_case_draw(&c, kinds[seed % 3] | CONV_SMALL, seed);
        conv_case_check_gradients(&c, seed);
    }
}

/* Layers of one such convolution, in a batch of `batch`. */
static void open_points(rig *r, int32_t groups, int32_t batch)
{
    const cnn_conv2d_options o = {.struct_size = sizeof(o), .groups = groups};

    rig_open(r, cnn_conv2d_create(24, 1, 1, &o), &(cnn_shape){12, 7, 9}, batch);
    rig_fill_uniform(r, 3);
}

static void open_whole(rig *r, int32_t groups, int32_t batch)
{
    const cnn_conv2d_options o = {.struct_size = sizeof(o), .groups = groups};

    rig_open(r, cnn_conv2d_create(120, 5, 6, &o), &(cnn_shape){16, 5, 6},
             batch);
    rig_fill_uniform(r, 3);
}

/* Fewer samples than slots, more; products that are worth two threads. */
static void same_bits_however_it_is_run(void **state)
{
    static const int32_t batches[] = {1, 5, 16, 70};

    (void)state;
    for (int i = 0; i < 16; i++) {
        rig r;

        (i % 2 ? open_points : open_whole)(&r, i / 2 % 2 ? 2 : 1,
                                           batches[i / 4]);
        rig_assert_threads_agree(&r);
        rig_assert_dx_is_optional(&r);
        /* As in a dense layer, sums begin with what was there: only those of
         * whole numbers are the same. */
        rig_fill_integers(&r, 4, 3);
        rig_assert_gradients_add(&r);
        rig_close(&r);
    }
}

/* A layer of kernels as large as the image is a dense layer, to the bit. */
static void whole_is_dense(void **state)
{
    rig conv, dense;

    (void)state;
    open_whole(&conv, 1, 33);
    rig_open(&dense, cnn_dense_create(120, NULL), &(cnn_shape){16, 5, 6}, 33);
    assert_int_equal(conv.P, dense.P);
    memcpy(cnn_layer_params(dense.layer), cnn_layer_params(conv.layer),
           conv.P * sizeof(float));
    memcpy(dense.x, conv.x, conv.X * sizeof(float));
    memcpy(dense.dy, conv.dy, conv.Y * sizeof(float));
    rig_forward(&conv);
    rig_backward(&conv);
    rig_forward(&dense);
    rig_backward(&dense);
    assert_same_bits(conv.y, dense.y, conv.Y);
    assert_same_bits(conv.dx, dense.dx, conv.X);
    assert_same_bits(cnn_layer_grads(conv.layer), cnn_layer_grads(dense.layer),
                     conv.P);
    rig_close(&conv);
    rig_close(&dense);
}

/* ------------------------------------------------------- which they are --- */

/* Where the columns come from. */
typedef enum form {
    LOWERED, /* im2col writes them */
    PIXELS,  /* kernels of one pixel: the channels of x as they are */
    WHOLE    /* kernels as large as the image: one column, all of x */
} form;

typedef struct form_case {
    cnn_shape in;
    int32_t filters, kernel_h, kernel_w;
    cnn_conv2d_options o; /* the padding EXPLICIT */
    form want;
} form_case;

/* Some have one output for each input, or as many inputs as the kernel has
 * pixels, and yet others than they look at. */
static const form_case cases[] = {
    {{4, 5, 7}, 3, 1, 1, {0}, PIXELS},
    {{8, 9, 7}, 8, 1, 1, {.groups = 4}, LOWERED},
    {{8, 8, 8}, 8, 1, 1, {.groups = 4}, PIXELS},
    {{4, 5, 7}, 3, 1, 1, {.dilation_w = 3}, PIXELS},
    {{4, 1, 17}, 3, 1, 1, {.stride_h = 2}, PIXELS},
    {{4, 5, 7}, 3, 1, 1, {.stride_w = 2}, LOWERED},
    {{4, 5, 7}, 3, 1, 1, {.stride_w = 2, .pad_right = 6}, LOWERED},
    {{4, 5, 7}, 3, 1, 1, {.pad_top = 1}, LOWERED},
    {{4, 5, 7}, 3, 1, 1, {.pad_right = 1}, LOWERED},
    {{4, 5, 7}, 3, 1, 1, {.stride_h = 2, .pad_top = 4}, LOWERED},
    {{4, 5, 7}, 3, 3, 1, {.pad_top = 1, .pad_bottom = 1}, LOWERED},
    {{4, 5, 7}, 3, 3, 1, {.pad_bottom = 2}, LOWERED},
    {{4, 17, 1}, 3, 1, 1, {.stride_w = 2, .pad_left = 1}, LOWERED},
    /* Few pixels for so many weights, or for so few. */
    {{4, 3, 5}, 3, 1, 1, {0}, LOWERED},
    {{4, 4, 4}, 3, 1, 1, {0}, PIXELS},
    {{256, 9, 10}, 256, 1, 1, {0}, LOWERED},
    {{256, 8, 12}, 256, 1, 1, {0}, PIXELS},
    {{256, 5, 5}, 256, 1, 1, {.groups = 4}, PIXELS},
    {{2, 7, 9}, 3, 1, 1, {0}, LOWERED},
    {{3, 7, 9}, 2, 1, 1, {0}, LOWERED},
    {{2, 8, 8}, 3, 1, 1, {0}, PIXELS},

    {{4, 5, 7}, 3, 5, 7, {0}, WHOLE},
    {{4, 5, 7}, 3, 6, 7, {.pad_bottom = 1}, LOWERED},
    {{4, 5, 7}, 4, 5, 7, {.groups = 2}, WHOLE},
    {{4, 5, 7}, 3, 5, 7, {.stride_h = 2, .stride_w = 3}, WHOLE},
    {{4, 5, 7}, 3, 5, 7, {.stride_h = 2, .pad_bottom = 1}, WHOLE},
    {{4, 1, 1}, 3, 1, 1, {.dilation_h = 2}, WHOLE},
    {{4, 5, 7}, 3, 5, 6, {.stride_w = 2}, LOWERED},
    {{4, 5, 7}, 3, 5, 7, {.pad_bottom = 1}, LOWERED},
    {{4, 5, 7}, 3, 5, 7, {.stride_w = 2, .pad_left = 1}, LOWERED},
    {{4, 3, 1}, 3, 3, 1, {.dilation_h = 2, .pad_bottom = 2}, LOWERED},
    {{4, 1, 1}, 3, 1, 1, {.pad_left = 1, .stride_w = 2}, LOWERED},
};

/* It stays with im2col, whatever the kernels are. */
static const form_case with_table[] = {
    {{4, 10, 10}, 3, 1, 1, {0}, LOWERED},
    {{4, 5, 7}, 3, 5, 7, {0}, LOWERED},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static int32_t or_1(int32_t setting)
{
    return setting == 0 ? 1 : setting;
}

static void assert_form(const form_case *f, const uint8_t *table)
{
    const cnn_conv2d_options *o = &f->o;
    const cnn__sliding s = {
        f->kernel_h,       f->kernel_w,         or_1(o->stride_h),
        or_1(o->stride_w), or_1(o->dilation_h), or_1(o->dilation_w),
        CNN_PAD_EXPLICIT,  o->pad_top,          o->pad_bottom,
        o->pad_left,       o->pad_right,
    };
    const cnn__conv_connections with = {.filters = f->filters,
                                        .channels = f->in.c,
                                        .groups = or_1(o->groups),
                                        .table = table};
    void *memory = NULL;
    cnn__conv_choice choice = {0};
    cnn__window window;
    cnn__conv conv;

    assert_int_equal(cnn__window_fit(&window, &s, &f->in, "kernel"), CNN_OK);
    assert_int_equal(cnn__conv_geometry(&conv, &window, &with, &memory),
                     CNN_OK);
    assert_int_equal(cnn__conv_choose(&choice, &conv, CNN_ALGORITHM_IM2COL),
                     CNN_OK);
    const form got = choice.algorithm == &cnn__conv_whole ? WHOLE
                     : cnn__conv_tiling_of(&conv).lowered ? LOWERED
                                                          : PIXELS;
    if (got != f->want)
        fail_msg("%dx%dx%d, kernel %dx%d, groups %d: form %d, expected %d",
                 f->in.c, f->in.h, f->in.w, f->kernel_h, f->kernel_w, o->groups,
                 got, f->want);
    cnn__free(choice.plan);
    cnn__free(memory);
}

static void forms(void **state)
{
    const uint8_t table[] = {1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1};

    (void)state;
    for (int i = 0; i < CASES; i++)
        assert_form(&cases[i], NULL);
    assert_form(&with_table[0], table);
    assert_form(&with_table[1], table);
}

/* All of them, those that only look like it too, compute what they should. */
static void forms_equal_naive(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        const form_case *f = &cases[i];
        const cnn_conv2d_options *o = &f->o;
        conv_case c = {
            .options = *o,
            .naive = {.window = {f->in.h, f->in.w, f->kernel_h, f->kernel_w,
                                 or_1(o->stride_h), or_1(o->stride_w),
                                 or_1(o->dilation_h), or_1(o->dilation_w),
                                 o->pad_top, o->pad_bottom, o->pad_left,
                                 o->pad_right},
                      .N = 3,
                      .C = f->in.c,
                      .F = f->filters,
                      .groups = or_1(o->groups)},
        };

        c.options.struct_size = sizeof(c.options);
        c.options.padding = CNN_PAD_EXPLICIT;
        snprintf(c.what, sizeof(c.what), "case %d", i);
        conv_case_assert_exact(&c, 1);
    }
}

/* Neither columns nor copies of the maps have room. */
static void need_no_workspace(void **state)
{
    rig r;

    (void)state;
    open_points(&r, 1, 40);
    assert_int_equal(cnn__layer_workspace(r.layer, 40).scratch, 0);
    rig_close(&r);
    open_whole(&r, 1, 40);
    assert_int_equal(cnn__layer_workspace(r.layer, 40).scratch, 0);
    assert_int_equal(cnn__layer_workspace(r.layer, 40).shared, 0);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_equal_naive),
        cmocka_unit_test(whole_equals_naive),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(same_bits_however_it_is_run),
        cmocka_unit_test(whole_is_dense),
        cmocka_unit_test(forms),
        cmocka_unit_test(forms_equal_naive),
        cmocka_unit_test(need_no_workspace),
    };

    return cmocka_run_group_tests_name("plain conv2d", tests, NULL, NULL);
}
