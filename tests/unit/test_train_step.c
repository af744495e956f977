/* One step of training: metrics, reductions, folding, what a failure leaves. */
#include <math.h>
#include <string.h>

#include "base/float_mode.h"
#include "support/nets.h"

enum { N = 4, K = CONV_NET_CLASSES };

/* A net, an optimiser with a memory, and a batch. */
typedef struct fixture {
    cnn_net *net;
    cnn_optim *optim, *still; /* `still` has the learning rate 0 */
    float *x;
    int32_t labels[N];
} fixture;

static int set_up(void **state)
{
    fixture *f = test_calloc(1, sizeof(*f));

    f->net = conv_net(true);
    build(f->net, &conv_net_shape, N, 1);
    f->optim = cnn_sgd_create(
        0.1f, &(cnn_sgd_options){.struct_size = sizeof(cnn_sgd_options),
                                 .momentum = 0.9f});
    f->still = cnn_sgd_create(0.0f, NULL);
    f->x = uniform(N * CONV_NET_INPUT, 2);
    fill_labels(f->labels, N, K, 3);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;

    cnn_net_free(f->net);
    cnn_optim_free(f->optim);
    cnn_optim_free(f->still);
    test_free(f->x);
    test_free(f);
    return 0;
}

static cnn_status step(fixture *f, cnn_optim *optim, cnn_metrics *out)
{
    return cnn_net_train_step(f->net, optim, N, f->x, f->labels, out);
}

static void arguments(void **state)
{
    fixture *f = *state;
    float *before = copy_params(f->net);

    assert_failed(cnn_net_train_step(NULL, f->optim, N, f->x, f->labels, NULL),
                  CNN_EINVAL, "net is NULL");
    assert_failed(step(f, NULL, NULL), CNN_EINVAL, "optim is NULL");
    assert_failed(
        cnn_net_train_step(f->net, f->optim, N, NULL, f->labels, NULL),
        CNN_EINVAL, "x is NULL");
    assert_failed(cnn_net_train_step(f->net, f->optim, N, f->x, NULL, NULL),
                  CNN_EINVAL, "labels is NULL");
    assert_failed(
        cnn_net_train_step(f->net, f->optim, 0, f->x, f->labels, NULL),
        CNN_EINVAL, "batch 0, expected 1 to 4");
    assert_failed(
        cnn_net_train_step(f->net, f->optim, N + 1, f->x, f->labels, NULL),
        CNN_EINVAL, "batch 5, expected 1 to 4");
    assert_failed(cnn_net_set_loss(f->net, -1, 0), CNN_EINVAL, "loss -1");
    assert_failed(cnn_net_set_loss(f->net, 7, 0), CNN_EINVAL,
                  "loss 7, expected 0 to 6");
    assert_failed(cnn_net_set_loss(f->net, 0, 2), CNN_EINVAL, "reduction 2");
    assert_failed(cnn_net_set_loss(f->net, 0, -1), CNN_EINVAL, "reduction -1");
    assert_same_bits(cnn_net_params(f->net), before, CONV_NET_PARAMS);
    assert_int_equal(step(f, f->optim, NULL), CNN_OK);
    test_free(before);
}

/* Not the parameters, nor the gradients, the output, the metrics or what the
 * optimiser remembers. */
static void bad_label_changes_nothing(void **state)
{
    fixture *f = *state;
    const int32_t bad[] = {-1, K, INT32_MAX, INT32_MIN};
    cnn_net *twin = conv_net(true);
    cnn_metrics m = {1.5, 2, 3};
    float *grads = test_malloc(CONV_NET_PARAMS * sizeof(*grads));

    build(twin, &conv_net_shape, N, 1);
    for (int t = 0; t < 4; t++) {
        int32_t labels[N];

        assert_int_equal(
            cnn_net_train_step(twin, f->optim, N, f->x, f->labels, NULL),
            CNN_OK);
        assert_int_equal(step(f, f->optim, NULL), CNN_OK);
        memcpy(grads, cnn_net_grads(f->net), CONV_NET_PARAMS * sizeof(*grads));
        cnn_net_forward(f->net, CNN_TRAIN, 1, f->x);
        memcpy(labels, f->labels, sizeof(labels));
        labels[N - 1] = bad[t];
        assert_failed(cnn_net_train_step(f->net, f->optim, N, f->x, labels, &m),
                      CNN_EINVAL, "of sample 3, expected 0 to 4");
        assert_non_null(cnn_net_output(f->net));
        assert_same_bits(cnn_net_grads(f->net), grads, CONV_NET_PARAMS);
        assert_same_bits(cnn_net_params(f->net), cnn_net_params(twin),
                         CONV_NET_PARAMS);
    }
    assert_true(m.loss == 1.5 && m.count == 2 && m.correct == 3);
    test_free(grads);
    cnn_net_free(twin);
}

/* A dense layer that hands on its input, so that the outputs are known. */
static void metrics(void **state)
{
    const float y[] = {0, 2, 1, 3, 3, 0, -1, -2, -3, 0, 0, 1}; /* (4, 3) */
    const int32_t labels[] = {1, 0, 1, 2};
    const double hits = 3; /* 2; the first of 3 and 3; not -2; 1 */
    cnn_net *net = dense_net(3, 3, 4);
    cnn_optim *optim = cnn_sgd_create(0.5f, NULL);
    double cross_entropy = 0.0, squares = 0.0;
    cnn_metrics m;

    (void)state;
    for (int n = 0; n < 4; n++) {
        const float *o = y + 3 * n;
        const double sum =
            exp((double)o[0]) + exp((double)o[1]) + exp((double)o[2]);

        cross_entropy += log(sum) - (double)o[labels[n]];
        for (int k = 0; k < 3; k++)
            squares += pow((double)o[k] - (k == labels[n]), 2.0) / 3.0;
    }
    for (int32_t loss = 0; loss < 2; loss++)
        for (int32_t reduction = 0; reduction < 2; reduction++) {
            const double sum = loss == CNN_LOSS_MSE ? squares : cross_entropy;
            const double want = reduction == CNN_REDUCE_SUM ? sum : sum / 4;

            for (int i = 0; i < 12; i++)
                cnn_net_params(net)[i] = i == 0 || i == 4 || i == 8;
            cnn_net_set_loss(net, loss, reduction);
            assert_int_equal(cnn_net_train_step(net, optim, 4, y, labels, &m),
                             CNN_OK);
            /* The outputs are exact, and the rest is double. */
            assert_true(fabs(m.loss - want) <= 1e-12 * want);
            assert_int_equal(m.count, 4);
            assert_int_equal(m.correct, hits);
        }
    cnn_optim_free(optim);
    cnn_net_free(net);
}

/* With 4 samples the mean is an exact fourth, and so are all its gradients. */
static void sum_is_n_times_mean(void **state)
{
    fixture *f = *state;
    float *mean = test_malloc(CONV_NET_PARAMS * sizeof(*mean));
    cnn_metrics a, b;

    for (int32_t loss = 0; loss < 2; loss++) {
        cnn_net_set_loss(f->net, loss, CNN_REDUCE_MEAN);
        assert_int_equal(step(f, f->still, &a), CNN_OK);
        for (int i = 0; i < CONV_NET_PARAMS; i++)
            mean[i] = 4.0f * cnn_net_grads(f->net)[i];
        cnn_net_set_loss(f->net, loss, CNN_REDUCE_SUM);
        assert_int_equal(step(f, f->still, &b), CNN_OK);
        assert_true(b.loss == 4.0 * a.loss);
        assert_same_bits(cnn_net_grads(f->net), mean, CONV_NET_PARAMS);
    }
    test_free(mean);
}

/* Backward adds; a step of training starts from zero. */
static void gradients_add_up(void **state)
{
    fixture *f = *state;
    const float *grads = cnn_net_grads(f->net);
    float *dy = uniform(N * K, 4);
    float want[CONV_NET_PARAMS], norm = 0.0f;

    memset(want, 0, sizeof(want));
    for (int pass = 0; pass < 2; pass++) {
        const float *x = f->x + pass * 2 * CONV_NET_INPUT;

        cnn_net_zero_grad(f->net);
        cnn_net_forward(f->net, CNN_TRAIN, 2, x);
        cnn_net_backward(f->net, 2, x, dy + pass * 2 * K);
        for (int i = 0; i < CONV_NET_PARAMS; i++)
            want[i] += grads[i];
    }
    for (int i = 0; i < CONV_NET_PARAMS; i++)
        norm = fmaxf(norm, fabsf(want[i]));
    cnn_net_zero_grad(f->net);
    for (int pass = 0; pass < 2; pass++) {
        const float *x = f->x + pass * 2 * CONV_NET_INPUT;

        cnn_net_forward(f->net, CNN_TRAIN, 2, x);
        cnn_net_backward(f->net, 2, x, dy + pass * 2 * K);
    }
    /* The terms are the same, added in another order: a few roundings. */
    assert_near(grads, want, CONV_NET_PARAMS, 1e-6 * (double)norm, 0.0);

    assert_int_equal(step(f, f->still, NULL), CNN_OK);
    memcpy(want, grads, sizeof(want));
    assert_int_equal(step(f, f->still, NULL), CNN_OK);
    assert_same_bits(grads, want, CONV_NET_PARAMS);
    test_free(dy);
}

/* ------------------------------------------------------- folded softmax -- */

static void folded_softmax_trains_like_none(void **state)
{
    fixture *f = *state;
    cnn_net *plain = conv_net(false);
    float p[N * K], y[N * K];
    cnn_metrics a, b;

    build(plain, &conv_net_shape, N, 1);
    for (int t = 0; t < 5; t++) {
        assert_int_equal(step(f, f->optim, &a), CNN_OK);
        assert_int_equal(
            cnn_net_train_step(plain, f->optim, N, f->x, f->labels, &b),
            CNN_OK);
        assert_true(a.loss == b.loss && a.correct == b.correct);
    }
    assert_same_bits(cnn_net_params(f->net), cnn_net_params(plain),
                     CONV_NET_PARAMS);
    /* And predicts probabilities where the other predicts logits. */
    cnn_net_predict(f->net, N, f->x, p);
    cnn_net_predict(plain, N, f->x, y);
    for (int n = 0; n < N; n++) {
        double sum = 0.0, all = 0.0;

        for (int k = 0; k < K; k++)
            sum += exp((double)y[n * K + k]);
        for (int k = 0; k < K; k++) {
            const double want = exp((double)y[n * K + k]) / sum;

            assert_true(fabs((double)p[n * K + k] - want) <= 1e-6);
            all += (double)p[n * K + k];
        }
        assert_true(fabs(all - 1.0) <= 1e-6);
    }
    cnn_net_free(plain);
}

/* The gradient of -log p_l, sent back through the softmax layer itself. */
static void folded_softmax_equals_the_layer(void **state)
{
    fixture *f = *state;
    float folded[CONV_NET_PARAMS], dy[N * K] = {0};
    double norm = 0.0;

    assert_int_equal(step(f, f->still, NULL), CNN_OK);
    memcpy(folded, cnn_net_grads(f->net), sizeof(folded));
    cnn_net_zero_grad(f->net);
    cnn_net_forward(f->net, CNN_TRAIN, N, f->x);
    for (int n = 0; n < N; n++) {
        const int at = n * K + f->labels[n];

        dy[at] = -1.0f / (cnn_net_output(f->net)[at] * N);
    }
    cnn_net_backward(f->net, N, f->x, dy);
    for (int i = 0; i < CONV_NET_PARAMS; i++)
        norm = fmax(norm, fabs((double)folded[i]));
    /* p is some 0.2, so both ways lose only a few roundings of 2^-24. */
    assert_near(cnn_net_grads(f->net), folded, CONV_NET_PARAMS, 2e-6 * norm,
                0.0);
}

/* Unfolded, the probability of the label would be 0 and the loss infinite. */
static void folded_softmax_is_stable(void **state)
{
    fixture *f = *state;
    cnn_metrics m;

    for (int i = 0; i < N * CONV_NET_INPUT; i++)
        f->x[i] *= 1e5f;
    assert_int_equal(step(f, f->optim, &m), CNN_OK);
    assert_true(isfinite(m.loss) && m.loss > 1000.0);
    for (int i = 0; i < CONV_NET_PARAMS; i++)
        assert_true(isfinite(cnn_net_grads(f->net)[i]));
}

#define WITH_NET(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* Whether the processor does what it is told: the one that valgrind plays does
 * not. */
static bool can_flush(void)
{
    const cnn__float_mode mode = cnn__float_mode_get();
    volatile float small = 0x1p-120f, result;

    cnn__float_mode_set(cnn__float_mode_flushing(mode));
    result = small * 0x1p-20f;
    cnn__float_mode_set(mode);
    return result == 0.0f;
}

/* The thread's mode is the program's again, whatever becomes of the step. */
static void flushes_denormals(void **state)
{
    fixture *f = *state;
    const cnn__float_mode mode = cnn__float_mode_get();
    float *params = cnn_net_params(f->net);

    params[0] = 0x1p-140f;
    assert_int_equal(step(f, f->still, NULL), CNN_OK);
    if (can_flush())
        assert_true(params[0] == 0.0f);
    else
        print_message("this processor flushes nothing\n");
    assert_true(cnn__float_mode_get() == mode);
    f->x[0] = NAN;
    assert_int_equal(step(f, f->still, NULL), CNN_EDIVERGED);
    assert_true(cnn__float_mode_get() == mode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_NET(arguments),
        WITH_NET(bad_label_changes_nothing),
        cmocka_unit_test(metrics),
        WITH_NET(sum_is_n_times_mean),
        WITH_NET(gradients_add_up),
        WITH_NET(folded_softmax_trains_like_none),
        WITH_NET(folded_softmax_equals_the_layer),
        WITH_NET(folded_softmax_is_stable),
        WITH_NET(flushes_denormals),
    };

    return cmocka_run_group_tests_name("train step", tests, NULL, NULL);
}
