/* The same seed gives the same bits with any number of threads, the BLAS's own
 * among them. */
#include <string.h>

#include "support/training.h"

/* Only if the BLAS is OpenBLAS. */
extern void openblas_set_num_threads(int n) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));

enum { MOST_THREADS = 4, MOST_BATCH = 64 };

/* Batches in turn: whole tiles of samples, a rest, a single sample. */
static const int32_t batches[] = {64, 40, 33, 1, 50};

typedef struct recipe {
    cnn_net *(*create)(void);
    const cnn_shape *shape;
    int steps;
    int32_t most; /* samples in a batch */
    int adam;
} recipe;

/* Everything that training leaves behind. */
typedef struct result {
    size_t params;
    float *value, *grad; /* the parameters */
    float y[MOST_BATCH * 10];
    double losses[30];
} result;

static void free_result(result *r)
{
    test_free(r->value);
    test_free(r->grad);
    test_free(r);
}

/* Trains with `threads` from the first step to `change`, from there on with
 * `others`; with as many threads in the BLAS, and leaves them as they were. */
static result *train(const recipe *of, int32_t threads, int change,
                     int32_t others)
{
    const cnn_shape *in = of->shape;
    const size_t pixels = (size_t)(in->c * in->h * in->w);
    float *x = uniform(MOST_BATCH * pixels, 1);
    cnn_optim *optim =
        of->adam ? cnn_adam_create(1e-3f, NULL) : cnn_sgd_create(1e-3f, NULL);
    cnn_net *net = of->create();
    result *r = test_calloc(1, sizeof(*r));
    int32_t labels[MOST_BATCH];
    int in_blas = 0; /* `threads`, but for a BLAS without threads */

    assert_int_equal(cnn_set_num_threads(threads), CNN_OK);
    if (openblas_set_num_threads != NULL)
        openblas_set_num_threads(threads);
    if (openblas_get_num_threads != NULL)
        in_blas = openblas_get_num_threads();
    build(net, in, of->most, 7);
    for (int t = 0; t < of->steps; t++) {
        const int32_t batch = batches[t % 5];
        cnn_metrics m;

        if (t == change)
            assert_int_equal(cnn_set_num_threads(others), CNN_OK);
        fill_labels(labels, MOST_BATCH, 10, (uint64_t)t);
        if (cnn_net_train_step(net, optim, batch < of->most ? batch : of->most,
                               x, labels, &m) != CNN_OK)
            fail_msg("step %d: %s", t, cnn_last_error());
        r->losses[t] = m.loss;
    }
    /* In batches of `most`, the last of which is not whole. */
    assert_int_equal(cnn_net_predict(net, MOST_BATCH - 1, x, r->y), CNN_OK);
    if (openblas_get_num_threads != NULL)
        assert_int_equal(openblas_get_num_threads(), in_blas);
    r->params = cnn_net_param_count(net);
    r->value = copy_params(net);
    r->grad = test_malloc(r->params * sizeof(float));
    memcpy(r->grad, cnn_net_grads(net), r->params * sizeof(float));
    cnn_optim_free(optim);
    cnn_net_free(net);
    test_free(x);
    return r;
}

static void assert_same(const result *got, const result *want)
{
    assert_memory_equal(got->losses, want->losses, sizeof(want->losses));
    assert_same_bits(got->grad, want->grad, want->params);
    assert_same_bits(got->value, want->value, want->params);
    assert_same_bits(got->y, want->y, MOST_BATCH * 10);
}

static void compare_threads(const recipe *of)
{
    result *want = train(of, 1, -1, 0);

    /* It did learn something, and does so again. */
    assert_true(want->losses[0] != want->losses[of->steps - 1]);
    for (int32_t threads = 1; threads <= MOST_THREADS; threads++) {
        result *got = train(of, threads, -1, 0);

        assert_same(got, want);
        free_result(got);
    }
    /* Built for two threads, run with more after a while, and with fewer. */
    for (int32_t others = 1; others <= MOST_THREADS; others += 3) {
        result *got = train(of, 2, of->steps / 2, others);

        assert_same(got, want);
        free_result(got);
    }
    free_result(want);
    cnn_set_num_threads(1);
}

static void relu_net(void **state)
{
    (void)state;
    compare_threads(&(recipe){lenet5_relu, &lenet5_shape, 30, 64, 0});
}

/* Half a million parameters, so fewer and smaller steps. */
static void sigmoid_net(void **state)
{
    (void)state;
    compare_threads(&(recipe){lenet5_sigmoid, &lenet5_shape, 6, 33, 0});
}

/* LeNet-5 of 1998, under its own loss, with the memory of Adam. */
static void classic(void **state)
{
    (void)state;
    compare_threads(&(recipe){classic_net, &classic_shape, 30, 60, 1});
}

/* With batch normalisation and dropout. */
static void rich(void **state)
{
    (void)state;
    compare_threads(&(recipe){rich_net, &tiny_shape, 30, 64, 1});
}

/* Images made larger, by stride and by Winograd's algorithm, and both kinds of
 * layer normalisation. */
static cnn_net *decoding_net(void)
{
    const cnn_conv2d_transpose_options twice = {.struct_size = sizeof(twice),
                                                .stride_h = 2,
                                                .stride_w = 2,
                                                .padding = CNN_PAD_SAME};
    const cnn_layernorm_options groups = {.struct_size = sizeof(groups),
                                          .groups = 4};
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(8, 5, 5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_conv2d_transpose_create(8, 3, 3, NULL));
    cnn_net_add(net, cnn_layernorm_create(&groups));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_conv2d_transpose_create(4, 4, 4, &twice));
    cnn_net_add(net, cnn_layernorm_create(NULL));
    cnn_net_add(net, cnn_dense_create(10, NULL));
    return net;
}

static void decoding(void **state)
{
    (void)state;
    compare_threads(&(recipe){decoding_net, &lenet5_shape, 10, 64, 1});
}

/* Branches: outputs and gradients that are added up, more than one chunk of
 * each, and concatenated; in place where that is possible. */
static void block(cnn_net *net, int32_t from, int32_t filters)
{
    const cnn_conv2d_options same = {.struct_size = sizeof(same),
                                     .padding = CNN_PAD_SAME};

    cnn_net_append(net, from, cnn_conv2d_create(filters, 3, 3, &same));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_conv2d_create(filters, 3, 3, &same));
    cnn_net_add(net, cnn_dropout_create(0.1f));
}

static cnn_net *branched_net(void)
{
    const cnn_conv2d_options same = {.struct_size = sizeof(same),
                                     .padding = CNN_PAD_SAME};
    cnn_net *net = cnn_net_create();
    int32_t at;

    cnn_net_add(net, cnn_conv2d_create(6, 3, 3, &same));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    block(net, 2, 6);
    at = cnn_net_join(net, CNN_JOIN_ADD, 2, (const int32_t[]){7, 2});
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    block(net, at + 1, 4);
    at = cnn_net_join(net, CNN_JOIN_CONCAT, 3,
                      (const int32_t[]){at + 6, at + 1, 2});
    cnn_net_append(net, at, cnn_global_avgpool2d_create());
    cnn_net_append(net, at, cnn_global_maxpool2d_create());
    cnn_net_join(net, CNN_JOIN_ADD, 2, (const int32_t[]){at + 1, at + 2});
    cnn_net_add(net, cnn_dense_create(10, NULL));
    return net;
}

static void branched(void **state)
{
    (void)state;
    compare_threads(&(recipe){branched_net, &lenet5_shape, 10, 64, 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relu_net), cmocka_unit_test(sigmoid_net),
        cmocka_unit_test(classic),  cmocka_unit_test(rich),
        cmocka_unit_test(decoding), cmocka_unit_test(branched),
    };

    return cmocka_run_group_tests_name("same bits", tests, NULL, NULL);
}
