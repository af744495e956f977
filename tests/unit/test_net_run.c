/* Running a net: forward, backward, predict, and who may call what when. */
#include <string.h>

#include "support/nets.h"

enum { MAX_BATCH = 4, BATCH = 3, K = CONV_NET_CLASSES };

/* A small net, built, with some samples. */
typedef struct fixture {
    cnn_net *net;
    float *x;  /* 11 samples */
    float *dy; /* of one batch */
} fixture;

static int set_up(void **state)
{
    fixture *f = test_calloc(1, sizeof(*f));

    f->net = conv_net(true);
    build(f->net, &conv_net_shape, MAX_BATCH, 1);
    f->x = uniform(11 * CONV_NET_INPUT, 2);
    f->dy = uniform(MAX_BATCH * K, 3);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;

    cnn_net_free(f->net);
    test_free(f->x);
    test_free(f->dy);
    test_free(f);
    return 0;
}

static void forward_arguments(void **state)
{
    fixture *f = *state;

    assert_failed(cnn_net_forward(NULL, 0, 1, f->x), CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_forward(f->net, 0, 1, NULL), CNN_EINVAL, "x is NULL");
    assert_failed(cnn_net_forward(f->net, 0, 0, f->x), CNN_EINVAL,
                  "batch 0, expected 1 to 4");
    assert_failed(cnn_net_forward(f->net, 0, -1, f->x), CNN_EINVAL, "batch -1");
    assert_failed(cnn_net_forward(f->net, 0, MAX_BATCH + 1, f->x), CNN_EINVAL,
                  "batch 5, expected 1 to 4");
    assert_failed(cnn_net_forward(f->net, 0x2u, 1, f->x), CNN_EINVAL,
                  "unknown flags 0x2");
    assert_null(cnn_net_output(f->net));
    assert_int_equal(cnn_net_forward(f->net, 0, MAX_BATCH, f->x), CNN_OK);
}

static void backward_needs_a_training_pass(void **state)
{
    fixture *f = *state;
    const int32_t labels[] = {0, 1, 2};
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
    float y[K];

    assert_failed(cnn_net_backward(f->net, BATCH, f->x, f->dy), CNN_ESTATE,
                  "CNN_TRAIN");
    cnn_net_forward(f->net, 0, BATCH, f->x);
    assert_failed(cnn_net_backward(f->net, BATCH, f->x, f->dy), CNN_ESTATE,
                  "CNN_TRAIN");
    cnn_net_forward(f->net, CNN_TRAIN, BATCH, f->x);
    assert_failed(cnn_net_backward(f->net, BATCH - 1, f->x, f->dy), CNN_EINVAL,
                  "batch 2, but the forward pass had 3");
    assert_failed(cnn_net_backward(NULL, BATCH, f->x, f->dy), CNN_EINVAL,
                  "net is NULL");
    assert_failed(cnn_net_backward(f->net, BATCH, NULL, f->dy), CNN_EINVAL,
                  "x is NULL");
    assert_failed(cnn_net_backward(f->net, BATCH, f->x, NULL), CNN_EINVAL,
                  "dy is NULL");
    assert_int_equal(cnn_net_backward(f->net, BATCH, f->x, f->dy), CNN_OK);

    cnn_net_forward(f->net, CNN_TRAIN, 1, f->x);
    cnn_net_predict(f->net, 1, f->x, y);
    assert_failed(cnn_net_backward(f->net, 1, f->x, f->dy), CNN_ESTATE,
                  "CNN_TRAIN");
    cnn_net_forward(f->net, CNN_TRAIN, BATCH, f->x);
    assert_int_equal(
        cnn_net_train_step(f->net, optim, BATCH, f->x, labels, NULL), CNN_OK);
    assert_failed(cnn_net_backward(f->net, BATCH, f->x, f->dy), CNN_ESTATE,
                  "CNN_TRAIN");
    cnn_optim_free(optim);
}

/* The output is there after a forward pass and gone after any other run; calls
 * that fail leave it alone. */
static void output_comes_and_goes(void **state)
{
    fixture *f = *state;
    const int32_t good[] = {0, 1, 2}, bad[] = {0, 1, K};
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
    float y[BATCH * K];

    assert_null(cnn_net_output(f->net));
    cnn_net_predict(f->net, BATCH, f->x, y);
    assert_null(cnn_net_output(f->net));
    cnn_net_forward(f->net, CNN_TRAIN, BATCH, f->x);
    assert_non_null(cnn_net_output(f->net));
    assert_same_bits(cnn_net_output(f->net), y, BATCH * K);
    assert_failed(cnn_net_forward(f->net, 0, 99, f->x), CNN_EINVAL, "batch");
    assert_failed(cnn_net_predict(f->net, -1, f->x, y), CNN_EINVAL, "count");
    assert_failed(cnn_net_train_step(f->net, optim, BATCH, f->x, bad, NULL),
                  CNN_EINVAL, "label");
    assert_non_null(cnn_net_output(f->net));
    assert_int_equal(cnn_net_backward(f->net, BATCH, f->x, f->dy), CNN_OK);
    assert_same_bits(cnn_net_output(f->net), y, BATCH * K);
    cnn_net_predict(f->net, 1, f->x, y);
    assert_null(cnn_net_output(f->net));
    cnn_net_forward(f->net, 0, 1, f->x);
    assert_non_null(cnn_net_output(f->net));
    assert_int_equal(cnn_net_train_step(f->net, optim, BATCH, f->x, good, NULL),
                     CNN_OK);
    assert_null(cnn_net_output(f->net));
    cnn_optim_free(optim);
}

static void predict_arguments(void **state)
{
    fixture *f = *state;
    float y[K];

    assert_failed(cnn_net_predict(NULL, 1, f->x, y), CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_predict(f->net, 1, NULL, y), CNN_EINVAL, "x is NULL");
    assert_failed(cnn_net_predict(f->net, 1, f->x, NULL), CNN_EINVAL,
                  "y is NULL");
    assert_failed(cnn_net_predict(f->net, -1, f->x, y), CNN_EINVAL,
                  "count -1, expected at least 0");
    assert_failed(cnn_net_predict(f->net, INT64_MIN, f->x, y), CNN_EINVAL,
                  "count -9223372036854775808");
}

/* No samples are no error, and nothing is done: what a forward pass put out
 * stays, and y too. */
static void predict_none(void **state)
{
    fixture *f = *state;
    float y[K] = {77.0f};

    assert_int_equal(cnn_net_forward(f->net, CNN_TRAIN, 1, f->x), CNN_OK);
    const float *output = cnn_net_output(f->net);
    assert_int_equal(cnn_net_predict(f->net, 0, NULL, NULL), CNN_OK);
    assert_int_equal(cnn_net_predict(f->net, 0, f->x, y), CNN_OK);
    assert_true(y[0] == 77.0f);
    assert_non_null(output);
    assert_ptr_equal(cnn_net_output(f->net), output);
}

/* Less than a batch, whole batches, and a rest: the bits of forward passes over
 * the same pieces, and not one float more. */
static void predict_any_count(void **state)
{
    fixture *f = *state;
    const int32_t counts[] = {1, 3, 4, 5, 8, 11};
    const float guard = -77.0f;
    float y[12 * K];

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        const int32_t count = counts[i];

        for (int k = 0; k < 12 * K; k++)
            y[k] = guard;
        assert_int_equal(cnn_net_predict(f->net, count, f->x, y), CNN_OK);
        for (int k = count * K; k < 12 * K; k++)
            assert_true(y[k] == guard);
        for (int32_t at = 0; at < count; at += MAX_BATCH) {
            const int32_t n = count - at < MAX_BATCH ? count - at : MAX_BATCH;

            cnn_net_forward(f->net, 0, n, f->x + at * CONV_NET_INPUT);
            assert_same_bits(y + at * K, cnn_net_output(f->net),
                             (size_t)(n * K));
        }
    }
}

static void zero_grad(void **state)
{
    fixture *f = *state;
    const float *grads = cnn_net_grads(f->net);
    int nonzero = 0;

    cnn_net_forward(f->net, CNN_TRAIN, BATCH, f->x);
    cnn_net_backward(f->net, BATCH, f->x, f->dy);
    for (int i = 0; i < CONV_NET_PARAMS; i++)
        nonzero += grads[i] != 0.0f;
    assert_in_range(nonzero, CONV_NET_PARAMS / 4, CONV_NET_PARAMS);
    assert_int_equal(cnn_net_zero_grad(f->net), CNN_OK);
    for (int i = 0; i < CONV_NET_PARAMS; i++)
        assert_true(grads[i] == 0.0f);
}

/* -------------------------------------------- against layers run by hand - */

/* Stacks in which layers may work in place, or must not: next to layers that
 * look at their input, their output, neither, and at the ends. */
enum {
    GLOBAL_MAX,
    GLOBAL_MEAN,
    CONV,
    RELU,
    SIGMOID,
    ELU,
    GELU,
    MAX,
    AVERAGE,
    DENSE,
    SOFTMAX,
    END
};

static const int8_t stacks[][10] = {
    {CONV, RELU, MAX, CONV, SIGMOID, AVERAGE, RELU, DENSE, ELU, END},
    {RELU, SIGMOID, CONV, ELU, ELU, RELU, DENSE, SOFTMAX, END},
    {AVERAGE, RELU, MAX, RELU, DENSE, SIGMOID, SOFTMAX, END},
    {SOFTMAX, CONV, SOFTMAX, RELU, SOFTMAX, DENSE, END},
    {MAX, ELU, AVERAGE, SIGMOID, SIGMOID, END},
    {GELU, RELU, CONV, GELU, GELU, RELU, GELU, MAX, GELU, END},
    {CONV, RELU, GLOBAL_MAX, RELU, DENSE, END},
    {CONV, SIGMOID, CONV, GLOBAL_MEAN, SOFTMAX, END},
    {DENSE, END},
};

static cnn_layer *create(int8_t kind)
{
    switch (kind) {
    case CONV:
        return cnn_conv2d_create(3, 2, 2, NULL);
    case MAX:
        return cnn_maxpool2d_create(2, 2, NULL);
    case GLOBAL_MAX:
        return cnn_global_maxpool2d_create();
    case GLOBAL_MEAN:
        return cnn_global_avgpool2d_create();
    case AVERAGE:
        return cnn_avgpool2d_create(2, 2, NULL);
    case DENSE:
        return cnn_dense_create(5, NULL);
    case SOFTMAX:
        return cnn_softmax_create();
    default:
        return cnn_activation_create(kind == RELU      ? CNN_RELU
                                     : kind == SIGMOID ? CNN_SIGMOID
                                     : kind == GELU    ? CNN_GELU
                                                       : CNN_ELU,
                                     NULL);
    }
}

static size_t floats_of(const cnn_shape *s)
{
    return (size_t)BATCH * (size_t)(s->c * s->h * s->w);
}

/* The same layers, each with arrays of its own. */
typedef struct hand {
    cnn_layer *layers[10];
    float *y[11], *dy[11]; /* y[0] is the input */
    int count;
} hand;

static void hand_open(hand *h, cnn_net *net, const int8_t *stack)
{
    cnn_shape shape;

    cnn_net_in_shape(net, &shape);
    h->y[0] = uniform(floats_of(&shape), 5);
    h->dy[0] = uniform(floats_of(&shape), 6);
    for (h->count = 0; stack[h->count] != END; h->count++) {
        cnn_layer *layer = create(stack[h->count]);
        cnn_layer *twin = cnn_net_layer(net, h->count);

        assert_int_equal(cnn_layer_build(layer, &shape, BATCH, 1), CNN_OK);
        if (cnn_layer_param_count(layer) > 0)
            memcpy(cnn_layer_params(layer), cnn_layer_params(twin),
                   cnn_layer_param_count(layer) * sizeof(float));
        cnn_layer_out_shape(layer, &shape);
        h->layers[h->count] = layer;
        h->y[h->count + 1] = uniform(floats_of(&shape), 7);
        h->dy[h->count + 1] = uniform(floats_of(&shape), 8);
    }
}

static void hand_run(hand *h)
{
    for (int i = 0; i < h->count; i++)
        assert_int_equal(cnn_layer_forward(h->layers[i], CNN_TRAIN, BATCH,
                                           h->y[i], h->y[i + 1]),
                         CNN_OK);
    for (int i = h->count - 1; i >= 0; i--)
        assert_int_equal(cnn_layer_backward(h->layers[i], BATCH, h->y[i],
                                            h->y[i + 1], h->dy[i + 1],
                                            h->dy[i]),
                         CNN_OK);
}

static void hand_close(hand *h)
{
    for (int i = 0; i < h->count; i++)
        cnn_layer_free(h->layers[i]);
    for (int i = 0; i <= h->count; i++) {
        test_free(h->y[i]);
        test_free(h->dy[i]);
    }
}

/* Whatever shares memory with what, results have the bits of layers that share
 * nothing; through the net, and through a session, which shares more. */
static void compare_by_hand(const int8_t *stack)
{
    cnn_net *net = cnn_net_create();
    cnn_shape out;
    hand h;

    for (int i = 0; stack[i] != END; i++)
        cnn_net_add(net, create(stack[i]));
    build(net, &(cnn_shape){2, 9, 10}, BATCH, 4);
    cnn_net_out_shape(net, &out);
    hand_open(&h, net, stack);
    hand_run(&h);
    const size_t Y = floats_of(&out);
    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, BATCH, h.y[0]), CNN_OK);
    assert_same_bits(cnn_net_output(net), h.y[h.count], Y);
    assert_int_equal(cnn_net_backward(net, BATCH, h.y[0], h.dy[h.count]),
                     CNN_OK);
    for (int i = 0; i < h.count; i++)
        assert_same_bits(cnn_layer_grads(cnn_net_layer(net, i)),
                         cnn_layer_grads(h.layers[i]),
                         cnn_layer_param_count(h.layers[i]));
    cnn_session *session = cnn_session_create(net, BATCH);
    float *y = uniform(Y, 9);
    assert_int_equal(cnn_session_predict(session, BATCH, h.y[0], y), CNN_OK);
    assert_same_bits(y, h.y[h.count], Y);
    test_free(y);
    cnn_session_free(session);
    hand_close(&h);
    cnn_net_free(net);
}

static void same_as_layers_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
        print_message("    stack %zu\n", i);
        compare_by_hand(stacks[i]);
    }
}

#define WITH_NET(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void what_was_set(void **state)
{
    const uint64_t seed = 0x123456789abcdef0u;
    cnn_net *net = conv_net(true);
    size_t size = 0;

    (void)state;
    assert_int_equal(cnn_net_built(NULL), 0);
    assert_true(cnn_net_seed(NULL) == 0);
    assert_int_equal(cnn_net_built(net), 0);
    assert_true(cnn_net_seed(net) == 0);
    build(net, &conv_net_shape, 2, seed);
    assert_int_equal(cnn_net_built(net), 1);
    assert_true(cnn_net_seed(net) == seed);
    assert_int_equal(cnn_net_save_memory(net, NULL, 0, &size), CNN_OK);
    void *data = test_malloc(size);
    assert_int_equal(cnn_net_save_memory(net, data, size, &size), CNN_OK);
    cnn_net *loaded = cnn_net_load_memory(data, size, 1);
    assert_int_equal(cnn_net_built(loaded), 1);
    assert_true(cnn_net_seed(loaded) == 0);
    test_free(data);
    cnn_net_free(loaded);
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_set),
        WITH_NET(forward_arguments),
        WITH_NET(predict_arguments),
        WITH_NET(predict_none),
        WITH_NET(output_comes_and_goes),
        WITH_NET(predict_any_count),
        WITH_NET(zero_grad),
        WITH_NET(backward_needs_a_training_pass),
        cmocka_unit_test(same_as_layers_by_hand),
    };

    return cmocka_run_group_tests_name("net run", tests, NULL, NULL);
}
