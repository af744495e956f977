/* Describing nets with branches: what is taken, and what is refused. */
#include <stdio.h>

#include "cnn/graph.h"

#include "support/nets.h"

static cnn_layer *conv(int32_t filters)
{
    const cnn_conv2d_options same = {.struct_size = sizeof(same),
                                     .padding = CNN_PAD_SAME};

    return cnn_conv2d_create(filters, 3, 3, &same);
}

static int32_t add_up(cnn_net *net, int32_t a, int32_t b)
{
    return cnn_net_join(net, CNN_JOIN_ADD, 2, (const int32_t[]){a, b});
}

static int32_t concat(cnn_net *net, int32_t a, int32_t b)
{
    return cnn_net_join(net, CNN_JOIN_CONCAT, 2, (const int32_t[]){a, b});
}

/* ------------------------------------------------------------- numbers --- */

/* cnn_net_add() goes on after the last, whatever that is. */
static void numbers(void **state)
{
    cnn_net *net = cnn_net_create();

    (void)state;
    assert_int_equal(cnn_net_append(net, CNN_NET_INPUT, conv(3)), 0);
    assert_int_equal(cnn_net_append(net, 0, conv(3)), 1);
    assert_int_equal(cnn_net_append(net, 0, conv(3)), 2);
    assert_int_equal(
        cnn_net_join(net, CNN_JOIN_CONCAT, 3, (const int32_t[]){2, -1, 1}), 3);
    assert_int_equal(cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL)),
                     CNN_OK);
    assert_int_equal(cnn_net_layer_count(net), 5);
    assert_int_equal(cnn_net_source_count(net, 0), 1);
    assert_int_equal(cnn_net_source_count(net, 3), 3);
    assert_int_equal(cnn_net_source(net, 0, 0), CNN_NET_INPUT);
    assert_int_equal(cnn_net_source(net, 2, 0), 0);
    assert_int_equal(cnn_net_source(net, 3, 0), 2);
    assert_int_equal(cnn_net_source(net, 3, 1), CNN_NET_INPUT);
    assert_int_equal(cnn_net_source(net, 3, 2), 1);
    assert_int_equal(cnn_net_source(net, 4, 0), 3);
    build(net, &(cnn_shape){3, 4, 4}, 1, 1);
    assert_int_equal(cnn_net_source(net, 3, 1), CNN_NET_INPUT);
    cnn_net_free(net);
}

static void assert_gone(int32_t number, const char *part)
{
    assert_int_equal(number, CNN_NET_FAILED);
    assert_error(CNN_EINVAL, part);
}

static void no_such_source(void **state)
{
    cnn_net *net = cnn_net_create();

    (void)state;
    cnn_net_add(net, conv(3));
    assert_int_equal(cnn_net_source_count(NULL, 0), 0);
    assert_int_equal(cnn_net_source_count(net, -1), 0);
    assert_int_equal(cnn_net_source_count(net, 1), 0);
    assert_gone(cnn_net_source(NULL, 0, 0), "net_source: net is NULL");
    assert_gone(cnn_net_source(net, 1, 0),
                "input 0 of layer 1, which has 0, in a net of 1");
    assert_gone(cnn_net_source(net, 0, 1), "input 1 of layer 0, which has 1");
    assert_gone(cnn_net_source(net, 0, -1), "input -1 of layer 0");
    cnn_net_free(net);
}

/* -------------------------------------------------------------- errors --- */

/* A call failed, left the net with `count` layers, and the build says why. */
static void refused(cnn_net *net, int32_t number, int32_t count,
                    cnn_status want, const char *part)
{
    assert_int_equal(number, CNN_NET_FAILED);
    assert_error(want, part);
    assert_int_equal(cnn_net_layer_count(net), count);
    assert_failed(cnn_net_build(net, &(cnn_shape){3, 4, 4}, 1, 1), want, part);
    cnn_net_free(net);
}

static cnn_net *one_layer(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, conv(3));
    return net;
}

static void bad_appends(void **state)
{
    cnn_net *net = one_layer();

    (void)state;
    assert_gone(cnn_net_append(NULL, 0, conv(3)), "net_append: net is NULL");
    refused(net, cnn_net_append(net, 0, NULL), 1, CNN_EINVAL,
            "net_append: layer is NULL");
    net = one_layer();
    refused(net, cnn_net_append(net, 1, conv(3)), 1, CNN_EINVAL,
            "net_append: there is no layer 1 to go on from, expected -1 (the "
            "input) to 0");
    net = one_layer();
    refused(net, cnn_net_append(net, INT32_MAX, conv(3)), 1, CNN_EINVAL,
            "no layer 2147483647");
    net = one_layer();
    refused(net, cnn_net_append(net, INT32_MIN, conv(3)), 1, CNN_EINVAL,
            "no layer -2147483648");
    net = one_layer();
    refused(net, cnn_net_append(net, CNN_NET_FAILED, conv(3)), 1, CNN_EINVAL,
            "no layer -2 ");
    net = one_layer();
    refused(net, cnn_net_append(net, 0, cnn_dense_create(0, NULL)), 1,
            CNN_EINVAL, "dense: ");
    net = cnn_net_create();
    refused(net, cnn_net_append(net, 0, conv(3)), 0, CNN_EINVAL,
            "no layer 0 to go on from, expected -1 (the input) to -1");
}

static void bad_joins(void **state)
{
    const int32_t twice[] = {0, 0}, many[CNN_MAX_JOINED + 1] = {0};
    cnn_net *net = one_layer();

    (void)state;
    assert_gone(cnn_net_join(NULL, CNN_JOIN_ADD, 2, twice),
                "net_join: net is NULL");
    refused(net, cnn_net_join(net, 0, 2, twice), 1, CNN_EINVAL,
            "net_join: kind 0, expected 1 or 2");
    net = one_layer();
    refused(net, cnn_net_join(net, 3, 2, twice), 1, CNN_EINVAL, "kind 3");
    net = one_layer();
    refused(net, cnn_net_join(net, CNN_JOIN_ADD, 2, NULL), 1, CNN_EINVAL,
            "net_join: 2 layers at NULL, expected 2 to 256");
    net = one_layer();
    refused(net, cnn_net_join(net, CNN_JOIN_ADD, 1, twice), 1, CNN_EINVAL,
            "net_join: 1 layers, expected 2 to 256");
    net = one_layer();
    refused(net, cnn_net_join(net, CNN_JOIN_ADD, -1, twice), 1, CNN_EINVAL,
            "-1 layers");
    net = one_layer();
    refused(net, cnn_net_join(net, CNN_JOIN_CONCAT, 257, many), 1, CNN_EINVAL,
            "257 layers");
    net = one_layer();
    refused(net, add_up(net, 0, 1), 1, CNN_EINVAL,
            "net_join: there is no layer 1 to go on from");
    net = one_layer();
    refused(net, add_up(net, -3, 0), 1, CNN_EINVAL, "no layer -3");
    net = one_layer();
    assert_int_equal(cnn_net_join(net, CNN_JOIN_CONCAT, 256, many), 1);
    build(net, &(cnn_shape){3, 4, 4}, 1, 1);
    cnn_net_free(net);
}

/* What follows from a failure reports that failure, to the end. */
static void first_error_stays(void **state)
{
    const char *const why = "dense: units 0";
    cnn_net *net = one_layer();

    (void)state;
    const int32_t bad = cnn_net_append(net, 0, cnn_dense_create(0, NULL));
    assert_error(CNN_EINVAL, why);
    assert_int_equal(bad, CNN_NET_FAILED);
    assert_gone(cnn_net_append(net, bad, conv(3)), why);
    cnn_net_source(net, 5, 0); /* another error in between */
    assert_gone(add_up(net, 0, bad), why);
    assert_int_equal(cnn_net_join(net, 7, 2, NULL), CNN_NET_FAILED);
    refused(net, concat(net, bad, bad), 1, CNN_EINVAL, why);
}

/* A net that is built, or a layer that has an owner, is left as it was. */
static void too_late(void **state)
{
    cnn_net *net = one_layer(), *other = one_layer();

    (void)state;
    assert_int_equal(cnn_net_append(other, 0, cnn_net_layer(net, 0)),
                     CNN_NET_FAILED);
    assert_error(CNN_ESTATE, "net_append: the conv2d layer is owned by a net");
    cnn_net_free(other);
    add_up(net, 0, 0);
    other = one_layer();
    refused(other, cnn_net_append(other, 0, cnn_net_layer(net, 1)), 1,
            CNN_ESTATE, "net_append: the add layer is owned by a net");
    build(net, &(cnn_shape){3, 4, 4}, 1, 1);
    assert_int_equal(cnn_net_append(net, 0, conv(3)), CNN_NET_FAILED);
    assert_error(CNN_ESTATE, "net_append: the net is built already");
    assert_int_equal(cnn_net_append(net, 0, NULL), CNN_NET_FAILED);
    assert_int_equal(add_up(net, 0, 0), CNN_NET_FAILED);
    assert_error(CNN_ESTATE, "net_join: the net is built already");
    assert_int_equal(cnn_net_append(net, CNN_NET_FAILED, conv(3)),
                     CNN_NET_FAILED);
    assert_error(CNN_ESTATE, "net_append: the net is built already");
    assert_int_equal(cnn_net_layer_count(net), 2);
    cnn_net_free(net);
}

/* -------------------------------------------------------------- shapes --- */

static void not_built(cnn_net *net, cnn_status want, const char *part)
{
    assert_failed(cnn_net_build(net, &(cnn_shape){3, 4, 6}, 1, 1), want, part);
    assert_int_equal(cnn_net_built(net), 0);
    cnn_net_free(net);
}

static void shapes_that_do_not_fit(void **state)
{
    cnn_net *net = one_layer();

    (void)state;
    cnn_net_append(net, CNN_NET_INPUT, conv(4));
    add_up(net, 0, 1);
    not_built(net, CNN_ESHAPE,
              "layer 2 (add): layer 0 has 3x4x6 and layer 1 4x4x6, expected "
              "the same shape");
    net = one_layer();
    cnn_net_append(net, 0, cnn_maxpool2d_create(1, 2, NULL));
    add_up(net, CNN_NET_INPUT, 1);
    not_built(net, CNN_ESHAPE,
              "layer 2 (add): the input has 3x4x6 and layer 1 3x4x3");
    net = one_layer();
    cnn_net_append(net, 0, cnn_maxpool2d_create(2, 1, NULL));
    cnn_net_join(net, CNN_JOIN_CONCAT, 3, (const int32_t[]){0, 0, 1});
    not_built(net, CNN_ESHAPE,
              "layer 2 (concat): layer 0 has 3x4x6 and layer 1 3x2x6, expected "
              "the same height and width");
    net = one_layer();
    concat(net, 0, CNN_NET_INPUT);
    cnn_net_add(net, conv(3));
    add_up(net, 1, 2);
    not_built(net, CNN_ESHAPE,
              "layer 3 (add): layer 1 has 6x4x6 and layer 2 3x4x6");
}

/* Only the last layer may have an output that nobody takes. */
static void dead_ends(void **state)
{
    cnn_net *net = one_layer();

    (void)state;
    cnn_net_append(net, CNN_NET_INPUT, conv(4));
    not_built(net, CNN_EINVAL,
              "no layer takes the output of layer 0 (conv2d), and only layer 1 "
              "(conv2d), the last, gives that of the net");
    net = one_layer();
    cnn_net_append(net, 0, conv(3));
    cnn_net_append(net, 0, conv(3));
    cnn_net_add(net, conv(1));
    not_built(net, CNN_EINVAL,
              "the output of layer 1 (conv2d), and only layer "
              "3 (conv2d)");
    net = one_layer();
    add_up(net, 0, 0);
    cnn_net_append(net, 0, conv(3));
    not_built(net, CNN_EINVAL, "the output of layer 1 (add)");
}

/* -------------------------------------------------------------- limits --- */

/* A chain of dense layers of one unit, and a branch at its end. */
static cnn_net *long_net(int32_t layers, bool branch)
{
    cnn_net *net = cnn_net_create();

    while (cnn_net_layer_count(net) < layers - branch)
        cnn_net_add(net, cnn_dense_create(1, NULL));
    if (branch)
        add_up(net, layers - 2, layers - 3);
    return net;
}

static void many_layers(void **state)
{
    const cnn_shape one = {1, 1, 1};
    cnn_net *net = long_net(CNN_MAX_BRANCHED_LAYERS, true);

    (void)state;
    build(net, &one, 1, 1);
    cnn_net_free(net);
    net = long_net(CNN_MAX_BRANCHED_LAYERS + 1, true);
    not_built(net, CNN_EOVERFLOW,
              "4097 layers, in a net with branches at most 4096");
    net = long_net(CNN_MAX_BRANCHED_LAYERS + 1, false);
    build(net, &one, 1, 1);
    cnn_net_free(net);
}

/* Concatenations of 256, whose gradients are an array for each. */
static void many_sources(void **state)
{
    const int32_t all = CNN_MAX_JOINED, joins = CNN_MAX_BRANCHED_SOURCES / all;

    (void)state;
    for (int more = 0; more < 2; more++) {
        cnn_net *net = cnn_net_create();
        int32_t at = CNN_NET_INPUT, from[CNN_MAX_JOINED];

        for (int32_t i = 0; i < joins; i++) {
            for (int32_t k = 0; k < all; k++)
                from[k] = at;
            cnn_net_join(net, CNN_JOIN_CONCAT,
                         i > 0 ? all : all - joins + 1 + more, from);
            at = i < joins - 1
                     ? cnn_net_append(net, 2 * i, cnn_dense_create(1, NULL))
                     : at;
        }
        if (more)
            not_built(net, CNN_EOVERFLOW,
                      "its layers take 8193 outputs, in a net with branches at "
                      "most ");
        else {
            build(net, &(cnn_shape){1, 1, 1}, 1, 1);
            cnn_net_free(net);
        }
    }
}

/* Channels, and floats of a sample, that do not end in a wrap. */
static void huge_shapes(void **state)
{
    const cnn_shape wide = {1 << 22, 1, 1};
    int32_t all[CNN_MAX_JOINED] = {0};
    cnn_net *net = cnn_net_create();

    (void)state;
    for (int32_t k = 0; k < CNN_MAX_JOINED; k++)
        all[k] = CNN_NET_INPUT;
    cnn_net_join(net, CNN_JOIN_CONCAT, CNN_MAX_JOINED, all);
    assert_failed(cnn_net_build(net, &wide, 1, 1), CNN_EOVERFLOW,
                  "one sample takes ");
    assert_failed(
        cnn_net_build(net, &(cnn_shape){1 << 24, 1, 1}, 1, 1), CNN_EOVERFLOW,
        "layer 0 (concat): 4294967296 channels, more than 2147483647");
    build(net, &(cnn_shape){1, 1, 1}, 1, 1);
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(no_such_source),
        cmocka_unit_test(bad_appends),
        cmocka_unit_test(bad_joins),
        cmocka_unit_test(first_error_stays),
        cmocka_unit_test(too_late),
        cmocka_unit_test(shapes_that_do_not_fit),
        cmocka_unit_test(dead_ends),
        cmocka_unit_test(many_layers),
        cmocka_unit_test(many_sources),
        cmocka_unit_test(huge_shapes),
    };

    return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
