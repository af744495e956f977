/* Files of nets with branches: the same net and bytes there and back; and files
 * with a right checksum that say what no graph can be. */
#include <stdio.h>
#include <string.h>

#include "cnn/graph.h"
#include "support/faulty_memory.h"
#include "support/graphs.h"
#include "support/model_bytes.h"
#include "support/training.h"

/* ------------------------------------------------------ there and back --- */

static void there_and_back(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        cnn_net *net = random_graph(seed, false);

        build(net, &graph_shape, 3, seed);
        model_there_and_back(net);
        cnn_net_free(net);
    }
}

/* Only what is not the layer before is written. */
static void what_is_written(void **state)
{
    cnn_net *net = block_graph(), *stack = tiny_net();
    model_bytes m;

    (void)state;
    build(net, &tiny_shape, 3, 1);
    model_of(&m, net);
    assert_true(model_holds(&m, "{`kind`:`batchnorm`,"));
    assert_true(model_holds(&m, ",{`kind`:`add`,`from`:[4,1]},"
                                "{`kind`:`concat`,`from`:[5,1]},"
                                "{`kind`:`dense`,"));
    assert_false(model_holds(&m, "`from`:0"));
    model_free(&m);
    cnn_net_free(net);
    net = cnn_net_create();
    cnn_net_add(net, cnn_global_avgpool2d_create());
    cnn_net_append(net, CNN_NET_INPUT, cnn_global_avgpool2d_create());
    cnn_net_join(net, CNN_JOIN_CONCAT, 3, (const int32_t[]){1, 0, 1});
    build(net, &tiny_shape, 3, 1);
    model_of(&m, net);
    assert_true(model_holds(&m, "[{`kind`:`global_avgpool2d`},"
                                "{`kind`:`global_avgpool2d`,`from`:-1},"
                                "{`kind`:`concat`,`from`:[1,0,1]}]"));
    model_free(&m);
    cnn_net_free(net);
    build(stack, &tiny_shape, 3, 1);
    model_of(&m, stack);
    assert_false(model_holds(&m, "from"));
    model_free(&m);
    cnn_net_free(stack);
}

/* A stack's file may say what goes without saying; it is not written again. */
static void said_though_not_needed(void **state)
{
    cnn_net *net = tiny_net();
    model_bytes m, again;

    (void)state;
    build(net, &tiny_shape, 3, 1);
    model_of(&m, net);
    model_replace(&m, "`units`:10", "`from`:2,`units`:10");
    model_replace(&m, "`filters`:8", "`filters`:8,`from`:-1");
    cnn_net *loaded = cnn_net_load_memory(m.data, m.size, 3);
    if (loaded == NULL)
        fail_msg("%s", cnn_last_error());
    model_assert_same(loaded, net);
    model_of(&again, loaded);
    assert_false(model_holds(&again, "from"));
    model_free(&again);
    model_free(&m);
    cnn_net_free(loaded);
    cnn_net_free(net);
}

/* ------------------------------------------------------------- refused --- */

/* One change of block_graph(), the status, and what the text says. */
typedef struct change {
    const char *from, *to;
    cnn_status status;
    const char *text;
} change;

#define ADD    "{`kind`:`add`,`from`:[4,1]}"
#define CONCAT "{`kind`:`concat`,`from`:[5,1]}"
#define SECOND "`kind`:`batchnorm`"

static const change changes[] = {
    /* Itself, or what comes later: a cycle would need one of them. */
    {ADD, "{`kind`:`add`,`from`:[4,5]}", CNN_EINVAL,
     "layer 5: net_join: there is no layer 5 to go on from, expected -1 (the "
     "input) to 4"},
    {ADD, "{`kind`:`add`,`from`:[6,1]}", CNN_EINVAL, "no layer 6 to go on"},
    {SECOND, SECOND ",`from`:3", CNN_EINVAL,
     "layer 3: net_append: there is no layer 3 to go on from"},
    {SECOND, SECOND ",`from`:7", CNN_EINVAL, "no layer 7 "},
    /* Out of range, ... */
    {ADD, "{`kind`:`add`,`from`:[-2,1]}", CNN_EINVAL, "no layer -2 "},
    {ADD, "{`kind`:`add`,`from`:[2147483647,1]}", CNN_EINVAL,
     "no layer 2147483647 "},
    {ADD, "{`kind`:`add`,`from`:[-2147483648,1]}", CNN_EINVAL,
     "no layer -2147483648 "},
    {SECOND, SECOND ",`from`:-2", CNN_EINVAL, "no layer -2 "},
    /* ... and of 32 bits: 4294967300 is 4 there, and 4294967295 -1. */
    {ADD, "{`kind`:`add`,`from`:[4294967300,1]}", CNN_EFORMAT,
     "layer 5: from has no numbers of layers"},
    {ADD, "{`kind`:`add`,`from`:[9223372036854775807,1]}", CNN_EFORMAT,
     "no numbers"},
    {SECOND, SECOND ",`from`:4294967295", CNN_EFORMAT,
     "layer 3: from is not the number of a layer"},
    /* No whole numbers. */
    {ADD, "{`kind`:`add`,`from`:[4.0,1]}", CNN_EFORMAT, "no numbers"},
    {ADD, "{`kind`:`add`,`from`:[`4`,1]}", CNN_EFORMAT, "no numbers"},
    {ADD, "{`kind`:`add`,`from`:[null,1]}", CNN_EFORMAT, "no numbers"},
    {ADD, "{`kind`:`add`,`from`:[[4],1]}", CNN_EFORMAT, "no numbers"},
    {ADD, "{`kind`:`add`,`from`:[true,1]}", CNN_EFORMAT, "no numbers"},
    {SECOND, SECOND ",`from`:2.0", CNN_EFORMAT, "not the number of a layer"},
    {SECOND, SECOND ",`from`:`2`", CNN_EFORMAT, "not the number of a layer"},
    {SECOND, SECOND ",`from`:null", CNN_EFORMAT, "not the number of a layer"},
    {SECOND, SECOND ",`from`:[2]", CNN_EFORMAT, "not the number of a layer"},
    {SECOND, SECOND ",`from`:[2,1]", CNN_EFORMAT, "not the number of a layer"},
    /* Too few. */
    {ADD, "{`kind`:`add`}", CNN_EFORMAT,
     "layer 5: it joins 0 layers, expected 2 to 256"},
    {ADD, "{`kind`:`add`,`from`:[]}", CNN_EFORMAT, "it joins 0 layers"},
    {ADD, "{`kind`:`add`,`from`:[4]}", CNN_EFORMAT, "it joins 1 layers"},
    {ADD, "{`kind`:`add`,`from`:4}", CNN_EFORMAT, "it joins 0 layers"},
    {ADD, "{`kind`:`add`,`from`:{}}", CNN_EFORMAT, "it joins 0 layers"},
    {ADD, "{`kind`:`add`,`from`:`4`}", CNN_EFORMAT, "it joins 0 layers"},
    /* Settings that a later version may give to joins. */
    {ADD, "{`kind`:`add`,`from`:[4,1],`scale`:2}", CNN_EUNSUPPORTED,
     "layer 5: setting scale is not known"},
    {CONCAT, "{`kind`:`concat`,`from`:[5,1],`table`:[`1`]}", CNN_EUNSUPPORTED,
     "setting table is not known"},
    {ADD, "{`kind`:`sum`,`from`:[4,1]}", CNN_EUNSUPPORTED,
     "kind sum is not known"},
    /* Unlike shapes. */
    {ADD, "{`kind`:`add`,`from`:[4,-1]}", CNN_ESHAPE,
     "layer 5 (add): layer 4 has 4x6x6 and the input 1x6x6, expected the same "
     "shape"},
    {ADD, "{`kind`:`global_avgpool2d`}", CNN_ESHAPE,
     "layer 6 (concat): layer 5 has 4x1x1 and layer 1 4x6x6, expected the same "
     "height and width"},
    {CONCAT, "{`kind`:`add`,`from`:[5,1]}", CNN_EFORMAT, "7.weight"},
    {CONCAT, "{`kind`:`concat`,`from`:[5,1,1]}", CNN_EFORMAT, "7.weight"},
    /* Two outputs. */
    {ADD, "{`kind`:`add`,`from`:[1,1]}", CNN_EINVAL,
     "no layer takes the output of layer 4 (activation), and only layer 7 "
     "(dense), the last, gives that of the net"},
    {"`units`:10", "`from`:5,`units`:10", CNN_EINVAL,
     "no layer takes the output of layer 6 (concat)"},
    {SECOND, SECOND ",`from`:1", CNN_EINVAL,
     "no layer takes the output of layer 2 (conv2d)"},
};

static void one_change(void **state)
{
    cnn_net *net = block_graph();
    model_bytes good;

    (void)state;
    build(net, &tiny_shape, 3, 1);
    model_of(&good, net);
    cnn_net_free(net);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        const change *c = &changes[i];
        model_bytes m;

        model_copy(&m, &good);
        model_replace(&m, c->from, c->to);
        faulty_memory_reset();
        assert_null(cnn_net_load_memory(m.data, m.size, 1));
        if (cnn_last_status() != c->status ||
            strstr(cnn_last_error(), c->text) == NULL)
            fail_msg("%s: %d, \"%s\"", c->to, cnn_last_status(),
                     cnn_last_error());
        assert_int_equal(faulty_memory_blocks(), 0);
        assert_in_range(faulty_memory_peak(), 1, 4 * m.size + (1 << 20));
        model_free(&m);
    }
    model_free(&good);
}

/* ------------------------------------------------------------ too many --- */

/* A file of a join of so many, and no more layers. */
static cnn_net *load_join(int32_t count)
{
    static char header[8192];
    model_bytes m;
    size_t used = (size_t)snprintf(
        header, sizeof(header),
        "{\"__metadata__\":{\"libcnn\":\"{\\\"version\\\":1}\","
        "\"architecture\":\"{\\\"input\\\":[1,1,1],\\\"loss\\\":0,"
        "\\\"reduction\\\":0,\\\"layers\\\":[{\\\"kind\\\":\\\"concat\\\","
        "\\\"from\\\":[-1");

    for (int32_t k = 1; k < count; k++)
        used += (size_t)snprintf(header + used, sizeof(header) - used, ",-1");
    snprintf(header + used, sizeof(header) - used,
             "]}]}\"},\"__crc32__\":{\"dtype\":\"U8\",\"shape\":[4],"
             "\"data_offsets\":[0,4]}}");
    model_make(&m, header, NULL, 0);
    cnn_net *net = cnn_net_load_memory(m.data, m.size, 1);
    model_free(&m);
    return net;
}

static void too_many(void **state)
{
    cnn_net *net = load_join(CNN_MAX_JOINED);

    (void)state;
    if (net == NULL)
        fail_msg("%s", cnn_last_error());
    cnn_net_free(net);
    assert_null(load_join(CNN_MAX_JOINED + 1));
    assert_error(CNN_EFORMAT,
                 "layer 0: it joins 257 layers, expected 2 to 256");
    assert_int_equal(faulty_memory_blocks(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(what_is_written),
        cmocka_unit_test(said_though_not_needed),
        cmocka_unit_test(one_change),
        cmocka_unit_test(too_many),
    };

    return cmocka_run_group_tests_name("graph hostile", tests,
                                       faulty_memory_open_group,
                                       faulty_memory_close_group);
}
