/* Model files: nets with all that belongs to them, there and back. */
#include <string.h>

#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"

/* What no program may say together, and files of older versions say: the
 * initial values of biases that there are not. */
static void bias_init_without_biases(void **state)
{
    cnn_net *net = cnn_net_create();
    model_bytes m;

    (void)state;
    cnn_net_add(
        net, cnn_dense_create(2, &(cnn_dense_options){
                                     .struct_size = sizeof(cnn_dense_options),
                                     .flags = CNN_NO_BIAS}));
    build(net, &(cnn_shape){3, 1, 1}, 3, 1);
    model_of(&m, net);
    model_replace(&m, "`bias_init`:0,`bias_scale`:0.0",
                  "`bias_init`:4,`bias_scale`:0.5");
    cnn_net *loaded = cnn_net_load_memory(m.data, m.size, 3);
    assert_non_null(loaded);
    assert_same_bits(cnn_net_params(loaded), cnn_net_params(net), 6);
    model_there_and_back(loaded);
    cnn_net *copy = cnn_net_copy(loaded, 3);
    assert_non_null(copy);
    model_assert_same(copy, loaded);
    cnn_net_free(copy);
    cnn_net_free(loaded);
    model_free(&m);
    cnn_net_free(net);
}

static void losses(void **state)
{
    (void)state;
    for (int32_t loss = 0; loss < 3; loss++)
        for (int32_t reduction = 0; reduction < 2; reduction++) {
            const char *says[] = {
                "`loss`:0,`reduction`:0", "`loss`:0,`reduction`:1",
                "`loss`:1,`reduction`:0", "`loss`:1,`reduction`:1",
                "`loss`:2,`reduction`:0", "`loss`:2,`reduction`:1"};
            cnn_net *net = tiny_net(), *copy;
            model_bytes m;

            cnn_net_set_loss(net, loss, reduction);
            build(net, &tiny_shape, 3, 1);
            model_of(&m, net);
            assert_true(model_holds(&m, says[2 * loss + reduction]));
            copy = cnn_net_load_memory(m.data, m.size, 3);
            assert_int_equal(cnn_net_loss(copy), loss);
            assert_int_equal(cnn_net_reduction(copy), reduction);
            cnn_net_free(copy);
            model_free(&m);
            model_there_and_back(net);
            cnn_net_free(net);
        }
}

/* Values that print or compare strangely keep their bits. */
static void strange_values(void **state)
{
    const float strange[] = {-0.0f,           0x1p-149f,   -0x1p-126f,
                             0x1.fffffep127f, 1.0f / 3.0f, -0x1.fffffep127f};
    cnn_net *net = dense_net(3, 1, 3), *copy;
    model_bytes m;

    (void)state;
    for (int i = 0; i < 4; i++)
        cnn_net_params(net)[i] = strange[i];
    model_of(&m, net);
    copy = cnn_net_load_memory(m.data, m.size, 1);
    assert_same_bits(cnn_net_params(copy), strange, 4);
    cnn_net_free(copy);
    model_free(&m);
    cnn_net_free(net);
}

static void whole_nets(void **state)
{
    cnn_net *net = conv_net(true);

    (void)state;
    build(net, &conv_net_shape, 5, 1);
    model_there_and_back(net);
    cnn_net_free(net);
    net = classic_net();
    build(net, &classic_shape, 5, 2);
    model_there_and_back(net);
    cnn_net_free(net);
}

/* A loaded net trains on as the one that was saved, whose optimiser has no
 * memory. */
static void trains_on(void **state)
{
    training t = {.optim = cnn_sgd_create(0.1f, NULL)};
    training u = {.optim = cnn_sgd_create(0.1f, NULL)};
    model_bytes m;

    (void)state;
    training_open(&t, 1);
    model_of(&m, t.net);
    u.net = cnn_net_load_memory(m.data, m.size, TINY_BATCH);
    model_free(&m);
    training_open(&u, 2);
    training_run(&t, 10);
    training_run(&u, 10);
    assert_same_training(&u, &t);
    training_close(&t);
    training_close(&u);
}

/* A net of more and more layers: what is saved can be loaded, and some day the
 * layers are too many for so few parameters to be saved. */
static void many_layers(void **state)
{
    int saved = 0, refused = 0;

    (void)state;
    for (int count = 10; count <= 400; count += 10) {
        cnn_net *net = cnn_net_create();
        size_t size;

        for (int i = 0; i < count; i++)
            cnn_net_add(net, cnn_dense_create(1, NULL));
        build(net, &(cnn_shape){1, 1, 1}, 3, 1);
        if (cnn_net_save_memory(net, NULL, 0, &size) == CNN_OK) {
            model_there_and_back(net);
            saved = count;
        } else {
            assert_error(CNN_EUNSUPPORTED,
                         "too many tensors and settings for a model file of ");
            refused++;
        }
        cnn_net_free(net);
    }
    assert_true(saved >= 100 && refused > 0);
}

/* Tensors that no layer takes, which later versions may add: whatever is in
 * them, the net is what the architecture says, and does not keep them. */
static void spare_tensors(void **state)
{
    cnn_net *net = tiny_net();
    float *bias;
    model_bytes m, again;

    (void)state;
    build(net, &tiny_shape, 1, 1);
    bias = cnn_net_params(net) + 8 * 9;
    for (int i = 0; i < 8; i++)
        bias[i] = 1.0f;
    model_of(&m, net);
    model_replace(&m, "`flags`:0", "`flags`:1");
    memset(m.data + m.size - 4 - 4 * TINY_PARAMS + 4 * 8 * 9, 0xff, 8 * 4);
    model_seal(&m);
    cnn_net *loaded = cnn_net_load_memory(m.data, m.size, 1);
    assert_non_null(loaded);
    assert_int_equal(cnn_net_param_count(loaded), TINY_PARAMS - 8);
    model_of(&again, loaded);
    assert_true(model_holds(&m, "'0.bias'"));
    assert_false(model_holds(&again, "'0.bias'"));
    memset(bias, 0, 8 * sizeof(float));
    float *x = uniform(36, 3);
    assert_int_equal(cnn_net_forward(net, 0, 1, x), CNN_OK);
    assert_int_equal(cnn_net_forward(loaded, 0, 1, x), CNN_OK);
    assert_same_bits(cnn_net_output(loaded), cnn_net_output(net), 10);
    test_free(x);
    model_free(&m);
    model_free(&again);
    cnn_net_free(net);
    cnn_net_free(loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bias_init_without_biases),
        cmocka_unit_test(losses),
        cmocka_unit_test(strange_values),
        cmocka_unit_test(whole_nets),
        cmocka_unit_test(trains_on),
        cmocka_unit_test(many_layers),
        cmocka_unit_test(spare_tensors),
    };

    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
