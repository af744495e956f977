/* 200 random nets with branches against PyTorch: passes, every gradient, and
 * trainings. golden_graphs.py describes the file. */
#include <stdio.h>
#include <string.h>

#include "net/net_impl.h"
#include "support/golden.h"
#include "support/nets.h"

enum { GRAPHS = 200, STEPS = 20, BATCH = 4, CLASSES = 3 };
static const cnn_shape shape = {2, 4, 4};

/* ------------------------------------------------------ the description --- */

/* In the order of KINDS in golden_graphs.py; joins are no layers to be made. */
enum { CONV, ACTIVATION, BATCHNORM, MAXPOOL, AVGPOOL, UPSAMPLE, DROPOUT, JOIN };

static cnn_layer *make(const int32_t *layer)
{
    const cnn_conv2d_options same = {.struct_size = sizeof(same),
                                     .padding = CNN_PAD_SAME};

    switch (layer[0]) {
    case CONV:
        return cnn_conv2d_create(layer[1], layer[2], layer[2], &same);
    case ACTIVATION:
        return cnn_activation_create(layer[1], NULL);
    case BATCHNORM:
        return cnn_batchnorm_create(NULL);
    case MAXPOOL:
        return cnn_maxpool2d_create(2, 2, NULL);
    case AVGPOOL:
        return cnn_avgpool2d_create(2, 2, NULL);
    case UPSAMPLE:
        return cnn_upsample2d_create(2, 2, CNN_UPSAMPLE_NEAREST);
    case DROPOUT:
        return cnn_dropout_create(0.0f);
    case JOIN + 1:
        return cnn_global_avgpool2d_create();
    case JOIN + 2:
        return cnn_dense_create(CLASSES, NULL);
    default:
        return cnn_softmax_create();
    }
}

/* Adds the layer that is described there; returns how many numbers that takes.
 */
static size_t add(cnn_net *net, const int32_t *layer)
{
    const int32_t count = layer[3], *from = layer + 4;

    if (layer[0] == JOIN)
        cnn_net_join(net, layer[1], count, from);
    else
        cnn_net_append(net, from[0], make(layer));
    return 4 + (size_t)count;
}

static cnn_net *open_net(golden *g, const char *item)
{
    const size_t n = golden_count(g, item, "layers");
    int32_t layers[512];
    cnn_net *net = cnn_net_create();

    assert_in_range(n, 1, 512);
    golden_integers(g, item, "layers", layers, n);
    for (size_t at = 0; at < n;)
        at += add(net, layers + at);
    build(net, &shape, BATCH, 1);
    const size_t P = cnn_net_param_count(net);
    memcpy(cnn_net_params(net), golden_floats(g, item, "params", P),
           P * sizeof(float));
    net->pass.poison = true;
    return net;
}

/* --------------------------------------------------------------- passes --- */

/* Values are below 25. Each of at most 21 layers adds up at most 108 terms and
 * rounds them by 2^-24; normalisation multiplies what it is given, errors and
 * all, by at most 10. 7e-7 of 1 + |value| is what was seen. */
#define ABSOLUTE 1e-5
#define RELATIVE 1e-5

static void passes(void **state)
{
    const size_t X = BATCH * cnn__shape_size(&shape), Y = BATCH * CLASSES;
    golden *g = golden_open("graphs.bin");
    char item[32];

    (void)state;
    for (int i = 0; i < GRAPHS; i++) {
        snprintf(item, sizeof(item), "%d", i);
        cnn_net *net = open_net(g, item);
        const float *x = golden_floats(g, item, "x", X);
        const size_t P = cnn_net_param_count(net);
        float *dx = uniform(X, 1), *y = uniform(Y, 1);

        assert_int_equal(cnn_net_forward(net, CNN_TRAIN, BATCH, x), CNN_OK);
        assert_near(cnn_net_output(net), golden_floats(g, item, "y", Y), Y,
                    ABSOLUTE, RELATIVE);
        assert_int_equal(cnn_net_backward_input(net, BATCH, x,
                                                golden_floats(g, item, "dy", Y),
                                                dx),
                         CNN_OK);
        assert_near(cnn_net_grads(net), golden_floats(g, item, "grads", P), P,
                    ABSOLUTE, RELATIVE);
        assert_near(dx, golden_floats(g, item, "dx", X), X, ABSOLUTE, RELATIVE);
        assert_int_equal(cnn_net_predict(net, BATCH, x, y), CNN_OK);
        assert_near(y, golden_floats(g, item, "later", Y), Y, ABSOLUTE,
                    RELATIVE);
        test_free(dx);
        test_free(y);
        cnn_net_free(net);
    }
    snprintf(item, sizeof(item), "%d", GRAPHS);
    assert_int_equal(golden_count(g, item, "layers"), 0);
    golden_close(g);
}

/* ------------------------------------------------------------ trainings --- */

/* Errors of gradients add up in the parameters, and these make the next
 * gradients. 1.4e-5 of 1 + |value| is what was seen. */
#define AFTER_STEPS 1e-4

static void compare_training(golden *g, const char *item, const char *optimiser)
{
    const size_t X = BATCH * cnn__shape_size(&shape);
    cnn_net *net = open_net(g, item);
    cnn_optim *optim = golden_optim(g, optimiser);
    const size_t P = cnn_net_param_count(net), F = net->params.fixed_count;
    char losses[32], end[32];
    int32_t labels[BATCH];
    cnn_metrics m;

    snprintf(losses, sizeof(losses), "%s.losses", optimiser);
    snprintf(end, sizeof(end), "%s.end", optimiser);
    golden_integers(g, item, "labels", labels, BATCH);
    const float *want = golden_floats(g, item, losses, STEPS);
    for (int t = 0; t < STEPS; t++) {
        assert_int_equal(cnn_net_train_step(net, optim, BATCH,
                                            golden_floats(g, item, "x", X),
                                            labels, &m),
                         CNN_OK);
        assert_near(&(float){(float)m.loss}, &want[t], 1, AFTER_STEPS,
                    AFTER_STEPS);
    }
    want = golden_floats(g, item, end, P + F);
    assert_near(cnn_net_params(net), want, P, AFTER_STEPS, AFTER_STEPS);
    if (F > 0)
        assert_near(net->params.fixed, want + P, F, AFTER_STEPS, AFTER_STEPS);
    cnn_optim_free(optim);
    cnn_net_free(net);
}

static void trainings(void **state)
{
    golden *g = golden_open("graphs.bin");
    char item[32];

    (void)state;
    for (int i = 0; i < GRAPHS; i++) {
        snprintf(item, sizeof(item), "%d", i);
        compare_training(g, item, "sgd");
        compare_training(g, item, "adam");
        compare_training(g, item, "rmsprop");
    }
    golden_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes),
        cmocka_unit_test(trainings),
    };

    return cmocka_run_group_tests_name("golden graphs", tests, NULL, NULL);
}
