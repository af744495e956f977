/* Layers that a program wrote: in nets, in sessions and files. */
#include <stdlib.h>
#include <string.h>

#include "support/model_bytes.h"
#include "support/nets.h"
#include "support/own_layer.h"
#include "support/temp_file.h"
#include "support/training.h"

static const uint32_t both[] = {0, CNN_BY_SAMPLES};

static const cnn_shape net_shape = {1, 6, 7};

/* dense 8, the layer, ReLU, the layer, dense 3 */
static cnn_net *own_net(uint32_t flags, int32_t *freed)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_dense_create(8, NULL));
    cnn_net_add(net, own_layer(0.5f, flags, freed));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, own_layer(0.25f, flags, freed));
    cnn_net_add(net, cnn_dense_create(3, NULL));
    build(net, &net_shape, 16, 3);
    return net;
}

static void learns(void **state)
{
    float *x = uniform(16 * 42, 1);
    cnn_optim *adam = cnn_adam_create(0.01f, NULL);
    int32_t labels[16];

    (void)state;
    fill_labels(labels, 16, 3, 2);
    for (int k = 0; k < 2; k++) {
        cnn_net *net = own_net(both[k], NULL);
        cnn_metrics first = {0}, last = {0};
        float before[8];

        const float *gain = cnn_layer_params(cnn_net_layer(net, 1));
        assert_memory_not_equal(gain, cnn_layer_params(cnn_net_layer(net, 3)),
                                sizeof(before)); /* another seed for each */
        memcpy(before, gain, sizeof(before));
        for (int i = 0; i < 150; i++)
            assert_int_equal(cnn_net_train_step(net, adam, 16, x, labels,
                                                i == 0 ? &first : &last),
                             CNN_OK);
        assert_true(last.loss < 0.2 * first.loss);
        for (int i = 0; i < 8; i++)
            assert_true(gain[i] != before[i]);
        cnn_net_free(net);
    }
    cnn_optim_free(adam);
    test_free(x);
}

static void counted(void **state)
{
    cnn_costs costs = {.struct_size = sizeof(costs)};
    cnn_net *net = own_net(0, NULL);
    char text[2000];
    size_t size;

    (void)state;
    assert_int_equal(cnn_layer_costs(cnn_net_layer(net, 1), &costs), CNN_OK);
    assert_int_equal(costs.params, 8);
    assert_int_equal(costs.connections, 16);
    assert_int_equal(costs.multiply_adds, 24);
    assert_int_equal(
        cnn_net_summary(net, CNN_SUMMARY_TEXT, text, sizeof(text), &size),
        CNN_OK);
    assert_non_null(strstr(text, " 1 " OWN_NAME));
    cnn_net_free(net);
}

static void sessions_agree(void **state)
{
    float *x = uniform(16 * 42, 1), a[48], b[48];

    (void)state;
    for (int k = 0; k < 2; k++) {
        cnn_net *net = own_net(both[k], NULL);
        cnn_session *s = cnn_session_create(net, 16);

        assert_int_equal(cnn_net_predict(net, 16, x, a), CNN_OK);
        assert_int_equal(cnn_session_predict(s, 16, x, b), CNN_OK);
        assert_same_bits(a, b, 48);
        cnn_session_free(s);
        cnn_net_free(net);
    }
    test_free(x);
}

static void freed_once(void **state)
{
    int32_t freed = 0;

    (void)state;
    cnn_net_free(own_net(0, &freed));
    assert_int_equal(freed, 2);
    cnn_layer_free(own_layer(1.0f, 0, &freed));
    assert_int_equal(freed, 3);
}

/* A residual block, y = x + f(x), whose f is a net that the program trains by
 * itself: a layer may call libcnn. */
static void block_forward(void *user, const cnn_layer_pass *pass,
                          const float *x, float *y)
{
    const size_t n = (size_t)pass->batch * (size_t)pass->in.c;

    assert_int_equal(cnn_net_forward(user, CNN_TRAIN, pass->batch, x), CNN_OK);
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] + cnn_net_output(user)[i];
}

static void block_backward(void *user, const cnn_layer_pass *pass,
                           const float *x, const float *y, const float *dy,
                           float *dx)
{
    const size_t n = (size_t)pass->batch * (size_t)pass->in.c;

    (void)y;
    assert_int_equal(cnn_net_zero_grad(user), CNN_OK);
    assert_int_equal(cnn_net_backward_input(user, pass->batch, x, dy, dx),
                     CNN_OK);
    for (size_t i = 0; i < n; i++)
        dx[i] += dy[i];
}

static void nets_within_nets(void **state)
{
    const cnn_layer_methods block = {.struct_size = sizeof(block),
                                     .name = "block",
                                     .forward = block_forward,
                                     .backward = block_backward};
    cnn_net *inner = cnn_net_create(), *net = cnn_net_create();
    float *x = uniform(16 * 42, 1);
    cnn_optim *sgd = cnn_sgd_create(0.2f, NULL);
    cnn_metrics first = {0}, last = {0};
    int32_t labels[16];

    (void)state;
    fill_labels(labels, 16, 3, 2);
    cnn_net_add(inner, cnn_dense_create(300, NULL));
    cnn_net_add(inner, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(inner, cnn_dense_create(200, NULL));
    build(inner, &(cnn_shape){200, 1, 1}, 16, 1);
    cnn_net_add(net, cnn_dense_create(200, NULL));
    cnn_net_add(net, cnn_layer_create_custom(&block, inner));
    cnn_net_add(net, cnn_dense_create(3, NULL));
    assert_int_equal(cnn_set_num_threads(4), CNN_OK);
    build(net, &net_shape, 16, 3);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(cnn_net_train_step(net, sgd, 16, x, labels,
                                            i == 0 ? &first : &last),
                         CNN_OK);
        assert_int_equal(cnn_net_update(inner, sgd), CNN_OK);
    }
    assert_true(last.loss < 0.2 * first.loss);
    assert_int_equal(cnn_set_num_threads(1), CNN_OK);
    cnn_net_free(net);
    cnn_net_free(inner);
    cnn_optim_free(sgd);
    test_free(x);
}

/* -------------------------------------------------------------- files --- */

/* dense 8, the layer, dense 10 */
static cnn_net *trainable(float epsilon)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_dense_create(8, NULL));
    cnn_net_add(net, own_layer(epsilon, CNN_BY_SAMPLES, NULL));
    cnn_net_add(net, cnn_dense_create(TINY_CLASSES, NULL));
    return net;
}

/* A checkpoint needs nobody who makes layers: the net is there. */
static void resumed(void **state)
{
    training a = {.net = trainable(1.0f)}, b = {.net = trainable(1.0f)};
    training other = {.net = trainable(2.0f)};
    const char *path = temp_path("checkpoint");

    (void)state;
    training_open(&a, 1);
    training_open(&b, 2);
    training_open(&other, 1);
    training_run(&a, 4);
    assert_int_equal(cnn_trainer_save(a.trainer, path), CNN_OK);
    training_run(&a, 3);
    assert_int_equal(cnn_trainer_resume(b.trainer, path), CNN_OK);
    training_run(&b, 3);
    assert_same_training(&b, &a);
    assert_failed(cnn_trainer_resume(other.trainer, path), CNN_ESHAPE,
                  "layer 1 settings 1, not 2");
    training_close(&a);
    training_close(&b);
    training_close(&other);
}

static void there_and_back(void **state)
{
    cnn_net *net = own_net(0, NULL);
    float *x = uniform(42, 1), a[3], b[3];
    int32_t freed = 0;
    model_bytes m;

    (void)state;
    model_of(&m, net);
    assert_true(model_holds(&m, "{`kind`:`custom`,`name`:`sample_norm`,"
                                "`settings`:`0.5`}"));
    assert_true(model_holds(&m, "'1.params':{'dtype':'F32','shape':[8]"));
    cnn_net *loaded =
        cnn_net_load_custom_memory(m.data, m.size, 4, own_make, &freed);
    assert_non_null(loaded);
    assert_int_equal(cnn_net_predict(net, 1, x, a), CNN_OK);
    assert_int_equal(cnn_net_predict(loaded, 1, x, b), CNN_OK);
    assert_same_bits(a, b, 3);
    cnn_net_free(loaded);
    assert_int_equal(freed, 2);
    cnn_net_free(net);
    test_free(x);
    model_free(&m);
}

static cnn_status make_another(void *user, const char *name,
                               const char *settings, cnn_layer **layer)
{
    cnn_layer_methods m = own_methods(0);

    (void)name;
    (void)settings;
    m.name = "as_it_is";
    *layer = user != NULL ? cnn_layer_create_custom(&m, user)
                          : cnn_dense_create(8, NULL);
    return CNN_OK;
}

static cnn_status make_nothing(void *user, const char *name,
                               const char *settings, cnn_layer **layer)
{
    (void)user;
    (void)name;
    (void)settings;
    *layer = cnn_dense_create(0, NULL);
    return CNN_OK;
}

static void refused_files(void **state)
{
    cnn_net *net = own_net(0, NULL);
    model_bytes m;
    own o = {1.0f, NULL};

    (void)state;
    model_of(&m, net);
    cnn_net_free(net);
    assert_null(cnn_net_load_memory(m.data, m.size, 4));
    assert_error(CNN_EUNSUPPORTED, "layer 1: the custom layer sample_norm is "
                                   "not known, cnn_net_load_custom()");
    assert_null(
        cnn_net_load_custom_memory(m.data, m.size, 4, make_another, NULL));
    assert_error(CNN_EINVAL, "layer 1: a dense layer was made for the custom "
                             "layer sample_norm");
    assert_null(
        cnn_net_load_custom_memory(m.data, m.size, 4, make_another, &o));
    assert_error(CNN_EINVAL, "a as_it_is layer was made");
    assert_null(
        cnn_net_load_custom_memory(m.data, m.size, 4, make_nothing, NULL));
    assert_error(CNN_EINVAL, "layer 1: dense: units 0");
    model_replace(&m, "`sample_norm`", "`sample_nrom`");
    assert_null(cnn_net_load_custom_memory(m.data, m.size, 4, own_make, NULL));
    assert_error(CNN_EUNSUPPORTED, "custom layer sample_nrom is not known");
    model_replace(&m, "`name`", "`eman`");
    assert_null(cnn_net_load_custom_memory(m.data, m.size, 4, own_make, NULL));
    assert_error(CNN_EFORMAT, "layer 1: a custom layer without a name");
    model_free(&m);
    assert_null(cnn_net_load_custom("no/such/file", 1, own_make, NULL));
    assert_int_equal(cnn_last_status(), CNN_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns),           cmocka_unit_test(counted),
        cmocka_unit_test(sessions_agree),   cmocka_unit_test(freed_once),
        cmocka_unit_test(nets_within_nets), cmocka_unit_test(resumed),
        cmocka_unit_test(there_and_back),   cmocka_unit_test(refused_files),
    };

    return cmocka_run_group_tests_name("custom_nets", tests, NULL, NULL);
}
