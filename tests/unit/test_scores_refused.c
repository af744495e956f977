/* What cnn_net_score() refuses, and structs of older and newer callers. */
#include "cnn/scores.h"

#include <math.h>
#include <string.h>

#include "support/nets.h"

enum { COUNT = 4, K = 3 };

static const float outputs[COUNT * K] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0};

/* A class as a later version may have it. */
typedef struct newer {
    cnn_class_scores known;
    double more;
} newer;

/* What a call is made with; filled with what must not change. */
typedef struct call {
    cnn_net *net;
    cnn_dataset *data;
    cnn_score_options options;
    cnn_scores out;
    cnn_class_scores classes[K];
} call;

static call new_call(const int32_t *labels)
{
    call c = {.net = echo_net(K, 2),
              .data = cnn_dataset_wrap_f32(&(cnn_shape){K, 1, 1}, COUNT,
                                           outputs, labels, NULL),
              .options = {.struct_size = sizeof(c.options)}};

    memset(&c.out, 0x55, sizeof(c.out));
    memset(c.classes, 0x55, sizeof(c.classes));
    c.out.struct_size = sizeof(c.out);
    c.classes[0].struct_size = sizeof(c.classes[0]);
    return c;
}

static void end_call(call *c)
{
    cnn_dataset_free(c->data);
    cnn_net_free(c->net);
}

static cnn_status score(call *c)
{
    return cnn_net_score(c->net, c->data, &c->options, &c->out, c->classes);
}

static void refused(call *c, cnn_status status, const char *text)
{
    const cnn_scores out = c->out;
    cnn_class_scores classes[K];

    memcpy(classes, c->classes, sizeof(classes));
    assert_failed(score(c), status, text);
    assert_memory_equal(&c->out, &out, sizeof(out));
    assert_memory_equal(c->classes, classes, sizeof(classes));
}

static void arguments(void **state)
{
    int32_t labels[COUNT] = {0, 1, 2, 0};
    call c = new_call(labels);
    cnn_net *raw = cnn_net_create(), *narrow = dense_net(K, 2, 4);
    cnn_net *net = c.net;
    cnn_dataset *data = c.data;

    (void)state;
    c.net = NULL;
    refused(&c, CNN_EINVAL, "net is NULL");
    c.net = raw;
    refused(&c, CNN_ESTATE, "not built");
    c.net = narrow;
    refused(&c, CNN_ESHAPE, "the dataset has 3 classes, the net 2 outputs");
    c.net = net;
    c.data = NULL;
    refused(&c, CNN_EINVAL, "net_score: dataset is NULL");
    c.data = data;
    assert_failed(cnn_net_score(net, data, NULL, NULL, c.classes), CNN_EINVAL,
                  "net_score: out is NULL");
    labels[3] = K;
    refused(&c, CNN_EINVAL, "label 3 of sample 3, expected 0 to 2");
    labels[3] = 0;
    assert_int_equal(score(&c), CNN_OK);
    assert_true(c.out.accuracy == 1.0);
    cnn_net_free(raw);
    cnn_net_free(narrow);
    end_call(&c);
}

static void options(void **state)
{
    const float thresholds[] = {CNN_ZERO, 1, -0.5f, 1.5f, NAN, INFINITY};
    const char *texts[] = {"0,", "1,", "-0.5,", "1.5,", "nan,", "inf,"};
    const int32_t labels[COUNT] = {0, 1, 2, 0};
    call c = new_call(labels);

    (void)state;
    for (int i = 0; i < 6; i++) {
        c.options.threshold = thresholds[i];
        refused(&c, CNN_EINVAL, "net_score: threshold ");
        refused(&c, CNN_EINVAL, texts[i]);
    }
    c.options.threshold = 0;
    c.options.top_k = K + 1;
    refused(&c, CNN_EINVAL, "net_score: top_k 4, expected 1 to 3");
    c.options.top_k = -1;
    refused(&c, CNN_EINVAL, "net_score: top_k -1, expected 1 to 3");
    c.options.top_k = 0;
    c.options.struct_size = 0;
    refused(&c, CNN_EINVAL, "net_score: struct_size is 0, expected 12");
    end_call(&c);
}

/* Targets and weights that the caller wrote to after the first batch. */
static void changed_data(void **state)
{
    float targets[COUNT * K] = {0}, weights[COUNT] = {1, 1, 1, 1};
    call c = new_call((const int32_t[]){0, 0, 0, 0});
    const cnn_dataset_source s = {.struct_size = sizeof(s),
                                  .count = COUNT,
                                  .shape = {K, 1, 1},
                                  .floats = outputs,
                                  .target_shape = {K, 1, 1},
                                  .target_floats = targets,
                                  .weights = weights};

    (void)state;
    cnn_dataset_free(c.data);
    c.data = cnn_dataset_create(&s, NULL);
    cnn_net_set_loss(c.net, CNN_LOSS_MSE, CNN_REDUCE_MEAN);
    targets[COUNT * K - 1] = NAN;
    refused(&c, CNN_EINVAL, "target 2 of sample 1 is nan");
    targets[COUNT * K - 1] = 0;
    weights[COUNT - 1] = -1;
    refused(&c, CNN_EINVAL, "weight -1 of sample 1");
    weights[COUNT - 1] = 0;
    assert_int_equal(score(&c), CNN_OK);
    cnn_net_set_loss(c.net, CNN_LOSS_LENET_MAP, CNN_REDUCE_MEAN);
    refused(&c, CNN_EINVAL, "takes labels, not targets");
    end_call(&c);
}

static void sizes_of_results(void **state)
{
    const uint32_t bad[] = {0, 8, 1025, UINT32_MAX};
    call c = new_call((const int32_t[]){0, 1, 2, 0});

    (void)state;
    for (int i = 0; i < 4; i++) {
        c.out.struct_size = bad[i];
        refused(&c, CNN_EINVAL, "net_score: struct_size is ");
        c.out.struct_size = sizeof(c.out);
        c.classes[0].struct_size = bad[i];
        refused(&c, CNN_EINVAL, "net_score: classes: struct_size is ");
        c.classes[0].struct_size = sizeof(c.classes[0]);
    }
    end_call(&c);
}

/* Entries are as far apart as the caller says; what is unknown is 0. */
static void newer_caller(void **state)
{
    call c = new_call((const int32_t[]){0, 1, 2, 0});
    newer classes[K];

    (void)state;
    memset(classes, 0x55, sizeof(classes));
    classes[0].known.struct_size = sizeof(newer);
    assert_int_equal(score(&c), CNN_OK);
    assert_int_equal(
        cnn_net_score(c.net, c.data, NULL, &c.out, &classes[0].known), CNN_OK);
    for (int k = 0; k < K; k++) {
        assert_int_equal(classes[k].known.struct_size, sizeof(newer));
        assert_memory_equal((char *)&classes[k] + 4, (char *)&c.classes[k] + 4,
                            sizeof(cnn_class_scores) - 4);
        assert_true(classes[k].more == 0.0);
        assert_true(classes[k].known.support == (k == 0 ? 2 : 1));
    }
    end_call(&c);
}

/* It is a run like any other: what was run before is gone. */
static void forgets_the_last_forward(void **state)
{
    call c = new_call((const int32_t[]){0, 1, 2, 0});

    (void)state;
    assert_int_equal(cnn_net_forward(c.net, CNN_TRAIN, 2, outputs), CNN_OK);
    assert_int_equal(score(&c), CNN_OK);
    assert_null(cnn_net_output(c.net));
    end_call(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments),
        cmocka_unit_test(options),
        cmocka_unit_test(changed_data),
        cmocka_unit_test(sizes_of_results),
        cmocka_unit_test(newer_caller),
        cmocka_unit_test(forgets_the_last_forward),
    };

    return cmocka_run_group_tests_name("scores refused", tests, NULL, NULL);
}
