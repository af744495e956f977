/* cnn_net_fold(): the same outputs with fewer layers. */
#include <math.h>
#include <string.h>

#include "cnn/graph.h"
#include "cnn/parts.h"
#include "support/faulty_memory.h"
#include "support/graphs.h"

enum { N = 4 };

/* Some steps, so that running statistics and parameters are no defaults. */
static void train(cnn_net *net, const cnn_shape *in, uint64_t seed)
{
    cnn_optim *sgd = cnn_sgd_create(0.05f, NULL);
    const size_t size = (size_t)(in->c * in->h * in->w);
    float *x = uniform(N * size, seed);
    int32_t labels[N];

    fill_labels(labels, N, GRAPH_CLASSES, seed);
    for (int i = 0; i < 5; i++)
        if (cnn_net_train_step(net, sgd, N, x, labels, NULL) != CNN_OK)
            fail_msg("%s", cnn_last_error());
    test_free(x);
    cnn_optim_free(sgd);
}

/* Outputs of both, N samples that are in no batch of training. Each weight is
 * rounded once more, by 2^-24 of it, and sums in other places: up to 6e-7 was
 * seen. */
static void assert_alike(cnn_net *net, cnn_net *folded)
{
    cnn_shape in, out;

    cnn_net_in_shape(net, &in);
    cnn_net_out_shape(net, &out);
    const size_t size = (size_t)(in.c * in.h * in.w);
    const size_t outputs = N * (size_t)(out.c * out.h * out.w);
    float *x = uniform(N * size, 99), *want = uniform(outputs, 1),
          *got = uniform(outputs, 2);

    assert_int_equal(cnn_net_predict(net, N, x, want), CNN_OK);
    assert_int_equal(cnn_net_predict(folded, N, x, got), CNN_OK);
    assert_near(got, want, outputs, 2e-6, 2e-6);
    test_free(x);
    test_free(want);
    test_free(got);
}

static int32_t count_of(cnn_net *net, const char *kind)
{
    int32_t count = 0;

    for (int32_t i = 0; i < cnn_net_layer_count(net); i++)
        count += strcmp(cnn_layer_kind(cnn_net_layer(net, i)), kind) == 0;
    return count;
}

static void graphs(void **state)
{
    int32_t before = 0, after = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        cnn_net *net = random_graph(seed, true);

        build(net, &graph_shape, N, seed);
        train(net, &graph_shape, seed);
        cnn_net_set_metadata(net, "classes", "five");
        cnn_net *folded = cnn_net_fold(net, N);
        assert_non_null(folded);
        assert_alike(net, folded);
        assert_string_equal(cnn_net_metadata(folded, "classes"), "five");
        before += count_of(net, "batchnorm");
        after += count_of(folded, "batchnorm");
        assert_int_equal(cnn_net_layer_count(net) - count_of(net, "batchnorm"),
                         cnn_net_layer_count(folded) -
                             count_of(folded, "batchnorm"));
        cnn_net_free(folded);
        cnn_net_free(net);
    }
    assert_true(after < before && after > 0);
}

/* conv without biases in groups, strided; dense; both normalised */
static cnn_net *stack(void)
{
    const cnn_conv2d_options o = {.struct_size = sizeof(o),
                                  .flags = CNN_NO_BIAS,
                                  .stride_h = 2,
                                  .groups = 3};
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(6, 3, 2, &o));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(GRAPH_CLASSES, NULL));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    build(net, &graph_shape, N, 7);
    train(net, &graph_shape, 7);
    return net;
}

static void stacks(void **state)
{
    cnn_net *net = stack(), *folded = cnn_net_fold(net, N);

    (void)state;
    assert_non_null(folded);
    assert_int_equal(cnn_net_layer_count(folded), 4);
    assert_int_equal(cnn_layer_tensor_count(cnn_net_layer(folded, 0)), 2);
    assert_alike(net, folded);
    cnn_net_free(folded);
    cnn_net_free(net);
}

/* What is taken elsewhere too, or comes after something else, stays. */
static void what_stays(void **state)
{
    cnn_net *net = cnn_net_create();

    (void)state;
    const int32_t conv =
        cnn_net_append(net, CNN_NET_INPUT, cnn_conv2d_create(3, 1, 1, NULL));
    const int32_t norm = cnn_net_append(net, conv, cnn_batchnorm_create(NULL));
    const int32_t sum =
        cnn_net_join(net, CNN_JOIN_ADD, 2, (int32_t[]){conv, norm});
    cnn_net_append(net, sum, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_dense_create(GRAPH_CLASSES, NULL));
    build(net, &graph_shape, N, 1);
    train(net, &graph_shape, 3);
    cnn_net *folded = cnn_net_fold(net, N);
    assert_int_equal(cnn_net_layer_count(folded), 5);
    assert_alike(net, folded);
    cnn_net_free(folded);
    cnn_net_free(net);
}

static void errors(void **state)
{
    cnn_net *net = cnn_net_create();
    cnn_tensor t = {.struct_size = sizeof(t)};

    (void)state;
    assert_null(cnn_net_fold(NULL, 1));
    assert_error(CNN_EINVAL, "net is NULL");
    assert_null(cnn_net_fold(net, 1));
    assert_error(CNN_ESTATE, "not built");
    cnn_net_free(net);
    net = stack();
    assert_null(cnn_net_fold(net, 0));
    assert_error(CNN_EINVAL, "max_batch 0");
    /* A scale of 1e30 by weights of 1e30 */
    cnn_layer_tensor(cnn_net_layer(net, 1), 0, &t);
    t.data[0] = 1e30f;
    cnn_layer_tensor(cnn_net_layer(net, 0), 0, &t);
    t.data[0] = 1e30f;
    assert_null(cnn_net_fold(net, 1));
    assert_error(CNN_EDIVERGED,
                 "net_fold: parameter 0 of layer 0 (conv2d) became");
    cnn_net_free(net);
}

static cnn_status fold(void *data)
{
    cnn_net *folded = cnn_net_fold(data, 2);

    cnn_net_free(folded);
    return folded != NULL ? CNN_OK : cnn_last_status();
}

static void memory(void **state)
{
    (void)state;
    faulty_memory_install();
    cnn_net *net = stack();
    assert_true(assert_survives_faults(fold, net) > 10);
    cnn_net_free(net);
    faulty_memory_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphs),     cmocka_unit_test(stacks),
        cmocka_unit_test(what_stays), cmocka_unit_test(errors),
        cmocka_unit_test(memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
