/* Datasets with targets and weights: reading, training, evaluating. */
#include "cnn/dataset.h"

#include <math.h>
#include <string.h>

#include "cnn/trainer.h"
#include "support/nets.h"

enum { COUNT = 6, C = 2, H = 1, W = 3, X = C * H * W, T = 4 };

static const cnn_shape shape = {C, H, W}, target_shape = {T, 1, 1};

/* Arrays that a test changes as it needs them. */
typedef struct arrays {
    uint8_t bytes[COUNT * X], target_bytes[COUNT * T];
    float floats[COUNT * X], target_floats[COUNT * T];
    int32_t labels[COUNT];
    float weights[COUNT], class_weights[3];
} arrays;

static void fill(arrays *a)
{
    for (int i = 0; i < COUNT * X; i++) {
        a->bytes[i] = (uint8_t)(3 * i);
        a->floats[i] = (float)i / 8.0f;
    }
    for (int i = 0; i < COUNT * T; i++) {
        a->target_bytes[i] = (uint8_t)(5 * i);
        a->target_floats[i] = (float)(i % 5) / 4.0f;
    }
    for (int i = 0; i < COUNT; i++) {
        a->labels[i] = i % 3;
        a->weights[i] = (float)(i + 1);
    }
    a->class_weights[0] = 1;
    a->class_weights[1] = 0.5f;
    a->class_weights[2] = 2;
}

static cnn_dataset_source source_of(const arrays *a)
{
    return (cnn_dataset_source){.struct_size = sizeof(cnn_dataset_source),
                                .count = COUNT,
                                .shape = shape,
                                .target_shape = target_shape,
                                .floats = a->floats,
                                .target_floats = a->target_floats};
}

static cnn_dataset *create(const cnn_dataset_source *s)
{
    cnn_dataset *d = cnn_dataset_create(s, NULL);

    if (d == NULL)
        fail_msg("%s", cnn_last_error());
    return d;
}

static void reads_targets_and_weights(void **state)
{
    const int64_t index[] = {4, 1};
    float t[2 * T], w[2];
    cnn_shape found;
    arrays a;

    (void)state;
    fill(&a);
    cnn_dataset_source s = source_of(&a);
    s.labels = a.labels;
    s.weights = a.weights;
    s.class_weights = a.class_weights;
    s.class_count = 3;
    cnn_dataset *d = create(&s);
    assert_int_equal(cnn_dataset_target_shape(d, &found), CNN_OK);
    assert_memory_equal(&found, &target_shape, sizeof(found));
    assert_int_equal(cnn_dataset_read_targets(d, 2, index, t), CNN_OK);
    assert_same_bits(t, a.target_floats + 4 * T, T);
    assert_same_bits(t + T, a.target_floats + T, T);
    assert_int_equal(cnn_dataset_read_weights(d, 2, index, w), CNN_OK);
    /* Samples 4 and 1 have label 1: 5 * 0.5 and 2 * 0.5. */
    assert_true(w[0] == 2.5f && w[1] == 1.0f);
    /* A slice has those of its own samples. */
    cnn_dataset *slice = cnn_dataset_slice(d, 3, 2);
    assert_int_equal(cnn_dataset_read_targets(slice, 1, NULL, t), CNN_OK);
    assert_same_bits(t, a.target_floats + 3 * T, T);
    assert_int_equal(cnn_dataset_read_weights(slice, 2, NULL, w), CNN_OK);
    assert_true(w[0] == 4.0f && w[1] == 2.5f);
    cnn_dataset_free(slice);
    cnn_dataset_free(d);
}

static void bytes_are_scaled(void **state)
{
    float t[T], own[X + 4 * C];
    arrays a;

    (void)state;
    fill(&a);
    cnn_dataset_source s = source_of(&a);
    s.target_floats = NULL;
    s.target_bytes = a.target_bytes;
    cnn_dataset *d = create(&s);
    assert_int_equal(cnn_dataset_read_targets(d, 1, NULL, t), CNN_OK);
    for (int i = 0; i < T; i++)
        assert_true(t[i] == (float)a.target_bytes[i] * (1.0f / 255.0f));
    cnn_dataset_free(d);
    s.target_scale = 2;
    s.target_offset = -1;
    d = create(&s);
    assert_int_equal(cnn_dataset_read_targets(d, 1, NULL, t), CNN_OK);
    for (int i = 0; i < T; i++)
        assert_true(t[i] == (float)a.target_bytes[i] * 2.0f - 1.0f);
    cnn_dataset_free(d);
    /* The images, as they are read. */
    s.target_bytes = NULL;
    s.flags = CNN_OWN_TARGETS;
    d = create(&s);
    assert_int_equal(cnn_dataset_read_targets(d, 1, NULL, own), CNN_OK);
    assert_same_bits(own, a.floats, X);
    cnn_dataset_free(d);
}

/* All that is in it tells it apart; what is not, leaves the number as it was.
 */
static void fingerprints(void **state)
{
    arrays a;

    (void)state;
    fill(&a);
    cnn_dataset_source s = source_of(&a);
    s.labels = a.labels;
    s.target_floats = NULL;
    cnn_dataset *plain = create(&s);
    cnn_dataset *wrapped =
        cnn_dataset_wrap_f32(&shape, COUNT, a.floats, a.labels, NULL);
    const uint32_t number = cnn_dataset_fingerprint(plain);

    assert_int_equal(cnn_dataset_fingerprint(wrapped), number);
    s.target_floats = a.target_floats;
    cnn_dataset *targets = create(&s);
    const uint32_t second = cnn_dataset_fingerprint(targets);
    assert_int_not_equal(second, number);
    a.target_floats[7] += 1;
    assert_int_not_equal(cnn_dataset_fingerprint(targets), second);
    s.target_floats = NULL;
    s.weights = a.weights;
    cnn_dataset *weighted = create(&s);
    assert_int_not_equal(cnn_dataset_fingerprint(weighted), number);
    cnn_dataset_free(plain);
    cnn_dataset_free(wrapped);
    cnn_dataset_free(targets);
    cnn_dataset_free(weighted);
}

static void refuse(const cnn_dataset_source *s, const char *text)
{
    assert_null(cnn_dataset_create(s, NULL));
    assert_int_equal(cnn_last_status(), CNN_EINVAL);
    if (strstr(cnn_last_error(), text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, cnn_last_error());
}

static void bad_sources(void **state)
{
    arrays a;

    (void)state;
    fill(&a);
    cnn_dataset_source s = source_of(&a);
    refuse(NULL, "source is NULL");
    s.flags = 2;
    refuse(&s, "unknown flags 0x2");
    s.flags = CNN_OWN_TARGETS;
    refuse(&s, "targets of two kinds");
    s.flags = 0;
    s.bytes = a.bytes;
    refuse(&s, "images as bytes and as floats");
    s.bytes = NULL;
    s.target_shape.h = 0;
    refuse(&s, "target_shape 4x0x1, expected at least 1x1x1");
    s.target_shape.h = 1;
    s.target_scale = INFINITY;
    refuse(&s, "target_scale inf");
    s.target_scale = 0;
    a.weights[2] = -1;
    s.weights = a.weights;
    refuse(&s, "weight -1 of sample 2");
    s.weights = NULL;
    s.class_weights = a.class_weights;
    s.class_count = 2;
    refuse(&s, "weights of 2 classes");
    s.labels = a.labels;
    refuse(&s, "weights of 2 classes, but 3 classes in the labels");
    s.class_count = 3;
    a.class_weights[1] = NAN;
    refuse(&s, "weight nan of class 1");
    s.floats = NULL;
    refuse(&s, "images is NULL");
}

/* What is not there is said. */
static void missing_parts(void **state)
{
    cnn_metrics m;
    cnn_shape found;
    int32_t label;
    float t[T];
    arrays a;

    (void)state;
    fill(&a);
    cnn_dataset_source s = source_of(&a);
    s.target_floats = NULL;
    cnn_dataset *d = create(&s);
    assert_failed(cnn_dataset_read(d, 1, NULL, NULL, &label), CNN_ESTATE,
                  "has no labels");
    assert_failed(cnn_dataset_target_shape(d, &found), CNN_ESTATE,
                  "has no targets");
    assert_failed(cnn_dataset_read_targets(d, 1, NULL, t), CNN_ESTATE,
                  "has no targets");
    cnn_net *net = cnn_net_create();
    cnn_net_add(net, cnn_dense_create(5, NULL));
    build(net, &shape, COUNT, 1);
    assert_failed(cnn_net_evaluate(net, d, &m, NULL), CNN_EINVAL,
                  "neither labels nor targets");
    cnn_dataset_free(d);
    s = source_of(&a);
    d = create(&s);
    assert_failed(cnn_net_evaluate(net, d, &m, NULL), CNN_ESHAPE,
                  "the targets are 4x1x1, the outputs of the net 5x1x1");
    cnn_dataset_free(d);
    cnn_net_free(net);
}

static cnn_net *net_of(int32_t loss)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_dense_create(T, NULL));
    cnn_net_set_loss(net, loss, CNN_REDUCE_MEAN);
    build(net, &shape, 4, 1);
    return net;
}

/* A trainer takes the steps that one takes by hand; evaluation is their loss
 * over all samples, by weight. */
static void trains_and_evaluates(void **state)
{
    const int64_t index[] = {0, 1, 2, 3};
    float x[4 * X], t[4 * T], w[4];
    cnn_trainer_options o = {.struct_size = sizeof(o), .flags = CNN_NO_SHUFFLE};
    cnn_metrics by_trainer, by_hand, all;
    int64_t confusion[T * T];
    arrays a;

    (void)state;
    fill(&a);
    cnn_dataset_source s = source_of(&a);
    s.weights = a.weights;
    cnn_dataset *d = create(&s);
    cnn_net *net = net_of(CNN_LOSS_HUBER), *other = net_of(CNN_LOSS_HUBER);
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
    cnn_trainer *trainer = cnn_trainer_create(net, optim, d, &o);

    assert_non_null(trainer);
    assert_int_equal(cnn_trainer_step(trainer, &by_trainer), CNN_OK);
    assert_int_equal(cnn_dataset_read(d, 4, index, x, NULL), CNN_OK);
    assert_int_equal(cnn_dataset_read_targets(d, 4, index, t), CNN_OK);
    assert_int_equal(cnn_dataset_read_weights(d, 4, index, w), CNN_OK);
    const cnn_batch batch = {.struct_size = sizeof(batch),
                             .count = 4,
                             .x = x,
                             .targets = t,
                             .weights = w};
    assert_int_equal(cnn_net_train_batch(other, optim, &batch, &by_hand),
                     CNN_OK);
    assert_true(by_trainer.loss == by_hand.loss);
    assert_same_bits(cnn_net_params(net), cnn_net_params(other),
                     cnn_net_param_count(net));

    assert_int_equal(cnn_net_evaluate(net, d, &all, NULL), CNN_OK);
    double sum = 0.0, weight = 0.0;
    cnn_optim *still = cnn_sgd_create(0.0f, NULL);
    for (int64_t i = 0; i < COUNT; i++) {
        cnn_metrics one;

        cnn_dataset_read(d, 1, &i, x, NULL);
        cnn_dataset_read_targets(d, 1, &i, t);
        const cnn_batch single = {
            .struct_size = sizeof(single), .count = 1, .x = x, .targets = t};
        assert_int_equal(cnn_net_train_batch(net, still, &single, &one),
                         CNN_OK);
        sum += (double)a.weights[i] * one.loss;
        weight += (double)a.weights[i];
    }
    assert_int_equal(all.count, COUNT);
    assert_true(fabs(all.loss - sum / weight) <= 1e-6 * all.loss);
    assert_failed(cnn_net_evaluate(net, d, &all, confusion), CNN_EINVAL,
                  "a confusion matrix is of labels");
    /* Nothing is learnt from samples that do not count. */
    memset(a.weights, 0, sizeof(a.weights));
    float *before = copy_params(net);
    assert_int_equal(cnn_trainer_step(trainer, &by_trainer), CNN_OK);
    assert_true(by_trainer.loss == 0.0);
    assert_same_bits(cnn_net_params(net), before, cnn_net_param_count(net));
    test_free(before);
    cnn_trainer_free(trainer);
    cnn_optim_free(optim);
    cnn_optim_free(still);
    cnn_net_free(net);
    cnn_net_free(other);
    cnn_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_targets_and_weights),
        cmocka_unit_test(bytes_are_scaled),
        cmocka_unit_test(fingerprints),
        cmocka_unit_test(bad_sources),
        cmocka_unit_test(missing_parts),
        cmocka_unit_test(trains_and_evaluates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
