/* The trainer: arguments, what a failure leaves, callbacks. */
#include <math.h>

#include "support/faulty_memory.h"
#include "support/training.h"

/* ------------------------------------------------------------ create --- */

static void refuse(cnn_net *net, const training *t,
                   const cnn_trainer_options *o, cnn_status want,
                   const char *part)
{
    assert_null(cnn_trainer_create(net, t->optim, t->dataset, o));
    assert_error(want, part);
}

static void create_arguments(void **state)
{
    const cnn_trainer_options good = {.struct_size = sizeof(good)};
    cnn_net *raw = tiny_net(), *narrow = dense_net(TINY_INPUT, 9, 4);
    training t = {0};
    cnn_trainer_options o = good;

    (void)state;
    training_open(&t, 1);
    refuse(NULL, &t, NULL, CNN_EINVAL, "net is NULL");
    refuse(raw, &t, NULL, CNN_ESTATE, "not built");
    assert_null(cnn_trainer_create(t.net, NULL, t.dataset, NULL));
    assert_error(CNN_EINVAL, "optim is NULL");
    assert_null(cnn_trainer_create(t.net, t.optim, NULL, NULL));
    assert_error(CNN_EINVAL, "dataset is NULL");
    refuse(narrow, &t, NULL, CNN_ESHAPE,
           "the images are 1x6x6, the net takes 36x1x1");

    o.flags = 0x2;
    refuse(t.net, &t, &o, CNN_EINVAL, "unknown flags 0x2, expected 0 or 0x1");
    o = good;
    o.batch = TINY_BATCH + 1;
    refuse(t.net, &t, &o, CNN_EINVAL, "batch 5, expected 1 to 4");
    o.batch = -1;
    refuse(t.net, &t, &o, CNN_EINVAL, "batch -1");
    o = good;
    o.struct_size = 0;
    refuse(t.net, &t, &o, CNN_EINVAL, "trainer: struct_size is 0");
    o.struct_size = 7;
    refuse(t.net, &t, &o, CNN_EINVAL, "struct_size is 7");
    cnn_net_free(raw);
    cnn_net_free(narrow);
    training_close(&t);
}

/* Of datasets with too many classes, and with nothing in them. */
static void create_datasets(void **state)
{
    cnn_net *net = dense_net(2, 3, 4);
    const float x[4] = {0};
    const int32_t labels[] = {2, 3};
    const cnn_shape pair = {2, 1, 1};
    training t = {.optim = create_optim(ADAM)};

    (void)state;
    t.dataset = cnn_dataset_wrap_f32(&pair, 2, x, labels, NULL);
    refuse(net, &t, NULL, CNN_ESHAPE,
           "the dataset has 4 classes, the net 3 outputs");
    cnn_dataset_free(t.dataset);
    t.dataset = cnn_dataset_wrap_f32(&pair, 0, NULL, NULL, NULL);
    refuse(net, &t, NULL, CNN_EINVAL, "0 samples");
    cnn_dataset_free(t.dataset);
    t.dataset = cnn_dataset_wrap_f32(&pair, 1, x, labels, NULL);
    t.trainer = cnn_trainer_create(net, t.optim, t.dataset, NULL);
    assert_non_null(t.trainer);
    cnn_trainer_free(t.trainer);
    cnn_dataset_free(t.dataset);
    cnn_optim_free(t.optim);
    cnn_net_free(net);
}

/* Structs of older callers, who knew of no batch or no clipping, and one of a
 * newer. */
static void struct_sizes(void **state)
{
    struct {
        cnn_trainer_options o;
        int32_t newer;
    } longer = {.o.struct_size = sizeof(longer)};
    training t = {.options.flags = CNN_NO_SHUFFLE};
    cnn_trainer_options o = {.struct_size = 8, .flags = 0, .batch = -7};
    cnn_trainer_options old = {.struct_size = 12, .clip_norm = -1.0f};

    (void)state;
    training_open(&t, 1);
    cnn_trainer_free(t.trainer);
    t.trainer = cnn_trainer_create(t.net, t.optim, t.dataset, &o);
    assert_non_null(t.trainer);
    cnn_trainer_free(t.trainer);
    t.trainer = cnn_trainer_create(t.net, t.optim, t.dataset, &longer.o);
    assert_non_null(t.trainer);
    cnn_trainer_free(t.trainer);
    t.trainer = cnn_trainer_create(t.net, t.optim, t.dataset, &old);
    assert_non_null(t.trainer);
    longer.newer = 1;
    refuse(t.net, &t, &longer.o, CNN_EUNSUPPORTED, "the field at byte 32");
    training_close(&t);
}

static void null_trainer(void **state)
{
    (void)state;
    assert_int_equal(cnn_trainer_steps(NULL), 0);
    assert_int_equal(cnn_trainer_epoch(NULL), 0);
    cnn_trainer_free(NULL);
    cnn_trainer_cancel(NULL);
    /* What failed before is no reason for these. */
    cnn_set_num_threads(-1);
    assert_failed(cnn_trainer_step(NULL, NULL), CNN_EINVAL, "trainer is NULL");
    assert_failed(cnn_trainer_run(NULL, 1, NULL, NULL), CNN_EINVAL,
                  "trainer is NULL");
}

static void run_arguments(void **state)
{
    training t = {0};

    (void)state;
    training_open(&t, 1);
    assert_failed(cnn_trainer_run(t.trainer, -1, NULL, NULL), CNN_EINVAL,
                  "-1 steps");
    training_run(&t, 0);
    assert_int_equal(cnn_trainer_steps(t.trainer), 0);
    training_close(&t);
}

/* The batch is the net's max_batch if nobody says otherwise. */
static void default_batch(void **state)
{
    training t = {0};
    cnn_metrics m;

    (void)state;
    training_open(&t, 1);
    assert_int_equal(cnn_trainer_step(t.trainer, &m), CNN_OK);
    assert_int_equal(m.count, TINY_BATCH);
    training_close(&t);
}

/* ------------------------------------------------------------- failing --- */

/* A sample with a NaN stops the training in front of its batch; mended, it goes
 * on as if nothing had been. */
static void failing_step(void **state)
{
    training t = {.options = {.flags = CNN_NO_SHUFFLE, .batch = 3}};
    training twin = t;
    cnn_metrics m = {1.5, 2, 3};

    (void)state;
    training_open(&t, 1);
    training_open(&twin, 1);
    const float good = t.images[7 * TINY_INPUT];
    t.images[7 * TINY_INPUT] = NAN; /* in the third batch */
    assert_failed(cnn_trainer_run(t.trainer, 9, NULL, NULL), CNN_EDIVERGED,
                  "layer 0 (conv2d)");
    training_run(&twin, 2);
    assert_same_training(&t, &twin);
    for (int i = 0; i < 3; i++)
        assert_failed(cnn_trainer_step(t.trainer, &m), CNN_EDIVERGED,
                      "not finite");
    assert_true(m.loss == 1.5 && m.count == 2 && m.correct == 3);
    assert_same_training(&t, &twin);
    t.images[7 * TINY_INPUT] = good;
    training_run(&t, 10);
    training_run(&twin, 10);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

/* ----------------------------------------------------------- callbacks --- */

typedef struct watch {
    cnn_net *net;
    cnn_dataset *dataset;
    int64_t stop_at, calls;
    int64_t epochs[20];
    double losses[20];
} watch;

/* Looks at everything it may look at. */
static int32_t look(void *user, const cnn_progress *p)
{
    watch *w = user;
    cnn_metrics m;

    assert_int_equal(p->struct_size, sizeof(*p));
    assert_int_equal(p->step, ++w->calls);
    assert_int_equal(p->metrics.count, TINY_BATCH);
    w->epochs[p->step - 1] = p->epoch;
    w->losses[p->step - 1] = p->metrics.loss;
    if (w->net != NULL)
        assert_int_equal(cnn_net_evaluate(w->net, w->dataset, &m, NULL),
                         CNN_OK);
    return p->step == w->stop_at ? 42 : 0;
}

static void callback_stops(void **state)
{
    training t = {0};
    watch w = {.stop_at = 3};

    (void)state;
    training_open(&t, 1);
    assert_failed(cnn_trainer_run(t.trainer, 20, look, &w), CNN_ECANCELED,
                  "stopped by the callback after step 3");
    assert_int_equal(cnn_trainer_steps(t.trainer), 3);
    assert_int_equal(w.calls, 3);
    assert_int_equal(cnn_trainer_run(t.trainer, 5, look, &w), CNN_OK);
    assert_int_equal(cnn_trainer_steps(t.trainer), 8);
    training_close(&t);
}

/* Steps and epochs as the callback sees them, losses as cnn_trainer_step()
 * gives them; evaluating in between does not disturb. */
static void callback_looks(void **state)
{
    training t = {0}, twin = {0};
    watch w = {0};

    (void)state;
    training_open(&t, 1);
    training_open(&twin, 1);
    w.net = t.net;
    w.dataset = t.dataset;
    assert_int_equal(cnn_trainer_run(t.trainer, 20, look, &w), CNN_OK);
    assert_int_equal(w.calls, 20);
    for (int64_t i = 0; i < 20; i++) {
        cnn_metrics m;

        assert_int_equal(w.epochs[i], i * TINY_BATCH / TINY_SAMPLES);
        assert_int_equal(cnn_trainer_step(twin.trainer, &m), CNN_OK);
        assert_true(w.losses[i] == m.loss);
    }
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

static int32_t slow_down(void *optim, const cnn_progress *p)
{
    return cnn_optim_set_lr(optim, 0.1f / (float)(p->step + 1)) != CNN_OK;
}

/* A rate set by the callback holds from the next step on. */
static void callback_sets_the_rate(void **state)
{
    training t = {0}, twin = {0};

    (void)state;
    training_open(&t, 1);
    training_open(&twin, 1);
    assert_int_equal(cnn_trainer_run(t.trainer, 6, slow_down, t.optim), CNN_OK);
    for (int step = 0; step < 6; step++) {
        training_run(&twin, 1);
        cnn_optim_set_lr(twin.optim, 0.1f / (float)(step + 2));
    }
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

/* ------------------------------------------------------------- memory --- */

static void runs_without_allocating(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= 2; threads++)
        for (int kind = 0; kind < OPTIMIZERS; kind++) {
            training t = {0};
            watch w = {0};
            float y[TINY_CLASSES];

            cnn_set_num_threads(threads);
            faulty_memory_install();
            t.optim = create_optim(kind);
            training_open(&t, 1);
            faulty_memory_reset();
            assert_int_equal(cnn_trainer_run(t.trainer, 20, look, &w), CNN_OK);
            assert_int_equal(cnn_net_predict(t.net, 1, t.images, y), CNN_OK);
            assert_int_equal(faulty_memory_count(), 0);
            training_close(&t);
            faulty_memory_remove();
        }
    cnn_set_num_threads(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_arguments),
        cmocka_unit_test(create_datasets),
        cmocka_unit_test(struct_sizes),
        cmocka_unit_test(null_trainer),
        cmocka_unit_test(run_arguments),
        cmocka_unit_test(default_batch),
        cmocka_unit_test(failing_step),
        cmocka_unit_test(callback_stops),
        cmocka_unit_test(callback_looks),
        cmocka_unit_test(callback_sets_the_rate),
        cmocka_unit_test(runs_without_allocating),
    };

    return cmocka_run_group_tests_name("trainer", tests, NULL, NULL);
}
