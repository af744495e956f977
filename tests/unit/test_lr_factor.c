/* Factors of the learning rate, one for each layer, and what checkpoints keep
 * of layers: factors and which are frozen. The golden tests follow them over 20
 * steps. */
#include <math.h>
#include <string.h>

#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"

enum { N = 5, UNITS = 2, PARAMS = (N + 1) * UNITS };

static void set(cnn_layer *layer, float factor)
{
    assert_int_equal(cnn_layer_set_lr_factor(layer, factor), CNN_OK);
}

static void refusals(void **state)
{
    cnn_layer *layer = cnn_dense_create(UNITS, NULL);
    const float wrong[] = {-0.5f, NAN, INFINITY, -INFINITY};

    (void)state;
    assert_true(cnn_layer_lr_factor(NULL) == 1.0f);
    assert_true(cnn_layer_lr_factor(layer) == 1.0f);
    set(layer, 0.25f);
    for (int i = 0; i < 4; i++)
        assert_failed(cnn_layer_set_lr_factor(layer, wrong[i]), CNN_EINVAL,
                      "expected a finite number of at least 0");
    assert_failed(cnn_layer_set_lr_factor(layer, -0.5f), CNN_EINVAL,
                  "layer_set_lr_factor: -0.5, ");
    assert_true(cnn_layer_lr_factor(layer) == 0.25f);
    cnn_layer_free(layer);
    assert_failed(cnn_layer_set_lr_factor(NULL, 1.0f), CNN_EINVAL,
                  "layer is NULL");
}

/* -------------------------------------------------------- the formula --- */

static const cnn_adam_options adamw = {
    .struct_size = sizeof(adamw), .weight_decay = 0.5f, .decoupled = 1};

static cnn_optim *optim_at(int kind, float lr)
{
    cnn_optim *optim =
        kind < OPTIMIZERS ? create_optim(kind) : cnn_adam_create(0.01f, &adamw);

    assert_int_equal(cnn_optim_set_lr(optim, lr), CNN_OK);
    return optim;
}

static void step(cnn_net *net, const cnn_optim *optim, uint64_t seed)
{
    fill_uniform(cnn_net_grads(net), PARAMS, seed);
    assert_int_equal(cnn_net_update(net, optim), CNN_OK);
}

/* A layer with a factor moves as one without does at that times the rate, bit
 * for bit; factor 1 is none. 0 too: the memory goes on, so that a factor that
 * is raised later finds it as if the rate had been 0. */
static void is_another_rate(void **state)
{
    const float factors[] = {0.25f, 1.0f, 4.0f, 0.0f};

    (void)state;
    for (int kind = 0; kind <= OPTIMIZERS; kind++)
        for (int i = 0; i < 4; i++) {
            cnn_net *net = dense_net(N, UNITS, 1),
                    *twin = dense_net(N, UNITS, 1);
            cnn_optim *optim = optim_at(kind, 0.125f);
            cnn_optim *other = optim_at(kind, 0.125f * factors[i]);
            float *before = copy_params(net);

            set(cnn_net_layer(net, 0), factors[i]);
            for (uint64_t t = 0; t < 8; t++) {
                step(net, optim, t);
                step(twin, other, t);
            }
            assert_same_bits(cnn_net_params(net), cnn_net_params(twin), PARAMS);
            assert_int_equal(memcmp(cnn_net_params(net), before,
                                    PARAMS * sizeof(float)) == 0,
                             factors[i] == 0.0f);
            set(cnn_net_layer(net, 0), 1.0f);
            step(net, optim, 9);
            step(twin, optim, 9);
            assert_same_bits(cnn_net_params(net), cnn_net_params(twin), PARAMS);
            test_free(before);
            cnn_optim_free(optim);
            cnn_optim_free(other);
            cnn_net_free(net);
            cnn_net_free(twin);
        }
}

/* By itself, and so much faster that the rate is no number any more. */
static void a_single_layer(void **state)
{
    cnn_layer *layer = cnn_dense_create(1, NULL);
    cnn_optim *optim = cnn_sgd_create(0.5f, NULL);

    (void)state;
    set(layer, 0.5f); /* before the build */
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){1, 1, 1}, 1, 1),
                     CNN_OK);
    cnn_layer_params(layer)[0] = 1.0f;
    cnn_layer_grads(layer)[0] = 1.0f;
    assert_int_equal(cnn_layer_update(layer, optim), CNN_OK);
    assert_true(cnn_layer_params(layer)[0] == 0.75f);
    cnn_optim_set_lr(optim, 1e30f);
    set(layer, 1e30f);
    assert_failed(cnn_layer_update(layer, optim), CNN_EDIVERGED,
                  "the update made parameter 0 of layer 0 (dense) -inf");
    cnn_layer_free(layer);
    cnn_optim_free(optim);
}

static void copies(void **state)
{
    cnn_net *net = dense_net(N, UNITS, 1);

    (void)state;
    set(cnn_net_layer(net, 0), 3.0f);
    cnn_layer *layer = cnn_layer_copy(cnn_net_layer(net, 0));
    cnn_net *copy = cnn_net_copy(net, 1), *part = cnn_net_take(net, 0, 1);
    assert_true(cnn_layer_lr_factor(layer) == 3.0f);
    assert_true(cnn_layer_lr_factor(cnn_net_layer(copy, 0)) == 3.0f);
    assert_true(cnn_layer_lr_factor(cnn_net_layer(part, 0)) == 3.0f);
    cnn_layer_free(layer);
    cnn_net_free(copy);
    cnn_net_free(part);
    cnn_net_free(net);
}

/* ---------------------------------------------------------- checkpoints --- */

/* A training with one layer slower, one still, and one frozen. */
static void open(training *t, bool set_up)
{
    *t = (training){.net = rich_net()};
    training_open(t, 1);
    if (!set_up)
        return;
    set(cnn_net_layer(t->net, 0), 0.1f);
    set(cnn_net_layer(t->net, 4), 0.0f);
    assert_int_equal(
        cnn_layer_set_frozen(cnn_net_layer(t->net, 1), CNN_FROZEN_PARAMS),
        CNN_OK);
}

static void assert_set_up(const training *t, bool set_up)
{
    assert_true(cnn_layer_lr_factor(cnn_net_layer(t->net, 0)) ==
                (set_up ? 0.1f : 1.0f));
    assert_true(cnn_layer_lr_factor(cnn_net_layer(t->net, 4)) ==
                (set_up ? 0.0f : 1.0f));
    assert_int_equal(cnn_layer_frozen(cnn_net_layer(t->net, 1)),
                     set_up ? CNN_FROZEN_PARAMS : CNN_LEARNING);
}

/* What the file says is what is, whatever was set before. */
static void checkpoints_keep_them(void **state)
{
    const char *path = temp_path("checkpoint");

    (void)state;
    for (int set_up = 0; set_up < 2; set_up++) {
        training t, resumed;

        open(&t, set_up);
        open(&resumed, !set_up);
        training_run(&t, 7);
        assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
        assert_int_equal(cnn_trainer_resume(resumed.trainer, path), CNN_OK);
        assert_set_up(&resumed, set_up);
        training_run(&t, 20);
        training_run(&resumed, 20);
        assert_same_training(&resumed, &t);
        training_close(&t);
        training_close(&resumed);
    }
}

/* Files of before they were saved say nothing of them. */
static void older_files(void **state)
{
    const char *path = temp_path("checkpoint");
    training t, resumed;
    model_bytes m;

    (void)state;
    open(&t, true);
    open(&resumed, true);
    assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
    model_read(&m, path);
    model_replace(&m, "`frozen`:[", "`frosty`:[");
    model_replace(&m, "`lr_factors`:[", "`lr_factory`:[");
    cnn_layer_set_frozen(cnn_net_layer(resumed.net, 1), CNN_FROZEN);
    set(cnn_net_layer(resumed.net, 0), 0.5f);
    assert_int_equal(
        cnn_trainer_resume(resumed.trainer, temp_write("old", m.data, m.size)),
        CNN_OK);
    assert_int_equal(cnn_layer_frozen(cnn_net_layer(resumed.net, 1)),
                     CNN_FROZEN);
    assert_true(cnn_layer_lr_factor(cnn_net_layer(resumed.net, 0)) == 0.5f);
    model_free(&m);
    training_close(&t);
    training_close(&resumed);
}

static void impossible_values(void **state)
{
    const struct {
        const char *from, *to, *part;
    } changes[] = {
        {"`frozen`:[0,2,", "`frozen`:[0,3,", "of the 6 layers are frozen"},
        {"`frozen`:[0,2,", "`frozen`:[-1,2,", "are frozen is not described"},
        {"`frozen`:[0,2,", "`frozen`:[0,2.0,", "are frozen is not described"},
        {"`frozen`:[0,2,", "`frozen`:[2,", "are frozen is not described"},
        {"`frozen`:[0,2,", "`frozen`:[0,0,2,", "are frozen is not described"},
        {"`lr_factors`:[0", "`lr_factors`:[-0", "learning rates of 6 layers"},
        {"`lr_factors`:[", "`lr_factors`:[1e39,", "learning rates of 6 layers"},
        {"`lr_factors`:[", "`lr_factors`:[`1`,", "learning rates of 6 layers"},
        {"`lr_factors`:[", "`lr_factors`:[1.0,", "learning rates of 6 layers"},
    };
    const char *path = temp_path("checkpoint");
    training t, twin;

    (void)state;
    open(&t, true);
    assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
    training_close(&t);
    open(&t, false);
    open(&twin, false);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        model_bytes m;

        model_read(&m, path);
        model_replace(&m, changes[i].from, changes[i].to);
        assert_failed(
            cnn_trainer_resume(t.trainer, temp_write("bad", m.data, m.size)),
            CNN_EFORMAT, changes[i].part);
        model_free(&m);
    }
    assert_set_up(&t, false);
    training_run(&t, 5);
    training_run(&twin, 5);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),
        cmocka_unit_test(is_another_rate),
        cmocka_unit_test(a_single_layer),
        cmocka_unit_test(copies),
        cmocka_unit_test(checkpoints_keep_them),
        cmocka_unit_test(older_files),
        cmocka_unit_test(impossible_values),
    };

    return cmocka_run_group_tests_name("factors of the rate", tests, NULL,
                                       NULL);
}
