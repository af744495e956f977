/* Trajectories of the optimisers against PyTorch. */
#include <stdio.h>
#include <string.h>

#include "support/golden.h"
#include "support/nets.h"

#define PARAMS 12
#define STEPS  20
#define CASES  12
#define GROUPS 2 /* pairs of factors, for each case */

/* A step of at most 0.1 (0.2 with momentum) on a parameter of about 1 rounds a
 * handful of times, each by at most 2^-24 of the parameter or a few 2^-24 of
 * the step: 20 steps of 4 roundings are 5e-6, if all went the same way. */
#define ABSOLUTE 5e-6

static void compare(golden *g, const char *item)
{
    const float *gradients =
        golden_floats(g, "all", "gradients", STEPS * PARAMS);
    const float *want = golden_floats(g, item, "steps", STEPS * PARAMS);
    cnn_net *net = dense_net(PARAMS / 2 - 1, 2, 1);
    cnn_optim *optim = golden_optim(g, item);

    assert_non_null(optim);
    assert_int_equal(cnn_net_param_count(net), PARAMS);
    memcpy(cnn_net_params(net), golden_floats(g, "all", "start", PARAMS),
           PARAMS * sizeof(float));
    for (size_t t = 0; t < STEPS; t++) {
        memcpy(cnn_net_grads(net), gradients + t * PARAMS,
               PARAMS * sizeof(float));
        assert_int_equal(cnn_net_update(net, optim), CNN_OK);
        assert_near(cnn_net_params(net), want + t * PARAMS, PARAMS, ABSOLUTE,
                    0.0);
    }
    cnn_optim_free(optim);
    cnn_net_free(net);
}

static void trajectories(void **state)
{
    golden *g = golden_open("optim.bin");
    char item[32];

    (void)state;
    for (int i = 0; i < CASES; i++) {
        snprintf(item, sizeof(item), "optim.%d", i);
        print_message("    %s\n", item);
        compare(g, item);
    }
    snprintf(item, sizeof(item), "optim.%d", CASES);
    assert_int_equal(golden_count(g, item, "config"), 0);
    golden_close(g);
}

/* Two layers with factors of the rate are PyTorch's groups of parameters. */
static void compare_groups(golden *g, const char *item)
{
    const size_t n = 2 * PARAMS;
    const float *gradients = golden_floats(g, "groups", "gradients", STEPS * n);
    const float *factors = golden_floats(g, item, "factors", 2);
    cnn_net *net = cnn_net_create();
    cnn_optim *optim = golden_optim(g, item);

    cnn_net_add(net, cnn_dense_create(2, NULL));
    cnn_net_add(net, cnn_dense_create(4, NULL));
    build(net, &(cnn_shape){PARAMS / 2 - 1, 1, 1}, 1, 1);
    assert_int_equal(cnn_net_param_count(net), n);
    memcpy(cnn_net_params(net), golden_floats(g, "groups", "start", n),
           n * sizeof(float));
    for (int32_t i = 0; i < 2; i++)
        assert_int_equal(
            cnn_layer_set_lr_factor(cnn_net_layer(net, i), factors[i]), CNN_OK);
    for (size_t t = 0; t < STEPS; t++) {
        memcpy(cnn_net_grads(net), gradients + t * n, n * sizeof(float));
        assert_int_equal(cnn_net_update(net, optim), CNN_OK);
    }
    /* Steps are up to three times as long as those above. */
    assert_near(cnn_net_params(net), golden_floats(g, item, "end", n), n,
                3 * ABSOLUTE, 0.0);
    cnn_optim_free(optim);
    cnn_net_free(net);
}

static void groups(void **state)
{
    golden *g = golden_open("learning.bin");
    char item[32];

    (void)state;
    for (int i = 0; i < CASES * GROUPS; i++) {
        snprintf(item, sizeof(item), "groups.%d.%d", i / GROUPS, i % GROUPS);
        print_message("    %s\n", item);
        compare_groups(g, item);
    }
    golden_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trajectories),
        cmocka_unit_test(groups),
    };

    return cmocka_run_group_tests_name("golden optim", tests, NULL, NULL);
}
