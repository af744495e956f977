/* Runs, validations and checkpoints of several ranks that train one net. */
#include <string.h>

#include "support/ranks_case.h"
#include "support/temp_file.h"

/* --------------------------------------------------------------- runs --- */

static int32_t stop_rank_1(void *user, const cnn_progress *progress)
{
    const member *m = user;

    return m->ranks.rank == 1 && progress->step == 3;
}

static cnn_status run_with_callback(member *m)
{
    return cnn_trainer_run(m->t.trainer, 10, stop_rank_1, m);
}

static cnn_status run_cancelled(member *m)
{
    if (m->ranks.rank == 1)
        cnn_trainer_cancel(m->t.trainer);
    return cnn_trainer_run(m->t.trainer, 10, NULL, NULL);
}

/* The first of them that has come so far ends all. */
static cnn_status run_to_an_end(member *m)
{
    const cnn_fit_options o = {.struct_size = sizeof(o),
                               .steps = m->ranks.rank == 1 ? 5 : 8};
    return cnn_trainer_fit(m->t.trainer, &o);
}

static void runs_end_together(void **state)
{
    team t;

    (void)state;
    team_open(&t, 2, plain);
    team_expect(&t, member_create, CNN_OK, "");
    team_expect(&t, run_with_callback, CNN_ECANCELED,
                "rank 1: stopped by the callback after step 3");
    team_expect(&t, run_cancelled, CNN_ECANCELED,
                "rank 1: cancelled after step 3");
    team_expect(&t, run_to_an_end, CNN_OK, "");
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(cnn_trainer_steps(t.members[i].t.trainer), 5);
        assert_int_equal(cnn_trainer_stopped(t.members[i].t.trainer),
                         CNN_STOPPED_STEPS);
    }
    team_close(&t);
}

static cnn_status validate(member *m)
{
    return cnn_trainer_validate(m->t.trainer, m->t.dataset, &m->metrics);
}

/* Sums of 50 losses in another order. */
static void validation_is_shared(void **state)
{
    (void)state;
    for (int32_t n = 1; n <= TEAM_MOST; n++) {
        cnn_metrics want;
        team t;

        team_train(&t, n, 2, plain);
        training *first = &t.members[0].t;
        team_expect(&t, validate, CNN_OK, "");
        assert_int_equal(
            cnn_net_evaluate(first->net, first->dataset, &want, NULL), CNN_OK);
        for (int32_t i = 0; i < n; i++) {
            const cnn_metrics *got = &t.members[i].metrics;

            assert_int_equal(got->count, want.count);
            assert_int_equal(got->correct, want.correct);
            assert_float_equal(got->loss, want.loss, 1e-6);
            assert_true(got->loss == t.members[0].metrics.loss);
        }
        team_close(&t);
    }
}

/* --------------------------------------------------------- checkpoints --- */

static cnn_status save(member *m)
{
    return cnn_trainer_save(m->t.trainer, m->team->path);
}

static cnn_status resume(member *m)
{
    return cnn_trainer_resume(m->t.trainer, m->team->path);
}

static void save_at_10(team *t, int32_t size, void (*describe)(member *m))
{
    team_train(t, size, 10, describe);
    t->path = temp_path("ranks.cnn");
    team_expect(t, save, CNN_OK, "");
}

static void resume_and_train(team *t, int32_t size, void (*describe)(member *m))
{
    team_open(t, size, describe);
    t->path = temp_path("ranks.cnn");
    t->steps = 10;
    team_expect(t, member_create, CNN_OK, "");
    team_expect(t, resume, CNN_OK, "");
    team_expect(t, member_steps, CNN_OK, "");
}

static void resumed_by_others(void **state)
{
    training alone = {0};
    team whole, t;

    (void)state;
    save_at_10(&whole, 2, cut);
    team_expect(&whole, member_steps, CNN_OK, "");
    for (int32_t n = 1; n <= TEAM_MOST; n++) {
        resume_and_train(&t, n, cut);
        assert_all_same(&t);
        assert_same_training(&t.members[0].t, &whole.members[0].t);
        team_close(&t);
    }
    team_close(&whole);

    save_at_10(&whole, 3, plain);
    team_expect(&whole, member_steps, CNN_OK, "");
    resume_and_train(&t, 2, plain);
    settings(&alone);
    training_open(&alone, 1);
    assert_int_equal(cnn_trainer_resume(alone.trainer, temp_path("ranks.cnn")),
                     CNN_OK);
    training_run(&alone, 10);
    const size_t P = cnn_net_param_count(alone.net);
    assert_near(params_of(&t, 1), params_of(&whole, 0), P, 1e-5, 0.0);
    assert_near(cnn_net_params(alone.net), params_of(&whole, 0), P, 1e-5, 0.0);
    training_close(&alone);
    team_close(&t);
    team_close(&whole);
}

static void files_that_fail(void **state)
{
    team t;

    (void)state;
    team_train(&t, 2, 2, plain);
    t.path = "/nonexistent/ranks.cnn";
    team_expect(&t, save, CNN_EIO, "rank 0: cannot write /nonexistent/");
    team_expect(&t, resume, CNN_EIO, "rank 0: /nonexistent/ranks.cnn: ");
    team_expect(&t, member_steps, CNN_OK, "");
    team_close(&t);
    /* Of another net: refused by all, who go on. */
    save_at_10(&t, 2, normalised);
    team_close(&t);
    team_open(&t, 2, plain);
    t.path = temp_path("ranks.cnn");
    t.steps = 1;
    team_expect(&t, member_create, CNN_OK, "");
    team_expect(&t, resume, CNN_ESHAPE,
                "ranks.cnn: the training was of another net");
    for (int32_t i = 0; i < 2; i++) /* which is said once */
        assert_null(strstr(t.members[i].error + 1, "rank 0: "));
    team_expect(&t, member_steps, CNN_OK, "");
    team_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_end_together),
        cmocka_unit_test(validation_is_shared),
        cmocka_unit_test(resumed_by_others),
        cmocka_unit_test(files_that_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
