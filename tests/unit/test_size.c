/* Sizes that stick instead of wrapping, and the formulas of windows, at the
 * edges of their types against arithmetic that is twice as wide. */
#include "base/size.h"

#include <stdio.h>

#include "cnn/layer.h"
#include "layers/layer_impl.h"
#include "math/window.h"
#include "support/near.h"

#if SIZE_MAX > UINT32_MAX
__extension__ typedef unsigned __int128 wide;
__extension__ typedef __int128 signed_wide;
#else
typedef uint64_t wide;
typedef int64_t signed_wide;
#endif

#define HALF ((size_t)1 << (sizeof(size_t) * 4))

static const size_t edges[] = {0,
                               1,
                               2,
                               3,
                               63,
                               64,
                               65,
                               HALF - 1,
                               HALF,
                               HALF + 1,
                               SIZE_MAX / 3,
                               SIZE_MAX / 2,
                               SIZE_MAX / 2 + 1,
                               SIZE_MAX - 64,
                               SIZE_MAX - 63,
                               SIZE_MAX - 1,
                               SIZE_MAX};
#define EDGES (sizeof(edges) / sizeof(edges[0]))

static size_t stuck(wide exact)
{
    return exact > SIZE_MAX ? SIZE_MAX : (size_t)exact;
}

static void sums_and_products(void **state)
{
    (void)state;
    for (size_t i = 0; i < EDGES; i++)
        for (size_t k = 0; k < EDGES; k++) {
            const size_t a = edges[i], b = edges[k];

            assert_int_equal(cnn__size_add(a, b), stuck((wide)a + b));
            assert_int_equal(cnn__size_mul(a, b), stuck((wide)a * b));
        }
}

/* A product of three may pass them: held against the true one in steps. */
static void products_of_three(void **state)
{
    (void)state;
    for (size_t i = 0; i < EDGES; i++)
        for (size_t k = 0; k < EDGES; k++)
            for (size_t l = 0; l < EDGES; l++) {
                const size_t a = edges[i], b = edges[k], c = edges[l];
                const wide two = (wide)a * b;
                const size_t want = c == 0 || two == 0 ? 0
                                    : two > SIZE_MAX   ? SIZE_MAX
                                                       : stuck(two * c);

                assert_int_equal(cnn__size_mul3(a, b, c), want);
            }
}

static void rounding_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < EDGES; i++)
        for (size_t unit = 1; unit <= 64; unit *= 2) {
            const wide a = edges[i];
            assert_int_equal(cnn__size_round_up(edges[i], unit),
                             stuck((a + unit - 1) / unit * unit));
        }
}

/* ----------------------------------------------------------- windows --- */

static const int32_t lengths[] = {
    1, 2, 3, 7, 46340, 46341, 1 << 30, (1 << 30) + 1, INT32_MAX - 1, INT32_MAX};
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

/* What an axis must come to. */
typedef struct wanted {
    cnn_status status;
    int32_t out, before, after;
} wanted;

static wanted want_axis(const cnn__sliding *s, int32_t in)
{
    const signed_wide stride = s->stride_h;
    const signed_wide reach =
        (signed_wide)(s->kernel_h - 1) * s->dilation_h + 1;
    const bool same = s->padding == CNN_PAD_SAME;
    const signed_wide outputs = (in + stride - 1) / stride;
    signed_wide pad = same ? (outputs - 1) * stride + reach - in : 0;
    signed_wide before = s->pad_top, after = s->pad_bottom;

    if (same) {
        pad = pad > 0 ? pad : 0;
        before = pad / 2;
        after = pad - before;
    }
    const signed_wide padded = in + before + after;
    if (padded > INT32_MAX)
        return (wanted){.status = CNN_EOVERFLOW};
    if (padded < reach)
        return (wanted){.status = CNN_ESHAPE};
    return (wanted){CNN_OK, (int32_t)((padded - reach) / stride + 1),
                    (int32_t)before, (int32_t)after};
}

static void check_axis(const cnn__sliding *s, int32_t in)
{
    const wanted want = want_axis(s, in);
    cnn__window window;
    const cnn_status got =
        cnn__window_fit(&window, s, &(cnn_shape){1, in, 1}, "window");

    if (got != want.status)
        fail_msg("in %d, kernel %d, stride %d, dilation %d, padding %d: status "
                 "%d, want %d",
                 in, s->kernel_h, s->stride_h, s->dilation_h, s->padding, got,
                 want.status);
    if (got != CNN_OK)
        return;
    assert_int_equal(window.h.out, want.out);
    assert_int_equal(window.h.before, want.before);
    assert_int_equal(window.h.after, want.after);
    assert_int_equal(window.w.out, 1);
}

/* Every combination of lengths, for each of the four settings of an axis. */
static void windows_at_the_edges(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTHS * LENGTHS * LENGTHS * LENGTHS; i++) {
        const int32_t in = lengths[i % LENGTHS];
        const int32_t pad = lengths[i / LENGTHS % LENGTHS];
        cnn__sliding s = {
            .kernel_h = lengths[i / LENGTHS / LENGTHS % LENGTHS],
            .kernel_w = 1,
            .stride_h = lengths[i / LENGTHS / LENGTHS / LENGTHS % LENGTHS],
            .stride_w = 1,
            .dilation_h = pad,
            .dilation_w = 1,
        };

        for (s.padding = CNN_PAD_VALID; s.padding <= CNN_PAD_SAME; s.padding++)
            check_axis(&s, in);
        s.padding = CNN_PAD_EXPLICIT;
        s.dilation_h = 1;
        s.pad_top = pad;
        s.pad_bottom = pad / 2;
        check_axis(&s, in);
    }
}

/* ------------------------------------------------------ whole layers --- */

/* Shapes whose products do not fit are refused before anything is taken. */
static void layers_too_large(void **state)
{
    const cnn_conv2d_options wide_pad = {.struct_size = sizeof(wide_pad),
                                         .padding = CNN_PAD_EXPLICIT,
                                         .pad_top = 50000,
                                         .pad_left = 50000};
    cnn_layer *conv = cnn_conv2d_create(1 << 20, 1, 1, NULL);
    cnn_layer *padded = cnn_conv2d_create(1, 1, 1, &wide_pad);
    cnn_layer *many = cnn_conv2d_create(4, 1, 1, NULL);
    cnn_layer *dense = cnn_dense_create(INT32_MAX, NULL);
    char kernels[80], parameters[120];

    (void)state;
    /* Of a count that size_t does not hold the texts give the largest. */
    snprintf(kernels, sizeof(kernels), "%zu kernels", stuck((wide)1 << 32));
    snprintf(parameters, sizeof(parameters),
             "%zu parameters and 0 fixed ones, more than 2147483647",
             stuck((wide)INT32_MAX * INT32_MAX + INT32_MAX));
    assert_failed(cnn_layer_build(conv, &(cnn_shape){4096, 1, 1}, 1, 1),
                  CNN_EOVERFLOW, kernels);
    assert_failed(cnn_layer_build(padded, &(cnn_shape){1, 1, 1}, 1, 1),
                  CNN_EOVERFLOW, "2500100001");
    assert_failed(cnn_layer_build(many, &(cnn_shape){1, 30000, 30000}, 1, 1),
                  CNN_EOVERFLOW, "output 4x30000x30000");
    assert_failed(cnn_layer_build(many, &(cnn_shape){1, 46341, 46341}, 1, 1),
                  CNN_EOVERFLOW, "input 1x46341x46341");
    assert_failed(cnn_layer_build(dense, &(cnn_shape){INT32_MAX, 1, 1}, 1, 1),
                  CNN_EOVERFLOW, parameters);
    cnn_layer_free(conv);
    cnn_layer_free(padded);
    cnn_layer_free(many);
    cnn_layer_free(dense);
}

static void shape_sizes(void **state)
{
    (void)state;
    assert_int_equal(cnn__shape_size(&(cnn_shape){2, 3, 5}), 30);
    assert_int_equal(cnn__shape_size(&(cnn_shape){INT32_MAX, INT32_MAX, 2}),
                     stuck((wide)INT32_MAX * INT32_MAX * 2));
    assert_int_equal(
        cnn__shape_size(&(cnn_shape){INT32_MAX, INT32_MAX, INT32_MAX}),
        SIZE_MAX);
    assert_int_equal(cnn__chunks(0, 16), 0);
    assert_int_equal(cnn__chunks(16, 16), 1);
    assert_int_equal(cnn__chunks(17, 16), 2);
    /* About 16 Ki floats, and never no sample at all. */
    assert_int_equal(cnn__chunk_samples(1), 16384);
    assert_int_equal(cnn__chunk_samples(5000), 3);
    assert_int_equal(cnn__chunk_samples(16385), 1);
    assert_int_equal(cnn__chunk_samples(INT32_MAX), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_products),
        cmocka_unit_test(products_of_three),
        cmocka_unit_test(rounding_up),
        cmocka_unit_test(windows_at_the_edges),
        cmocka_unit_test(layers_too_large),
        cmocka_unit_test(shape_sizes),
    };

    return cmocka_run_group_tests_name("size", tests, NULL, NULL);
}
