/* Checkpoints: what a training goes on from, and what it refuses. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"

/* A training that has gone some steps, saved. */
static const char *save_some(int optim)
{
    const char *path = temp_path("checkpoint");
    training t = {.optim = create_optim(optim)};

    training_open(&t, 1);
    training_run(&t, 7);
    assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
    training_close(&t);
    return path;
}

/* Resuming `t` fails like this, and `t` goes on as if nobody had tried. */
static void refuse(training *t, training *twin, const char *path,
                   cnn_status want, const char *part)
{
    assert_failed(cnn_trainer_resume(t->trainer, path), want, part);
    assert_same_training(t, twin);
    training_run(t, 3);
    training_run(twin, 3);
    assert_same_training(t, twin);
}

static void arguments(void **state)
{
    training t = {0};

    (void)state;
    training_open(&t, 1);
    assert_failed(cnn_trainer_save(NULL, "x"), CNN_EINVAL, "trainer is NULL");
    assert_failed(cnn_trainer_save(t.trainer, NULL), CNN_EINVAL,
                  "path is NULL");
    assert_failed(cnn_trainer_resume(NULL, "x"), CNN_EINVAL, "trainer is NULL");
    assert_failed(cnn_trainer_resume(t.trainer, NULL), CNN_EINVAL,
                  "path is NULL");
    assert_failed(cnn_trainer_resume(t.trainer, temp_path("none")), CNN_EIO,
                  "/none: cannot open: No such file");
    training_close(&t);
}

/* ------------------------------------------------- another training --- */

static cnn_net *wider_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(9, 3, 3, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(TINY_CLASSES, NULL));
    return net;
}

/* The same shapes throughout. */
static cnn_net *sigmoid_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(8, 3, 3, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_SIGMOID, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(TINY_CLASSES, NULL));
    return net;
}

static cnn_net *deeper_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(8, 3, 3, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dropout_create(0.5f));
    cnn_net_add(net, cnn_dense_create(TINY_CLASSES, NULL));
    return net;
}

static cnn_net *with_loss(int32_t loss, int32_t reduction)
{
    cnn_net *net = tiny_net();

    cnn_net_set_loss(net, loss, reduction);
    return net;
}

static cnn_optim *sgd(float momentum, int32_t nesterov, float weight_decay)
{
    return cnn_sgd_create(
        0.05f, &(cnn_sgd_options){.struct_size = sizeof(cnn_sgd_options),
                                  .momentum = momentum,
                                  .nesterov = nesterov,
                                  .weight_decay = weight_decay});
}

/* Each differs from what save_some(SGD_MOMENTUM) saved in one thing. */
static void other_trainings(void **state)
{
    struct {
        training t, twin;
        cnn_status want;
        const char *part;
    } others[] = {
        {{.net = wider_net()},
         {.net = wider_net()},
         CNN_ESHAPE,
         "of another net, with layer 0 filters 8, not 9"},
        {{.net = sigmoid_net()},
         {.net = sigmoid_net()},
         CNN_ESHAPE,
         "of another net, with layer 1 "},
        {{.net = deeper_net()},
         {.net = deeper_net()},
         CNN_ESHAPE,
         "of another net, with 4 layers, not 5; with layer 3 kind dense, not "
         "dropout"},
        {{.net = with_loss(1, 0)},
         {.net = with_loss(1, 0)},
         CNN_ESHAPE,
         "of another net, with loss 0, not 1"},
        {{.net = with_loss(0, 1)},
         {.net = with_loss(0, 1)},
         CNN_ESHAPE,
         "of another net, with reduction 0, not 1"},
        {{.samples = 14},
         {.samples = 14},
         CNN_EINVAL,
         "begun with samples 13, not 14"},
        {{.options.batch = 3},
         {.options.batch = 3},
         CNN_EINVAL,
         "begun with batch 4, not 3"},
        {{.options.seed = 9},
         {.options.seed = 9},
         CNN_EINVAL,
         "begun with seed 0, not 9"},
        {{.options.seed = 9,
          .options.batch = 3,
          .options.clip_norm = 1,
          .optim = sgd(0.8f, 0, 0.5f)},
         {.options.seed = 9,
          .options.batch = 3,
          .options.clip_norm = 1,
          .optim = sgd(0.8f, 0, 0.5f)},
         CNN_EINVAL,
         "begun with momentum 0.899999976, not 0.800000012; with weight_decay "
         "0, not 0.5; with batch 4, not 3; with seed 0, not 9; and more"},
        {{.options.flags = CNN_NO_SHUFFLE},
         {.options.flags = CNN_NO_SHUFFLE},
         CNN_EINVAL,
         "begun with flags 0, not 1"},
        {{.optim = create_optim(ADAM)},
         {.optim = create_optim(ADAM)},
         CNN_EINVAL,
         "begun with optimizer sgd, not adam"},
        {{.optim = create_optim(RMSPROP)},
         {.optim = create_optim(RMSPROP)},
         CNN_EINVAL,
         "begun with optimizer sgd, not rmsprop"},
        {{.optim = sgd(0.8f, 0, 0)},
         {.optim = sgd(0.8f, 0, 0)},
         CNN_EINVAL,
         "begun with momentum 0.899999976, not 0.800000012"},
        {{.optim = sgd(0.9f, 1, 0)},
         {.optim = sgd(0.9f, 1, 0)},
         CNN_EINVAL,
         "begun with nesterov 0, not 1"},
        {{.optim = sgd(0.9f, 0, 0.5f)},
         {.optim = sgd(0.9f, 0, 0.5f)},
         CNN_EINVAL,
         "begun with weight_decay 0, not 0.5"},
    };
    const char *path = save_some(SGD_MOMENTUM);

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        training_open(&others[i].t, 2);
        training_open(&others[i].twin, 2);
        training_run(&others[i].t, 2);
        training_run(&others[i].twin, 2);
        refuse(&others[i].t, &others[i].twin, path, others[i].want,
               others[i].part);
        training_close(&others[i].t);
        training_close(&others[i].twin);
    }
}

/* One pixel, or one label, of as many. */
static void other_data(void **state)
{
    const char *path = save_some(SGD_MOMENTUM);

    (void)state;
    for (int i = 0; i < 2; i++) {
        training t = {0}, twin = {0};

        training_open(&t, 2);
        training_open(&twin, 2);
        t.images[100] = twin.images[100] += i == 0;
        t.labels[12] = twin.labels[12] ^= i == 1;
        refuse(&t, &twin, path, CNN_EINVAL, "begun with dataset ");
        training_close(&t);
        training_close(&twin);
    }
}

static cnn_optim *adam(float beta1, float beta2, float eps, float decay,
                       int32_t decoupled)
{
    return cnn_adam_create(
        0.01f, &(cnn_adam_options){.struct_size = sizeof(cnn_adam_options),
                                   .beta1 = beta1,
                                   .beta2 = beta2,
                                   .eps = eps,
                                   .weight_decay = decay,
                                   .decoupled = decoupled});
}

static cnn_optim *rmsprop(float decay, float eps, float momentum)
{
    return cnn_rmsprop_create(
        0.001f,
        &(cnn_rmsprop_options){.struct_size = sizeof(cnn_rmsprop_options),
                               .decay = decay,
                               .eps = eps,
                               .momentum = momentum});
}

static void other_optimizer_settings(void **state)
{
    struct {
        int saved;
        cnn_optim *optim;
        const char *part;
    } others[] = {
        {ADAM, adam(0.8f, 0, 0, 0, 0), "begun with beta1 0.89"},
        {ADAM, adam(0, 0.9f, 0, 0, 0), "begun with beta2 0.99"},
        {ADAM, adam(0, 0, 1e-6f, 0, 0), "begun with eps 9.99"},
        {ADAM, adam(0, 0, 0, 0.1f, 0), "begun with weight_decay 0, not 0.1"},
        {ADAM, adam(0, 0, 0, 0, 1), "begun with decoupled 0, not 1"},
        {RMSPROP, rmsprop(0.8f, 0, 0.5f), "begun with decay 0.89"},
        {RMSPROP, rmsprop(0, 1e-6f, 0.5f), "begun with eps 9.99"},
        {RMSPROP, rmsprop(0, 0, 0.25f), "begun with momentum 0.5, not 0.25"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        training t = {.optim = others[i].optim};
        const char *path = save_some(others[i].saved);

        training_open(&t, 2);
        assert_failed(cnn_trainer_resume(t.trainer, path), CNN_EINVAL,
                      others[i].part);
        assert_int_equal(cnn_trainer_steps(t.trainer), 0);
        training_close(&t);
    }
}

/* --------------------------------------------------------- going on --- */

/* The learning rate comes from the file, whatever the optimiser was made with,
 * and whatever it and the net did before is forgotten. */
static void overwrites_everything(void **state)
{
    const char *path = temp_path("checkpoint");
    training t = {0}, u = {0}, other = {.optim = create_optim(ADAM)};

    (void)state;
    training_open(&t, 1);
    training_run(&t, 7);
    cnn_optim_set_lr(t.optim, 0.0123f);
    assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
    training_open(&u, 2);
    training_run(&u, 5);
    other.net = u.net;
    training_open(&other, 2);
    training_run(&other, 3); /* Adam's memory lies where momentum belongs */
    assert_int_equal(cnn_trainer_resume(u.trainer, path), CNN_OK);
    assert_same_training(&u, &t);
    assert_int_equal(cnn_trainer_steps(u.trainer), 7);
    training_run(&t, 10);
    training_run(&u, 10);
    assert_same_training(&u, &t);
    other.net = NULL;
    training_close(&other);
    training_close(&t);
    training_close(&u);
}

static void before_the_first_step(void **state)
{
    const char *path = temp_path("checkpoint");
    training t = {.optim = create_optim(ADAM)};
    training u = {.optim = create_optim(ADAM)};

    (void)state;
    training_open(&t, 1);
    training_open(&u, 2);
    training_run(&u, 5);
    assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
    assert_int_equal(cnn_trainer_resume(u.trainer, path), CNN_OK);
    training_run(&t, 10);
    training_run(&u, 10);
    assert_same_training(&u, &t);
    training_close(&t);
    training_close(&u);
}

/* For those who only want to predict. */
static void is_a_model_too(void **state)
{
    (void)state;
    for (int kind = 0; kind < OPTIMIZERS; kind++) {
        const char *path = save_some(kind);
        training t = {.optim = create_optim(kind)};
        cnn_net *net = cnn_net_load(path, 2);

        assert_non_null(net);
        training_open(&t, 1);
        training_run(&t, 7);
        assert_int_equal(cnn_net_param_count(net), TINY_PARAMS);
        assert_same_bits(cnn_net_params(net), cnn_net_params(t.net),
                         TINY_PARAMS);
        training_close(&t);
        cnn_net_free(net);
    }
}

static void a_model_is_none(void **state)
{
    const char *path = temp_path("model");
    training t = {0}, twin = {0};

    (void)state;
    training_open(&t, 1);
    training_open(&twin, 1);
    assert_int_equal(cnn_net_save(t.net, path), CNN_OK);
    refuse(&t, &twin, path, CNN_EFORMAT,
           "/model: the metadata have no trainer");
    training_close(&t);
    training_close(&twin);
}

/* ------------------------------------------------------------ diverged --- */

/* Parameters that are finite beside an average of squares that is not: such a
 * training is lost, and could not be resumed. */
static void memory_that_diverged(void **state)
{
    const char *path = save_some(ADAM);
    training t = {.net = with_loss(CNN_LOSS_MSE, CNN_REDUCE_SUM),
                  .optim = create_optim(ADAM)};
    model_bytes before, after;

    (void)state;
    training_open(&t, 1);
    model_read(&before, path);
    for (int i = 0; i < TINY_CLASSES; i++) /* gradients of 1e25 */
        cnn_net_params(t.net)[TINY_PARAMS - 1 - i] = 1e25f;
    assert_failed(cnn_trainer_step(t.trainer, NULL), CNN_EDIVERGED,
                  "the update made the squares of parameter ");
    for (int i = 0; i < TINY_PARAMS; i++)
        assert_true(isfinite(cnn_net_params(t.net)[i]));
    assert_failed(cnn_trainer_save(t.trainer, path), CNN_EDIVERGED, " is inf");
    cnn_net_params(t.net)[0] = NAN;
    assert_failed(cnn_trainer_save(t.trainer, path), CNN_EDIVERGED,
                  "element 0 of tensor 0.weight is ");
    model_read(&after, path);
    assert_int_equal(after.size, before.size);
    assert_memory_equal(after.data, before.data, before.size);
    model_free(&before);
    model_free(&after);
    training_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments),
        cmocka_unit_test(other_trainings),
        cmocka_unit_test(other_data),
        cmocka_unit_test(other_optimizer_settings),
        cmocka_unit_test(overwrites_everything),
        cmocka_unit_test(before_the_first_step),
        cmocka_unit_test(is_a_model_too),
        cmocka_unit_test(a_model_is_none),
        cmocka_unit_test(memory_that_diverged),
    };

    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
