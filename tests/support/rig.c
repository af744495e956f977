#include "support/rig.h"

#include <math.h>
#include <string.h>

static void forget(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = NAN;
}

float *new_floats(size_t n)
{
    float *x = test_malloc(n * sizeof(*x));

    assert_non_null(x);
    forget(x, n);
    return x;
}

static size_t floats_of(const cnn_shape *s, int32_t batch)
{
    return (size_t)batch * (size_t)s->c * (size_t)s->h * (size_t)s->w;
}

void rig_open(rig *r, cnn_layer *layer, const cnn_shape *in, int32_t batch)
{
    const int32_t threads = cnn_num_threads();

    cnn_set_num_threads(RIG_THREADS);
    if (layer == NULL || cnn_layer_build(layer, in, batch, 1) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    cnn_set_num_threads(threads);
    r->layer = layer;
    r->batch = batch;
    r->in = *in;
    assert_int_equal(cnn_layer_out_shape(layer, &r->out), CNN_OK);
    r->X = floats_of(&r->in, batch);
    r->Y = floats_of(&r->out, batch);
    r->P = cnn_layer_param_count(layer);
    r->x = new_floats(r->X);
    r->y = new_floats(r->Y);
    r->dy = new_floats(r->Y);
    r->dx = new_floats(r->X);
}

void rig_fill_uniform(rig *r, uint64_t seed)
{
    fill_uniform(r->x, r->X, 3 * seed);
    fill_uniform(r->dy, r->Y, 3 * seed + 1);
    fill_uniform(cnn_layer_params(r->layer), r->P, 3 * seed + 2);
}

void rig_fill_integers(rig *r, int most, uint64_t seed)
{
    fill_integers(r->x, r->X, most, 3 * seed);
    fill_integers(r->dy, r->Y, most, 3 * seed + 1);
    fill_integers(cnn_layer_params(r->layer), r->P, most, 3 * seed + 2);
}

void rig_forward(rig *r)
{
    forget(r->y, r->Y);
    assert_int_equal(
        cnn_layer_forward(r->layer, CNN_TRAIN, r->batch, r->x, r->y), CNN_OK);
}

void rig_backward(rig *r)
{
    forget(r->dx, r->X);
    assert_int_equal(cnn_layer_zero_grad(r->layer), CNN_OK);
    assert_int_equal(
        cnn_layer_backward(r->layer, r->batch, r->x, r->y, r->dy, r->dx),
        CNN_OK);
}

static void copy_grads(const rig *r, float *to)
{
    for (size_t i = 0; i < r->P; i++)
        to[i] = cnn_layer_grads(r->layer)[i];
}

void rig_assert_threads_agree(rig *r)
{
    float *y = new_floats(r->Y), *dx = new_floats(r->X);
    float *grads = new_floats(r->P);

    for (int32_t threads = 1; threads <= RIG_THREADS; threads++) {
        assert_int_equal(cnn_set_num_threads(threads), CNN_OK);
        rig_forward(r);
        rig_backward(r);
        if (threads == 1) {
            memcpy(y, r->y, r->Y * sizeof(float));
            memcpy(dx, r->dx, r->X * sizeof(float));
            copy_grads(r, grads);
        }
        assert_same_bits(r->y, y, r->Y);
        assert_same_bits(r->dx, dx, r->X);
        assert_same_bits(cnn_layer_grads(r->layer), grads, r->P);
    }
    assert_int_equal(cnn_set_num_threads(1), CNN_OK);
    test_free(y);
    test_free(dx);
    test_free(grads);
}

void rig_assert_dx_is_optional(rig *r)
{
    float *grads = new_floats(r->P);

    rig_forward(r);
    rig_backward(r);
    copy_grads(r, grads);
    assert_int_equal(cnn_layer_zero_grad(r->layer), CNN_OK);
    assert_int_equal(
        cnn_layer_backward(r->layer, r->batch, r->x, r->y, r->dy, NULL),
        CNN_OK);
    assert_same_bits(cnn_layer_grads(r->layer), grads, r->P);
    test_free(grads);
}

void rig_assert_gradients_add(rig *r)
{
    float *twice = new_floats(r->P), *dx = new_floats(r->X);

    rig_forward(r);
    rig_backward(r);
    for (size_t i = 0; i < r->P; i++)
        twice[i] = 2.0f * cnn_layer_grads(r->layer)[i];
    memcpy(dx, r->dx, r->X * sizeof(float));
    assert_int_equal(
        cnn_layer_backward(r->layer, r->batch, r->x, r->y, r->dy, r->dx),
        CNN_OK);
    assert_same_bits(cnn_layer_grads(r->layer), twice, r->P);
    assert_same_bits(r->dx, dx, r->X);
    test_free(twice);
    test_free(dx);
}

void rig_assert_frozen_alike(rig *r)
{
    float *y = new_floats(r->Y), *dx = new_floats(r->X);

    rig_forward(r);
    rig_backward(r);
    memcpy(y, r->y, r->Y * sizeof(*y));
    memcpy(dx, r->dx, r->X * sizeof(*dx));
    for (int32_t how = CNN_FROZEN; how <= CNN_FROZEN_PARAMS; how++) {
        assert_int_equal(cnn_layer_set_frozen(r->layer, how), CNN_OK);
        rig_forward(r);
        rig_backward(r);
        assert_same_bits(r->y, y, r->Y);
        assert_same_bits(r->dx, dx, r->X);
    }
    cnn_layer_set_frozen(r->layer, CNN_LEARNING);
    test_free(y);
    test_free(dx);
}

void rig_close(rig *r)
{
    test_free(r->x);
    test_free(r->y);
    test_free(r->dy);
    test_free(r->dx);
    cnn_layer_free(r->layer);
}
