/* Scores of small datasets, computed by hand. */
#include "cnn/scores.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "support/nets.h"

enum { K = 3 };

/* What is scored, and what comes out. `x` are the outputs of the net, too. */
typedef struct trial {
    int32_t loss, count;
    const float *x, *targets, *weights; /* (count, K); (count) */
    const int32_t *labels;              /* or targets */
    cnn_score_options options;
    cnn_scores all;
    cnn_class_scores classes[K];
} trial;

/* In batches of `batch`, on a net that hands on its inputs; or, with a sigmoid,
 * on one that is that alone. */
static void run_in(trial *t, int32_t batch, bool sigmoid)
{
    const bool has_targets = t->targets != NULL;
    const cnn_dataset_source s = {
        .struct_size = sizeof(s),
        .count = t->count,
        .shape = {K, 1, 1},
        .floats = t->x,
        .labels = t->labels,
        .target_shape = {has_targets ? K : 0, has_targets, has_targets},
        .target_floats = t->targets,
        .weights = t->weights};
    cnn_dataset *data = cnn_dataset_create(&s, NULL);
    cnn_net *net = sigmoid ? cnn_net_create() : echo_net(K, batch);

    if (sigmoid) {
        cnn_net_add(net, cnn_activation_create(CNN_SIGMOID, NULL));
        build(net, &(cnn_shape){K, 1, 1}, batch, 1);
    }
    cnn_net_set_loss(net, t->loss, CNN_REDUCE_MEAN);
    t->options.struct_size = sizeof(t->options);
    t->all = (cnn_scores){.struct_size = sizeof(t->all)};
    memset(t->classes, 0x55, sizeof(t->classes));
    t->classes[0].struct_size = sizeof(t->classes[0]);
    if (data == NULL ||
        cnn_net_score(net, data, &t->options, &t->all, t->classes) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    cnn_dataset_free(data);
    cnn_net_free(net);
}

static void run(trial *t)
{
    run_in(t, 3, false);
}

/* Quotients of small whole numbers: rounded the same way, but means of them
 * twice. */
static void equals(double got, double want)
{
    if (!(fabs(got - want) <= 1e-15 * fabs(want)))
        fail_msg("%.17g, expected %.17g", got, want);
}

static void counts(const cnn_class_scores *c, double tp, double fp, double fn)
{
    equals(c->true_positives, tp);
    equals(c->false_positives, fp);
    equals(c->false_negatives, fn);
    equals(c->support, tp + fn);
    equals(c->precision, tp + fp > 0 ? tp / (tp + fp) : 0);
    equals(c->recall, tp + fn > 0 ? tp / (tp + fn) : 0);
    equals(c->f1, tp > 0 ? 2 * tp / (2 * tp + fp + fn) : 0);
    assert_true(isnan(c->mae) && isnan(c->mse) && isnan(c->rmse));
    assert_true(isnan(c->r2));
    assert_int_equal(c->struct_size, sizeof(*c));
    assert_int_equal(c->reserved, 0);
}

static const float outputs[7 * K] = {
    0, 2, 1, 3, 3, 0, -1, -2, -3, 0, 0, 1, 5, 6, 7, 2, 0, 2, 0, 0, 0,
};
static const int32_t labels[7] = {1, 0, 1, 2, 0, 2, 0};
/* The guesses are 1, 0, 0, 2, 2, 0, 0; the places of the labels among the
 * outputs 0, 0, 1, 0, 2, 1, 0. */

static void classes(void **state)
{
    trial t = {.count = 7, .x = outputs, .labels = labels};

    (void)state;
    run(&t);
    assert_int_equal(t.all.kind, CNN_SCORE_CLASSES);
    assert_int_equal(t.all.outputs, K);
    assert_int_equal(t.all.count, 7);
    assert_int_equal(t.all.correct, 4);
    assert_int_equal(t.all.top_k, K);
    equals(t.all.weight, 7);
    counts(&t.classes[0], 2, 2, 1);
    counts(&t.classes[1], 1, 0, 1);
    counts(&t.classes[2], 1, 1, 1);
    equals(t.all.accuracy, 4.0 / 7);
    equals(t.all.top_k_accuracy, 1);
    equals(t.all.balanced_accuracy, (2.0 / 3 + 0.5 + 0.5) / 3);
    equals(t.all.macro_precision, (0.5 + 1 + 0.5) / 3);
    equals(t.all.macro_recall, (2.0 / 3 + 0.5 + 0.5) / 3);
    equals(t.all.macro_f1, (4.0 / 7 + 2.0 / 3 + 0.5) / 3);
    equals(t.all.micro_precision, 4.0 / 7);
    equals(t.all.micro_recall, 4.0 / 7);
    equals(t.all.micro_f1, 4.0 / 7);
    assert_true(isnan(t.all.element_accuracy) && isnan(t.all.mae));
    assert_true(isnan(t.all.mse) && isnan(t.all.rmse) && isnan(t.all.r2));
}

/* As many as come before count, and equal ones in their order. */
static void top_k(void **state)
{
    const double want[] = {4.0 / 7, 6.0 / 7, 1};

    (void)state;
    for (int32_t k = 1; k <= K; k++) {
        trial t = {
            .count = 7, .x = outputs, .labels = labels, .options.top_k = k};

        run(&t);
        assert_int_equal(t.all.top_k, k);
        equals(t.all.top_k_accuracy, want[k - 1]);
    }
    /* The smallest is the best: of sample 0 that is output 0, then 2, then 1.
     */
    for (int32_t k = 1; k <= K; k++) {
        trial t = {.count = 1,
                   .x = outputs,
                   .labels = labels,
                   .loss = CNN_LOSS_LENET_MAP,
                   .options.top_k = k};

        run(&t);
        equals(t.all.top_k_accuracy, k == K);
    }
}

/* The default of 5, where there are more. */
static void top_of_many(void **state)
{
    enum { MANY = 9 };
    const float x[MANY] = {8, 7, 6, 5, 4, 3, 2, 1, 0};
    cnn_net *net = echo_net(MANY, 1);

    (void)state;
    for (int32_t label = 0; label < MANY; label++) {
        cnn_dataset *data =
            cnn_dataset_wrap_f32(&(cnn_shape){MANY, 1, 1}, 1, x, &label, NULL);
        cnn_scores s = {.struct_size = sizeof(s)};

        assert_int_equal(cnn_net_score(net, data, NULL, &s, NULL), CNN_OK);
        assert_int_equal(s.top_k, 5);
        equals(s.top_k_accuracy, label < 5);
        cnn_dataset_free(data);
    }
    cnn_net_free(net);
}

/* Targets of cross-entropy are classes; class 2 is nowhere, and in no mean. */
static void probabilities(void **state)
{
    const float x[3 * K] = {1, 0, 0, 0, 1, 0, 1, 0, 0};
    const float t_of[3 * K] = {0.5f, 0.3f, 0.2f, 0.1f, 0.9f, 0, 0, 0.6f, 0.4f};
    trial t = {.count = 3, .x = x, .targets = t_of};

    (void)state;
    run(&t);
    assert_int_equal(t.all.kind, CNN_SCORE_CLASSES);
    assert_int_equal(t.all.correct, 2);
    counts(&t.classes[0], 1, 1, 0);
    counts(&t.classes[1], 1, 0, 1);
    counts(&t.classes[2], 0, 0, 0);
    equals(t.all.macro_precision, (0.5 + 1) / 2);
    equals(t.all.macro_f1, (2.0 / 3 + 2.0 / 3) / 2);
    equals(t.all.balanced_accuracy, (1 + 0.5) / 2);
}

static const float logits[3 * K] = {2, -1, 0, 1, 1, -3, -1, 4, -0.5f};
static const float there[3 * K] = {1, 0, 0, 1, 0, 0, 0, 1, 1};

static void several_labels(void **state)
{
    (void)state;
    for (int sigmoid = 0; sigmoid < 2; sigmoid++) {
        trial t = {.loss = CNN_LOSS_BINARY_CROSS_ENTROPY,
                   .count = 3,
                   .x = logits,
                   .targets = there};

        run_in(&t, 2, sigmoid);
        assert_int_equal(t.all.kind, CNN_SCORE_LABELS);
        assert_int_equal(t.all.correct, 1);
        assert_int_equal(t.all.top_k, 0);
        counts(&t.classes[0], 2, 0, 0);
        counts(&t.classes[1], 1, 1, 0);
        counts(&t.classes[2], 0, 0, 1);
        equals(t.all.accuracy, 1.0 / 3);
        equals(t.all.element_accuracy, 7.0 / 9);
        equals(t.all.macro_precision, 1.5 / 3);
        equals(t.all.macro_recall, 2.0 / 3);
        equals(t.all.macro_f1, (1 + 2.0 / 3) / 3);
        equals(t.all.micro_precision, 3.0 / 4);
        equals(t.all.micro_recall, 3.0 / 4);
        equals(t.all.micro_f1, 3.0 / 4);
        assert_true(isnan(t.all.top_k_accuracy) &&
                    isnan(t.all.balanced_accuracy) && isnan(t.all.r2));
        /* The logit of 0.9 is 2.2, that of 0.3 -0.85. */
        t.options.threshold = 0.9f;
        run_in(&t, 2, sigmoid);
        assert_int_equal(t.all.correct, 0);
        counts(&t.classes[0], 0, 0, 2);
        counts(&t.classes[1], 1, 0, 0);
        counts(&t.classes[2], 0, 0, 1);
        t.options.threshold = 0.3f;
        run_in(&t, 2, sigmoid);
        assert_int_equal(t.all.correct, 1);
        counts(&t.classes[2], 1, 1, 0);
    }
}

/* R2 of output 0: squares of 0.5 and 1 over 2 * 4 around a mean of 2. Of the
 * others the targets are equal, met and not met. */
static void numbers(void **state)
{
    const float x[2 * K] = {0.5f, 3, 1, 5, 3, 1};
    const float t_of[2 * K] = {0, 3, 2, 4, 3, 2};
    trial t = {.loss = CNN_LOSS_HUBER, .count = 2, .x = x, .targets = t_of};

    (void)state;
    run(&t);
    assert_int_equal(t.all.kind, CNN_SCORE_NUMBERS);
    assert_int_equal(t.all.correct, 0);
    equals(t.classes[0].mae, 0.75);
    equals(t.classes[0].mse, 0.625);
    equals(t.classes[0].rmse, sqrt(0.625));
    equals(t.classes[0].r2, 1 - 1.25 / 8);
    assert_true(t.classes[1].mae == 0 && t.classes[1].r2 == 1);
    assert_true(t.classes[2].mae == 1 && t.classes[2].r2 == 0);
    assert_true(isnan(t.classes[0].support) && isnan(t.classes[0].f1));
    equals(t.all.mae, 1.75 / 3);
    equals(t.all.mse, 1.625 / 3);
    equals(t.all.rmse, (sqrt(0.625) + 1) / 3);
    equals(t.all.r2, (1 - 1.25 / 8 + 1) / 3);
    assert_true(isnan(t.all.accuracy) && isnan(t.all.macro_f1));
    assert_true(isnan(t.all.micro_recall) && isnan(t.all.element_accuracy));
    /* One sample has no spread. */
    t.count = 1;
    run(&t);
    assert_true(isnan(t.all.r2) && isnan(t.classes[1].r2));
    equals(t.all.mae, 1.5 / 3);
}

/* A sample of weight 2 counts as two, one of weight 0 as none; hits are of
 * samples. */
static void weights(void **state)
{
    const float w[] = {2, 0, 0.5f};
    const float x[3 * K] = {0.5f, 0, 0, NAN, INFINITY, 9, 5, 0, 0};
    const float t_of[3 * K] = {0, 1, 0, 7, 7, 7, 4, 1, 0};
    trial t = {.count = 3, .x = outputs, .labels = labels, .weights = w};
    trial n = {.loss = CNN_LOSS_MAE,
               .count = 3,
               .x = x,
               .targets = t_of,
               .weights = w};

    (void)state;
    run(&t);
    equals(t.all.weight, 2.5);
    assert_int_equal(t.all.correct, 2);
    equals(t.all.accuracy, 2 / 2.5);
    equals(t.all.micro_f1, 2 / 2.5);
    counts(&t.classes[0], 0, 0.5, 0);
    counts(&t.classes[1], 2, 0, 0.5);
    counts(&t.classes[2], 0, 0, 0);
    equals(t.all.macro_recall, (2 / 2.5) / 2);
    equals(t.all.balanced_accuracy, 2 / 2.5);
    run(&n);
    equals(n.classes[0].mae, (2 * 0.5 + 0.5 * 1) / 2.5);
    /* The mean is 0.8. */
    equals(n.classes[0].r2,
           1 - (2 * 0.25 + 0.5 * 1) / (2 * 0.64 + 0.5 * 3.2 * 3.2));
    assert_true(n.classes[1].r2 == 0 && n.classes[2].r2 == 1);
}

static void no_weight(void **state)
{
    const float w[] = {0, 0};
    const float t_of[2 * K] = {0};
    trial t = {.count = 2, .x = outputs, .labels = labels, .weights = w};
    trial n = {.loss = CNN_LOSS_MSE,
               .count = 2,
               .x = outputs,
               .targets = t_of,
               .weights = w};

    (void)state;
    run(&t);
    assert_int_equal(t.all.correct, 2);
    assert_true(isnan(t.all.accuracy) && isnan(t.all.balanced_accuracy));
    assert_true(isnan(t.all.top_k_accuracy));
    assert_true(t.all.macro_f1 == 0 && t.all.micro_f1 == 0);
    counts(&t.classes[1], 0, 0, 0);
    run(&n);
    assert_true(isnan(n.all.mae) && isnan(n.all.r2) && n.all.weight == 0);
}

/* A NaN is a miss, and finds nothing. */
static void nan_outputs(void **state)
{
    float x[7 * K], y[3 * K];
    trial t = {.count = 7, .x = x, .labels = labels, .options.top_k = K};
    trial l = {.loss = CNN_LOSS_BINARY_CROSS_ENTROPY,
               .count = 3,
               .x = y,
               .targets = there};
    trial n = {.loss = CNN_LOSS_MSE, .count = 3, .x = y, .targets = there};

    (void)state;
    memcpy(x, outputs, sizeof(x));
    memcpy(y, logits, sizeof(y));
    x[2] = NAN; /* of sample 0, of label 1, which was right */
    run(&t);
    assert_int_equal(t.all.correct, 3);
    assert_true(isnan(t.all.loss));
    counts(&t.classes[1], 0, 0, 2);
    counts(&t.classes[2], 1, 1, 1);
    equals(t.all.top_k_accuracy, 6.0 / 7);
    equals(t.all.micro_precision, 3.0 / 6);
    equals(t.all.micro_recall, 3.0 / 7);
    y[0] = NAN; /* label 0, which is there */
    y[5] = NAN; /* label 2, which is not */
    run(&l);
    counts(&l.classes[0], 1, 0, 1);
    counts(&l.classes[2], 0, 0, 1);
    equals(l.all.element_accuracy, 5.0 / 9);
    run(&n);
    assert_true(isnan(n.classes[0].mae) && isnan(n.classes[0].r2));
    assert_true(!isnan(n.classes[1].mae) && isnan(n.all.rmse));
}

/* Infinite logits, numbers at the ends of float, and far from 0. */
static void extremes(void **state)
{
    const float y[2 * K] = {INFINITY, -INFINITY, FLT_MAX, 1, -FLT_MAX, -1};
    const float big[2 * K] = {FLT_MAX, 0, 0, -FLT_MAX, 0, 0};
    const float t_of[2 * K] = {-FLT_MAX, 1e6f, 0, FLT_MAX, 1e6f + 0.0625f, 0};
    const float sides[2 * K] = {1, 0, 1, 1, 0, 0};
    trial l = {.loss = CNN_LOSS_BINARY_CROSS_ENTROPY,
               .count = 2,
               .x = y,
               .targets = sides};
    trial n = {.loss = CNN_LOSS_MSE, .count = 2, .x = big, .targets = t_of};
    const double e = 2 * (double)FLT_MAX;

    (void)state;
    run(&l);
    equals(l.all.accuracy, 1);
    equals(l.all.element_accuracy, 1);
    run(&n);
    equals(n.classes[0].mae, e);
    equals(n.classes[0].rmse, e);
    equals(n.classes[0].r2, 1 - 4);
    /* (1e6^2 + (1e6 + 1/16)^2) / (2 / 32^2); 1e6 has a unit of 1/16. */
    equals(n.classes[1].r2, 1 - (2e12 + 125000 + 1.0 / 256) * 512);
    equals(n.classes[2].r2, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),        cmocka_unit_test(top_k),
        cmocka_unit_test(top_of_many),    cmocka_unit_test(probabilities),
        cmocka_unit_test(several_labels), cmocka_unit_test(numbers),
        cmocka_unit_test(weights),        cmocka_unit_test(no_weight),
        cmocka_unit_test(nan_outputs),    cmocka_unit_test(extremes),
    };

    return cmocka_run_group_tests_name("scores", tests, NULL, NULL);
}
