/* A net runs what follows a convolution in pieces; by hand each layer runs over
 * the whole batch. Both give the same bits. */
#include "net/fusion.h"

#include <math.h>
#include <string.h>

#include "cnn/optim.h"
#include "cnn/session.h"
#include "cnn/stats.h"
#include "math/simd.h"
#include "net/net_impl.h"
#include "support/conv_case.h"
#include "support/nets.h"

enum { BATCH = 37, LAYERS = 9, OUTPUTS = 4 };

/* Max pooling by 2 x 2 leaves a rest; it does not, in rows of four outputs and
 * more, and of fewer: then what it picks is enough to go back. */
static const cnn_shape shapes[] = {{3, 14, 13}, {3, 14, 12}, {3, 8, 6}};

/* Of the three convolutions of a net. */
static const int32_t squares[] = {5, 3, 3}, points[] = {1, 1, 1};

/* Activation and pooling, pooling alone, an activation alone. */
static cnn_net *net_with(const int32_t *kernels, const cnn_shape *shape,
                         int32_t algorithm, int32_t function, bool average)
{
    const cnn_pool2d_options overlapping = {.struct_size = sizeof(overlapping),
                                            .padding = CNN_PAD_EXPLICIT,
                                            .stride_h = 2,
                                            .stride_w = 2,
                                            .pad_top = 1,
                                            .pad_left = 1};
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, conv_same(9, kernels[0], algorithm));
    cnn_net_add(net, cnn_activation_create(function, NULL));
    cnn_net_add(net, average ? cnn_avgpool2d_create(2, 2, NULL)
                             : cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, conv_same(11, kernels[1], algorithm));
    cnn_net_add(net, average ? cnn_avgpool2d_create(3, 3, &overlapping)
                             : cnn_maxpool2d_create(3, 3, &overlapping));
    cnn_net_add(net, conv_same(6, kernels[2], algorithm));
    cnn_net_add(net, cnn_activation_create(function, NULL));
    cnn_net_add(net, cnn_dense_create(OUTPUTS, NULL));
    cnn_net_add(net, cnn_softmax_create());
    cnn_set_num_threads(3); /* what it is built for */
    build(net, shape, BATCH, 1);
    cnn_set_num_threads(1);
    return net;
}

static cnn_net *net_of(const cnn_shape *shape, int32_t algorithm,
                       int32_t function, bool average)
{
    return net_with(squares, shape, algorithm, function, average);
}

/* The layers of a net, each with arrays of its own; the last dx is missing. */
typedef struct by_hand {
    float *y[LAYERS], *dx[LAYERS];
} by_hand;

static size_t floats(const cnn_layer *layer, int32_t batch)
{
    return (size_t)batch * cnn__shape_size(&layer->out);
}

static void go_by_hand(by_hand *h, cnn_net *net, int32_t batch, const float *x,
                       const float *dy)
{
    for (int32_t i = 0; i < LAYERS; i++) {
        cnn_layer *layer = cnn_net_layer(net, i);

        h->y[i] = uniform(floats(layer, batch), 9);
        h->dx[i] = uniform(floats(layer, batch), 9); /* for the layer above */
        assert_int_equal(cnn_layer_forward(layer, CNN_TRAIN, batch,
                                           i > 0 ? h->y[i - 1] : x, h->y[i]),
                         CNN_OK);
    }
    for (int32_t i = LAYERS - 1; i >= 0; i--)
        assert_int_equal(cnn_layer_backward(cnn_net_layer(net, i), batch,
                                            i > 0 ? h->y[i - 1] : x, h->y[i],
                                            i < LAYERS - 1 ? h->dx[i] : dy,
                                            i > 0 ? h->dx[i - 1] : NULL),
                         CNN_OK);
}

static void free_hand(by_hand *h)
{
    for (int32_t i = 0; i < LAYERS; i++) {
        test_free(h->y[i]);
        test_free(h->dx[i]);
    }
}

static void check_session(cnn_net *net, int32_t batch, const float *x,
                          const float *want)
{
    cnn_session *session = cnn_session_create(net, BATCH);
    float got[BATCH * OUTPUTS];

    assert_int_equal(cnn_session_predict(session, batch, x, got), CNN_OK);
    assert_same_bits(got, want, (size_t)batch * OUTPUTS);
    cnn_session_free(session);
}

static void check_net(cnn_net *net, int32_t batch)
{
    const size_t params = cnn_net_param_count(net);
    float *x = uniform(BATCH * cnn__shape_size(&net->in), 2);
    float *dy = uniform(BATCH * OUTPUTS, 3);
    float *grads = uniform(params, 4);
    float got[BATCH * OUTPUTS];
    by_hand h;

    cnn_net_zero_grad(net);
    go_by_hand(&h, net, batch, x, dy);
    const float *want = h.y[LAYERS - 1];
    memcpy(grads, cnn_net_grads(net), params * sizeof(float));

    cnn_net_zero_grad(net);
    assert_int_equal(cnn_net_forward(net, CNN_TRAIN, batch, x), CNN_OK);
    assert_same_bits(cnn_net_output(net), want, (size_t)batch * OUTPUTS);
    assert_int_equal(cnn_net_backward(net, batch, x, dy), CNN_OK);
    assert_same_bits(cnn_net_grads(net), grads, params);
    assert_int_equal(cnn_net_predict(net, batch, x, got), CNN_OK);
    assert_same_bits(got, want, (size_t)batch * OUTPUTS);
    check_session(net, batch, x, want);
    free_hand(&h);
    test_free(x);
    test_free(dy);
    test_free(grads);
}

static void check_net_however_it_is_run(cnn_net *net)
{
    static const int32_t batches[] = {1, 5, BATCH};

    for (int b = 0; b < 3; b++)
        for (int32_t threads = 1; threads <= 3; threads++) {
            cnn_set_num_threads(threads);
            check_net(net, batches[b]);
        }
    cnn_set_num_threads(1);
    cnn_net_free(net);
}

static void same_bits_as_by_hand(void **state)
{
    static const int32_t algorithms[] = {
        CNN_ALGORITHM_IM2COL, CNN_ALGORITHM_WINOGRAD, CNN_ALGORITHM_DIRECT};
    static const int32_t functions[] = {CNN_SIGMOID, CNN_RELU, CNN_ELU};
    const bool direct = cnn__simd_used()->direct->forward != NULL;

    (void)state;
    for (int i = 0; i < 3 * (direct ? 3 : 2) * 4; i++) {
        const int32_t function = functions[i / 3 % 4 % 3];
        const bool average = i / 3 % 4 == 3;

        check_net_however_it_is_run(
            net_of(&shapes[i % 3], algorithms[i / 12], function, average));
    }
}

/* Kernels of one pixel: what they read and write is not copied. */
static void same_bits_for_points(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        check_net_however_it_is_run(net_with(
            points, &shapes[i], CNN_ALGORITHM_IM2COL, CNN_SIGMOID, false));
}

/* ------------------------------------------------------ what is fused --- */

static int32_t fused_length(cnn_net *net, int32_t i)
{
    return net->pass.fusions[i].length;
}

static void fusions_of_a_net(void **state)
{
    static const int32_t want[LAYERS] = {2, 0, 0, 1, 0, 0, 0, 0, 0};
    cnn_net *net = net_of(&shapes[0], CNN_ALGORITHM_IM2COL, CNN_RELU, false);

    (void)state;
    for (int32_t i = 0; i < LAYERS; i++) {
        assert_int_equal(fused_length(net, i), want[i]);
        assert_int_equal(cnn__fusion_head(net->pass.fusions, i), i == 2   ? 0
                                                                 : i == 4 ? 3
                                                                          : i);
    }
    cnn_net_free(net);
}

/* What a layer does at a time is more than a cache holds. */
static void none_where_images_are_large(void **state)
{
    cnn_net *net = cnn_net_create();
    const cnn_shape large = {1, 300, 300};

    (void)state;
    cnn_net_add(net, conv_same(8, 3, CNN_ALGORITHM_IM2COL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    build(net, &large, 1, 1);
    assert_int_equal(fused_length(net, 0), 0);
    cnn_net_free(net);
}

/* A convolution of the whole image does all samples at once. */
static void none_behind_whole_images(void **state)
{
    cnn_net *net = cnn_net_create();

    (void)state;
    cnn_net_add(net, cnn_conv2d_create(8, 14, 13, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(1, 1, NULL));
    build(net, &shapes[0], BATCH, 1);
    assert_int_equal(fused_length(net, 0), 0);
    cnn_net_free(net);
}

/* For predicting, what is inside is not stored, and two arrays take turns. */
static void sessions_store_no_insides(void **state)
{
    cnn_net *net = net_of(&shapes[0], CNN_ALGORITHM_IM2COL, CNN_RELU, false);
    cnn__arena arena = {0};
    cnn__pass pass = {0};

    (void)state;
    assert_int_equal(
        cnn__pass_start(&pass, net->layers, net->count, BATCH, false), CNN_OK);
    cnn__pass_plan(&pass, BATCH, false, 1, &arena);
    arena = (cnn__arena){.base = cnn__alloc(arena.used)};
    assert_non_null(arena.base);
    void *memory = arena.base;
    cnn__pass_plan(&pass, BATCH, false, 1, &arena);
    assert_null(pass.y[0]);
    assert_null(pass.y[1]);
    assert_null(pass.y[3]);
    assert_non_null(pass.y[2]);
    assert_non_null(pass.y[4]);
    assert_ptr_not_equal(pass.y[4], pass.y[2]);
    assert_ptr_equal(pass.y[5], pass.y[2]);
    cnn__pass_free(&pass);
    cnn__free(memory);
    cnn_net_free(net);
}

/* ----------------------------------------------------- what is hidden --- */

static void train(cnn_net *net, const float *x, cnn_status want)
{
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);
    int32_t labels[BATCH] = {0};

    assert_int_equal(cnn_net_train_step(net, optim, BATCH, x, labels, NULL),
                     want);
    cnn_optim_free(optim);
}

/* A watch looks at activations that nobody else needs. */
static void a_watch_sees_what_is_hidden(void **state)
{
    cnn_net *net = net_of(&shapes[1], CNN_ALGORITHM_IM2COL, CNN_RELU, false);
    float *x = uniform(BATCH * cnn__shape_size(&net->in), 2);
    float *dy = uniform(BATCH * OUTPUTS, 3);
    by_hand h;

    (void)state;
    assert_null(net->pass.y[0]);
    assert_null(net->pass.y[1]);
    assert_non_null(net->pass.y[2]);
    go_by_hand(&h, net, BATCH, x, dy);
    assert_int_equal(cnn_net_watch(net, 1), CNN_OK);
    assert_ptr_equal(net->pass.y[1], net->pass.y[0]);
    train(net, x, CNN_OK);
    assert_same_bits(net->pass.y[1], h.y[1], floats(net->layers[1], BATCH));
    assert_int_equal(cnn_net_watch(net, 0), CNN_OK);
    assert_null(net->pass.y[0]);
    train(net, x, CNN_OK);
    free_hand(&h);
    test_free(x);
    test_free(dy);
    cnn_net_free(net);
}

/* What is hidden is found all the same, and hidden again. */
static void divergence_is_found_inside(void **state)
{
    cnn_net *net = net_of(&shapes[1], CNN_ALGORITHM_IM2COL, CNN_RELU, false);
    float *x = uniform(BATCH * cnn__shape_size(&net->in), 2);

    (void)state;
    x[7] = INFINITY;
    train(net, x, CNN_EDIVERGED);
    assert_non_null(strstr(cnn_last_error(), "layer 0 (conv2d)"));
    assert_null(net->pass.y[0]);
    x[7] = 0.0f;
    train(net, x, CNN_OK);
    test_free(x);
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_as_by_hand),
        cmocka_unit_test(same_bits_for_points),
        cmocka_unit_test(fusions_of_a_net),
        cmocka_unit_test(none_where_images_are_large),
        cmocka_unit_test(none_behind_whole_images),
        cmocka_unit_test(sessions_store_no_insides),
        cmocka_unit_test(a_watch_sees_what_is_hidden),
        cmocka_unit_test(divergence_is_found_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
