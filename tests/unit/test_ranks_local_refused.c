/* Ranks that step by themselves: what fails, and what is refused. */
#include <math.h>
#include <string.h>

#include "support/ranks_case.h"

/* --------------------------------------------------------------- failures ---
 */

static void checked(member *m)
{
    every_4(m);
    m->ranks.check_every = 1;
}

static cnn_status spoil_then_step(member *m)
{
    if (m->ranks.rank == 1)
        cnn_net_params(m->t.net)[7] += 1e-6f;
    return member_steps(m);
}

static void compared_where_averaged(void **state)
{
    team t;

    (void)state;
    team_train(&t, 2, 12, checked);
    t.steps = 1;
    team_expect(&t, spoil_then_step, CNN_EINVAL,
                "after step 12 rank 1 differs from rank 0: parameters ");
    team_close(&t);
}

static void one_diverges(void **state)
{
    team t;

    (void)state;
    team_open(&t, 2, every_4);
    for (int i = 0; i < 2; i++)
        t.members[i].t.augment = NULL;
    team_expect(&t, member_create, CNN_OK, "");
    for (int i = 0; i < 2; i++)
        t.members[i].t.images[5 * TINY_INPUT] = INFINITY;
    t.steps = SAMPLES;
    team_run(&t, member_steps);
    assert_int_equal(t.members[0].status, CNN_EDIVERGED);
    assert_int_equal(t.members[1].status, CNN_EDIVERGED);
    assert_string_equal(t.members[0].error, t.members[1].error);
    assert_int_equal(cnn_trainer_steps(t.members[0].t.trainer),
                     cnn_trainer_steps(t.members[1].t.trainer));
    team_close(&t);
}

/* Rank 1 makes infinite parameters in its first step. */
static cnn_status spoil_rate(member *m)
{
    if (m->ranks.rank == 1)
        cnn_net_params(m->t.net)[TINY_PARAMS / 2] = 3e38f;
    return member_steps(m);
}

static void wild(member *m)
{
    simple(m);
    m->ranks.average_every = m->team->size;
    m->t.optim = cnn_sgd_create(3e38f, NULL);
}

static void told_by_the_next(void **state)
{
    team t;

    (void)state;
    team_open(&t, 2, wild); /* averages every 2 steps */
    t.steps = 1;
    team_expect(&t, member_create, CNN_OK, "");
    team_expect(&t, spoil_rate, CNN_OK, "");
    team_expect(&t, member_steps, CNN_EDIVERGED, "rank ");
    assert_string_equal(t.members[0].error, t.members[1].error);
    assert_int_equal(cnn_trainer_steps(t.members[0].t.trainer), 1);
    assert_int_equal(cnn_trainer_steps(t.members[1].t.trainer), 1);
    team_close(&t);
}

/* -------------------------------------------------------------- arguments ---
 */

static void negative(member *m)
{
    local(m, -1);
}

static void cut_too(member *m)
{
    every_4(m);
    m->ranks.portions = PORTIONS;
}

static void bad_flags(member *m)
{
    every_4(m);
    m->ranks.flags = 0x80;
}

static void other_period(member *m)
{
    local(m, m->ranks.rank == 1 ? 5 : 4);
}

static void refused(void (*how)(member *m), const char *part)
{
    team t;

    team_open(&t, 2, how);
    for (int i = 0; i < 2; i++)
        t.members[i].t.trainer = NULL;
    team_run(&t, member_create);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(t.members[i].status, CNN_EINVAL);
        assert_non_null(strstr(t.members[i].error, part));
    }
    team_close(&t);
}

static void arguments(void **state)
{
    const cnn_stopping_options stopping = {.struct_size = sizeof(stopping)};
    team t;

    (void)state;
    refused(negative, "average_every -1, flags 0x0, expected at least 0");
    refused(cut_too, "average_every 4 with 12 portions");
    refused(bad_flags, "flags 0x80");
    refused(other_period, "rank 1 differs from rank 0: average_every 5, not 4");
    team_train(&t, 2, 1, every_4);
    cnn_trainer *first = t.members[0].t.trainer;
    assert_failed(cnn_trainer_set_average(first, 0.9f), CNN_EUNSUPPORTED,
                  "ranks with average_every 4");
    assert_int_equal(cnn_trainer_set_average(first, 0.0f), CNN_OK);
    assert_int_equal(cnn_trainer_set_stopping(first, &stopping), CNN_OK);
    assert_failed(cnn_trainer_judge(first, 1.0), CNN_ESTATE,
                  "after step 1 each rank has parameters of its own");
    team_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compared_where_averaged),
        cmocka_unit_test(one_diverges),
        cmocka_unit_test(told_by_the_next),
        cmocka_unit_test(arguments),
    };

    return cmocka_run_group_tests_name("ranks local, refused", tests, NULL,
                                       NULL);
}
