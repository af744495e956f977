/* Layers that a program wrote, one by one. */
#include "cnn/custom.h"

#include <string.h>

#include "support/gradcheck.h"
#include "support/own_layer.h"

static const uint32_t both[] = {0, CNN_BY_SAMPLES};

/* ------------------------------------------------------------- alone --- */

/* Two elements, 1 and 3: m = 2, v = 1; with epsilon 3, s = 2 and h = -1/2, 1/2.
 */
static void by_hand(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        rig r;

        rig_open(&r, own_layer(3.0f, both[k], NULL), &(cnn_shape){2, 1, 1}, 1);
        assert_string_equal(cnn_layer_kind(r.layer), OWN_NAME);
        assert_int_equal(r.P, 2);
        r.x[0] = 1.0f;
        r.x[1] = 3.0f;
        memcpy(cnn_layer_params(r.layer), (float[]){4, 6}, 2 * sizeof(float));
        rig_forward(&r);
        assert_true(r.y[0] == -2.0f && r.y[1] == 3.0f);
        r.dy[0] = 1.0f;
        r.dy[1] = 0.0f;
        rig_backward(&r);
        /* dy g = 4, 0: its mean 2, that of its product with h -1 */
        assert_true(r.dx[0] == 0.75f && r.dx[1] == -0.75f);
        const float *grads = cnn_layer_grads(r.layer);
        assert_true(grads[0] == -0.5f && grads[1] == 0.0f);
        rig_close(&r);
    }
}

static void rules_of_layers(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++)
        for (int32_t batch = 1; batch < 40; batch += 9) {
            rig r;

            rig_open(&r, own_layer(1.0f, both[k], NULL),
                     &(cnn_shape){3, 20, 30}, batch);
            rig_fill_uniform(&r, (uint64_t)batch);
            rig_forward(&r);
            rig_assert_threads_agree(&r);
            rig_assert_dx_is_optional(&r);
            if (both[k] != 0) /* else its own sums round, one by one */
                rig_assert_gradients_add(&r);
            rig_close(&r);
        }
}

static void right_gradients(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++)
        for (uint64_t seed = 1; seed < 20; seed++) {
            rig r;

            rig_open(&r, own_layer(4.0f, both[k], NULL), &(cnn_shape){1, 2, 3},
                     (int32_t)seed);
            gradcheck_fill(&r, seed);
            gradcheck(&r, 0, OWN_NAME);
            rig_close(&r);
        }
}

/* By samples or not, the same y and dx; sums of gradients differ in rounding.
 */
static void by_samples_is_the_same(void **state)
{
    rig a, b;

    (void)state;
    rig_open(&a, own_layer(1.0f, 0, NULL), &(cnn_shape){4, 9, 9}, 21);
    rig_open(&b, own_layer(1.0f, CNN_BY_SAMPLES, NULL), &(cnn_shape){4, 9, 9},
             21);
    rig_fill_uniform(&a, 5);
    rig_fill_uniform(&b, 5);
    rig_forward(&a);
    rig_forward(&b);
    assert_same_bits(a.y, b.y, a.Y);
    rig_backward(&a);
    rig_backward(&b);
    assert_same_bits(a.dx, b.dx, a.X);
    assert_near(cnn_layer_grads(a.layer), cnn_layer_grads(b.layer), a.P, 1e-5,
                1e-5);
    rig_close(&a);
    rig_close(&b);
}

/* ---------------------------------------------------------- the least --- */

/* What a pass was told. */
typedef struct seen {
    cnn_layer_pass forward, backward;
    int32_t calls;
} seen;

static void note_forward(void *user, const cnn_layer_pass *pass, const float *x,
                         float *y)
{
    seen *s = user;

    s->calls++;
    s->forward = *pass;
    memcpy(y, x, (size_t)pass->batch * (size_t)pass->in.c * sizeof(float));
}

static void note_backward(void *user, const cnn_layer_pass *pass,
                          const float *x, const float *y, const float *dy,
                          float *dx)
{
    (void)x;
    (void)y;
    ((seen *)user)->backward = *pass;
    if (dx != NULL)
        memcpy(dx, dy,
               (size_t)pass->batch * (size_t)pass->in.c * sizeof(float));
}

static cnn_layer_methods least(void)
{
    return (cnn_layer_methods){
        .struct_size = sizeof(cnn_layer_methods),
        .name = "as_it_is",
        .forward = note_forward,
        .backward = note_backward,
    };
}

static void what_a_pass_is_told(void **state)
{
    const float x[6] = {1, 2, 3, 4, 5, 6};
    const cnn_layer_methods m = least();
    const cnn_shape in = {3, 1, 1};
    seen s = {0};
    float y[6], dx[6];

    (void)state;
    cnn_layer *layer = cnn_layer_create_custom(&m, &s);
    assert_int_equal(cnn_layer_build(layer, &in, 2, 9), CNN_OK);
    assert_int_equal(cnn_layer_forward(layer, 0, 2, x, y), CNN_OK);
    assert_same_bits(y, x, 6);
    assert_int_equal(s.forward.flags, 0);
    assert_int_equal(s.forward.batch, 2);
    assert_int_equal(s.forward.first, 0);
    assert_memory_equal(&s.forward.in, &in, sizeof(in));
    assert_memory_equal(&s.forward.out, &in, sizeof(in));
    assert_int_equal(s.forward.param_count, 0);
    assert_null(s.forward.workspace);
    assert_null(s.forward.grads);
    assert_int_equal(s.forward.seed, 9);
    assert_int_equal(s.forward.step, 0);
    assert_int_equal(cnn_layer_forward(layer, CNN_TRAIN, 1, x, y), CNN_OK);
    assert_int_equal(s.forward.flags, CNN_TRAIN);
    assert_int_equal(s.forward.step, 1);
    assert_int_equal(cnn_layer_backward(layer, 1, x, y, x, dx), CNN_OK);
    assert_int_equal(s.backward.flags, CNN_TRAIN);
    assert_int_equal(s.backward.batch, 1);
    assert_int_equal(cnn_layer_set_frozen(layer, CNN_FROZEN), CNN_OK);
    assert_int_equal(cnn_layer_forward(layer, CNN_TRAIN, 1, x, y), CNN_OK);
    assert_int_equal(s.forward.flags, 0);
    assert_int_equal(s.calls, 3);
    cnn_layer_free(layer);
}

/* ------------------------------------------------------------ refused --- */

static void refused_methods(void **state)
{
    const cnn_layer_methods good = least();
    char name[42], settings[1002];
    cnn_layer_methods m;

    (void)state;
    memset(name, 'a', 41);
    name[41] = 0;
    memset(settings, 'a', 1001);
    settings[1001] = 0;
    assert_null(cnn_layer_create_custom(NULL, NULL));
    assert_error(CNN_EINVAL, "custom: a name of 0 bytes");
    m = good;
    m.struct_size = 7;
    assert_null(cnn_layer_create_custom(&m, NULL));
    assert_error(CNN_EINVAL, "custom: struct_size is 7");
    m = good;
    m.name = name;
    assert_null(cnn_layer_create_custom(&m, NULL));
    assert_error(CNN_EINVAL, "a name of 41 bytes or more, expected 1 to 40");
    m.name = "two words";
    assert_null(cnn_layer_create_custom(&m, NULL));
    assert_error(CNN_EINVAL, "byte 3 of the name is 0x20");
    m = good;
    m.settings = settings;
    assert_null(cnn_layer_create_custom(&m, NULL));
    assert_error(CNN_EINVAL, "settings of more than 1000 bytes");
    m.settings = "a\xff";
    assert_null(cnn_layer_create_custom(&m, NULL));
    assert_error(CNN_EINVAL, "not UTF-8 at byte 1");
    m = good;
    m.flags = 6;
    assert_null(cnn_layer_create_custom(&m, NULL));
    assert_error(CNN_EINVAL, "as_it_is: unknown flags 0x6");
    m = good;
    m.forward = NULL;
    assert_null(cnn_layer_create_custom(&m, NULL));
    assert_error(CNN_EINVAL, "forward is NULL");
    m = good;
    m.backward = NULL;
    assert_null(cnn_layer_create_custom(&m, NULL));
    assert_error(CNN_EINVAL, "backward is NULL");
}

/* Writes the plan that `user` points to. */
static int32_t as_told(void *user, cnn_layer_plan *plan)
{
    const cnn_layer_plan *want = user;

    plan->out = want->out;
    plan->params = want->params;
    plan->workspace = want->workspace;
    plan->workspace_of_sample = want->workspace_of_sample;
    plan->connections = want->connections;
    memcpy(plan->why, want->why, sizeof(plan->why));
    return (int32_t)want->reserved;
}

static void expect_plan(cnn_layer_plan plan, cnn_status want, const char *text)
{
    cnn_layer_methods m = least();

    m.shape = as_told;
    for (int k = 0; k < 2; k++) {
        cnn_net *net = cnn_net_create();

        m.flags = both[k];
        cnn_net_add(net, cnn_layer_create_custom(&m, &plan));
        assert_failed(cnn_net_build(net, &(cnn_shape){2, 3, 4}, 2, 1), want,
                      text);
        assert_int_equal(cnn_net_built(net), 0);
        cnn_net_free(net);
    }
}

static void refused_plans(void **state)
{
    const cnn_shape one = {1, 1, 1};
    cnn_layer_plan long_text = {.out = one, .reserved = 1};

    (void)state;
    memset(long_text.why, 'x', sizeof(long_text.why));
    expect_plan((cnn_layer_plan){.out = {0, 1, 1}}, CNN_ESHAPE,
                "layer 0 (as_it_is): output 0x1x1, expected at least 1x1x1");
    expect_plan((cnn_layer_plan){.out = {1, 1, -5}}, CNN_ESHAPE,
                "output 1x1x-5");
    expect_plan((cnn_layer_plan){.out = {INT32_MAX, INT32_MAX, 9}},
                CNN_EOVERFLOW, "has more than 2147483647 elements");
    expect_plan((cnn_layer_plan){.out = one, .params = (size_t)1 << 31},
                CNN_EOVERFLOW, "2147483648 parameters, more than");
    expect_plan((cnn_layer_plan){.out = one, .params = SIZE_MAX}, CNN_EOVERFLOW,
                "parameters, more than 2147483647");
    expect_plan((cnn_layer_plan){.out = one, .workspace = SIZE_MAX},
                CNN_EOVERFLOW, "");
    expect_plan((cnn_layer_plan){.out = one, .workspace_of_sample = SIZE_MAX},
                CNN_EOVERFLOW, "");
    expect_plan((cnn_layer_plan){.out = one, .connections = -1}, CNN_EINVAL,
                "-1 connections and 0 multiply-adds");
    expect_plan((cnn_layer_plan){.out = one, .reserved = 1}, CNN_ESHAPE,
                "layer 0 (as_it_is): input 2x3x4 is refused");
    expect_plan(
        (cnn_layer_plan){.out = one, .reserved = 1, .why = "3 rows, not 4"},
        CNN_ESHAPE, "input 2x3x4 is refused: 3 rows, not 4");
    expect_plan(long_text, CNN_ESHAPE, "refused: xxxx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(rules_of_layers),
        cmocka_unit_test(right_gradients),
        cmocka_unit_test(by_samples_is_the_same),
        cmocka_unit_test(what_a_pass_is_told),
        cmocka_unit_test(refused_methods),
        cmocka_unit_test(refused_plans),
    };

    return cmocka_run_group_tests_name("custom", tests, NULL, NULL);
}
