/* A training step on a batch with targets or weights. */
#include "cnn/batch.h"

#include <math.h>
#include <string.h>

#include "cnn/model.h"
#include "support/nets.h"

enum { N = 4, I = 6, O = 3 };

static const cnn_shape shape = {I, 1, 1};

/* A dense net with that loss, and a sigmoid on top or not. */
static cnn_net *net_for(int32_t loss, bool sigmoid)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_dense_create(5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_dense_create(O, NULL));
    if (sigmoid)
        cnn_net_add(net, cnn_activation_create(CNN_SIGMOID, NULL));
    cnn_net_set_loss(net, loss, CNN_REDUCE_MEAN);
    build(net, &shape, 2 * N, 1);
    return net;
}

/* What a step of learning rate 1 on that batch makes of the parameters. */
static float *stepped(int32_t loss, bool sigmoid, const cnn_batch *b,
                      cnn_metrics *m)
{
    cnn_net *net = net_for(loss, sigmoid);
    cnn_optim *optim = cnn_sgd_create(1.0f, NULL);

    assert_int_equal(cnn_net_train_batch(net, optim, b, m), CNN_OK);
    float *params = copy_params(net);
    cnn_optim_free(optim);
    cnn_net_free(net);
    return params;
}

static size_t param_count(void)
{
    return (I + 1) * 5 + (5 + 1) * O;
}

static cnn_batch batch_of(int32_t count, const float *x, const float *targets)
{
    return (cnn_batch){.struct_size = sizeof(cnn_batch),
                       .count = count,
                       .x = x,
                       .targets = targets};
}

/* A weight of 2 counts as two samples do, and one of 0 as none. */
static void weights_count_samples(void **state)
{
    float *x = uniform(N * I, 1), t[N * O];
    const float weights[N] = {2, 1, 0, 1};
    float twice[N * I], targets[N * O];
    cnn_metrics a, b;

    (void)state;
    for (int i = 0; i < N * O; i++)
        t[i] = (float)(i % 4) / 4.0f;
    /* Sample 0 in the place of sample 2. */
    memcpy(twice, x, sizeof(twice));
    memcpy(targets, t, sizeof(targets));
    memcpy(twice + 2 * I, x, I * sizeof(float));
    memcpy(targets + 2 * O, t, O * sizeof(float));
    for (int32_t loss = 0; loss <= CNN_LOSS_BINARY_CROSS_ENTROPY; loss++) {
        if (loss == CNN_LOSS_LENET_MAP)
            continue;
        cnn_batch weighted = batch_of(N, x, t);
        const cnn_batch repeated = batch_of(N, twice, targets);

        weighted.weights = weights;
        float *p = stepped(loss, false, &weighted, &a);
        float *q = stepped(loss, false, &repeated, &b);
        assert_true(fabs(a.loss - b.loss) <= 1e-6 * b.loss);
        assert_near(p, q, param_count(), 1e-6, 1e-6);
        test_free(p);
        test_free(q);
    }
    test_free(x);
}

/* The gradient is that of the logits, however the outputs are shown. */
static void a_sigmoid_is_folded_in(void **state)
{
    float *x = uniform(N * I, 1), t[N * O], y[N * O], p[N * O];
    cnn_metrics a, b;

    (void)state;
    for (int i = 0; i < N * O; i++)
        t[i] = (float)(i % 2);
    const cnn_batch batch = batch_of(N, x, t);
    float *with = stepped(CNN_LOSS_BINARY_CROSS_ENTROPY, true, &batch, &a);
    float *without = stepped(CNN_LOSS_BINARY_CROSS_ENTROPY, false, &batch, &b);
    assert_same_bits(with, without, param_count());
    assert_true(a.loss == b.loss && a.correct == b.correct);
    test_free(with);
    test_free(without);

    cnn_net *net = net_for(CNN_LOSS_BINARY_CROSS_ENTROPY, true);
    cnn_net *logits = net_for(CNN_LOSS_BINARY_CROSS_ENTROPY, false);
    assert_int_equal(cnn_net_predict(net, N, x, p), CNN_OK);
    assert_int_equal(cnn_net_predict(logits, N, x, y), CNN_OK);
    for (int i = 0; i < N * O; i++)
        assert_true(fabsf(p[i] - 1.0f / (1.0f + expf(-y[i]))) <= 1e-6f);
    cnn_net_free(net);
    cnn_net_free(logits);
    test_free(x);
}

/* A net learns numbers: y = M x, of which the loss knows nothing. */
static void a_line_is_learnt(void **state)
{
    cnn_net *net = cnn_net_create();
    cnn_optim *optim = cnn_adam_create(0.05f, NULL);
    float *x = uniform(2 * N * I, 5), t[2 * N];
    cnn_metrics m = {0};

    (void)state;
    for (int n = 0; n < 2 * N; n++)
        t[n] = 2.0f * x[n * I] - x[n * I + 1] + 0.5f;
    cnn_net_add(net, cnn_dense_create(1, NULL));
    cnn_net_set_loss(net, CNN_LOSS_MSE, CNN_REDUCE_MEAN);
    build(net, &shape, 2 * N, 1);
    const cnn_batch batch = batch_of(2 * N, x, t);
    for (int i = 0; i < 600; i++)
        assert_int_equal(cnn_net_train_batch(net, optim, &batch, &m), CNN_OK);
    assert_true(m.loss < 1e-6);
    assert_int_equal(m.correct, 0);
    assert_int_equal(m.count, 2 * N);
    cnn_optim_free(optim);
    cnn_net_free(net);
    test_free(x);
}

static void refuse(cnn_net *net, const cnn_batch *b, const char *text)
{
    cnn_optim *optim = cnn_sgd_create(1.0f, NULL);
    float *before = copy_params(net);
    cnn_metrics m = {-1, -1, -1};

    assert_failed(cnn_net_train_batch(net, optim, b, &m), CNN_EINVAL, text);
    assert_same_bits(cnn_net_params(net), before, param_count());
    assert_true(m.loss == -1 && m.count == -1);
    test_free(before);
    cnn_optim_free(optim);
}

static void bad_batches(void **state)
{
    cnn_net *net = net_for(CNN_LOSS_MSE, false);
    float *x = uniform(N * I, 1), t[N * O] = {0}, w[N] = {1, 1, 1, 1};
    const int32_t labels[N] = {0};
    cnn_batch b = batch_of(N, x, t);

    (void)state;
    refuse(net, NULL, "batch is NULL");
    b.labels = labels;
    refuse(net, &b, "labels and targets are both given");
    b.labels = NULL;
    b.targets = NULL;
    refuse(net, &b, "labels is NULL, and so is targets");
    b.targets = t;
    b.x = NULL;
    refuse(net, &b, "x is NULL");
    b.x = x;
    b.count = 2 * N + 1;
    refuse(net, &b, "batch 9, expected 1 to 8");
    b.count = N;
    t[7] = NAN;
    refuse(net, &b, "target 1 of sample 2 is nan, expected a finite number");
    t[7] = 1.5f;
    b.weights = w;
    w[3] = -1;
    refuse(net, &b, "weight -1 of sample 3, expected a finite number of at");
    memset(w, 0, sizeof(w));
    refuse(net, &b, "the weights of all 4 samples are 0");
    b.weights = NULL;
    cnn_net_set_loss(net, CNN_LOSS_BINARY_CROSS_ENTROPY, CNN_REDUCE_MEAN);
    refuse(net, &b, "target 1 of sample 2 is 1.5, expected 0 to 1");
    cnn_net_set_loss(net, CNN_LOSS_LENET_MAP, CNN_REDUCE_MEAN);
    refuse(net, &b, "loss 2 takes labels, not targets");
    b.struct_size = 3;
    refuse(net, &b, "batch: struct_size is 3");
    cnn_net_free(net);
    test_free(x);
}

/* Options are checked, and go with the net. */
static void loss_options(void **state)
{
    cnn_net *net = net_for(CNN_LOSS_HUBER, false);
    cnn_loss_options o = {.struct_size = sizeof(o), .huber_delta = 0.25f};
    float *x = uniform(N * I, 1), t[N * O] = {0};
    cnn_optim *still = cnn_sgd_create(0.0f, NULL);
    const cnn_batch batch = batch_of(N, x, t);
    unsigned char bytes[8192];
    size_t size;
    cnn_metrics a, b, c;

    (void)state;
    assert_int_equal(cnn_net_train_batch(net, still, &batch, &a), CNN_OK);
    assert_int_equal(cnn_net_set_loss_options(net, &o), CNN_OK);
    assert_int_equal(cnn_net_train_batch(net, still, &batch, &b), CNN_OK);
    assert_true(b.loss < a.loss);
    assert_int_equal(cnn_net_save_memory(net, bytes, sizeof(bytes), &size),
                     CNN_OK);
    cnn_net *loaded = cnn_net_load_memory(bytes, size, 2 * N);
    assert_non_null(loaded);
    assert_int_equal(cnn_net_train_batch(loaded, still, &batch, &c), CNN_OK);
    assert_true(c.loss == b.loss);
    o.label_smoothing = 1.5f;
    assert_failed(cnn_net_set_loss_options(net, &o), CNN_EINVAL,
                  "label_smoothing 1.5, expected 0 to 1");
    o.label_smoothing = 0;
    o.huber_delta = -1;
    assert_failed(cnn_net_set_loss_options(net, &o), CNN_EINVAL,
                  "huber_delta -1, expected a finite number above 0");
    assert_failed(cnn_net_set_loss_options(NULL, &o), CNN_EINVAL,
                  "net is NULL");
    cnn_net_free(loaded);
    cnn_net_free(net);
    cnn_optim_free(still);
    test_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_count_samples),
        cmocka_unit_test(a_sigmoid_is_folded_in),
        cmocka_unit_test(a_line_is_learnt),
        cmocka_unit_test(bad_batches),
        cmocka_unit_test(loss_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
