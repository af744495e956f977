/* Training nets with branches: watched units, divergence, checkpoints. */
#include <math.h>

#include "cnn/graph.h"
#include "support/graphs.h"
#include "support/temp_file.h"
#include "support/training.h"

/* ----------------------------------------------------------------- watch ---
 */

/* Units that are 0 for all samples are dead, whatever is added to them
 * afterwards: GELU of -100 is 0, and the input is not. */
static void watched_below_a_join(void **state)
{
    static const int32_t functions[] = {CNN_RELU, CNN_GELU, CNN_SILU};
    const float x[] = {1, 2, 3, 4, 5, 6};
    const int32_t labels[] = {0, 1};

    (void)state;
    for (int i = 0; i < 3; i++) {
        cnn_net *net = cnn_net_create();
        cnn_optim *still = cnn_sgd_create(0.0f, NULL);
        cnn_layer_stats s = {.struct_size = sizeof(s)};

        cnn_net_add(net, cnn_dense_create(3, NULL));
        cnn_net_add(net, cnn_activation_create(functions[i], NULL));
        cnn_net_join(net, CNN_JOIN_ADD, 2, (const int32_t[]){1, -1});
        build(net, &(cnn_shape){3, 1, 1}, 2, 1);
        float *bias = cnn_layer_params(cnn_net_layer(net, 0)) + 9;
        bias[0] = bias[2] = -1000.0f;
        bias[1] = 50.0f;
        assert_int_equal(cnn_net_watch(net, 1), CNN_OK);
        assert_int_equal(cnn_net_train_step(net, still, 2, x, labels, NULL),
                         CNN_OK);
        assert_int_equal(cnn_net_layer_stats(net, 1, &s), CNN_OK);
        assert_int_equal(s.units, 3);
        assert_int_equal(s.dead, 2);
        assert_int_equal(cnn_net_layer_stats(net, 2, &s), CNN_OK);
        assert_int_equal(s.dead, -1);
        assert_true(s.weight_norm == 0.0 && s.grad_norm == 0.0);
        cnn_optim_free(still);
        cnn_net_free(net);
    }
}

/* A step that diverges names the first layer in number that did. */
static void divergence(void **state)
{
    cnn_net *net = block_graph();
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
    float *x = uniform(TINY_BATCH * TINY_INPUT, 1);
    const int32_t labels[TINY_BATCH] = {0};

    (void)state;
    build(net, &tiny_shape, TINY_BATCH, 1);
    cnn_layer_params(cnn_net_layer(net, 3))[4] = HUGE_VALF; /* a beta */
    assert_failed(cnn_net_train_step(net, optim, TINY_BATCH, x, labels, NULL),
                  CNN_EDIVERGED, "layer 3 (batchnorm) is the first whose");
    cnn_optim_free(optim);
    cnn_net_free(net);
    test_free(x);
}

/* -------------------------------------------------------------- training ---
 */

/* Stopped and resumed, by other objects, is never having stopped. */
static void resumes(void **state)
{
    const char *path = temp_path("checkpoint");

    (void)state;
    for (int kind = 0; kind < OPTIMIZERS; kind++)
        for (int64_t stop = 1; stop < 12; stop += 3) {
            training whole = {.net = block_graph(),
                              .optim = create_optim(kind)};
            training first = {.net = block_graph(),
                              .optim = create_optim(kind)};
            training then = {.net = block_graph(), .optim = create_optim(kind)};

            training_open(&whole, 1);
            training_open(&first, 1);
            training_open(&then, 9);
            training_run(&whole, 12);
            training_run(&first, stop);
            assert_int_equal(cnn_trainer_save(first.trainer, path), CNN_OK);
            if (cnn_trainer_resume(then.trainer, path) != CNN_OK)
                fail_msg("%s", cnn_last_error());
            training_run(&then, 12 - stop);
            assert_same_training(&then, &whole);
            training_close(&whole);
            training_close(&first);
            training_close(&then);
        }
}

/* The same layers, put together in another way. */
static cnn_net *other_block(int32_t skip)
{
    const cnn_conv2d_options same = {.struct_size = sizeof(same),
                                     .padding = CNN_PAD_SAME};
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(1, 3, 3, &same));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_append(net, skip, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_join(net, CNN_JOIN_ADD, 3, (const int32_t[]){1, 2, skip});
    cnn_net_add(net, cnn_dense_create(TINY_CLASSES, NULL));
    return net;
}

static void another_graph(void **state)
{
    const char *path = temp_path("checkpoint");
    training t = {.net = other_block(0)};

    (void)state;
    training_open(&t, 1);
    training_run(&t, 3);
    assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
    training_close(&t);
    t = (training){.net = other_block(CNN_NET_INPUT)};
    training_open(&t, 1);
    assert_failed(cnn_trainer_resume(t.trainer, path), CNN_ESHAPE,
                  "the training was of another net, with layer 2 from 0, not "
                  "-1; with another layer 3 from");
    training_close(&t);
    t = (training){.net = other_block(1)}; /* which no file has to say */
    training_open(&t, 1);
    assert_failed(cnn_trainer_resume(t.trainer, path), CNN_ESHAPE,
                  "of another net, with layer 2 from, which is not set here; ");
    training_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(watched_below_a_join),
        cmocka_unit_test(divergence),
        cmocka_unit_test(resumes),
        cmocka_unit_test(another_graph),
    };

    return cmocka_run_group_tests_name("graph training", tests, NULL, NULL);
}
