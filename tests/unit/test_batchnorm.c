/* Batch normalisation. golden/test_golden_layers.c compares it with PyTorch. */
#include <math.h>
#include <string.h>

#include "support/draw.h"
#include "support/gradcheck.h"
#include "support/model_bytes.h"
#include "support/training.h"

static cnn_layer *batchnorm(float epsilon, float momentum)
{
    return cnn_batchnorm_create(
        &(cnn_batchnorm_options){.struct_size = sizeof(cnn_batchnorm_options),
                                 .epsilon = epsilon,
                                 .momentum = momentum});
}

/* What the rig's layer predicts for its x. */
static void predict(rig *r)
{
    assert_int_equal(cnn_layer_forward(r->layer, 0, r->batch, r->x, r->y),
                     CNN_OK);
}

/* 1 3 5 7 have the mean 4 and the variance 5; with an epsilon of 4 the root is
 * 3. gamma is 6 and beta 1: y = 2 (x - 4) + 1. Of h = (-3 -1 1 3) / 3 and dy =
 * (4 0 0 0) the means are 0, of dy 1, of dy h -1: dx = 6 / 3 (dy - 1 + h). */
static void by_hand(void **state)
{
    const float x[] = {1, 3, 5, 7}, dy[] = {4, 0, 0, 0};
    const float y[] = {-5, -1, 3, 7}, grads[] = {-4, 4};
    const float dx[] = {4, -2 - 2.0f / 3, -2 + 2.0f / 3, 0};
    /* 0.5 * 4; 0.5 * 1 + 0.5 * 5 * 4 / 3 = 23 / 6: root of that and 4 */
    const double root = sqrt(23.0 / 6.0 + 4.0);
    float later[4];
    rig r;

    (void)state;
    rig_open(&r, batchnorm(4.0f, 0.5f), &(cnn_shape){1, 1, 2}, 2);
    assert_string_equal(cnn_layer_kind(r.layer), "batchnorm");
    assert_int_equal(r.P, 2);
    assert_true(cnn_layer_params(r.layer)[0] == 1.0f);
    assert_true(cnn_layer_params(r.layer)[1] == 0.0f);
    memcpy(r.x, x, sizeof(x));
    memcpy(r.dy, dy, sizeof(dy));
    cnn_layer_params(r.layer)[0] = 6.0f;
    cnn_layer_params(r.layer)[1] = 1.0f;
    rig_forward(&r);
    assert_near(r.y, y, 4, 0, 0);
    rig_backward(&r);
    assert_near(cnn_layer_grads(r.layer), grads, 2, 0, 0x1p-23);
    /* Differences of numbers of up to 8. */
    assert_near(r.dx, dx, 4, 8 * 0x1p-24, 0);
    predict(&r);
    for (int i = 0; i < 4; i++)
        later[i] = (float)(6.0 * ((double)x[i] - 2.0) / root + 1.0);
    assert_near(r.y, later, 4, 16 * 0x1p-23, 0);
    rig_close(&r);
}

/* ------------------------------------------------------ the statistics --- */

/* Before any training they are 0 and 1: with an epsilon of 3, and so a root of
 * 2, whole numbers are computed exactly. */
static void exact_on_integers(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        cnn__random random;
        rig r;

        draw_start(&random, seed);
        rig_open(&r, batchnorm(3.0f, 0),
                 &(cnn_shape){draw_between(&random, 1, 5),
                              draw_between(&random, 1, 9),
                              draw_between(&random, 1, 9)},
                 draw_between(&random, 1, 5));
        rig_fill_integers(&r, 50, seed);
        predict(&r);
        const size_t C = (size_t)r.in.c, area = (size_t)(r.in.h * r.in.w);
        const float *params = cnn_layer_params(r.layer);
        for (size_t i = 0; i < r.X; i++) {
            const size_t c = i / area % C;
            assert_true(r.y[i] == r.x[i] * params[c] / 2.0f + params[C + c]);
        }
        rig_close(&r);
    }
}

/* Forward passes leave them alone, be they training or not; each backward pass
 * moves them, by momentum. */
static void follow_on_the_way_back(void **state)
{
    float before[24], after[24];
    rig r;

    (void)state;
    rig_open(&r, batchnorm(0, 1.0f), &(cnn_shape){2, 1, 3}, 4);
    rig_fill_uniform(&r, 1);
    cnn_layer_params(r.layer)[0] = cnn_layer_params(r.layer)[1] = 1.0f;
    predict(&r);
    memcpy(before, r.y, sizeof(before));
    rig_forward(&r);
    rig_forward(&r);
    predict(&r);
    assert_same_bits(r.y, before, 24);
    rig_forward(&r);
    rig_backward(&r);
    predict(&r);
    assert_memory_not_equal(r.y, before, sizeof(before));
    memcpy(after, r.y, sizeof(after));
    /* With a momentum of 1 they are those of the last batch, the variance being
     * 12 / 11 of the one that training takes. */
    rig_forward(&r);
    for (size_t i = 0; i < 24; i++) {
        const float beta = cnn_layer_params(r.layer)[2 + i / 3 % 2];
        const float want = (r.y[i] - beta) * sqrtf(11.0f / 12.0f) + beta;
        /* epsilon is 1e-5 of a variance of 1/3, and a twelfth of it counts. */
        assert_near(&after[i], &want, 1, 1e-5, 0);
    }
    rig_close(&r);
}

/* A step whose loss is not finite is given up before it has moved them. */
static void given_up_steps_leave_them(void **state)
{
    const int32_t labels[] = {0, 1};
    const float bad[] = {1, NAN, 2, 3};
    float x[] = {1, 2, 3, 5}, before[4], after[4];
    cnn_net *net = cnn_net_create();
    cnn_optim *optim = cnn_sgd_create(0.1f, NULL);

    (void)state;
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    build(net, &(cnn_shape){2, 1, 1}, 2, 1);
    assert_int_equal(cnn_net_train_step(net, optim, 2, x, labels, NULL),
                     CNN_OK);
    cnn_net_predict(net, 2, x, before);
    assert_failed(cnn_net_train_step(net, optim, 2, bad, labels, NULL),
                  CNN_EDIVERGED, "layer 0 (batchnorm)");
    cnn_net_predict(net, 2, x, after);
    assert_same_bits(after, before, 4);
    cnn_optim_free(optim);
    cnn_net_free(net);
}

/* One value has no variance: y is beta, there is nothing to learn about x, and
 * the running variance follows zero, where M / (M - 1) would be infinite. */
static void single_value(void **state)
{
    const float want = 0.9f / sqrtf(0.9f + 1.0f) * 2.0f + 5.0f;
    rig r;

    (void)state;
    rig_open(&r, batchnorm(1.0f, 0.1f), &(cnn_shape){1, 1, 1}, 1);
    r.x[0] = 1.0f;
    r.dy[0] = 3.0f;
    cnn_layer_params(r.layer)[0] = 2.0f;
    cnn_layer_params(r.layer)[1] = 5.0f;
    rig_forward(&r);
    assert_true(r.y[0] == 5.0f);
    rig_backward(&r);
    assert_true(r.dx[0] == 0.0f);
    assert_true(cnn_layer_grads(r.layer)[0] == 0.0f);
    assert_true(cnn_layer_grads(r.layer)[1] == 3.0f);
    predict(&r); /* mean 0.1, variance 0.9 */
    assert_near(&r.y[0], &want, 1, 0, 4 * 0x1p-24);
    rig_close(&r);
}

/* Deviations of 1 from a mean of 4,096 are seen, though their squares would
 * drown in a sum of 4,096^2. */
static void large_mean(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_batchnorm_create(NULL), &(cnn_shape){1, 8, 8}, 4);
    for (size_t i = 0; i < r.X; i++)
        r.x[i] = 4096.0f + (i % 2 == 0 ? 1.0f : -1.0f);
    rig_forward(&r);
    for (size_t i = 0; i < r.X; i++) {
        const float want = i % 2 == 0 ? 1.0f : -1.0f;
        /* A product of 4,097 and one of 4,096 are rounded, by 2^-12 each. */
        assert_near(&r.y[i], &want, 1, 2 * 0x1p-12, 0);
    }
    rig_close(&r);
}

/* ------------------------------------------------- any configuration --- */

/* The sum of something over all values of channel c. */
static double sum_of(const rig *r, size_t c, double (*of)(size_t, void *),
                     void *data)
{
    const size_t area = (size_t)(r->in.h * r->in.w), C = (size_t)r->in.c;
    double sum = 0.0;

    for (size_t i = 0; i < r->X; i++)
        if (i / area % C == c)
            sum += of(i, data);
    return sum;
}

/* What the sums below need of one channel. */
typedef struct one {
    const rig *r;
    double mean, root;
} one;

static double value(size_t i, void *data)
{
    return (double)((one *)data)->r->x[i];
}

static double square(size_t i, void *data)
{
    return pow(value(i, data) - ((one *)data)->mean, 2.0);
}

static double slope(size_t i, void *data)
{
    return (double)((one *)data)->r->dy[i];
}

static double slope_h(size_t i, void *data)
{
    const one *o = data;

    return slope(i, data) * (value(i, data) - o->mean) / o->root;
}

/* Holds channel c of the rig, run both ways, against the formulas. With M
 * values below 1, M at least 4 and the epsilon 0.01, h is below 10 and comes
 * from a product and a sum of numbers below 10; dx is a difference of three
 * such, computed in double and rounded once. */
static void assert_channel(const rig *r, size_t c, double epsilon)
{
    const size_t area = (size_t)(r->in.h * r->in.w), C = (size_t)r->in.c;
    const double M = (double)r->X / (double)C;
    const float *params = cnn_layer_params(r->layer);
    const float *grads = cnn_layer_grads(r->layer);
    one o = {.r = r};

    o.mean = sum_of(r, c, value, &o) / M;
    o.root = sqrt(sum_of(r, c, square, &o) / M + epsilon);
    const double dbeta = sum_of(r, c, slope, &o);
    const double dgamma = sum_of(r, c, slope_h, &o);
    assert_near(&grads[c], &(float){(float)dgamma}, 1, 1e-6, 1e-6);
    assert_near(&grads[C + c], &(float){(float)dbeta}, 1, 1e-6, 1e-6);
    for (size_t i = 0; i < r->X; i++) {
        const double h = (value(i, &o) - o.mean) / o.root;
        const double gamma = (double)params[c];
        const double y = gamma * h + (double)params[C + c];
        const double dx =
            gamma / o.root * (slope(i, &o) - dbeta / M - h * dgamma / M);

        if (i / area % C != c)
            continue;
        assert_near(&r->y[i], &(float){(float)y}, 1, 32 * 0x1p-23, 0);
        assert_near(&r->dx[i], &(float){(float)dx}, 1, 1e-6, 1e-6);
    }
}

static void equals_formulas(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 150; seed++) {
        cnn__random random;
        rig r;

        draw_start(&random, seed);
        rig_open(&r, batchnorm(0.01f, 0),
                 &(cnn_shape){draw_between(&random, 1, 4),
                              draw_between(&random, 1, 7),
                              draw_between(&random, 1, 7)},
                 draw_between(&random, 4, 9));
        rig_fill_uniform(&r, seed);
        rig_forward(&r);
        rig_backward(&r);
        for (size_t c = 0; c < (size_t)r.in.c; c++)
            assert_channel(&r, c, (double)0.01f);
        rig_close(&r);
    }
}

/* x is spread over +-2, so that the step is a small part of the deviation: the
 * third derivative, about 1 / deviation^3, then counts as little as in other
 * layers. With few values h is nearly fixed, and dx is what is left of a
 * cancellation; dy has the sign of x so that dgamma, the sum of dy h, is not.
 */
static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        cnn__random random;
        rig r;

        draw_start(&random, seed);
        rig_open(&r, batchnorm(0.1f, 0),
                 &(cnn_shape){draw_between(&random, 3, 4),
                              draw_between(&random, 1, 3),
                              draw_between(&random, 2, 3)},
                 draw_between(&random, 4, 6));
        gradcheck_fill(&r, seed);
        fill_uniform(r.x, r.X, seed);
        for (size_t i = 0; i < r.X; i++)
            r.x[i] = roundf(r.x[i] * 16.0f) / 8.0f;
        gradcheck(&r, (size_t)r.in.c, "batchnorm");
        rig_close(&r);
    }
}

static void same_bits_however_it_is_run(void **state)
{
    rig r;

    (void)state;
    rig_open(&r, cnn_batchnorm_create(NULL), &(cnn_shape){7, 13, 17}, 9);
    rig_fill_uniform(&r, 3);
    rig_assert_threads_agree(&r);
    rig_assert_dx_is_optional(&r);
    rig_assert_gradients_add(&r);
    rig_close(&r);
}

/* A model file holds the running statistics that some steps have moved: with
 * the parameters of before, they alone make the difference. */
static void saved_with_a_model(void **state)
{
    training t = {.net = rich_net()};
    float x[TINY_INPUT], y[3][TINY_CLASSES];
    model_bytes fresh, m;

    (void)state;
    training_open(&t, 1);
    fill_uniform(x, TINY_INPUT, 1);
    model_of(&fresh, t.net);
    training_run(&t, 5);
    model_of(&m, t.net);
    assert_true(model_holds(&m, "'1.running_mean':{"));
    assert_true(model_holds(&m, "'1.running_var':{"));
    cnn_net *old = cnn_net_load_memory(fresh.data, fresh.size, 2);
    cnn_net *new = cnn_net_load_memory(m.data, m.size, 2);
    cnn_net_predict(t.net, 1, x, y[0]);
    cnn_net_predict(new, 1, x, y[1]);
    assert_same_bits(y[1], y[0], TINY_CLASSES);
    memcpy(cnn_net_params(new), cnn_net_params(old),
           cnn_net_param_count(old) * sizeof(float));
    cnn_net_predict(old, 1, x, y[1]);
    cnn_net_predict(new, 1, x, y[2]);
    assert_memory_not_equal(y[1], y[2], sizeof(y[1]));
    cnn_net_free(old);
    cnn_net_free(new);
    model_free(&fresh);
    model_free(&m);
    training_close(&t);
}

static void errors(void **state)
{
    const cnn_batchnorm_options flags = {.struct_size = sizeof(flags),
                                         .flags = 4};
    const float bad[] = {-1e-3f, INFINITY, NAN};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_null(batchnorm(bad[i], 0));
        assert_error(CNN_EINVAL, "expected above 0");
        assert_null(batchnorm(0, bad[i]));
        assert_error(CNN_EINVAL, "expected 0 to 1");
    }
    assert_null(batchnorm(-2.0f, 0));
    assert_error(CNN_EINVAL, "batchnorm: epsilon -2, expected above 0");
    assert_null(batchnorm(0, 1.5f));
    assert_error(CNN_EINVAL, "batchnorm: momentum 1.5, expected 0 to 1");
    assert_null(cnn_batchnorm_create(&flags));
    assert_error(CNN_EINVAL, "unknown flags 0x4, expected 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(exact_on_integers),
        cmocka_unit_test(follow_on_the_way_back),
        cmocka_unit_test(given_up_steps_leave_them),
        cmocka_unit_test(single_value),
        cmocka_unit_test(large_mean),
        cmocka_unit_test(equals_formulas),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(same_bits_however_it_is_run),
        cmocka_unit_test(saved_with_a_model),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("batchnorm", tests, NULL, NULL);
}
