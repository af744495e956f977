/* What one rank of several refuses, all are told: nobody waits for it. */
#include <math.h>
#include <string.h>

#include "support/ranks_case.h"
#include "support/temp_file.h"

/* The rank that does it otherwise. */
static bool odd(const member *m)
{
    return m->ranks.rank == 1;
}

/* --------------------------------------------------------------- create --- */

static void other_check(member *m)
{
    m->ranks.check_every = odd(m) ? -2 : 0;
}

static void settings_of_one(void **state)
{
    team t;

    (void)state;
    team_open(&t, 3, other_check);
    team_expect(&t, member_create, CNN_EINVAL, "");
    assert_non_null(strstr(t.members[1].error, "check_every -2"));
    for (int32_t i = 0; i < 3; i += 2)
        assert_non_null(strstr(t.members[i].error,
                               "1 of 3 have settings that are refused"));
    team_close(&t);
}

/* Nets that were trained alone before, so many steps of each with an optimiser
 * of its own. */
static void trained(member *m, int kind)
{
    training before = {.net = tiny_net(), .optim = create_optim(kind)};

    training_open(&before, 1);
    training_run(&before, 4);
    m->t.net = before.net;
    before.net = NULL;
    training_close(&before);
}

static void other_memory(member *m)
{
    trained(m, odd(m) ? ADAM : SGD_MOMENTUM);
}

static void memory_of_another_optimizer(void **state)
{
    team t;

    (void)state;
    team_open(&t, 2, other_memory);
    team_expect(&t, member_create, CNN_EINVAL,
                "rank 1 differs from rank 0: net ");
    team_close(&t);
}

/* ----------------------------------------------------------------- runs --- */

static cnn_status run_backwards(member *m)
{
    return cnn_trainer_run(m->t.trainer, odd(m) ? -3 : 3, NULL, NULL);
}

static cnn_status run_nothing(member *m)
{
    return cnn_trainer_run(m->t.trainer, odd(m) ? 0 : 3, NULL, NULL);
}

static int32_t quiet(void *user, const cnn_progress *progress)
{
    (void)user;
    (void)progress;
    return 0;
}

/* Only rank 0 shows something, and might end it. */
static cnn_status fit_without_end(member *m)
{
    const cnn_fit_options o = {.struct_size = sizeof(o),
                               .callback = odd(m) ? NULL : quiet,
                               .validation = m->t.dataset,
                               .every_steps = 1};
    return cnn_trainer_fit(m->t.trainer, &o);
}

static int32_t validate_alone(void *user, const cnn_progress *progress)
{
    const member *m = user;
    cnn_metrics metrics;

    if (odd(m) && progress->step == 2)
        cnn_trainer_validate(m->t.trainer, m->t.dataset, &metrics);
    return 0;
}

static cnn_status run_with_another_call(member *m)
{
    return cnn_trainer_run(m->t.trainer, 9, validate_alone, m);
}

static int32_t validate_nothing(void *user, const cnn_progress *progress)
{
    const member *m = user;

    if (odd(m) && progress->step == 4)
        cnn_trainer_validate(m->t.trainer, NULL, NULL);
    return 0;
}

static cnn_status run_with_a_bad_call(member *m)
{
    return cnn_trainer_run(m->t.trainer, 9, validate_nothing, m);
}

static void runs(void **state)
{
    team t;

    (void)state;
    team_open(&t, 2, plain);
    team_expect(&t, member_create, CNN_OK, "");
    team_expect(&t, run_nothing, CNN_OK, "");
    assert_int_equal(cnn_trainer_steps(t.members[0].t.trainer), 0);
    team_expect(&t, run_backwards, CNN_EINVAL, "rank 1: trainer_run: -3 steps");
    team_expect(&t, fit_without_end, CNN_EINVAL,
                "rank 1: fit: nothing would end it");
    team_expect(&t, run_with_another_call, CNN_EINVAL, "");
    assert_non_null(
        strstr(t.members[0].error, "rank 1 is at validate, and rank 0 at run"));
    assert_non_null(strstr(t.members[1].error,
                           "after step 2 the callback of a rank made a call"));
    t.steps = 1;
    team_expect(&t, member_steps, CNN_OK, "");
    team_run(&t, run_with_a_bad_call);
    assert_int_equal(t.members[0].status, t.members[1].status);
    assert_int_equal(t.members[0].status, CNN_EINVAL);
    team_expect(&t, member_steps, CNN_OK, "");
    assert_all_same(&t);
    team_close(&t);
}

static cnn_status validate_another(member *m)
{
    cnn_dataset *part =
        cnn_dataset_slice(m->t.dataset, 0, odd(m) ? SAMPLES - 1 : SAMPLES);
    const cnn_status status =
        cnn_trainer_validate(m->t.trainer, part, &m->metrics);

    cnn_dataset_free(part);
    return status;
}

static void validations(void **state)
{
    team t;

    (void)state;
    team_train(&t, 2, 1, plain);
    team_expect(&t, validate_another, CNN_EINVAL,
                "rank 1 validates with 49 samples, and rank 0 with 50");
    team_expect(&t, member_steps, CNN_OK, "");
    team_close(&t);
}

/* ---------------------------------------------------------- checkpoints --- */

static cnn_status save(member *m)
{
    return cnn_trainer_save(m->t.trainer, odd(m) ? NULL : m->team->path);
}

/* Rank 0 reads it. */
static cnn_status resume(member *m)
{
    return cnn_trainer_resume(m->t.trainer, odd(m) ? NULL : m->team->path);
}

static void paths(void **state)
{
    team t;

    (void)state;
    team_train(&t, 2, 3, plain);
    team_expect(&t, save, CNN_EINVAL, "rank 0: trainer_save: path is NULL");
    team_expect(&t, resume, CNN_EINVAL, "rank 0: trainer_resume: path is NULL");
    t.path = temp_path("ranks.cnn");
    team_expect(&t, save, CNN_OK, "");
    team_expect(&t, member_steps, CNN_OK, "");
    team_expect(&t, resume, CNN_OK, "");
    assert_int_equal(cnn_trainer_steps(t.members[1].t.trainer), 3);
    assert_all_same(&t);
    team_close(&t);
}

/* ----------------------------------------------------------- local SGD --- */

/* The new optimiser counts its steps anew, and comes to the same number. */
static void after_another(member *m)
{
    trained(m, SGD_MOMENTUM);
    m->ranks.average_every = 4;
    m->t.optim = create_optim(ADAM);
}

static void averages_what_another_trained(void **state)
{
    team t;

    (void)state;
    team_train(&t, 2, 4, after_another);
    assert_all_same(&t);
    team_close(&t);
}

/* One step of rank 1 alone makes an infinite parameter. */
static cnn_status spoil(member *m)
{
    if (odd(m))
        cnn_net_params(m->t.net)[TINY_PARAMS / 2] = INFINITY;
    return CNN_OK;
}

static cnn_status validate(member *m)
{
    return cnn_trainer_validate(m->t.trainer, m->t.dataset, &m->metrics);
}

static void infinity_is_not_averaged(void **state)
{
    team t;

    (void)state;
    team_train(&t, 2, 1, simple);
    t.path = temp_path("ranks.cnn");
    team_expect(&t, spoil, CNN_OK, "");
    team_expect(&t, save, CNN_EDIVERGED,
                "rank 1: parameter 125 of layer 3 (dense) became inf");
    team_expect(&t, validate, CNN_EDIVERGED,
                "rank 1: parameter 125 of layer 3 (dense) became inf");
    assert_true(isfinite(params_of(&t, 0)[TINY_PARAMS / 2]));
    team_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_of_one),
        cmocka_unit_test(memory_of_another_optimizer),
        cmocka_unit_test(runs),
        cmocka_unit_test(validations),
        cmocka_unit_test(paths),
        cmocka_unit_test(averages_what_another_trained),
        cmocka_unit_test(infinity_is_not_averaged),
    };

    return cmocka_run_group_tests_name("ranks refused", tests, NULL, NULL);
}
