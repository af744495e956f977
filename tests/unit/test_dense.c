/* The fully connected layer. */
#include "support/near.h"

/* y = W x + b with W = (1 2 3; 4 5 6), b = (10 20), by hand. */
static void hand_case(void **state)
{
    const float params[] = {1, 2, 3, 4, 5, 6, 10, 20};
    const float x[] = {1, 0, -1, 2, 1, 0};      /* (2, 3) */
    const float want[] = {8, 18, 14, 33};       /* (2, 2) */
    const float dy[] = {1, 0, 0, 1};            /* (2, 2) */
    const float want_dx[] = {1, 2, 3, 4, 5, 6}; /* dY W */
    const float want_grad[] = {1, 0, -1, 2, 1, 0, 1, 1};
    float y[4], dx[6];
    cnn_layer *layer = cnn_dense_create(2, NULL);

    (void)state;
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){3, 1, 1}, 2, 1),
                     CNN_OK);
    assert_int_equal(cnn_layer_param_count(layer), 8);
    for (int i = 0; i < 8; i++)
        cnn_layer_params(layer)[i] = params[i];
    assert_int_equal(cnn_layer_forward(layer, CNN_TRAIN, 2, x, y), CNN_OK);
    assert_same_bits(y, want, 4);
    assert_int_equal(cnn_layer_backward(layer, 2, x, y, dy, dx), CNN_OK);
    assert_same_bits(dx, want_dx, 6);
    assert_same_bits(cnn_layer_grads(layer), want_grad, 8);
    cnn_layer_free(layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_case),
    };

    return cmocka_run_group_tests_name("dense", tests, NULL, NULL);
}
