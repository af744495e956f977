/* Loss, hits and confusion matrix over a dataset. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/nets.h"

enum { COUNT = 7, K = 3 };

/* What a dense layer that hands on its input makes of these is known. */
static const float outputs[COUNT * K] = {
    0, 2, 1, 3, 3, 0, -1, -2, -3, 0, 0, 1, /* 4 */
    5, 6, 7, 2, 0, 2, 0,  0,  0,           /* 3 */
};
static const int32_t labels[COUNT] = {1, 0, 1, 2, 0, 2, 0};
/* Of equals the first counts. */
static const int32_t guesses[COUNT] = {1, 0, 0, 2, 2, 0, 0};
static const int64_t wanted[K * K] = {
    2, 0, 1, /* label 0: samples 1, 6; 4 */
    1, 1, 0, /* label 1: samples 2; 0 */
    1, 0, 1, /* label 2: samples 5; 3 */
};

static cnn_net *identity_net(int32_t max_batch)
{
    cnn_net *net = dense_net(K, K, max_batch);

    for (int i = 0; i < K * K + K; i++)
        cnn_net_params(net)[i] = i < K * K && i % (K + 1) == 0;
    return net;
}

static cnn_dataset *wrap(const float *x, int64_t count)
{
    return cnn_dataset_wrap_f32(&(cnn_shape){K, 1, 1}, count, x, labels, NULL);
}

/* The losses of all samples, added up. */
static double loss_of(int32_t loss)
{
    double sum = 0.0;

    for (int n = 0; n < COUNT; n++) {
        const float *y = outputs + n * K;
        double exps = 0.0;

        for (int k = 0; k < K; k++) {
            exps += exp((double)y[k]);
            if (loss == CNN_LOSS_MSE)
                sum += pow((double)y[k] - (k == labels[n]), 2.0) / K;
        }
        if (loss == CNN_LOSS_SOFTMAX_CROSS_ENTROPY)
            sum += log(exps) - (double)y[labels[n]];
    }
    return sum;
}

/* In batches that divide 7, that do not, and that are larger. */
static void by_hand(void **state)
{
    cnn_dataset *dataset = wrap(outputs, COUNT);

    (void)state;
    for (int32_t batch = 1; batch <= 9; batch++) {
        cnn_net *net = identity_net(batch);

        for (int i = 0; i < 4; i++) {
            const int32_t loss = i % 2, reduction = i / 2;
            const double sum = loss_of(loss);
            const double want = reduction == CNN_REDUCE_SUM ? sum : sum / COUNT;
            cnn_metrics m = {-1, -1, -1};
            int64_t confusion[K * K];

            memset(confusion, 0xff, sizeof(confusion));
            cnn_net_set_loss(net, loss, reduction);
            assert_int_equal(cnn_net_evaluate(net, dataset, &m, confusion),
                             CNN_OK);
            /* The outputs are exact, and the rest is double. */
            assert_true(fabs(m.loss - want) <= 1e-12 * want);
            assert_int_equal(m.count, COUNT);
            assert_int_equal(m.correct, 4);
            assert_memory_equal(confusion, wanted, sizeof(wanted));
        }
        cnn_net_free(net);
    }
    cnn_dataset_free(dataset);
}

/* Against predicting, on a net with a softmax that is folded into the loss, for
 * which the order of batches is the same. */
static void as_predicting(void **state)
{
    enum { N = 50, C = CONV_NET_CLASSES };
    cnn_net *net = conv_net(true);
    float *x = uniform(N * CONV_NET_INPUT, 3), *params, y[N * C];
    int32_t marks[N];
    int64_t confusion[C * C], want[C * C] = {0};
    double loss = 0.0;
    cnn_metrics m;

    (void)state;
    build(net, &conv_net_shape, 8, 1);
    fill_labels(marks, N, C, 4);
    params = copy_params(net);
    assert_int_equal(cnn_net_predict(net, N, x, y), CNN_OK);
    for (int n = 0; n < N; n++) {
        int best = 0;

        for (int k = 1; k < C; k++)
            if (y[n * C + k] > y[n * C + best])
                best = k;
        want[marks[n] * C + best]++;
        loss -= log((double)y[n * C + marks[n]]) / N;
    }
    cnn_dataset *dataset =
        cnn_dataset_wrap_f32(&conv_net_shape, N, x, marks, NULL);
    assert_int_equal(cnn_net_evaluate(net, dataset, &m, confusion), CNN_OK);
    assert_memory_equal(confusion, want, sizeof(want));
    /* The probabilities are floats near 0.2, the loss is of their logarithm:
     * half a unit in the last place of each. */
    assert_true(fabs(m.loss - loss) <= 1e-6);
    assert_same_bits(cnn_net_params(net), params, CONV_NET_PARAMS);
    test_free(x);
    test_free(params);
    cnn_dataset_free(dataset);
    cnn_net_free(net);
}

/* A sample with a NaN is wrong and in no cell; the others count. */
static void nan_outputs(void **state)
{
    float x[COUNT * K];
    cnn_net *net = identity_net(4);
    cnn_metrics m;
    int64_t confusion[K * K], sum = 0;

    (void)state;
    memcpy(x, outputs, sizeof(x));
    x[0] = NAN;         /* label 1, guess 1 */
    x[5 * K + 1] = NAN; /* label 2, guess 0 */
    cnn_dataset *dataset = wrap(x, COUNT);
    assert_int_equal(cnn_net_evaluate(net, dataset, &m, confusion), CNN_OK);
    assert_true(isnan(m.loss));
    assert_int_equal(m.count, COUNT);
    assert_int_equal(m.correct, 3);
    for (int i = 0; i < K * K; i++) {
        assert_int_equal(confusion[i], wanted[i] - (i == K + 1) - (i == 2 * K));
        sum += confusion[i];
    }
    assert_int_equal(sum, COUNT - 2);
    cnn_dataset_free(dataset);
    cnn_net_free(net);
}

/* Weights that are finite, but whose product is not: the logits are +inf, and
 * the probabilities, which are the net's outputs, NaN. They are no guess,
 * whether the class is a label or a target. */
static void overflow_under_a_softmax(void **state)
{
    const float x[K] = {1e30f, 0, 0}, targets[K] = {1, 0, 0};
    const int32_t label = 0;
    cnn_net *net = cnn_net_create();
    cnn_dataset *dataset =
        cnn_dataset_wrap_f32(&(cnn_shape){K, 1, 1}, 1, x, &label, NULL);
    cnn_dataset *sure = cnn_dataset_create(
        &(cnn_dataset_source){.struct_size = sizeof(cnn_dataset_source),
                              .count = 1,
                              .shape = {K, 1, 1},
                              .floats = x,
                              .target_shape = {K, 1, 1},
                              .target_floats = targets},
        NULL);
    cnn_metrics m;
    int64_t confusion[K * K], none[K * K] = {0};
    float y[K];

    (void)state;
    cnn_net_add(net, cnn_dense_create(K, NULL));
    cnn_net_add(net, cnn_softmax_create());
    build(net, &(cnn_shape){K, 1, 1}, 1, 1);
    memset(cnn_net_params(net), 0, (K * K + K) * sizeof(float));
    cnn_net_params(net)[0] = 1e30f;
    cnn_net_predict(net, 1, x, y);
    assert_true(isnan(y[0]));
    assert_int_equal(cnn_net_evaluate(net, dataset, &m, confusion), CNN_OK);
    assert_int_equal(m.correct, 0);
    assert_memory_equal(confusion, none, sizeof(none));
    assert_int_equal(cnn_net_evaluate(net, sure, &m, NULL), CNN_OK);
    assert_int_equal(m.correct, 0);
    cnn_dataset_free(sure);
    cnn_dataset_free(dataset);
    cnn_net_free(net);
}

/* Labels are the caller's, who may have changed them since. */
static void changed_labels(void **state)
{
    const int32_t bad[] = {K, -1, INT32_MAX, INT32_MIN};
    int64_t confusion[K * K] = {42};
    cnn_metrics m = {1.5, 2, 3};
    int32_t mine[COUNT] = {0};
    cnn_net *net = identity_net(4);
    cnn_dataset *dataset =
        cnn_dataset_wrap_f32(&(cnn_shape){K, 1, 1}, COUNT, outputs, mine, NULL);

    (void)state;
    assert_non_null(dataset);
    for (int i = 0; i < 4; i++) {
        char text[64];

        mine[COUNT - 1] = bad[i];
        snprintf(text, sizeof(text), "label %d of sample %d, expected 0 to %d",
                 bad[i], COUNT - 1, K - 1);
        assert_failed(cnn_net_evaluate(net, dataset, &m, confusion), CNN_EINVAL,
                      text);
        assert_true(m.loss == 1.5 && m.count == 2 && m.correct == 3);
        assert_int_equal(confusion[0], 42);
    }
    mine[COUNT - 1] = K - 1;
    assert_int_equal(cnn_net_evaluate(net, dataset, &m, confusion), CNN_OK);
    cnn_dataset_free(dataset);
    cnn_net_free(net);
}

static void errors(void **state)
{
    cnn_net *net = identity_net(4), *raw = cnn_net_create();
    cnn_net *narrow = dense_net(K, 2, 4), *other = dense_net(2, K, 4);
    cnn_dataset *dataset = wrap(outputs, COUNT), *empty = wrap(NULL, 0);
    cnn_metrics m = {1.5, 2, 3};
    int64_t confusion[K * K] = {42};

    (void)state;
    assert_failed(cnn_net_evaluate(NULL, dataset, &m, confusion), CNN_EINVAL,
                  "net is NULL");
    assert_failed(cnn_net_evaluate(raw, dataset, &m, confusion), CNN_ESTATE,
                  "not built");
    assert_failed(cnn_net_evaluate(net, NULL, &m, confusion), CNN_EINVAL,
                  "dataset is NULL");
    assert_failed(cnn_net_evaluate(net, dataset, NULL, confusion), CNN_EINVAL,
                  "out is NULL");
    assert_failed(cnn_net_evaluate(net, empty, &m, confusion), CNN_EINVAL,
                  "0 samples");
    assert_failed(cnn_net_evaluate(narrow, dataset, &m, confusion), CNN_ESHAPE,
                  "the dataset has 3 classes, the net 2 outputs");
    assert_failed(cnn_net_evaluate(other, dataset, &m, confusion), CNN_ESHAPE,
                  "the images are 3x1x1, the net takes 2x1x1");
    assert_true(m.loss == 1.5 && m.count == 2 && m.correct == 3);
    assert_int_equal(confusion[0], 42);
    cnn_dataset_free(dataset);
    cnn_dataset_free(empty);
    cnn_net_free(net);
    cnn_net_free(raw);
    cnn_net_free(narrow);
    cnn_net_free(other);
}

/* It is a run like any other: what was run before is gone. */
static void forgets_the_last_forward(void **state)
{
    cnn_net *net = identity_net(4);
    cnn_dataset *dataset = wrap(outputs, COUNT);
    cnn_metrics m;

    (void)state;
    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, 4, outputs), CNN_OK);
    assert_int_equal(cnn_net_evaluate(net, dataset, &m, NULL), CNN_OK);
    assert_int_equal(m.correct, 4);
    assert_null(cnn_net_output(net));
    assert_failed(cnn_net_backward(net, 4, outputs, outputs), CNN_ESTATE,
                  "no forward pass");
    cnn_dataset_free(dataset);
    cnn_net_free(net);
}

/* The table by hand says what the guesses say. */
static void tables_agree(void **state)
{
    int64_t confusion[K * K] = {0};

    (void)state;
    for (int n = 0; n < COUNT; n++)
        confusion[labels[n] * K + guesses[n]]++;
    assert_memory_equal(confusion, wanted, sizeof(wanted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_agree),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(as_predicting),
        cmocka_unit_test(nan_outputs),
        cmocka_unit_test(overflow_under_a_softmax),
        cmocka_unit_test(changed_labels),
        cmocka_unit_test(errors),
        cmocka_unit_test(forgets_the_last_forward),
    };

    return cmocka_run_group_tests_name("evaluate", tests, NULL, NULL);
}
