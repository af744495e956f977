/* Memory that runs out while nets are copied and taken apart. */
#include "cnn/parts.h"

#include "support/faulty_memory.h"
#include "support/model_bytes.h"
#include "support/own_layer.h"
#include "support/temp_file.h"
#include "support/training.h"

static cnn_status status_of(const void *made)
{
    return made != NULL ? CNN_OK : cnn_last_status();
}

static cnn_status copy_net(void *data)
{
    cnn_net *copy = cnn_net_copy(data, 2);
    const cnn_status status = status_of(copy);

    cnn_net_free(copy);
    return status;
}

static cnn_status take_layers(void *data)
{
    cnn_net *part = cnn_net_take(data, 0, 4);
    const cnn_status status = status_of(part);

    cnn_net_free(part);
    return status;
}

static void copies(void **state)
{
    cnn_net *const nets[] = {rich_net(), classic_net()};
    const cnn_shape *const in[] = {&tiny_shape, &classic_shape};

    (void)state;
    for (int i = 0; i < 2; i++) {
        cnn_net_add(nets[i], own_layer(1.0f, CNN_BY_SAMPLES, NULL));
        build(nets[i], in[i], 1, 1);
        cnn_net_set_metadata(nets[i], "key", "value");
        /* The layers and what they keep; the net, its list, its block. */
        assert_true(assert_survives_faults(copy_net, nets[i]) >= 2 * 12);
        assert_true(assert_survives_faults(take_layers, nets[i]) >= 2 * 7);
        cnn_net_free(nets[i]);
    }
}

/* -------------------------------------------------------------- weights --- */

static cnn_status load_weights(void *data)
{
    cnn_net *net = data;
    float *before = copy_params(net);
    const cnn_status status =
        cnn_net_load_weights(net, temp_path("weights"), 0, NULL, NULL);

    if (status != CNN_OK)
        assert_same_bits(cnn_net_params(net), before, TINY_PARAMS);
    test_free(before);
    return status;
}

static void weights(void **state)
{
    cnn_net *net = tiny_net(), *other = tiny_net();

    (void)state;
    build(net, &tiny_shape, 1, 1);
    build(other, &tiny_shape, 1, 2);
    assert_int_equal(cnn_net_save(other, temp_path("weights")), CNN_OK);
    assert_true(assert_survives_faults(load_weights, net) >= 2 * 2);
    assert_same_bits(cnn_net_params(net), cnn_net_params(other), TINY_PARAMS);
    cnn_net_free(net);
    cnn_net_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies),
        cmocka_unit_test(weights),
    };

    return cmocka_run_group_tests_name("out of memory: copies", tests,
                                       faulty_memory_open_group,
                                       faulty_memory_close_group);
}
