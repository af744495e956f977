/* The convolution layer with a connection table. */
#include <string.h>

#include "support/conv_case.h"
#include "support/gradcheck.h"

/* Table I of LeCun et al. (1998): which maps of S2 (columns) each map of C3
 * (rows) is connected with. */
/* clang-format off */
static const uint8_t c3[16 * 6] = {
    1, 1, 1, 0, 0, 0,
    0, 1, 1, 1, 0, 0,
    0, 0, 1, 1, 1, 0,
    0, 0, 0, 1, 1, 1,
    1, 0, 0, 0, 1, 1,
    1, 1, 0, 0, 0, 1,
    1, 1, 1, 1, 0, 0,
    0, 1, 1, 1, 1, 0,
    0, 0, 1, 1, 1, 1,
    1, 0, 0, 1, 1, 1,
    1, 1, 0, 0, 1, 1,
    1, 1, 1, 0, 0, 1,
    1, 1, 0, 1, 1, 0,
    0, 1, 1, 0, 1, 1,
    1, 0, 1, 1, 0, 1,
    1, 1, 1, 1, 1, 1,
};
/* clang-format on */

/* Two channels, filter 0 sees channel 1, filter 1 sees both; 1x1 kernels 2, 3,
 * 5; biases 10, 20; one pixel (7, 11). */
static void hand_case(void **state)
{
    const uint8_t table[] = {0, 1, 1, 1};
    const float params[] = {2, 3, 5, 10, 20};
    const float want[] = {2 * 11 + 10, 3 * 7 + 5 * 11 + 20};
    const float want_dx[] = {3 * -1, 2 * 4 + 5 * -1};
    const float want_grad[] = {11 * 4, 7 * -1, 11 * -1, 4, -1};
    cnn_layer *layer = cnn_conv2d_create(2, 1, 1, NULL);
    rig r;

    (void)state;
    assert_int_equal(cnn_conv2d_set_table(layer, 2, 2, table), CNN_OK);
    rig_open(&r, layer, &(cnn_shape){2, 1, 1}, 1);
    assert_int_equal(r.P, 5);
    memcpy(cnn_layer_params(layer), params, sizeof(params));
    memcpy(r.x, (float[]){7, 11}, 2 * sizeof(float));
    memcpy(r.dy, (float[]){4, -1}, 2 * sizeof(float));
    rig_forward(&r);
    assert_same_bits(r.y, want, 2);
    rig_backward(&r);
    assert_same_bits(r.dx, want_dx, 2);
    assert_same_bits(cnn_layer_grads(layer), want_grad, 5);
    rig_close(&r);
}

/* C3 as it is in the paper: 1,516 parameters, and the same results as a full
 * convolution in which the kernels that are not there are zero. */
static void c3_equals_full_convolution(void **state)
{
    cnn_layer *layer = cnn_conv2d_create(16, 5, 5, NULL);
    rig some, full;

    (void)state;
    assert_int_equal(cnn_conv2d_set_table(layer, 16, 6, c3), CNN_OK);
    rig_open(&some, layer, &(cnn_shape){6, 14, 14}, 3);
    rig_open(&full, cnn_conv2d_create(16, 5, 5, NULL), &some.in, 3);
    assert_int_equal(some.P, 1516);
    assert_int_equal(full.P, 2416);
    rig_fill_integers(&some, 4, 3);
    memcpy(full.x, some.x, full.X * sizeof(float));
    memcpy(full.dy, some.dy, full.Y * sizeof(float));
    float *sparse = cnn_layer_params(some.layer);
    float *dense = cnn_layer_params(full.layer);
    for (int i = 0; i < 16 * 6; i++)
        for (int k = 0; k < 25; k++)
            dense[i * 25 + k] = c3[i] ? *sparse++ : 0.0f;
    memcpy(dense + 2400, sparse, 16 * sizeof(float));
    rig_forward(&some);
    rig_forward(&full);
    assert_same_bits(some.y, full.y, full.Y);
    rig_backward(&some);
    rig_backward(&full);
    assert_same_bits(some.dx, full.dx, full.X);
    const float *grad = cnn_layer_grads(some.layer);
    const float *full_grad = cnn_layer_grads(full.layer);
    for (int i = 0; i < 16 * 6; i++)
        if (c3[i]) {
            assert_same_bits(grad, full_grad + i * 25, 25);
            grad += 25;
        }
    assert_same_bits(grad, full_grad + 2400, 16);
    rig_close(&some);
    rig_close(&full);
}

/* Any table: filters that see one channel, channels that no filter sees. */
static void exact_on_integers(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        conv_case c;

        conv_case_draw(&c, CONV_TABLE, seed);
        conv_case_assert_exact(&c, seed);
    }
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        conv_case c;

        conv_case_draw(&c, CONV_TABLE | CONV_SMALL, seed);
        conv_case_check_gradients(&c, seed);
    }
}

/* The table is copied, and a second one takes the place of the first. */
static void last_table_counts(void **state)
{
    uint8_t table[] = {1, 1, 1, 1};
    cnn_layer *layer = cnn_conv2d_create(2, 1, 1, NULL);

    (void)state;
    assert_int_equal(cnn_conv2d_set_table(layer, 2, 2, table), CNN_OK);
    table[0] = 0;
    assert_int_equal(cnn_conv2d_set_table(layer, 2, 2, table), CNN_OK);
    table[3] = 0;
    assert_failed(cnn_conv2d_set_table(layer, 2, 1, (uint8_t[]){0, 1}),
                  CNN_EINVAL, "filter 0 is connected to nothing");
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){2, 3, 3}, 1, 1),
                     CNN_OK);
    assert_int_equal(cnn_layer_param_count(layer), 3 + 2);
    cnn_layer_free(layer);
}

static void errors(void **state)
{
    const uint8_t ones[] = {1, 1, 1, 1, 1, 1};
    const uint8_t two[] = {1, 1, 1, 1, 2, 1};
    const uint8_t gap[] = {1, 0, 0, 0, 0, 1};
    const cnn_conv2d_options groups = {.struct_size = sizeof(groups),
                                       .groups = 2};
    cnn_layer *layer = cnn_conv2d_create(3, 1, 1, NULL);
    cnn_layer *grouped = cnn_conv2d_create(2, 1, 1, &groups);
    cnn_layer *large = cnn_conv2d_create(65536, 1, 1, NULL);
    cnn_layer *dense = cnn_dense_create(3, NULL);

    (void)state;
    assert_failed(cnn_conv2d_set_table(NULL, 3, 2, ones), CNN_EINVAL,
                  "layer is NULL");
    assert_failed(cnn_conv2d_set_table(layer, 3, 2, NULL), CNN_EINVAL,
                  "table is NULL");
    assert_failed(cnn_conv2d_set_table(dense, 3, 2, ones), CNN_EINVAL,
                  "no conv2d but dense");
    assert_failed(cnn_conv2d_set_table(layer, 2, 3, ones), CNN_EINVAL,
                  "2 filters x 3 channels for a layer of 3 filters");
    assert_failed(cnn_conv2d_set_table(layer, 3, 0, ones), CNN_EINVAL,
                  "3 filters x 0 channels");
    assert_failed(cnn_conv2d_set_table(layer, 3, -1, ones), CNN_EINVAL,
                  "3 filters x -1 channels");
    assert_failed(cnn_conv2d_set_table(layer, 3, 2, two), CNN_EINVAL,
                  "table[2][0] is 2, expected 0 or 1");
    assert_failed(cnn_conv2d_set_table(layer, 3, 2, gap), CNN_EINVAL,
                  "filter 1 is connected to nothing");
    assert_failed(cnn_conv2d_set_table(grouped, 2, 2, ones), CNN_EINVAL,
                  "2 groups");
    assert_failed(cnn_conv2d_set_table(large, 65536, 65536, ones),
                  CNN_EOVERFLOW, "65536 x 65536");
    assert_int_equal(cnn_conv2d_set_table(layer, 3, 2, ones), CNN_OK);
    assert_failed(cnn_layer_build(layer, &(cnn_shape){3, 4, 4}, 1, 1),
                  CNN_ESHAPE, "for 2 channels, the input has 3");
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){2, 4, 4}, 1, 1),
                     CNN_OK);
    assert_failed(cnn_conv2d_set_table(layer, 3, 2, ones), CNN_ESTATE, "built");
    cnn_layer_free(layer);
    cnn_layer_free(grouped);
    cnn_layer_free(large);
    cnn_layer_free(dense);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_case),
        cmocka_unit_test(c3_equals_full_convolution),
        cmocka_unit_test(exact_on_integers),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(last_table_counts),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("conv2d table", tests, NULL, NULL);
}
