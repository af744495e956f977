/* Nets with branches: looked at, copied, and taken apart. */
#include <stdlib.h>
#include <string.h>

#include "cnn/graph.h"
#include "cnn/parts.h"
#include "support/faulty_memory.h"
#include "support/graphs.h"
#include "support/model_bytes.h"
#include "support/training.h"

static cnn_net *built_block(void)
{
    cnn_net *net = block_graph();

    build(net, &tiny_shape, TINY_BATCH, 1);
    return net;
}

/* ------------------------------------------------------- joins as layers ---
 */

static void a_join_looked_at(void **state)
{
    cnn_net *net = built_block();
    cnn_layer *add = cnn_net_layer(net, 5), *concat = cnn_net_layer(net, 6);
    cnn_costs c = {.struct_size = sizeof(c), .params = 9};
    cnn_tensor tensor = {.struct_size = sizeof(tensor)};
    cnn_shape shape;
    double value;

    (void)state;
    assert_string_equal(cnn_layer_kind(add), "add");
    assert_string_equal(cnn_layer_kind(concat), "concat");
    assert_int_equal(cnn_layer_in_shape(concat, &shape), CNN_OK);
    assert_int_equal(shape.c, 4);
    assert_int_equal(cnn_layer_out_shape(concat, &shape), CNN_OK);
    assert_true(shape.c == 8 && shape.h == 6 && shape.w == 6);
    assert_int_equal(cnn_layer_param_count(add), 0);
    assert_null(cnn_layer_params(add));
    assert_null(cnn_layer_grads(add));
    assert_int_equal(cnn_layer_tensor_count(add), 0);
    assert_int_equal(cnn_layer_setting_count(add), 0);
    assert_failed(cnn_layer_tensor(add, 0, &tensor), CNN_EINVAL,
                  "tensor 0, but the add layer has 0");
    assert_failed(cnn_layer_setting(concat, "units", &value), CNN_EINVAL,
                  "a concat layer has no setting units");
    assert_int_equal(cnn_layer_costs(add, &c), CNN_OK);
    assert_true(c.params == 0 && c.connections == 0 && c.multiply_adds == 0);
    cnn_net_free(net);
}

/* What a pass by hand needs, a join has not; all else that goes over layers
 * does nothing to it. */
static void a_join_by_hand(void **state)
{
    cnn_net *net = built_block(), *other = cnn_net_create();
    cnn_layer *add = cnn_net_layer(net, 5), *concat = cnn_net_layer(net, 6);
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
    float x[2 * 8 * 36] = {0};

    (void)state;
    assert_failed(cnn_layer_forward(add, 0, 1, x, x), CNN_EUNSUPPORTED,
                  "a layer of kind add has several inputs: only its net runs");
    assert_failed(cnn_layer_backward(concat, 1, x, x, x, x), CNN_EUNSUPPORTED,
                  "a layer of kind concat has several inputs");
    assert_null(cnn_layer_copy(add));
    assert_error(CNN_EUNSUPPORTED,
                 "layer_copy: a layer of kind add has several "
                 "inputs, and cnn_net_join() makes it");
    assert_failed(cnn_net_add(other, cnn_layer_copy(concat)), CNN_EUNSUPPORTED,
                  "layer_copy: a layer of kind concat");
    assert_failed(cnn_layer_build(add, &tiny_shape, 1, 1), CNN_ESTATE,
                  "the add layer is owned by a net");
    assert_int_equal(cnn_layer_zero_grad(add), CNN_OK);
    assert_int_equal(cnn_layer_update(add, optim), CNN_OK);
    assert_int_equal(cnn_layer_set_frozen(add, CNN_FROZEN), CNN_OK);
    cnn_layer_free(add); /* the net's: nothing happens */
    assert_int_equal(cnn_net_predict(net, 1, x, x + 36), CNN_OK);
    cnn_optim_free(optim);
    cnn_net_free(other);
    cnn_net_free(net);
}

static char *summary_of(const cnn_net *net, int32_t form)
{
    size_t size;

    assert_int_equal(cnn_net_summary(net, form, NULL, 0, &size), CNN_OK);
    char *text = malloc(size);
    assert_non_null(text);
    assert_int_equal(cnn_net_summary(net, form, text, size, &size), CNN_OK);
    return text;
}

static void summary(void **state)
{
    cnn_net *net = built_block();
    char *text = summary_of(net, CNN_SUMMARY_TEXT);
    char *json = summary_of(net, CNN_SUMMARY_JSON);

    (void)state;
    assert_non_null(strstr(text, "\n 5 add <- 4 1    4 x 6 x 6 "));
    assert_non_null(strstr(text, "\n 6 concat <- 5 1 8 x 6 x 6 "));
    assert_non_null(strstr(json,
                           "{\"kind\": \"concat\", \"output\": [8, 6, 6], "
                           "\"from\": [5, 1], "));
    free(text);
    free(json);
    cnn_net_free(net);
}

/* ---------------------------------------------------------------- memory ---
 */

/* As of a stack: what a net and a session take is what is claimed, but for what
 * is around blocks and what convolutions connect, whatever the batch. */
static size_t beyond_the_claim(uint64_t seed, int32_t batch)
{
    cnn_net_memory m = {.struct_size = sizeof(m)};

    faulty_memory_install();
    cnn_net *net = seed > 0 ? random_graph(seed, false) : block_graph();
    const size_t described = faulty_memory_bytes();
    build(net, seed > 0 ? &graph_shape : &tiny_shape, batch, 1);
    const size_t built = faulty_memory_bytes();
    cnn_session *session = cnn_session_create(net, batch);
    const size_t open = faulty_memory_bytes();
    assert_int_equal(cnn_net_measure(net, &m), CNN_OK);
    assert_in_range(open - built, m.inference - m.parameters,
                    m.inference - m.parameters + 1024);
    cnn_session_free(session);
    cnn_net_free(net);
    faulty_memory_remove();
    return built - described - (size_t)m.training;
}

static void memory_is_what_is_taken(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        const size_t more = beyond_the_claim(seed, 1);

        assert_in_range(more, 0, 4096);
        assert_int_equal(beyond_the_claim(seed, 16), more);
    }
}

/* ---------------------------------------------------------------- copies ---
 */

static void copies(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        cnn_net *net = random_graph(seed, false);

        build(net, &graph_shape, 3, seed);
        const int32_t count = cnn_net_layer_count(net);
        for (int32_t i = 0; i < count; i++) {
            cnn_layer *layer = cnn_net_layer(net, i);
            cnn_layer_set_frozen(layer, (int32_t)(seed + (uint64_t)i) % 3);
            cnn_layer_set_lr_factor(layer, (float)i);
        }
        cnn_net *copy = cnn_net_copy(net, 3);
        if (copy == NULL)
            fail_msg("%s", cnn_last_error());
        model_assert_same(copy, net);
        for (int32_t i = 0; i < count; i++) {
            const cnn_layer *got = cnn_net_layer(copy, i);
            const cnn_layer *want = cnn_net_layer(net, i);

            assert_int_equal(cnn_layer_frozen(got), cnn_layer_frozen(want));
            assert_true(cnn_layer_lr_factor(got) == (float)i);
            for (int32_t k = 0; k < cnn_net_source_count(net, i); k++)
                assert_int_equal(cnn_net_source(copy, i, k),
                                 cnn_net_source(net, i, k));
        }
        cnn_net_free(copy);
        cnn_net_free(net);
    }
}

static void copied_parameters(void **state)
{
    cnn_net *net = built_block(), *other = block_graph();

    (void)state;
    build(other, &tiny_shape, TINY_BATCH, 2);
    assert_int_equal(cnn_net_copy_params(other, net), CNN_OK);
    model_assert_same(other, net);
    cnn_net_free(other);
    other = cnn_net_take(net, 0, 6);
    cnn_net_add(other, cnn_dense_create(TINY_CLASSES, NULL));
    build(other, &tiny_shape, 1, 1);
    assert_failed(cnn_net_copy_params(other, net), CNN_ESHAPE,
                  "net_copy_params: 7 layers, the other net has 8");
    cnn_net_free(other);
    cnn_net_free(net);
}

/* The output of the layer before a part is its input, wherever it is taken. */
static void parts(void **state)
{
    cnn_net *net = built_block(), *stem = cnn_net_take(net, 0, 2);
    cnn_net *block = cnn_net_take(net, 2, 6);
    float *x = uniform(TINY_INPUT, 1), *y = uniform(4 * 36, 2);
    float got[TINY_CLASSES], want[TINY_CLASSES];

    (void)state;
    assert_non_null(stem);
    assert_non_null(block);
    assert_int_equal(cnn_net_source(block, 3, 0), 2);
    assert_int_equal(cnn_net_source(block, 3, 1), CNN_NET_INPUT);
    assert_int_equal(cnn_net_source(block, 4, 1), CNN_NET_INPUT);
    build(stem, &tiny_shape, 1, 5);
    build(block, &(cnn_shape){4, 6, 6}, 1, 5);
    assert_int_equal(cnn_net_predict(stem, 1, x, y), CNN_OK);
    assert_int_equal(cnn_net_predict(block, 1, y, got), CNN_OK);
    assert_int_equal(cnn_net_predict(net, 1, x, want), CNN_OK);
    assert_same_bits(got, want, TINY_CLASSES);
    cnn_net_free(stem);
    cnn_net_free(block);
    cnn_net_free(net);
    test_free(x);
    test_free(y);
}

static void no_parts(void **state)
{
    cnn_net *net = built_block(), *cut;

    (void)state;
    assert_null(cnn_net_take(net, 3, 5));
    assert_error(CNN_EINVAL, "layer 5: the add layer takes layer 1, and the "
                             "part begins after layer 2");
    cut = cnn_net_take(net, 3, 2); /* nothing crosses that */
    assert_non_null(cut);
    cnn_net_free(cut);
    cut = cnn_net_take(net, 0, 5); /* one branch alone */
    build(cut, &tiny_shape, 1, 1);
    cnn_net_free(cut);
    cnn_net_free(net);

    net = cnn_net_create();
    cnn_net_append(net, CNN_NET_INPUT, cnn_dense_create(36, NULL));
    cnn_net_append(net, CNN_NET_INPUT, cnn_dense_create(36, NULL));
    cnn_net_join(net, CNN_JOIN_CONCAT, 3, (const int32_t[]){0, 1, 1});
    build(net, &(cnn_shape){36, 1, 1}, 1, 1);
    assert_null(cnn_net_take(net, 1, 1));
    assert_error(CNN_EINVAL, "layer 1: the dense layer takes the input, and "
                             "the part begins after layer 0");
    cut = cnn_net_take(net, 0, 2); /* two ends, which may still be joined */
    assert_non_null(cut);
    assert_failed(cnn_net_build(cut, &(cnn_shape){36, 1, 1}, 1, 1), CNN_EINVAL,
                  "no layer takes the output of layer 0 (dense)");
    assert_int_equal(
        cnn_net_join(cut, CNN_JOIN_ADD, 2, (const int32_t[]){0, 1}), 2);
    build(cut, &(cnn_shape){36, 1, 1}, 1, 1);
    cnn_net_free(cut);
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_join_looked_at),
        cmocka_unit_test(a_join_by_hand),
        cmocka_unit_test(summary),
        cmocka_unit_test(memory_is_what_is_taken),
        cmocka_unit_test(copies),
        cmocka_unit_test(copied_parameters),
        cmocka_unit_test(parts),
        cmocka_unit_test(no_parts),
    };

    return cmocka_run_group_tests_name("graph parts", tests, NULL, NULL);
}
