/* cnn_net_gradcheck(): finds nothing in what is right, and what is wrong. */
#include "cnn/parts.h"

#include <math.h>
#include <string.h>

#include "support/own_layer.h"
#include "support/training.h"

enum { N = 6 };

static int32_t labels[N];

/* Images, and a batch of them. */
static float *open_batch(cnn_batch *batch)
{
    float *x = uniform(N * TINY_INPUT, 1);

    fill_labels(labels, N, TINY_CLASSES, 2);
    *batch = (cnn_batch){
        .struct_size = sizeof(*batch), .count = N, .x = x, .labels = labels};
    return x;
}

static cnn_gradcheck_result checked(cnn_net *net, const cnn_batch *batch)
{
    cnn_gradcheck_result r = {.struct_size = sizeof(r)};

    if (cnn_net_gradcheck(net, batch, NULL, &r) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    return r;
}

/* dense 7, tanh, a layer of the program, dense 10 */
static cnn_net *smooth_net(cnn_layer *layer)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_dense_create(7, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, layer);
    cnn_net_add(net, cnn_dense_create(TINY_CLASSES, NULL));
    build(net, &tiny_shape, N, 4);
    return net;
}

/* The truncation, h^2 / 6 of the third derivative over the first, and the
 * rounding, 2^-24 / h over slopes near 0.05, are both below 5e-4. */
static void right(void **state)
{
    cnn_batch batch;
    float *x = open_batch(&batch);

    (void)state;
    for (int32_t loss = 0; loss <= CNN_LOSS_BINARY_CROSS_ENTROPY; loss++)
        for (int32_t reduction = 0; reduction < 2; reduction++) {
            cnn_net *net = smooth_net(own_layer(1.0f, 0, NULL));

            if (loss == CNN_LOSS_MAE) { /* has a kink */
                cnn_net_free(net);
                continue;
            }
            cnn_net_set_loss(net, loss, reduction);
            const cnn_gradcheck_result r = checked(net, &batch);
            assert_true(r.error > 0.0 && r.error < 2e-3);
            assert_in_range(r.layer, 0, 3);
            /* 50 of each array at most: 7 x 36, 7, 7, 10 x 7, 10 */
            assert_int_equal(r.checked, 50 + 7 + 7 + 50 + 10);
            cnn_net_free(net);
        }
    test_free(x);
}

/* Claims half of its gradients. */
static cnn_layer_backward_fn right_backward;

static void half(void *user, const cnn_layer_pass *pass, const float *x,
                 const float *y, const float *dy, float *dx)
{
    right_backward(user, pass, x, y, dy, dx);
    for (size_t i = 0; i < pass->param_count; i++)
        pass->grads[i] *= 0.5f;
}

static void wrong(void **state)
{
    cnn_layer_methods m = own_methods(0);
    own o = {1.0f, NULL};
    cnn_batch batch;
    float *x = open_batch(&batch);

    (void)state;
    right_backward = m.backward;
    m.backward = half;
    cnn_net *net = smooth_net(cnn_layer_create_custom(&m, &o));
    const cnn_gradcheck_result r = checked(net, &batch);
    assert_int_equal(r.layer, 2);
    assert_int_equal(r.tensor, 0);
    assert_true(fabs(r.error - 0.5) < 1e-3);
    assert_true(fabs(r.gradient - 0.5 * r.slope) < 1e-3 * fabs(r.slope));
    assert_in_range(r.element, 0, 6);
    /* Nothing is asked of what does not learn. */
    cnn_layer_set_frozen(cnn_net_layer(net, 2), CNN_FROZEN);
    assert_true(checked(net, &batch).error < 2e-3);
    for (int32_t i = 0; i < 4; i++)
        cnn_layer_set_frozen(cnn_net_layer(net, i), CNN_FROZEN);
    const cnn_gradcheck_result none = checked(net, &batch);
    assert_int_equal(none.layer, -1);
    assert_int_equal(none.checked, 0);
    assert_true(none.error == 0.0);
    cnn_net_free(net);
    test_free(x);
}

/* Dropout, batch normalisation, weights; a training goes on as if nothing had
 * been checked. */
static void leaves_no_trace(void **state)
{
    training seen = {.net = rich_net()}, unseen = {.net = rich_net()};
    float weights[TINY_BATCH] = {1, 0, 2, 0.5f};

    (void)state;
    training_open(&seen, 1);
    training_open(&unseen, 1);
    for (int i = 0; i < 3; i++) {
        const cnn_batch batch = {.struct_size = sizeof(batch),
                                 .count = TINY_BATCH,
                                 .x = seen.images,
                                 .labels = seen.labels,
                                 .weights = weights};

        training_run(&seen, 1);
        training_run(&unseen, 1);
        /* Biases below batch normalisation have no slope but rounding. */
        const cnn_gradcheck_result r = checked(seen.net, &batch);
        assert_true(r.error < 2e-3 ||
                    (r.layer == 0 && r.tensor == 1 && fabs(r.slope) < 1e-4));
    }
    assert_same_training(&seen, &unseen);
    training_close(&seen);
    training_close(&unseen);
}

/* 1 for as many samples as `user` says, with a gradient of 0. */
static double one_at_first(void *user, const cnn_loss_sample *s, float *dy)
{
    for (size_t k = 0; k < s->count && dy != NULL; k++)
        dy[k] = 0.0f;
    return (*(int32_t *)user)-- > 0 ? 1.0 : (double)NAN;
}

static void refused(void **state)
{
    cnn_gradcheck_result r = {.struct_size = sizeof(r), .layer = 77};
    cnn_gradcheck_options o = {.struct_size = sizeof(o), .step = -1.0f};
    cnn_net *net = tiny_net();
    cnn_batch batch;
    float *x = open_batch(&batch);
    int32_t samples = 0;

    (void)state;
    assert_failed(cnn_net_gradcheck(net, &batch, NULL, &r), CNN_ESTATE,
                  "not built");
    build(net, &tiny_shape, N, 1);
    float *before = copy_params(net);
    assert_failed(cnn_net_gradcheck(net, NULL, NULL, &r), CNN_EINVAL,
                  "batch is NULL");
    assert_failed(cnn_net_gradcheck(net, &batch, NULL, NULL), CNN_EINVAL,
                  "result is NULL");
    assert_failed(cnn_net_gradcheck(net, &batch, &o, &r), CNN_EINVAL,
                  "step -1");
    o.step = CNN_ZERO;
    assert_failed(cnn_net_gradcheck(net, &batch, &o, &r), CNN_EINVAL, "step 0");
    o.step = 0.01f;
    o.per_tensor = -2;
    assert_failed(cnn_net_gradcheck(net, &batch, &o, &r), CNN_EINVAL,
                  "per_tensor -2");
    labels[1] = TINY_CLASSES;
    assert_failed(cnn_net_gradcheck(net, &batch, NULL, &r), CNN_EINVAL,
                  "label 10 of sample 1");
    labels[1] = 0;
    cnn_net_set_custom_loss(net, one_at_first, &samples);
    assert_failed(cnn_net_gradcheck(net, &batch, NULL, &r), CNN_EDIVERGED,
                  "net_gradcheck: the loss is ");
    samples = N;
    assert_failed(cnn_net_gradcheck(net, &batch, NULL, &r), CNN_EDIVERGED,
                  "element 0 of weight of layer 0 (conv2d) has the gradient 0 "
                  "and the slope ");
    r.struct_size = 8;
    cnn_net_set_loss(net, CNN_LOSS_MSE, CNN_REDUCE_MEAN);
    assert_failed(cnn_net_gradcheck(net, &batch, NULL, &r), CNN_EINVAL,
                  "net_gradcheck: struct_size is 8");
    assert_int_equal(r.layer, 77);
    assert_same_bits(cnn_net_params(net), before, TINY_PARAMS);
    cnn_net_free(net);
    test_free(before);
    test_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right),
        cmocka_unit_test(wrong),
        cmocka_unit_test(leaves_no_trace),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests_name("net_gradcheck", tests, NULL, NULL);
}
