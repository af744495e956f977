/* What validations are judged by: which is better, what is kept, what ends. */
#include <math.h>
#include <string.h>

#include "support/training.h"

#define STOPPING(...)                                                     \
    (&(cnn_stopping_options){.struct_size = sizeof(cnn_stopping_options), \
                             __VA_ARGS__})

static void open(training *t, const cnn_stopping_options *o)
{
    *t = (training){.net = rich_net()};
    training_open(t, 1);
    assert_int_equal(cnn_trainer_set_stopping(t->trainer, o), CNN_OK);
}

static void assert_best(const training *t, int64_t step, double value,
                        int32_t waited)
{
    cnn_best best = {.struct_size = sizeof(best)};

    assert_int_equal(cnn_trainer_best(t->trainer, &best), CNN_OK);
    assert_int_equal(best.step, step);
    assert_true(best.value == value);
    assert_int_equal(best.waited, waited);
}

/* A step, and what is judged after it. */
static void judge(training *t, double value)
{
    training_run(t, 1);
    assert_int_equal(cnn_trainer_judge(t->trainer, value), CNN_OK);
}

/* --------------------------------------------------------------- rules --- */

static void less_is_better(void **state)
{
    training t;

    (void)state;
    open(&t, STOPPING(.min_delta = 0.25f));
    assert_best(&t, -1, 0.0, 0);
    judge(&t, (double)NAN);
    judge(&t, (double)-INFINITY);
    assert_best(&t, -1, 0.0, 2);
    judge(&t, 1e300);
    assert_best(&t, 3, 1e300, 0);
    judge(&t, 2.0);
    judge(&t, 1.75); /* not by more than 0.25 */
    assert_best(&t, 4, 2.0, 1);
    judge(&t, (double)NAN);
    judge(&t, 2.5);
    assert_best(&t, 4, 2.0, 3);
    judge(&t, 1.5);
    assert_best(&t, 8, 1.5, 0);
    training_close(&t);
}

static void more_accuracy_is_better(void **state)
{
    training t;

    (void)state;
    open(&t, STOPPING(.watch = CNN_WATCH_ACCURACY));
    judge(&t, 0.5);
    judge(&t, 0.5);
    assert_best(&t, 1, 0.5, 1);
    judge(&t, 0.25);
    judge(&t, 0.75);
    assert_best(&t, 4, 0.75, 0);
    judge(&t, (double)INFINITY);
    assert_best(&t, 4, 0.75, 1);
    training_close(&t);
}

/* A validation is an evaluation that is judged, by what is watched. */
static void validations(void **state)
{
    (void)state;
    for (int32_t watch = 0; watch < 2; watch++) {
        cnn_metrics want, got;
        training t;

        open(&t, STOPPING(.watch = watch));
        training_run(&t, 4);
        cnn_net_evaluate(t.net, t.dataset, &want, NULL);
        assert_int_equal(cnn_trainer_validate(t.trainer, t.dataset, &got),
                         CNN_OK);
        assert_true(got.loss == want.loss);
        assert_int_equal(got.correct, want.correct);
        assert_best(&t, 4,
                    watch == CNN_WATCH_LOSS
                        ? want.loss
                        : (double)want.correct / (double)want.count,
                    0);
        training_close(&t);
    }
}

/* ------------------------------------------------------------ the best --- */

static void keeps_the_best(void **state)
{
    (void)state;
    for (int averaged = 0; averaged < 2; averaged++) {
        training t;

        open(&t, STOPPING(.patience = 3));
        if (averaged)
            cnn_trainer_set_average(t.trainer, 0.5f);
        judge(&t, 3.0);
        judge(&t, 1.0);
        cnn_net *want = cnn_net_copy(t.net, TINY_BATCH);
        if (averaged)
            assert_int_equal(cnn_trainer_copy_average(t.trainer, want), CNN_OK);
        for (int i = 0; i < 5; i++)
            judge(&t, 1.0);
        float *now = copy_params(t.net);
        cnn_net *got = cnn_net_copy(t.net, TINY_BATCH);
        assert_int_equal(cnn_trainer_copy_best(t.trainer, got), CNN_OK);
        assert_same_bits(cnn_net_params(got), cnn_net_params(want),
                         cnn_net_param_count(got));
        for (int32_t s = 2; s < 4; s++) { /* mean and variance */
            cnn_tensor a = {.struct_size = sizeof(a)}, b = a;

            cnn_layer_tensor(cnn_net_layer(got, 1), s, &a);
            cnn_layer_tensor(cnn_net_layer(want, 1), s, &b);
            assert_same_bits(a.data, b.data, 4);
        }
        assert_same_bits(cnn_net_params(t.net), now,
                         cnn_net_param_count(t.net));
        /* Into the net itself, which goes on from there. */
        assert_int_equal(cnn_trainer_copy_best(t.trainer, t.net), CNN_OK);
        assert_same_bits(cnn_net_params(t.net), cnn_net_params(want),
                         cnn_net_param_count(got));
        training_run(&t, 1);
        test_free(now);
        cnn_net_free(got);
        cnn_net_free(want);
        training_close(&t);
    }
}

/* A patience that nothing is judged for ends nothing. */
static void without_validation(void **state)
{
    const cnn_fit_options none = {.struct_size = sizeof(none)};
    cnn_fit_options two = none;
    training t;

    (void)state;
    two.steps = 2;
    open(&t, STOPPING(.patience = 1));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(cnn_trainer_fit(t.trainer, &two), CNN_OK);
        assert_int_equal(cnn_trainer_stopped(t.trainer), CNN_STOPPED_STEPS);
        assert_failed(cnn_trainer_fit(t.trainer, &none), CNN_EINVAL,
                      "fit: nothing would end it");
        assert_int_equal(cnn_trainer_stopped(t.trainer), CNN_STOPPED_NONE);
    }
    assert_int_equal(cnn_trainer_fit(t.trainer, &two), CNN_OK);
    assert_failed(cnn_trainer_run(t.trainer, -1, NULL, NULL), CNN_EINVAL, "-1");
    assert_int_equal(cnn_trainer_stopped(t.trainer), CNN_STOPPED_NONE);
    /* It may be used up already. */
    assert_int_equal(cnn_trainer_judge(t.trainer, (double)NAN), CNN_OK);
    assert_int_equal(cnn_trainer_fit(t.trainer, &none), CNN_OK);
    assert_int_equal(cnn_trainer_stopped(t.trainer), CNN_STOPPED_PATIENCE);
    assert_int_equal(cnn_trainer_steps(t.trainer), 2);
    training_close(&t);
}

/* ------------------------------------------------------------- refusals --- */

static void refusals(void **state)
{
    const struct {
        cnn_stopping_options o;
        const char *part;
    } wrong[] = {
        {{.watch = 2}, "stopping: watch 2, expected 0 to 1"},
        {{.watch = -1}, "stopping: watch -1"},
        {{.patience = -3}, "stopping: patience -3, expected at least 0"},
        {{.min_delta = -0.5f}, "stopping: min_delta -0.5, expected a finite"},
        {{.min_delta = NAN}, "stopping: min_delta nan"},
        {{.min_delta = INFINITY}, "stopping: min_delta inf"},
    };
    training t;
    cnn_best best = {.struct_size = 8};

    (void)state;
    open(&t, STOPPING(.patience = 3));
    assert_failed(cnn_trainer_copy_best(t.trainer, t.net), CNN_ESTATE,
                  "none of 0 validations gave a finite number");
    judge(&t, 2.0);
    judge(&t, 3.0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        cnn_stopping_options o = wrong[i].o;

        o.struct_size = sizeof(o);
        assert_failed(cnn_trainer_set_stopping(t.trainer, &o), CNN_EINVAL,
                      wrong[i].part);
    }
    assert_failed(cnn_trainer_best(t.trainer, &best), CNN_EINVAL,
                  "trainer_best: struct_size is 8, expected 24");
    assert_failed(cnn_trainer_best(t.trainer, NULL), CNN_EINVAL, "out is NULL");
    assert_failed(cnn_trainer_validate(t.trainer, NULL, NULL), CNN_EINVAL,
                  "dataset is NULL");
    assert_best(&t, 1, 2.0, 1);
    /* Anew, and off. */
    assert_int_equal(cnn_trainer_set_stopping(t.trainer, STOPPING()), CNN_OK);
    assert_best(&t, -1, 0.0, 0);
    assert_int_equal(cnn_trainer_set_stopping(t.trainer, NULL), CNN_OK);
    assert_failed(cnn_trainer_judge(t.trainer, 1.0), CNN_ESTATE,
                  "trainer_judge: cnn_trainer_set_stopping() was not called");
    assert_failed(cnn_trainer_best(t.trainer, &best), CNN_ESTATE, "best: cnn");
    assert_failed(cnn_trainer_copy_best(t.trainer, t.net), CNN_ESTATE,
                  "copy_best: cnn_trainer_set_stopping()");
    assert_failed(cnn_trainer_set_stopping(NULL, NULL), CNN_EINVAL,
                  "trainer is NULL");
    assert_failed(cnn_trainer_judge(NULL, 1.0), CNN_EINVAL, "trainer is NULL");
    assert_failed(cnn_trainer_validate(NULL, t.dataset, NULL), CNN_EINVAL,
                  "trainer is NULL");
    assert_failed(cnn_trainer_best(NULL, &best), CNN_EINVAL, "trainer is NULL");
    assert_failed(cnn_trainer_copy_best(NULL, t.net), CNN_EINVAL,
                  "trainer is NULL");
    training_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(less_is_better),
        cmocka_unit_test(more_accuracy_is_better),
        cmocka_unit_test(validations),
        cmocka_unit_test(keeps_the_best),
        cmocka_unit_test(without_validation),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests_name("stopping", tests, NULL, NULL);
}
