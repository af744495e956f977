/* Watching units die or saturate, and the norms of a layer. */
#include <math.h>
#include <string.h>

#include "support/training.h"

enum { N = 4, INPUTS = 3, UNITS = 5 };

/* Dense 5, an activation, dense 2; all of the first layer's weights are small,
 * so that its biases decide. */
static cnn_net *net_of(int32_t activation, const float *biases)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_dense_create(UNITS, NULL));
    cnn_net_add(net, cnn_activation_create(activation, NULL));
    cnn_net_add(net, cnn_dense_create(2, NULL));
    build(net, &(cnn_shape){INPUTS, 1, 1}, N, 1);
    for (int i = 0; i < UNITS * INPUTS; i++)
        cnn_net_params(net)[i] *= 0.1f;
    memcpy(cnn_net_params(net) + UNITS * INPUTS, biases, UNITS * sizeof(float));
    return net;
}

/* Steps that go nowhere, on inputs that differ. */
static void step(cnn_net *net, uint64_t seed)
{
    const int32_t labels[N] = {0, 1, 1, 0};
    cnn_optim *still = cnn_sgd_create(0.0f, NULL);
    float x[N * INPUTS];

    fill_uniform(x, N * INPUTS, seed);
    if (cnn_net_train_step(net, still, N, x, labels, NULL) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    cnn_optim_free(still);
}

static cnn_layer_stats stats_of(cnn_net *net, int32_t layer)
{
    cnn_layer_stats s = {.struct_size = sizeof(s)};

    assert_int_equal(cnn_net_layer_stats(net, layer, &s), CNN_OK);
    return s;
}

static void watch(cnn_net *net, int32_t on)
{
    assert_int_equal(cnn_net_watch(net, on), CNN_OK);
}

/* ---------------------------------------------------------------- dead --- */

static void dead_units(void **state)
{
    const float biases[] = {-100, 1, -100, 2, 3};
    cnn_net *net = net_of(CNN_RELU, biases);

    (void)state;
    watch(net, 1);
    /* Nobody has been seen alive yet. */
    assert_int_equal(stats_of(net, 1).dead, UNITS);
    for (uint64_t seed = 0; seed < 3; seed++) {
        step(net, seed);
        assert_int_equal(stats_of(net, 1).units, UNITS);
        assert_int_equal(stats_of(net, 1).dead, 2);
    }
    /* A dense layer has no units that could die. */
    assert_int_equal(stats_of(net, 0).dead, -1);
    assert_int_equal(stats_of(net, 2).dead, -1);
    assert_int_equal(stats_of(net, 0).units, UNITS);
    assert_int_equal(stats_of(net, 2).units, 2);
    cnn_net_free(net);
}

static void all_dead(void **state)
{
    const float biases[] = {-100, -100, -100, -100, -100};
    cnn_net *net = net_of(CNN_RELU, biases);

    (void)state;
    watch(net, 1);
    step(net, 1);
    const cnn_layer_stats s = stats_of(net, 1);
    assert_int_equal(100 * s.dead / s.units, 100);
    cnn_net_free(net);
}

/* Alive for one sample of one step is alive until the watch begins anew. */
static void once_alive(void **state)
{
    const float biases[] = {-100, -100, -100, -100, -100};
    cnn_net *net = net_of(CNN_RELU, biases);
    float *first = cnn_net_params(net) + UNITS * INPUTS;

    (void)state;
    watch(net, 1);
    step(net, 1);
    *first = 1.0f;
    step(net, 2);
    *first = -100.0f;
    step(net, 3);
    assert_int_equal(stats_of(net, 1).dead, UNITS - 1);
    watch(net, 1);
    step(net, 4);
    assert_int_equal(stats_of(net, 1).dead, UNITS);
    /* One sample of the batch is enough. */
    memset(cnn_net_params(net), 0, INPUTS * sizeof(float));
    cnn_net_params(net)[0] = 1.0f;
    *first = 0.0f;
    for (uint64_t seed = 0; seed < 4; seed++)
        step(net, seed);
    assert_int_equal(stats_of(net, 1).dead, UNITS - 1);
    cnn_net_free(net);
}

/* ----------------------------------------------------------- saturated --- */

/* Both bounds count; 1 % of the range is where tanh is +-0.98 and the sigmoid
 * 0.01 or 0.99. */
static void saturated_units(void **state)
{
    const float biases[] = {-100, 0.5f, 100, -0.5f, 0};
    const int32_t kinds[] = {CNN_SIGMOID, CNN_TANH, CNN_LECUN_TANH};

    (void)state;
    for (int i = 0; i < 3; i++) {
        cnn_net *net = net_of(kinds[i], biases);

        watch(net, 1);
        assert_int_equal(stats_of(net, 1).saturated, 0);
        step(net, 1);
        assert_int_equal(stats_of(net, 1).saturated, 2);
        assert_int_equal(stats_of(net, 0).saturated, -1);
        /* It is the last step that counts. */
        cnn_net_params(net)[UNITS * INPUTS] = 0.0f;
        step(net, 2);
        assert_int_equal(stats_of(net, 1).saturated, 1);
        cnn_net_free(net);
    }
}

/* x = 2.25 and 2.35: tanh is 0.978 and 0.982, with the bound at 0.98. */
static void where_saturation_begins(void **state)
{
    const float biases[] = {2.25f, -2.25f, 2.35f, -2.35f, 2.35f};
    cnn_net *net = net_of(CNN_TANH, biases);

    (void)state;
    memset(cnn_net_params(net), 0, UNITS * INPUTS * sizeof(float));
    watch(net, 1);
    step(net, 1);
    assert_int_equal(stats_of(net, 1).saturated, 3);
    cnn_net_free(net);
}

/* Between 0 and 6 a clamp is saturated below 0.06 and above 5.94. */
static void a_clamp_saturates(void **state)
{
    const float biases[] = {-1, 0.05f, 0.07f, 5.93f, 5.95f};
    cnn_net *net = net_of(CNN_CLAMP, biases);

    (void)state;
    memset(cnn_net_params(net), 0, UNITS * INPUTS * sizeof(float));
    watch(net, 1);
    step(net, 1);
    assert_int_equal(stats_of(net, 1).saturated, 3);
    cnn_net_free(net);
}

/* Functions that have no bound on some side cannot saturate. */
static void unbounded(void **state)
{
    const float biases[] = {-100, 0, 100, 0, 0};
    const int32_t kinds[] = {CNN_RELU, CNN_LEAKY_RELU, CNN_ELU,     CNN_GELU,
                             CNN_SILU, CNN_HARD_SWISH, CNN_SOFTPLUS};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        cnn_net *net = net_of(kinds[i], biases);

        watch(net, 1);
        assert_int_equal(stats_of(net, 1).saturated, -1);
        step(net, 1);
        assert_int_equal(stats_of(net, 1).saturated, -1);
        cnn_net_free(net);
    }
}

/* What runs between the step and the look does not matter. */
static void predicting_does_not_disturb(void **state)
{
    const float biases[] = {-100, 1, 100, 0, 0};
    cnn_net *net = net_of(CNN_TANH, biases);
    float x[N * INPUTS], y[N * 2];

    (void)state;
    for (int i = 0; i < N * INPUTS; i++)
        x[i] = 1e6f; /* saturates every unit */
    watch(net, 1);
    step(net, 1);
    const cnn_layer_stats before = stats_of(net, 1);
    cnn_net_predict(net, N, x, y);
    const cnn_layer_stats after = stats_of(net, 1);
    assert_int_equal(before.saturated, 2);
    assert_int_equal(after.saturated, 2);
    assert_int_equal(after.dead, before.dead);
    cnn_net_free(net);
}

/* --------------------------------------------------------------- norms --- */

static void norms(void **state)
{
    cnn_net *net = net_of(CNN_RELU, (const float[]){0, 0, 0, 0, 0});
    float *params = cnn_layer_params(cnn_net_layer(net, 2));
    float *grads = cnn_layer_grads(cnn_net_layer(net, 2));

    (void)state;
    watch(net, 1);
    for (int i = 0; i < 12; i++) {
        params[i] = i == 0 ? 3.0f : i == 11 ? -4.0f : 0.0f;
        grads[i] = 2.0f;
    }
    const cnn_layer_stats s = stats_of(net, 2);
    assert_true(s.weight_norm == 5.0);
    assert_true(fabs(s.grad_norm - sqrt(48.0)) <= 1e-14);
    assert_true(stats_of(net, 1).weight_norm == 0.0);
    assert_true(stats_of(net, 1).grad_norm == 0.0);
    cnn_net_free(net);
}

/* ----------------------------------------------------------- the watch --- */

/* It changes nothing in the training, and sees a trainer's steps too. */
static void watching_does_not_disturb(void **state)
{
    training t = {.net = rich_net()}, twin = {.net = rich_net()};

    (void)state;
    training_open(&t, 1);
    training_open(&twin, 1);
    watch(t.net, 1);
    training_run(&t, 10);
    training_run(&twin, 10);
    assert_same_training(&t, &twin);
    assert_int_equal(stats_of(t.net, 2).units, 64);
    assert_int_equal(stats_of(t.net, 2).dead, 0);
    watch(t.net, 0);
    watch(t.net, 0);
    training_run(&t, 3);
    training_run(&twin, 3);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

static void errors(void **state)
{
    cnn_net *net = dense_net(1, 1, 1), *raw = tiny_net();
    cnn_layer_stats s = {.struct_size = sizeof(s)};

    (void)state;
    assert_failed(cnn_net_watch(NULL, 1), CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_watch(raw, 1), CNN_ESTATE, "not built");
    assert_failed(cnn_net_watch(net, 2), CNN_EINVAL,
                  "net_watch: 2, expected 0 or 1");
    assert_failed(cnn_net_layer_stats(net, 0, &s), CNN_ESTATE,
                  "the net is not watched");
    watch(net, 1);
    assert_failed(cnn_net_layer_stats(NULL, 0, &s), CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_layer_stats(raw, 0, &s), CNN_ESTATE, "not built");
    assert_failed(cnn_net_layer_stats(net, 0, NULL), CNN_EINVAL,
                  "stats is NULL");
    assert_failed(cnn_net_layer_stats(net, 1, &s), CNN_EINVAL,
                  "layer 1, expected 0 to 0");
    assert_failed(cnn_net_layer_stats(net, -1, &s), CNN_EINVAL, "layer -1");
    watch(net, 0);
    assert_failed(cnn_net_layer_stats(net, 0, &s), CNN_ESTATE, "not watched");
    cnn_net_free(net);
    cnn_net_free(raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_units),
        cmocka_unit_test(all_dead),
        cmocka_unit_test(once_alive),
        cmocka_unit_test(saturated_units),
        cmocka_unit_test(where_saturation_begins),
        cmocka_unit_test(a_clamp_saturates),
        cmocka_unit_test(unbounded),
        cmocka_unit_test(predicting_does_not_disturb),
        cmocka_unit_test(norms),
        cmocka_unit_test(watching_does_not_disturb),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
