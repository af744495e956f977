/* Counting what a net is made of and costs, and writing it down. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "support/faulty_memory.h"
#include "support/training.h"

static cnn_net *built_classic(int32_t max_batch)
{
    cnn_net *net = classic_net();

    build(net, &classic_shape, max_batch, 1);
    return net;
}

static cnn_costs costs_of(cnn_net *net, int32_t layer)
{
    cnn_costs costs = {.struct_size = sizeof(costs)};

    assert_int_equal(cnn_layer_costs(cnn_net_layer(net, layer), &costs),
                     CNN_OK);
    return costs;
}

/* LeCun et al. (1998), II.B. */
static void figures_of_the_paper(void **state)
{
    const int64_t want[][3] = {
        /* layer, trainable parameters, connections */
        {0, 156, 122304}, {2, 12, 5880},     {4, 1516, 151600},
        {6, 32, 2000},    {8, 48120, 48120}, {10, 10164, 10164},
    };
    cnn_net *net = built_classic(1);
    cnn_costs all = {.struct_size = sizeof(all)};
    cnn_costs output = costs_of(net, 12);
    int64_t params = 0, connections = output.connections;

    (void)state;
    for (int i = 0; i < 6; i++) {
        const cnn_costs c = costs_of(net, (int32_t)want[i][0]);

        assert_int_equal(c.params, want[i][1]);
        assert_int_equal(c.connections, want[i][2]);
        params += c.params;
        connections += c.connections;
    }
    assert_int_equal(params, CLASSIC_PARAMS);
    /* The codes are fixed. */
    assert_int_equal(output.params, 0);
    assert_int_equal(output.connections, 840);
    assert_int_equal(cnn_net_costs(net, &all), CNN_OK);
    assert_int_equal(all.params, CLASSIC_PARAMS);
    assert_int_equal(all.connections, connections);
    assert_int_equal(all.params, cnn_net_param_count(net));
    cnn_net_free(net);
}

/* One layer of each kind on 2x4x6: parameters, connections, multiply-adds. */
static void every_kind(void **state)
{
    const struct {
        cnn_layer *layer;
        int64_t params, connections, multiply_adds;
    } kinds[] = {
        {cnn_conv2d_create(3, 3, 3, NULL), 57, 24 * 19, 24 * 18},
        {cnn_maxpool2d_create(2, 2, NULL), 0, 12 * 4, 0},
        {cnn_avgpool2d_create(2, 3, NULL), 0, 8 * 6, 0},
        {cnn_global_maxpool2d_create(), 0, 2 * 24, 0},
        {cnn_global_avgpool2d_create(), 0, 2 * 24, 0},
        {cnn_subsample2d_create(2, 2, NULL), 4, 12 * 5, 12},
        {cnn_dense_create(5, NULL), 245, 245, 240},
        {cnn_activation_create(CNN_TANH, NULL), 0, 0, 0},
        {cnn_activation_create(CNN_GELU, NULL), 0, 0, 0},
        {cnn_softmax_create(), 0, 0, 0},
        {cnn_dropout_create(0.5f), 0, 0, 0},
        {cnn_batchnorm_create(NULL), 4, 96, 48},
        {cnn_layernorm_create(NULL), 96, 96, 48},
        {cnn_conv2d_transpose_create(3, 2, 4, NULL), 51, 24 * 48 + 3 * 5 * 9,
         24 * 48},
        {cnn_reshape_create(&(cnn_shape){6, 8, 1}), 0, 0, 0},
        {cnn_upsample2d_create(2, 3, CNN_UPSAMPLE_NEAREST), 0, 6 * 48, 0},
        {cnn_upsample2d_create(2, 3, CNN_UPSAMPLE_BILINEAR), 0, 4 * 6 * 48,
         4 * 6 * 48},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        cnn_layer *layer = kinds[i].layer;
        cnn_costs c = {.struct_size = sizeof(c)};

        assert_int_equal(cnn_layer_build(layer, &(cnn_shape){2, 4, 6}, 3, 1),
                         CNN_OK);
        assert_int_equal(cnn_layer_costs(layer, &c), CNN_OK);
        if (c.params != kinds[i].params ||
            c.connections != kinds[i].connections ||
            c.multiply_adds != kinds[i].multiply_adds)
            fail_msg("%s: %lld, %lld, %lld", cnn_layer_kind(layer),
                     (long long)c.params, (long long)c.connections,
                     (long long)c.multiply_adds);
        cnn_layer_free(layer);
    }
}

/* ---------------------------------------------------------------- memory ---
 */

/* What comes on top of the claim, whatever the batch: of each block what is
 * around it, and the lists of what a convolution connects. */
#define ON_TOP 2048

/* A net takes one block when it is built, and a session one beside itself; they
 * have the sizes that are claimed. */
static void memory_is_what_is_taken(void **state)
{
    size_t on_top = 0;

    (void)state;
    for (int32_t batch = 1; batch <= 64; batch *= 8) {
        cnn_net_memory m = {.struct_size = sizeof(m)};

        faulty_memory_install();
        cnn_net *net = classic_net();
        const size_t described = faulty_memory_bytes();
        build(net, &classic_shape, batch, 1);
        const size_t built = faulty_memory_bytes();
        cnn_session *session = cnn_session_create(net, batch);
        const size_t open = faulty_memory_bytes();
        assert_int_equal(cnn_net_measure(net, &m), CNN_OK);
        const size_t more = built - described - (size_t)m.training;
        assert_in_range(more, 0, ON_TOP);
        assert_true(batch == 1 || more == on_top);
        on_top = more;
        assert_in_range(open - built, m.inference - m.parameters,
                        m.inference - m.parameters + ON_TOP);
        assert_int_equal(m.parameters, (CLASSIC_PARAMS + 840) * 4);
        cnn_session_free(session);
        cnn_net_free(net);
        faulty_memory_remove();
    }
}

/* ----------------------------------------------------------------- text --- */

/* In a block of just that size; to be freed. */
static char *summary_of(const cnn_net *net, int32_t form)
{
    size_t size = 0, again = 0;

    assert_int_equal(cnn_net_summary(net, form, NULL, 0, &size), CNN_OK);
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    assert_int_equal(cnn_net_summary(net, form, text, size, &again), CNN_OK);
    assert_int_equal(again, size);
    assert_int_equal(strlen(text), size - 1);
    return text;
}

/* A line for each layer, none longer than 80 columns. */
static void text_is_a_table(void **state)
{
    cnn_net *net = built_classic(64);
    char *text = summary_of(net, CNN_SUMMARY_TEXT);
    const char *const lines[] = {
        "\n 0 conv2d        6 x 28 x 28               156        122304 ",
        "\n 2 subsample2d   6 x 14 x 14                12          5880 ",
        "\n12 rbf           10 x 1 x 1                  0           840 ",
        "\ntotal                                    60000        340908 ",
        "\nmemory: "};
    int count = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (strstr(text, lines[i]) == NULL)
            fail_msg("no \"%s\" in\n%s", lines[i], text);
    for (const char *line = text; *line != '\0'; count++) {
        const size_t length = strcspn(line, "\n");

        assert_in_range(length, 1, 80);
        assert_true(line[length] == '\n');
        line += length + 1;
    }
    /* A head, the layers, a total, and two lines about memory. */
    assert_int_equal(count, 1 + cnn_net_layer_count(net) + 1 + 2);
    free(text);
    cnn_net_free(net);
}

/* ----------------------------------------------------------------- JSON --- */

static int64_t integer(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_integer(value))
        fail_msg("no integer %s", name);
    return json_integer_value(value);
}

static void assert_costs(const json_t *json, const cnn_costs *c)
{
    assert_int_equal(integer(json, "params"), c->params);
    assert_int_equal(integer(json, "connections"), c->connections);
    assert_int_equal(integer(json, "multiply_adds"), c->multiply_adds);
}

static void json_says_the_same(void **state)
{
    cnn_net *net = built_classic(64);
    char *text = summary_of(net, CNN_SUMMARY_JSON);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const json_t *layers = json_object_get(json, "layers");
    const json_t *memory = json_object_get(json, "memory");
    cnn_costs c = {.struct_size = sizeof(c)};
    cnn_net_memory m = {.struct_size = sizeof(m)};

    (void)state;
    assert_int_equal(json_array_size(layers), cnn_net_layer_count(net));
    for (int32_t i = 0; i < cnn_net_layer_count(net); i++) {
        const json_t *one = json_array_get(layers, (size_t)i);
        const json_t *output = json_object_get(one, "output");
        cnn_shape out;

        c = costs_of(net, i);
        assert_costs(one, &c);
        assert_string_equal(json_string_value(json_object_get(one, "kind")),
                            cnn_layer_kind(cnn_net_layer(net, i)));
        cnn_layer_out_shape(cnn_net_layer(net, i), &out);
        assert_int_equal(json_array_size(output), 3);
        assert_int_equal(json_integer_value(json_array_get(output, 0)), out.c);
        assert_int_equal(json_integer_value(json_array_get(output, 1)), out.h);
        assert_int_equal(json_integer_value(json_array_get(output, 2)), out.w);
    }
    assert_int_equal(cnn_net_costs(net, &c), CNN_OK);
    assert_costs(json, &c);
    assert_int_equal(cnn_net_measure(net, &m), CNN_OK);
    assert_int_equal(integer(memory, "training"), m.training);
    assert_int_equal(integer(memory, "inference"), m.inference);
    assert_int_equal(integer(memory, "parameters"), m.parameters);
    assert_int_equal(integer(json, "max_batch"), 64);
    json_decref(json);
    free(text);
    cnn_net_free(net);
}

/* --------------------------------------------------------------- errors --- */

static void small_buffers(void **state)
{
    cnn_net *net = built_classic(1);
    char buffer[64], before[64];
    size_t size, wanted;

    (void)state;
    memset(buffer, 'x', sizeof(buffer));
    memcpy(before, buffer, sizeof(before));
    for (int32_t form = 0; form < 2; form++) {
        assert_int_equal(cnn_net_summary(net, form, NULL, 0, &wanted), CNN_OK);
        assert_failed(cnn_net_summary(net, form, buffer, sizeof(buffer), &size),
                      CNN_EINVAL, "net_summary: a buffer of 64 bytes for ");
        assert_int_equal(size, wanted);
        assert_memory_equal(buffer, before, sizeof(buffer));
        char *exact = malloc(wanted);
        assert_failed(cnn_net_summary(net, form, exact, wanted - 1, &size),
                      CNN_EINVAL, "a buffer of ");
        assert_int_equal(cnn_net_summary(net, form, exact, wanted, &size),
                         CNN_OK);
        free(exact);
    }
    cnn_net_free(net);
}

/* 0 conv, 1 the sum of it and the input, 2 dense, joined in all three forms. */
static void branches(void **state)
{
    static const char dot[] = "digraph net {\n"
                              "    node [shape=box];\n"
                              "    input [label=\"input\\n2 x 4 x 4\"];\n"
                              "    0 [label=\"0 conv2d\\n2 x 4 x 4\"];\n"
                              "    {input} -> 0;\n"
                              "    1 [label=\"1 add\\n2 x 4 x 4\"];\n"
                              "    {0 input} -> 1;\n"
                              "    2 [label=\"2 dense\\n3 x 1 x 1\"];\n"
                              "    {1} -> 2;\n"
                              "}\n";
    cnn_net *net = cnn_net_create();
    char text[2048];
    size_t size;

    (void)state;
    cnn_net_add(net, cnn_conv2d_create(2, 1, 1, NULL));
    cnn_net_join(net, CNN_JOIN_ADD, 2, (int32_t[]){0, CNN_NET_INPUT});
    cnn_net_add(net, cnn_dense_create(3, NULL));
    build(net, &(cnn_shape){2, 4, 4}, 1, 1);
    assert_int_equal(
        cnn_net_summary(net, CNN_SUMMARY_DOT, text, sizeof(text), &size),
        CNN_OK);
    assert_string_equal(text, dot);
    assert_int_equal(
        cnn_net_summary(net, CNN_SUMMARY_TEXT, text, sizeof(text), &size),
        CNN_OK);
    assert_non_null(strstr(text, "\n 0 conv2d        2 x 4 x 4"));
    assert_non_null(strstr(text, "\n 1 add <- 0 input 2 x 4 x 4"));
    assert_int_equal(
        cnn_net_summary(net, CNN_SUMMARY_JSON, text, sizeof(text), &size),
        CNN_OK);
    assert_non_null(strstr(text, "\"from\": [0, -1], "));
    cnn_net_free(net);
}

static void errors(void **state)
{
    cnn_layer *raw_layer = cnn_dense_create(1, NULL);
    cnn_net *net = dense_net(1, 1, 1), *raw = tiny_net();
    cnn_costs c = {.struct_size = sizeof(c)};
    cnn_net_memory m = {.struct_size = sizeof(m)};
    size_t size;

    (void)state;
    assert_failed(cnn_layer_costs(NULL, &c), CNN_EINVAL, "layer is NULL");
    assert_failed(cnn_layer_costs(cnn_net_layer(net, 0), NULL), CNN_EINVAL,
                  "costs is NULL");
    assert_failed(cnn_layer_costs(raw_layer, &c), CNN_ESTATE,
                  "layer_costs: the dense layer is not built");
    assert_failed(cnn_net_costs(NULL, &c), CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_costs(raw, &c), CNN_ESTATE, "not built");
    assert_failed(cnn_net_costs(net, NULL), CNN_EINVAL, "costs is NULL");
    assert_failed(cnn_net_measure(NULL, &m), CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_measure(raw, &m), CNN_ESTATE, "not built");
    assert_failed(cnn_net_measure(net, NULL), CNN_EINVAL, "memory is NULL");
    assert_failed(cnn_net_summary(NULL, 0, NULL, 0, &size), CNN_EINVAL,
                  "net is NULL");
    assert_failed(cnn_net_summary(raw, 0, NULL, 0, &size), CNN_ESTATE,
                  "not built");
    assert_failed(cnn_net_summary(net, 0, NULL, 0, NULL), CNN_EINVAL,
                  "size is NULL");
    assert_failed(cnn_net_summary(net, 3, NULL, 0, &size), CNN_EINVAL,
                  "form 3, expected 0 to 2");
    assert_failed(cnn_net_summary(net, -1, NULL, 0, &size), CNN_EINVAL,
                  "form -1, expected 0 to 2");
    cnn_layer_free(raw_layer);
    cnn_net_free(net);
    cnn_net_free(raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_of_the_paper),
        cmocka_unit_test(every_kind),
        cmocka_unit_test(memory_is_what_is_taken),
        cmocka_unit_test(text_is_a_table),
        cmocka_unit_test(json_says_the_same),
        cmocka_unit_test(small_buffers),
        cmocka_unit_test(branches),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
