/* Losses, and the training of a small net, against PyTorch. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/golden.h"
#include "support/nets.h"

/* ------------------------------------------------------------- losses ---- */

enum { SAMPLES = 7, INPUTS = 5, UNITS = 6, PARAMS = UNITS * (INPUTS + 1) };

static void compare_loss(golden *g, int32_t loss, int32_t reduction)
{
    cnn_net *net = dense_net(INPUTS, UNITS, SAMPLES);
    cnn_optim *still = cnn_sgd_create(0.0f, NULL);
    int32_t labels[SAMPLES];
    cnn_metrics m;
    char item[32];

    snprintf(item, sizeof(item), "loss.%d.%d", loss, reduction);
    print_message("    %s\n", item);
    golden_integers(g, "loss", "labels", labels, SAMPLES);
    memcpy(cnn_net_params(net), golden_floats(g, "loss", "params", PARAMS),
           PARAMS * sizeof(float));
    assert_int_equal(cnn_net_set_loss(net, loss, reduction), CNN_OK);
    assert_int_equal(
        cnn_net_train_step(net, still, SAMPLES,
                           golden_floats(g, "loss", "x", SAMPLES * INPUTS),
                           labels, &m),
        CNN_OK);
    /* Sums of at most 42 terms below 9, each rounded by 2^-24: 2e-5 at the very
     * worst; in the loss these are summed in double. */
    assert_near(&(float){(float)m.loss}, golden_floats(g, item, "value", 1), 1,
                0.0, 2e-6);
    assert_near(cnn_net_grads(net), golden_floats(g, item, "grads", PARAMS),
                PARAMS, 5e-6, 5e-6);
    cnn_optim_free(still);
    cnn_net_free(net);
}

static void losses(void **state)
{
    golden *g = golden_open("net.bin");

    (void)state;
    for (int32_t reduction = CNN_REDUCE_MEAN; reduction <= CNN_REDUCE_SUM;
         reduction++) {
        compare_loss(g, CNN_LOSS_SOFTMAX_CROSS_ENTROPY, reduction);
        compare_loss(g, CNN_LOSS_MSE, reduction);
        compare_loss(g, CNN_LOSS_LENET_MAP, reduction);
    }
    golden_close(g);
}

/* ------------------------------------------------------- trajectories ---- */

enum { STEPS = 20, BATCH = 10, BATCHES = 4 };

/* PyTorch's trajectory was computed in double. In float each step rounds the
 * gradients by some 1e-6 of themselves; SGD adds that up. Adam divides a
 * gradient by its own size, so where a gradient nearly vanishes its rounding
 * decides about a good part of a step of 0.01. */
static void compare_trajectory(const char *item, cnn_optim *optim,
                               double loss_tolerance, double param_tolerance)
{
    golden *g = golden_open("net.bin");
    const float *x =
        golden_floats(g, "net", "x", BATCHES * BATCH * CONV_NET_INPUT);
    const float *want = golden_floats(g, item, "losses", STEPS);
    cnn_net *net = conv_net(true);
    int32_t labels[BATCHES * BATCH];
    cnn_metrics m;

    golden_integers(g, "net", "labels", labels, BATCHES * BATCH);
    build(net, &conv_net_shape, BATCH, 1);
    assert_int_equal(cnn_net_param_count(net), CONV_NET_PARAMS);
    memcpy(cnn_net_params(net),
           golden_floats(g, "net", "params", CONV_NET_PARAMS),
           CONV_NET_PARAMS * sizeof(float));
    for (int t = 0; t < STEPS; t++) {
        const int first = t % BATCHES * BATCH;

        assert_int_equal(cnn_net_train_step(net, optim, BATCH,
                                            x + first * CONV_NET_INPUT,
                                            labels + first, &m),
                         CNN_OK);
        if (!(fabs(m.loss - (double)want[t]) <= loss_tolerance))
            fail_msg("%s, step %d: loss %.9g, want %.9g", item, t, m.loss,
                     (double)want[t]);
    }
    assert_near(cnn_net_params(net),
                golden_floats(g, item, "params", CONV_NET_PARAMS),
                CONV_NET_PARAMS, param_tolerance, 0.0);
    cnn_optim_free(optim);
    cnn_net_free(net);
    golden_close(g);
}

static void trajectory_sgd(void **state)
{
    (void)state;
    compare_trajectory("net.sgd", cnn_sgd_create(0.1f, NULL), 2e-6, 2e-6);
}

static void trajectory_adam(void **state)
{
    (void)state;
    compare_trajectory("net.adam", cnn_adam_create(0.01f, NULL), 1e-5, 3e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses),
        cmocka_unit_test(trajectory_sgd),
        cmocka_unit_test(trajectory_adam),
    };

    return cmocka_run_group_tests_name("golden net", tests, NULL, NULL);
}
