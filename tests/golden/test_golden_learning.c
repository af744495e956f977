/* The average of the weights against PyTorch's AveragedModel. */
#include <string.h>

#include "net/net_impl.h"
#include "support/golden.h"
#include "support/nets.h"

enum { STEPS = 10, N = 8, SAMPLES = STEPS * N, PIXELS = 36, CLASSES = 4 };
enum { PARAMS = 3 * 9 + 3 + 6 + CLASSES * 48 + CLASSES, FIXED = 6 };

/* As in test_golden_net.c: the error of a step is that of its gradients, which
 * sum some hundred products, and grows with the momentum. */
#define ABSOLUTE 2e-6

static cnn_net *described(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(3, 3, 3, NULL));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_dense_create(CLASSES, NULL));
    build(net, &(cnn_shape){1, 6, 6}, N, 1);
    assert_int_equal(net->params.count, PARAMS);
    assert_int_equal(net->params.fixed_count, FIXED);
    return net;
}

static void assert_net(const cnn_net *net, const float *want)
{
    assert_near(net->params.value, want, PARAMS, ABSOLUTE, 0.0);
    assert_near(net->params.fixed, want + PARAMS, FIXED, ABSOLUTE, 0.0);
}

static void average(void **state)
{
    golden *g = golden_open("learning.bin");
    const size_t n = PARAMS + FIXED;
    const float *start = golden_floats(g, "average", "start", n);
    const float *after = golden_floats(g, "average", "after", STEPS * n);
    const cnn_sgd_options sgd = {.struct_size = sizeof(sgd), .momentum = 0.9f};
    const cnn_trainer_options in_order = {.struct_size = sizeof(in_order),
                                          .flags = CNN_NO_SHUFFLE};
    int32_t labels[SAMPLES];
    cnn_net *net = described(), *copy = described();
    cnn_optim *optim = cnn_sgd_create(0.1f, &sgd);

    (void)state;
    golden_integers(g, "average", "labels", labels, SAMPLES);
    cnn_dataset *data = cnn_dataset_wrap_f32(
        &(cnn_shape){1, 6, 6}, SAMPLES,
        golden_floats(g, "average", "x", SAMPLES * PIXELS), labels, NULL);
    cnn_trainer *trainer = cnn_trainer_create(net, optim, data, &in_order);
    memcpy(net->params.value, start, PARAMS * sizeof(float));
    assert_int_equal(cnn_trainer_set_average(
                         trainer, *golden_floats(g, "average", "decay", 1)),
                     CNN_OK);
    for (size_t t = 0; t < STEPS; t++) {
        assert_int_equal(cnn_trainer_step(trainer, NULL), CNN_OK);
        assert_int_equal(cnn_trainer_copy_average(trainer, copy), CNN_OK);
        assert_net(copy, after + t * n);
    }
    assert_net(net, golden_floats(g, "average", "end", n));
    cnn_trainer_free(trainer);
    cnn_dataset_free(data);
    cnn_optim_free(optim);
    cnn_net_free(net);
    cnn_net_free(copy);
    golden_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(average),
    };

    return cmocka_run_group_tests_name("golden learning", tests, NULL, NULL);
}
