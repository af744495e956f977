/* Structs of older and newer callers: options and results. */
#include "base/options.h"

#include <string.h>

#include "support/near.h"

/* The struct as this version of a library knows it, as an older one knew it,
 * and as a newer one will. */
typedef struct now {
    uint32_t struct_size;
    int32_t a;
    float b;
} now;

typedef struct older {
    uint32_t struct_size;
    int32_t a;
} older;

typedef struct newer {
    now known;
    int32_t c, d;
} newer;

/* Starts from junk, so that what is not written shows. */
static cnn_status read(now *o, const void *from)
{
    memset(o, 0x55, sizeof(*o));
    return cnn__options_read(o, sizeof(*o), from, "thing");
}

static void none_means_zero(void **state)
{
    now o;

    (void)state;
    assert_int_equal(read(&o, NULL), CNN_OK);
    assert_int_equal(o.struct_size, 0);
    assert_int_equal(o.a, 0);
    assert_true(o.b == 0.0f);
}

static void same_version(void **state)
{
    now o;

    (void)state;
    assert_int_equal(read(&o, &(now){sizeof(now), -7, 1.5f}), CNN_OK);
    assert_int_equal(o.a, -7);
    assert_true(o.b == 1.5f);
}

static void older_caller(void **state)
{
    now o;

    (void)state;
    assert_int_equal(read(&o, &(older){sizeof(older), 9}), CNN_OK);
    assert_int_equal(o.a, 9);
    assert_true(o.b == 0.0f);
    /* A struct of nothing but its size. */
    assert_int_equal(read(&o, &(uint32_t){4}), CNN_OK);
    assert_int_equal(o.a, 0);
    assert_true(o.b == 0.0f);
}

static void newer_caller(void **state)
{
    newer from = {{sizeof(newer), 3, 2.5f}, 0, 0};
    now o;

    (void)state;
    assert_int_equal(read(&o, &from), CNN_OK);
    assert_int_equal(o.a, 3);
    assert_true(o.b == 2.5f);
    from.d = 1;
    assert_failed(read(&o, &from), CNN_EUNSUPPORTED,
                  "thing: the field at byte 16 is set");
    assert_non_null(strstr(cnn_last_error(), "only 12 bytes"));
    from.c = -1;
    assert_failed(read(&o, &from), CNN_EUNSUPPORTED, "byte 12");
    /* Only the last byte of a field, too. */
    from.d = 0;
    from.c = 0;
    memset((char *)&from + sizeof(from) - 1, 1, 1);
    assert_failed(read(&o, &from), CNN_EUNSUPPORTED, "byte 16");
}

static void impossible_sizes(void **state)
{
    const uint32_t bad[] = {0, 1, 3, 5, 10, 1025, 1028, 0x55555555, UINT32_MAX};
    now o;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_failed(read(&o, &(now){bad[i], 1, 1}), CNN_EINVAL,
                      "thing: struct_size is ");
    read(&o, &(now){10, 1, 1});
    assert_error(CNN_EINVAL, "struct_size is 10, expected 12");
}

/* The largest that is believed is read to its end. */
static void largest_size(void **state)
{
    static uint32_t from[256] = {sizeof(from), 42};
    now o;

    (void)state;
    assert_int_equal(sizeof(from), 1024);
    assert_int_equal(read(&o, from), CNN_OK);
    assert_int_equal(o.a, 42);
    from[255] = 1;
    assert_failed(read(&o, from), CNN_EUNSUPPORTED, "byte 1020");
}

/* Each public struct is read under the name of its layer or optimiser. */
static void layers_name_themselves(void **state)
{
    (void)state;
    assert_null(cnn_conv2d_create(1, 1, 1, &(cnn_conv2d_options){0}));
    assert_error(CNN_EINVAL, "conv2d: struct_size is 0, expected 68");
    assert_null(cnn_maxpool2d_create(1, 1, &(cnn_pool2d_options){0}));
    assert_error(CNN_EINVAL, "maxpool2d: struct_size is 0");
    assert_null(cnn_avgpool2d_create(1, 1, &(cnn_pool2d_options){0}));
    assert_error(CNN_EINVAL, "avgpool2d: struct_size is 0");
    assert_null(cnn_dense_create(1, &(cnn_dense_options){0}));
    assert_error(CNN_EINVAL, "dense: struct_size is 0, expected 24");
    assert_null(cnn_activation_create(0, &(cnn_activation_options){0}));
    assert_error(CNN_EINVAL, "activation: struct_size is 0, expected 8");
    assert_null(cnn_sgd_create(0.1f, &(cnn_sgd_options){0}));
    assert_error(CNN_EINVAL, "sgd: struct_size is 0");
}

/* ----------------------------------------------------------- results --- */

/* Results that end with `a` in the first version, and with b in this one. */
static cnn_status write(void *to)
{
    const now from = {.struct_size = 99, .a = 7, .b = 1.5f};

    return cnn__result_write(to, &from, sizeof(from), CNN__SIZE_UP_TO(now, a),
                             "things");
}

static void results_of_the_same_version(void **state)
{
    now to = {sizeof(to), -1, -1.0f};

    (void)state;
    assert_int_equal(write(&to), CNN_OK);
    assert_int_equal(to.struct_size, sizeof(to));
    assert_int_equal(to.a, 7);
    assert_true(to.b == 1.5f);
}

/* Nothing is written behind what it has room for. */
static void results_of_an_older_caller(void **state)
{
    now to = {sizeof(older), -1, -1.0f};

    (void)state;
    assert_int_equal(write(&to), CNN_OK);
    assert_int_equal(to.a, 7);
    assert_true(to.b == -1.0f);
}

static void results_of_a_newer_caller(void **state)
{
    newer to = {{sizeof(to), -1, -1.0f}, -1, -1};

    (void)state;
    assert_int_equal(write(&to), CNN_OK);
    assert_int_equal(to.known.struct_size, sizeof(to));
    assert_true(to.known.b == 1.5f);
    assert_int_equal(to.c, 0);
    assert_int_equal(to.d, 0);
}

static void impossible_sizes_of_results(void **state)
{
    const uint32_t bad[] = {0, 4, 7, 1025, 0x55555555, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        now to = {bad[i], -1, -1.0f};

        assert_failed(write(&to), CNN_EINVAL, "things: struct_size is ");
        assert_int_equal(to.struct_size, bad[i]);
        assert_int_equal(to.a, -1);
        assert_failed(cnn__result_check(&to, sizeof(to),
                                        CNN__SIZE_UP_TO(now, a), "things"),
                      CNN_EINVAL, "things: struct_size is ");
    }
    assert_int_equal(cnn__result_check(&(older){.struct_size = 8}, 12, 8, ""),
                     CNN_OK);
    write(&(now){.struct_size = 7});
    assert_error(CNN_EINVAL, "struct_size is 7, expected 12, at least 8");
}

/* Eight bytes stand where any machine puts them: nothing is left to padding. */
static void no_gaps(void **state)
{
    (void)state;
    assert_int_equal(offsetof(cnn_costs, params), 8);
    assert_int_equal(sizeof(cnn_costs), 8 + 3 * 8);
    assert_int_equal(offsetof(cnn_net_memory, training), 8);
    assert_int_equal(sizeof(cnn_net_memory), 8 + 3 * 8);
    assert_int_equal(offsetof(cnn_layer_stats, units), 8);
    assert_int_equal(sizeof(cnn_layer_stats), 8 + 5 * 8);
    assert_int_equal(offsetof(cnn_progress, step), 8);
    assert_int_equal(sizeof(cnn_progress), 8 + 2 * 8 + sizeof(cnn_metrics));
    assert_int_equal(offsetof(cnn_tensor, name), 24);
    assert_int_equal(sizeof(cnn_tensor), 24 + 3 * sizeof(void *));
    assert_int_equal(sizeof(cnn_const_tensor), sizeof(cnn_tensor));
    assert_int_equal(offsetof(cnn_scores, loss), 16);
    assert_int_equal(sizeof(cnn_scores), 16 + 18 * 8);
    assert_int_equal(offsetof(cnn_class_scores, support), 8);
    assert_int_equal(sizeof(cnn_class_scores), 8 + 11 * 8);
    assert_int_equal(sizeof(cnn_score_options), 12);
    assert_int_equal(offsetof(cnn_trainer_options, seed), 16);
    assert_int_equal(offsetof(cnn_trainer_options, read_ahead), 24);
    assert_int_equal(sizeof(cnn_trainer_options), 24 + 2 * 4);
    assert_int_equal(offsetof(cnn_dataset_reader, class_count), 40);
    assert_int_equal(offsetof(cnn_dataset_reader, fingerprint), 48);
    assert_int_equal(sizeof(cnn_dataset_reader), 56 + 2 * sizeof(void *));
    assert_int_equal(offsetof(cnn_read, index), 16);
    assert_int_equal(sizeof(cnn_read), 16 + 5 * sizeof(void *) + 160);
}

/* Each public one asks for its size, and leaves what is behind it alone. */
static void results_name_their_calls(void **state)
{
    cnn_net *net = cnn_net_create();
    struct {
        cnn_tensor known;
        int32_t behind;
    } tensor = {.behind = 55};

    (void)state;
    cnn_net_add(net, cnn_dense_create(1, NULL));
    assert_int_equal(cnn_net_build(net, &(cnn_shape){1, 1, 1}, 3, 1), CNN_OK);
    assert_int_equal(cnn_net_watch(net, 1), CNN_OK);
    cnn_layer *layer = cnn_net_layer(net, 0);
    assert_failed(cnn_layer_costs(layer, &(cnn_costs){0}), CNN_EINVAL,
                  "layer_costs: struct_size is 0, expected 32, at least 32");
    assert_failed(cnn_net_costs(net, &(cnn_costs){.struct_size = 24}),
                  CNN_EINVAL, "net_costs: struct_size is 24, expected 32");
    assert_failed(cnn_net_measure(net, &(cnn_net_memory){0}), CNN_EINVAL,
                  "net_measure: struct_size is 0, expected 32");
    assert_failed(cnn_net_layer_stats(net, 0, &(cnn_layer_stats){0}),
                  CNN_EINVAL, "net_layer_stats: struct_size is 0, expected 48");
    assert_failed(cnn_layer_tensor(layer, 0, &tensor.known), CNN_EINVAL,
                  "layer_tensor: struct_size is 0, expected ");
    tensor.known.struct_size = sizeof(tensor.known);
    assert_int_equal(cnn_layer_tensor(layer, 0, &tensor.known), CNN_OK);
    assert_int_equal(tensor.known.struct_size, sizeof(tensor.known));
    assert_int_equal(tensor.behind, 55);
    cnn_net_memory memory = {.struct_size = sizeof(memory)};
    assert_int_equal(cnn_net_measure(net, &memory), CNN_OK);
    assert_int_equal(memory.max_batch, 3);
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_means_zero),
        cmocka_unit_test(same_version),
        cmocka_unit_test(older_caller),
        cmocka_unit_test(newer_caller),
        cmocka_unit_test(impossible_sizes),
        cmocka_unit_test(largest_size),
        cmocka_unit_test(layers_name_themselves),
        cmocka_unit_test(results_of_the_same_version),
        cmocka_unit_test(results_of_an_older_caller),
        cmocka_unit_test(results_of_a_newer_caller),
        cmocka_unit_test(impossible_sizes_of_results),
        cmocka_unit_test(no_gaps),
        cmocka_unit_test(results_name_their_calls),
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
