/* Scores against those of scikit-learn. */
#include <stdio.h>

#include "support/golden.h"
#include "support/nets.h"

enum { SAMPLES = 40, K = 6 };

/* Rounded once, to float; a share or an error is computed in double. R2 is 1
 * minus such a number, which is below 2^5 here. */
#define ROUNDED 0x1p-23

static void near(double got, const float *want)
{
    assert_near(&(float){(float)got}, want, 1, 32 * ROUNDED, ROUNDED);
}

/* The results for an item of the file. */
typedef struct found {
    cnn_scores all;
    cnn_class_scores classes[K];
} found;

static found score(golden *g, const char *item, int32_t loss,
                   const int32_t *labels, const cnn_score_options *options)
{
    found f = {.all.struct_size = sizeof(f.all),
               .classes[0].struct_size = sizeof(f.classes[0])};
    cnn_net *net = echo_net(K, 7);
    const cnn_dataset_source s = {
        .struct_size = sizeof(s),
        .count = SAMPLES,
        .shape = {K, 1, 1},
        .floats = golden_floats(g, item, "y", SAMPLES * K),
        .labels = labels,
        .target_shape = {labels == NULL ? K : 0, labels == NULL,
                         labels == NULL},
        .target_floats = labels == NULL
                             ? golden_floats(g, item, "targets", SAMPLES * K)
                             : NULL,
        .weights = golden_floats(g, item, "weights", SAMPLES)};
    cnn_dataset *data = cnn_dataset_create(&s, NULL);

    cnn_net_set_loss(net, loss, CNN_REDUCE_MEAN);
    if (data == NULL ||
        cnn_net_score(net, data, options, &f.all, f.classes) != CNN_OK)
        fail_msg("%s: %s", item, cnn_last_error());
    cnn_dataset_free(data);
    cnn_net_free(net);
    return f;
}

static void compare_counts(golden *g, const char *item, const found *f)
{
    const float *want = golden_floats(g, item, "classes", 4 * K);
    const float *macro = golden_floats(g, item, "macro", 3);
    const float *micro = golden_floats(g, item, "micro", 3);

    for (int k = 0; k < K; k++) {
        near(f->classes[k].precision, want + k);
        near(f->classes[k].recall, want + K + k);
        near(f->classes[k].f1, want + 2 * K + k);
        near(f->classes[k].support, want + 3 * K + k);
    }
    near(f->all.macro_precision, macro);
    near(f->all.macro_recall, macro + 1);
    near(f->all.macro_f1, macro + 2);
    near(f->all.micro_precision, micro);
    near(f->all.micro_recall, micro + 1);
    near(f->all.micro_f1, micro + 2);
}

static void classes(void **state)
{
    golden *g = golden_open("scores.bin");

    (void)state;
    for (int i = 0; i < 2; i++) {
        int32_t labels[SAMPLES];
        char item[32];

        snprintf(item, sizeof(item), "classes.%d", i);
        golden_integers(g, item, "labels", labels, SAMPLES);
        const float *rest = golden_floats(g, item, "rest", 2 + K - 1);
        for (int k = 1; k < K; k++) {
            const cnn_score_options o = {.struct_size = sizeof(o), .top_k = k};
            const found f =
                score(g, item, CNN_LOSS_SOFTMAX_CROSS_ENTROPY, labels, &o);

            compare_counts(g, item, &f);
            near(f.all.accuracy, rest);
            near(f.all.balanced_accuracy, rest + 1);
            near(f.all.top_k_accuracy, rest + 1 + k);
        }
    }
    golden_close(g);
}

static void several_labels(void **state)
{
    golden *g = golden_open("scores.bin");

    (void)state;
    for (int i = 0; i < 6; i++) {
        char item[32];

        snprintf(item, sizeof(item), "labels.%d", i);
        const cnn_score_options o = {
            .struct_size = sizeof(o),
            .threshold = *golden_floats(g, item, "threshold", 1)};
        const float *rest = golden_floats(g, item, "rest", 2);
        const found f = score(g, item, CNN_LOSS_BINARY_CROSS_ENTROPY, NULL, &o);
        compare_counts(g, item, &f);
        near(f.all.accuracy, rest);
        near(f.all.element_accuracy, rest + 1);
    }
    golden_close(g);
}

static void numbers(void **state)
{
    golden *g = golden_open("scores.bin");

    (void)state;
    for (int i = 0; i < 2; i++) {
        char item[32];

        snprintf(item, sizeof(item), "numbers.%d", i);
        const found f = score(g, item, CNN_LOSS_MSE, NULL, NULL);
        const float *want = golden_floats(g, item, "classes", 4 * K);
        const float *mean = golden_floats(g, item, "mean", 4);
        for (int k = 0; k < K; k++) {
            near(f.classes[k].mae, want + k);
            near(f.classes[k].mse, want + K + k);
            near(f.classes[k].rmse, want + 2 * K + k);
            near(f.classes[k].r2, want + 3 * K + k);
        }
        near(f.all.mae, mean);
        near(f.all.mse, mean + 1);
        near(f.all.rmse, mean + 2);
        near(f.all.r2, mean + 3);
    }
    golden_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),
        cmocka_unit_test(several_labels),
        cmocka_unit_test(numbers),
    };

    return cmocka_run_group_tests_name("golden scores", tests, NULL, NULL);
}
