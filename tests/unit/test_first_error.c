/* The first error survives: a call that is handed NULL, because another one
 * could not give an object, says why that was. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "support/nets.h"

/* -------------------------------------------------- losing an object --- */

static void *lose_net(void)
{
    return cnn_net_load("/nowhere/model", 1);
}

static void *lose_layer(void)
{
    return cnn_dropout_create(2.0f);
}

static void *lose_optim(void)
{
    return cnn_sgd_create(-1.0f, NULL);
}

static void *lose_dataset(void)
{
    return cnn_dataset_load("/nowhere/images", "/nowhere/labels", NULL);
}

static void *lose_trainer(void)
{
    return cnn_trainer_create(lose_net(), NULL, NULL, NULL);
}

static void *lose_session(void)
{
    return cnn_session_create(lose_net(), 1);
}

/* --------------------------------- every function that is handed one --- */

static cnn_net *net; /* built */
static cnn_optim *optim;
static float x[CONV_NET_INPUT], y[CONV_NET_CLASSES];
static int32_t label[1];

static cnn_status slice(void)
{
    return cnn_dataset_slice(NULL, 0, 1) == NULL ? cnn_last_status() : CNN_OK;
}

static cnn_status session(void)
{
    return cnn_session_create(NULL, 1) == NULL ? cnn_last_status() : CNN_OK;
}

static cnn_status trainer(cnn_net *of, cnn_optim *by)
{
    return cnn_trainer_create(of, by, NULL, NULL) == NULL ? cnn_last_status()
                                                          : CNN_OK;
}

static cnn_status layer_of_none(void)
{
    return cnn_layer_set_frozen(cnn_net_layer(NULL, 0), CNN_FROZEN);
}

#define CALLS(X)                                                           \
    X(layer, cnn_conv2d_set_table(NULL, 1, 1, (const uint8_t *)""))        \
    X(layer, cnn_layer_build(NULL, &conv_net_shape, 1, 1))                 \
    X(layer, cnn_layer_forward(NULL, 0, 1, x, y))                          \
    X(layer, cnn_layer_backward(NULL, 1, x, y, y, x))                      \
    X(layer, cnn_layer_set_frozen(NULL, CNN_FROZEN))                       \
    X(layer, cnn_layer_update(NULL, optim))                                \
    X(layer, cnn_layer_zero_grad(NULL))                                    \
    X(layer, cnn_layer_in_shape(NULL, &(cnn_shape){0}))                    \
    X(layer, cnn_layer_out_shape(NULL, &(cnn_shape){0}))                   \
    X(layer, cnn_layer_tensor(NULL, 0, &(cnn_tensor){0}))                  \
    X(layer, cnn_layer_const_tensor(NULL, 0, &(cnn_const_tensor){0}))      \
    X(layer, cnn_layer_setting(NULL, "rate", &(double){0}))                \
    X(layer, cnn_layer_costs(NULL, &(cnn_costs){0}))                       \
    X(net, cnn_net_save(NULL, "/nowhere/net"))                             \
    X(net, cnn_net_save_memory(NULL, NULL, 0, &(size_t){0}))               \
    X(net, cnn_net_add(NULL, NULL))                                        \
    X(net, cnn_net_add(NULL, cnn_softmax_create()))                        \
    X(net, cnn_net_set_loss(NULL, CNN_LOSS_MSE, CNN_REDUCE_MEAN))          \
    X(net, cnn_net_build(NULL, &conv_net_shape, 1, 1))                     \
    X(net, cnn_net_set_metadata(NULL, "key", "value"))                     \
    X(net, cnn_net_predict(NULL, 1, x, y))                                 \
    X(net, cnn_net_train_step(NULL, optim, 1, x, label, NULL))             \
    X(net, cnn_net_forward(NULL, 0, 1, x))                                 \
    X(net, cnn_net_backward(NULL, 1, x, y))                                \
    X(net, cnn_net_backward_input(NULL, 1, x, y, x))                       \
    X(net, cnn_net_update(NULL, optim))                                    \
    X(net, cnn_net_clip_grads(NULL, 1.0f, NULL))                           \
    X(net, cnn_net_zero_grad(NULL))                                        \
    X(net, cnn_net_in_shape(NULL, &(cnn_shape){0}))                        \
    X(net, cnn_net_out_shape(NULL, &(cnn_shape){0}))                       \
    X(net, cnn_net_watch(NULL, 1))                                         \
    X(net, cnn_net_layer_stats(NULL, 0, &(cnn_layer_stats){0}))            \
    X(net, cnn_net_costs(NULL, &(cnn_costs){0}))                           \
    X(net, cnn_net_measure(NULL, &(cnn_net_memory){0}))                    \
    X(net, cnn_net_summary(NULL, CNN_SUMMARY_TEXT, NULL, 0, &(size_t){0})) \
    X(net, cnn_net_evaluate(NULL, NULL, &(cnn_metrics){0}, NULL))          \
    X(net, session())                                                      \
    X(net, trainer(NULL, optim))                                           \
    X(optim, cnn_layer_update(cnn_net_layer(net, 0), NULL))                \
    X(optim, cnn_net_train_step(net, NULL, 1, x, label, NULL))             \
    X(optim, cnn_net_update(net, NULL))                                    \
    X(optim, cnn_optim_set_lr(NULL, 0.1f))                                 \
    X(optim, trainer(net, NULL))                                           \
    X(dataset, cnn_dataset_shape(NULL, &(cnn_shape){0}))                   \
    X(dataset, cnn_dataset_read(NULL, 1, NULL, x, label))                  \
    X(dataset, cnn_net_evaluate(net, NULL, &(cnn_metrics){0}, NULL))       \
    X(dataset, slice())                                                    \
    X(dataset, trainer(net, optim))                                        \
    X(session, cnn_session_predict(NULL, 1, x, y))                         \
    X(trainer, cnn_trainer_set_schedule(NULL, 0.1f, NULL))                 \
    X(trainer, cnn_trainer_set_augmentation(NULL, NULL))                   \
    X(trainer, cnn_trainer_step(NULL, NULL))                               \
    X(trainer, cnn_trainer_run(NULL, 600, NULL, NULL))                     \
    X(trainer, cnn_trainer_save(NULL, "/nowhere/trainer"))                 \
    X(trainer, cnn_trainer_resume(NULL, "/nowhere/trainer"))

/* After the object was lost: its status and its text stay. After another
 * failure, or the loss of an object of another kind: a text of its own. */
#define TRY_ONE(object, expression)                                  \
    do {                                                             \
        void *(*const other)(void) =                                 \
            lose_##object == lose_layer ? lose_dataset : lose_layer; \
        char why[512];                                               \
        assert_null(lose_##object());                                \
        const cnn_status status = cnn_last_status();                 \
        snprintf(why, sizeof(why), "%s", cnn_last_error());          \
        assert_int_equal(expression, status);                        \
        assert_int_equal(cnn_last_status(), status);                 \
        assert_string_equal(cnn_last_error(), why);                  \
        assert_int_not_equal(cnn_set_num_threads(-1), CNN_OK);       \
        assert_failed(expression, CNN_EINVAL, #object " is NULL");   \
        assert_int_not_equal(cnn_set_num_threads(-1), CNN_OK);       \
        assert_null(other());                                        \
        assert_failed(expression, CNN_EINVAL, #object " is NULL");   \
    } while (0);

static void all_keep_why(void **state)
{
    (void)state;
    net = conv_net(true);
    build(net, &conv_net_shape, 1, 1);
    optim = cnn_sgd_create(0.1f, NULL);
    assert_non_null(optim);
    CALLS(TRY_ONE)
    cnn_optim_free(optim);
    cnn_net_free(net);
}

/* -------------------------------------------------------- in a chain --- */

/* README's program, without its data. */
static void a_program_without_data(void **state)
{
    cnn_net *digits = conv_net(true);

    (void)state;
    build(digits, &conv_net_shape, 4, 1);
    cnn_dataset *data =
        cnn_dataset_load("/nowhere/train-images-idx3-ubyte",
                         "/nowhere/train-labels-idx1-ubyte", NULL);
    cnn_optim *adam = cnn_adam_create(1e-3f, NULL);
    cnn_trainer *t = cnn_trainer_create(digits, adam, data, NULL);
    assert_failed(cnn_trainer_run(t, 600, NULL, NULL), CNN_EIO,
                  "train-images-idx3-ubyte: cannot open: No such file");
    cnn_trainer_free(t);
    cnn_optim_free(adam);
    cnn_dataset_free(data);
    cnn_net_free(digits);
}

/* Of several that are lost, each one's NULL leaves what was said last. */
static void several_are_lost(void **state)
{
    (void)state;
    assert_null(lose_net());
    assert_null(lose_dataset());
    assert_failed(cnn_net_zero_grad(NULL), CNN_EIO, "/nowhere/images");
    assert_null(cnn_trainer_create(NULL, NULL, NULL, NULL));
    assert_failed(cnn_trainer_step(NULL, NULL), CNN_EIO, "/nowhere/images");
    assert_failed(cnn_dataset_shape(NULL, &(cnn_shape){0}), CNN_EIO,
                  "/nowhere/images");
}

/* A layer of a net that is lost is lost with it; the getters and the functions
 * that free leave the text alone. */
static void what_says_nothing_leaves_it(void **state)
{
    (void)state;
    assert_null(lose_net());
    assert_int_equal(layer_of_none(), CNN_EIO);
    assert_int_equal(cnn_net_layer_count(NULL), 0);
    cnn_net_free(NULL);
    cnn_layer_free(NULL);
    cnn_trainer_cancel(NULL);
    cnn_optim *good = cnn_sgd_create(0.1f, NULL);
    assert_failed(cnn_net_update(NULL, good), CNN_EIO, "/nowhere/model");
    cnn_optim_free(good);
    cnn_set_num_threads(-1);
    assert_failed(layer_of_none(), CNN_EINVAL, "layer is NULL");
}

/* What fails in between for another reason is what is said from then on. */
static void an_old_failure_is_not_repeated(void **state)
{
    cnn_net *described = cnn_net_create();

    (void)state;
    assert_null(lose_layer());
    assert_failed(cnn_net_set_loss(described, 99, 0), CNN_EINVAL, "loss 99");
    assert_failed(cnn_net_add(described, NULL), CNN_EINVAL, "layer is NULL");
    assert_failed(cnn_net_build(described, &conv_net_shape, 1, 1), CNN_EINVAL,
                  "layer is NULL");
    cnn_net_free(described);

    described = cnn_net_create();
    assert_null(lose_net());
    assert_failed(cnn_net_add(described, NULL), CNN_EINVAL, "layer is NULL");
    assert_failed(cnn_net_add(described, lose_layer()), CNN_EINVAL, "rate");
    assert_failed(cnn_net_build(described, &conv_net_shape, 1, 1), CNN_EINVAL,
                  "layer is NULL");
    cnn_net_free(described);
}

static void *elsewhere(void *data)
{
    cnn_status *status = data;

    *status = cnn_net_zero_grad(NULL);
    return NULL;
}

static void of_this_thread_only(void **state)
{
    pthread_t thread;
    cnn_status status = CNN_OK;

    (void)state;
    assert_null(lose_net());
    assert_int_equal(pthread_create(&thread, NULL, elsewhere, &status), 0);
    pthread_join(thread, NULL);
    assert_int_equal(status, CNN_EINVAL);
    assert_failed(cnn_net_zero_grad(NULL), CNN_EIO, "/nowhere/model");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_without_data),
        cmocka_unit_test(all_keep_why),
        cmocka_unit_test(several_are_lost),
        cmocka_unit_test(what_says_nothing_leaves_it),
        cmocka_unit_test(an_old_failure_is_not_repeated),
        cmocka_unit_test(of_this_thread_only),
    };

    return cmocka_run_group_tests_name("first_error", tests, NULL, NULL);
}
