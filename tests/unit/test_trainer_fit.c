/* Runs until one of several limits: which it was, what was told on the way, and
 * going on after each of them. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "support/training.h"

/* 13 samples in batches of 4: the epochs end with these steps. */
static const int64_t ends[] = {4, 7, 10, 13, 17, 20};

#define FIT(...) \
    (&(cnn_fit_options){.struct_size = sizeof(cnn_fit_options), __VA_ARGS__})

static void fit(training *t, const cnn_fit_options *o, int32_t why)
{
    const cnn_status want = why < CNN_STOPPED_CALLBACK ? CNN_OK : CNN_ECANCELED;
    const cnn_status status = cnn_trainer_fit(t->trainer, o);

    if (status != want)
        fail_msg("%d: %s", (int)status, cnn_last_error());
    assert_int_equal(cnn_trainer_stopped(t->trainer), why);
}

/* -------------------------------------------------------------- limits --- */

/* It stands as a run of so many steps would, also after having gone on. */
static void steps_and_epochs(void **state)
{
    training t = {0}, twin = {0};

    (void)state;
    training_open(&t, 1);
    training_open(&twin, 1);
    assert_int_equal(cnn_trainer_stopped(t.trainer), CNN_STOPPED_NONE);
    fit(&t, FIT(.steps = 5), CNN_STOPPED_STEPS);
    training_run(&twin, 5);
    assert_same_training(&t, &twin);
    fit(&t, FIT(.epochs = 3), CNN_STOPPED_EPOCHS);
    training_run(&twin, 5);
    assert_same_training(&t, &twin);
    /* Over all runs: there is nothing left to do. */
    fit(&t, FIT(.epochs = 3), CNN_STOPPED_EPOCHS);
    fit(&t, FIT(.steps = 10), CNN_STOPPED_STEPS);
    fit(&t, FIT(.steps = 4, .epochs = 9), CNN_STOPPED_STEPS);
    assert_same_training(&t, &twin);
    fit(&t, FIT(.steps = 12, .epochs = 4, .seconds = 1e9), CNN_STOPPED_STEPS);
    fit(&t, FIT(.steps = 15, .epochs = 4), CNN_STOPPED_EPOCHS);
    training_run(&twin, 3);
    assert_same_training(&t, &twin);
    assert_int_equal(cnn_trainer_stopped(twin.trainer), CNN_STOPPED_STEPS);
    training_close(&t);
    training_close(&twin);
}

static double seconds(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static void time_is_up(void **state)
{
    training t = {0}, twin = {0};

    (void)state;
    training_open(&t, 1);
    training_open(&twin, 1);
    const double start = seconds();
    fit(&t, FIT(.seconds = 0.05), CNN_STOPPED_TIME);
    const double took = seconds() - start;
    assert_true(took >= 0.05);
    assert_true(took < 30);
    assert_true(cnn_trainer_steps(t.trainer) > 0);
    training_run(&twin, cnn_trainer_steps(t.trainer));
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

static int32_t stop_at(void *step, const cnn_progress *p)
{
    return p->step == *(const int64_t *)step;
}

static int32_t stop_after(void *step, const cnn_epoch *e)
{
    return e->step >= *(const int64_t *)step;
}

static void callbacks_and_cancel(void **state)
{
    int64_t six = 6, eight = 8;
    training t = {0};

    (void)state;
    training_open(&t, 1);
    fit(&t, FIT(.callback = stop_at, .user = &six), CNN_STOPPED_CALLBACK);
    assert_failed(CNN_ECANCELED, CNN_ECANCELED,
                  "stopped by the callback after step 6");
    fit(&t, FIT(.epoch_callback = stop_after, .user = &eight),
        CNN_STOPPED_CALLBACK);
    assert_int_equal(cnn_trainer_steps(t.trainer), 10);
    cnn_trainer_cancel(t.trainer);
    fit(&t, FIT(.steps = 3), CNN_STOPPED_STEPS); /* had nothing to do */
    fit(&t, FIT(.steps = 13), CNN_STOPPED_CANCEL);
    assert_failed(CNN_ECANCELED, CNN_ECANCELED, "cancelled after step 10");
    fit(&t, FIT(.steps = 13), CNN_STOPPED_STEPS);
    /* cnn_trainer_run() tells, too. */
    int64_t next = 14;
    assert_failed(cnn_trainer_run(t.trainer, 5, stop_at, &next), CNN_ECANCELED,
                  "after step 14");
    assert_int_equal(cnn_trainer_stopped(t.trainer), CNN_STOPPED_CALLBACK);
    cnn_trainer_cancel(t.trainer);
    assert_failed(cnn_trainer_run(t.trainer, 5, NULL, NULL), CNN_ECANCELED,
                  "cancelled after step 14");
    assert_int_equal(cnn_trainer_stopped(t.trainer), CNN_STOPPED_CANCEL);
    training_run(&t, 1);
    assert_int_equal(cnn_trainer_stopped(t.trainer), CNN_STOPPED_STEPS);
    training_close(&t);
}

/* ------------------------------------------------------- what is told --- */

enum { MOST = 32 };

typedef struct journal {
    int32_t count;
    cnn_epoch entries[MOST];
    cnn_metrics sum; /* of the steps since the last entry */
    cnn_metrics sums[MOST];
    int64_t stop; /* at this step */
} journal;

static int32_t add_step(void *user, const cnn_progress *p)
{
    journal *l = user;

    l->sum.loss += p->metrics.loss * (double)p->metrics.count;
    l->sum.count += p->metrics.count;
    l->sum.correct += p->metrics.correct;
    return p->step == l->stop;
}

static int32_t add_epoch(void *user, const cnn_epoch *e)
{
    journal *l = user;

    assert_int_equal(e->struct_size, sizeof(*e));
    assert_true(l->count < MOST);
    l->sums[l->count] = l->sum;
    l->entries[l->count++] = *e;
    if (e->ended)
        l->sum = (cnn_metrics){0};
    return 0;
}

static void tells_of_each_epoch(void **state)
{
    training t = {0};
    journal l = {0};

    (void)state;
    training_open(&t, 1);
    fit(&t,
        FIT(.epochs = 5, .every = 2, .validation = t.dataset,
            .callback = add_step, .epoch_callback = add_epoch, .user = &l),
        CNN_STOPPED_EPOCHS);
    assert_int_equal(l.count, 5);
    for (int i = 0; i < l.count; i++) {
        const cnn_epoch *e = &l.entries[i];

        assert_int_equal(e->epoch, i);
        assert_int_equal(e->step, ends[i]);
        assert_int_equal(e->ended, 1);
        assert_int_equal(e->validated, i % 2); /* after two, and four */
        assert_int_equal(e->validation.count, i % 2 ? TINY_SAMPLES : 0);
        assert_int_equal(e->is_best, 0);
        assert_true(e->seconds >= (i > 0 ? e[-1].seconds : 0.0));
        assert_int_equal(e->training.count, l.sums[i].count);
        assert_int_equal(e->training.correct, l.sums[i].correct);
        assert_true(e->training.loss ==
                    l.sums[i].loss / (double)l.sums[i].count);
    }
    cnn_metrics last;
    cnn_net_evaluate(t.net, t.dataset, &last, NULL);
    assert_true(l.entries[3].validation.loss != last.loss);
    fit(&t,
        FIT(.epochs = 6, .validation = t.dataset, .epoch_callback = add_epoch,
            .user = &l),
        CNN_STOPPED_EPOCHS);
    cnn_net_evaluate(t.net, t.dataset, &last, NULL);
    assert_true(l.entries[5].validation.loss == last.loss);
    training_close(&t);
}

/* Validations within epochs, every so many steps; a sum as the reduction. */
static void every_so_many_steps(void **state)
{
    const int64_t steps[] = {3, 4, 6, 7, 9, 10, 12, 13};
    training t = {.net = tiny_net()};
    journal l = {0};

    (void)state;
    cnn_net_set_loss(t.net, CNN_LOSS_MSE, CNN_REDUCE_SUM);
    training_open(&t, 1);
    fit(&t,
        FIT(.epochs = 4, .every_steps = 3, .validation = t.dataset,
            .epoch_callback = add_epoch, .user = &l),
        CNN_STOPPED_EPOCHS);
    assert_int_equal(l.count, 8);
    for (int i = 0; i < l.count; i++) {
        assert_int_equal(l.entries[i].step, steps[i]);
        assert_int_equal(l.entries[i].validated, i % 2 == 0);
        assert_int_equal(l.entries[i].ended, i % 2);
        assert_int_equal(l.entries[i].epoch, i / 2);
    }
    assert_true(l.entries[1].training.loss > l.entries[0].training.loss);
    training_close(&t);
}

/* An epoch that is over is told of once, whatever ended a run there. */
static void told_once(void **state)
{
    training t = {0};
    journal l = {.stop = 4};
    const cnn_fit_options o = {.struct_size = sizeof(o),
                               .epochs = 2,
                               .callback = add_step,
                               .epoch_callback = add_epoch,
                               .user = &l};

    (void)state;
    training_open(&t, 1);
    fit(&t, &o, CNN_STOPPED_CALLBACK);
    assert_int_equal(l.count, 1);
    fit(&t, &o, CNN_STOPPED_EPOCHS);
    assert_int_equal(l.count, 2);
    /* What was over before is told of first. */
    training_run(&t, 3);
    fit(&t, &o, CNN_STOPPED_EPOCHS);
    assert_int_equal(l.count, 3);
    assert_int_equal(l.entries[2].step, 10);
    fit(&t, &o, CNN_STOPPED_EPOCHS);
    assert_int_equal(l.count, 3);
    training_close(&t);
}

/* ------------------------------------------------------------ patience --- */

/* A rate so high that it becomes worse, after a while of becoming better. */
static void patience_ends_it(void **state)
{
    const cnn_stopping_options o = {.struct_size = sizeof(o), .patience = 3};
    training t = {0};
    cnn_best best = {.struct_size = sizeof(best)};
    cnn_metrics m;
    journal l = {0};

    (void)state;
    training_open(&t, 1);
    float *other = uniform(TINY_SAMPLES * TINY_INPUT, 77);
    cnn_dataset *unseen =
        cnn_dataset_wrap_f32(&tiny_shape, TINY_SAMPLES, other, t.labels, NULL);
    cnn_trainer_set_stopping(t.trainer, &o);
    fit(&t,
        FIT(.validation = unseen, .epoch_callback = add_epoch, .user = &l,
            .epochs = MOST - 1),
        CNN_STOPPED_PATIENCE);
    assert_int_equal(cnn_trainer_best(t.trainer, &best), CNN_OK);
    assert_int_equal(best.waited, 3);
    assert_int_equal(best.step, l.entries[l.count - 4].step);
    for (int i = 0; i < l.count; i++) {
        assert_true(l.entries[i].validation.loss >= best.value);
        assert_true(i < l.count - 3 || !l.entries[i].is_best);
    }
    assert_true(l.entries[l.count - 4].is_best);
    assert_int_equal(cnn_trainer_copy_best(t.trainer, t.net), CNN_OK);
    cnn_net_evaluate(t.net, unseen, &m, NULL);
    assert_true(m.loss == best.value);
    /* It is used up, until it is set again. */
    const int64_t steps = cnn_trainer_steps(t.trainer);
    fit(&t, FIT(.steps = steps + 5), CNN_STOPPED_PATIENCE);
    assert_int_equal(cnn_trainer_steps(t.trainer), steps);
    training_run(&t, 1);
    cnn_trainer_set_stopping(t.trainer, &o);
    fit(&t, FIT(.steps = steps + 5), CNN_STOPPED_STEPS);
    cnn_dataset_free(unseen);
    test_free(other);
    training_close(&t);
}

/* ------------------------------------------------------------- failures --- */

static void refusals(void **state)
{
    const struct {
        cnn_fit_options o;
        const char *part;
    } wrong[] = {
        {{0}, "fit: nothing would end it"},
        {{.steps = -1}, "fit: steps -1, expected at least 0"},
        {{.steps = 1, .epochs = -2}, "fit: epochs -2"},
        {{.steps = 1, .every = -1}, "fit: every -1"},
        {{.steps = 1, .every_steps = -1}, "fit: every_steps -1"},
        {{.steps = 1, .seconds = -0.5}, "fit: seconds -0.5, expected a finite"},
        {{.steps = 1, .seconds = (double)NAN}, "fit: seconds nan"},
        {{.steps = 1, .seconds = (double)INFINITY}, "fit: seconds inf"},
    };
    const uint8_t pixels[4] = {0};
    const int32_t label = 0;
    cnn_dataset *small =
        cnn_dataset_wrap_u8(&(cnn_shape){1, 2, 2}, 1, pixels, &label, NULL);
    training t = {0}, twin = {0};

    (void)state;
    training_open(&t, 1);
    training_open(&twin, 1);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        cnn_fit_options o = wrong[i].o;

        o.struct_size = sizeof(o);
        assert_failed(cnn_trainer_fit(t.trainer, &o), CNN_EINVAL,
                      wrong[i].part);
    }
    assert_failed(cnn_trainer_fit(t.trainer, NULL), CNN_EINVAL, "nothing");
    assert_failed(cnn_trainer_fit(NULL, FIT(.steps = 1)), CNN_EINVAL,
                  "trainer is NULL");
    assert_failed(
        cnn_trainer_fit(t.trainer, FIT(.steps = 1, .validation = small)),
        CNN_ESHAPE, "1x2x2");
    assert_int_equal(cnn_trainer_stopped(NULL), CNN_STOPPED_NONE);
    assert_same_training(&t, &twin);
    cnn_dataset_free(small);
    training_close(&t);
    training_close(&twin);
}

/* A validation that fails is made up for by the next call. */
static void goes_on_where_it_failed(void **state)
{
    training t = {0}, twin = {0};
    journal l = {0}, other = {0};
    cnn_fit_options o = {
        .struct_size = sizeof(o), .epochs = 3, .epoch_callback = add_epoch};

    (void)state;
    training_open(&t, 1);
    training_open(&twin, 1);
    training_learns(&t);
    training_learns(&twin);
    int32_t *labels = test_malloc(TINY_SAMPLES * sizeof(*labels));
    fill_labels(labels, TINY_SAMPLES, TINY_CLASSES, 2);
    cnn_dataset *data = cnn_dataset_wrap_f32(&tiny_shape, TINY_SAMPLES,
                                             twin.images, labels, NULL);
    o.validation = data;
    o.user = &l;
    labels[5] = 99;
    assert_failed(cnn_trainer_fit(t.trainer, &o), CNN_EINVAL, "99");
    assert_int_equal(cnn_trainer_stopped(t.trainer), CNN_STOPPED_NONE);
    assert_int_equal(cnn_trainer_steps(t.trainer), ends[0]);
    assert_int_equal(l.count, 0);
    labels[5] = twin.labels[5];
    fit(&t, &o, CNN_STOPPED_EPOCHS);
    o.user = &other;
    fit(&twin, &o, CNN_STOPPED_EPOCHS);
    assert_int_equal(l.count, 3);
    for (int i = 0; i < 3; i++)
        assert_true(l.entries[i].validation.loss ==
                    other.entries[i].validation.loss);
    assert_same_training(&t, &twin);
    cnn_dataset_free(data);
    test_free(labels);
    training_close(&t);
    training_close(&twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_and_epochs),
        cmocka_unit_test(time_is_up),
        cmocka_unit_test(callbacks_and_cancel),
        cmocka_unit_test(tells_of_each_epoch),
        cmocka_unit_test(every_so_many_steps),
        cmocka_unit_test(told_once),
        cmocka_unit_test(patience_ends_it),
        cmocka_unit_test(refusals),
        cmocka_unit_test(goes_on_where_it_failed),
    };

    return cmocka_run_group_tests_name("fit", tests, NULL, NULL);
}
