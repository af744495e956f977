/* Ranks that take steps by themselves and then average (local SGD). */
#include <string.h>

#include "support/ranks_case.h"
#include "support/temp_file.h"
#include "train/trainer_impl.h"

static void every_step(member *m)
{
    local(m, 1);
}

/* ------------------------------------------------------------- exactness ---
 */

/* With momentum, averages of steps are steps with the average gradient. */
static void every_step_is_one_process(void **state)
{
    training alone = {0};

    (void)state;
    settings(&alone);
    alone.options.clip_norm = 0.0f;
    training_open(&alone, 1);
    training_run(&alone, STEPS);
    for (int32_t n = 1; n <= TEAM_MOST; n++) {
        team t;

        team_train(&t, n, STEPS, every_step);
        assert_all_same(&t);
        assert_near(params_of(&t, 0), cnn_net_params(alone.net),
                    cnn_net_param_count(alone.net), 1e-5, 0.0);
        team_close(&t);
    }
    training_close(&alone);
}

/* Parts of 3, 3 and 4 samples, under both reductions of the loss. */
static void uneven(member *m)
{
    m->ranks.average_every = 1;
    m->t.net = tiny_net();
    m->t.options.batch = 10;
    build(m->t.net, &tiny_shape, 10, 1);
}

static void summed(member *m)
{
    uneven(m);
    m->t.optim = cnn_sgd_create(0.005f, NULL);
    assert_int_equal(cnn_net_set_loss(m->t.net, CNN_LOSS_SOFTMAX_CROSS_ENTROPY,
                                      CNN_REDUCE_SUM),
                     CNN_OK);
}

static void averages_are_by_samples(void **state)
{
    void (*const cases[])(member * m) = {uneven, summed};

    (void)state;
    for (int i = 0; i < 2; i++) {
        member alone = {0};
        team t;

        cases[i](&alone);
        training_open(&alone.t, 1);
        training_run(&alone.t, 40);
        team_train(&t, 3, 40, cases[i]);
        assert_all_same(&t);
        assert_near(params_of(&t, 2), cnn_net_params(alone.t.net), TINY_PARAMS,
                    1e-5, 0.0);
        team_close(&t);
        training_close(&alone.t);
    }
}

static void one_rank_is_one_process(void **state)
{
    training alone = {0};
    team t;

    (void)state;
    settings(&alone);
    alone.options.clip_norm = 0.0f;
    training_open(&alone, 1);
    training_run(&alone, 10);
    team_train(&t, 1, 10, every_4);
    assert_same_training(&t.members[0].t, &alone);
    team_close(&t);
    training_close(&alone);
}

/* --------------------------------------------------------------- by hand ---
 */

static float *floats_of(const training *t, int array)
{
    const cnn__params *p = &t->net->params;

    return array == 0 ? p->value : p->slot[array - 1];
}

static void mean_by_hand(training two[2], int arrays)
{
    for (int a = 0; a < arrays; a++)
        for (size_t i = 0; i < TINY_PARAMS; i++) {
            float *x = floats_of(&two[0], a) + i,
                  *y = floats_of(&two[1], a) + i;

            *x = *y = *x * 0.5f + *y * 0.5f;
        }
}

/* Momentum, and both of Adam's means, are averaged with the parameters. */
static void as_by_hand(void **state)
{
    static const int kinds[] = {SGD_MOMENTUM, ADAM};

    (void)state;
    for (int k = 0; k < 2; k++) {
        training two[2] = {{0}, {0}};
        team t;

        team_open(&t, 2, simple);
        for (int i = 0; i < 2; i++) {
            training *m = &t.members[i].t;

            cnn_optim_free(m->optim);
            m->optim = create_optim(kinds[k]);
            two[i] = (training){.net = tiny_net(),
                                .samples = SAMPLES,
                                .optim = create_optim(kinds[k])};
            training_prepare(&two[i], 1);
        }
        team_expect(&t, member_create, CNN_OK, "");
        t.steps = 1;
        for (int step = 0; step < 6; step++) {
            team_expect(&t, member_steps, CNN_OK, "");
            for (int i = 0; i < 2; i++) {
                const size_t at = (size_t)step * 8 + (size_t)i * 4;

                assert_int_equal(
                    cnn_net_train_step(two[i].net, two[i].optim, 4,
                                       two[i].images + at * TINY_INPUT,
                                       two[i].labels + at, NULL),
                    CNN_OK);
            }
            if (step == 3)
                mean_by_hand(two, k == 0 ? 2 : 3);
            for (int i = 0; i < 2; i++)
                assert_same_bits(params_of(&t, i), cnn_net_params(two[i].net),
                                 TINY_PARAMS);
        }
        for (int i = 0; i < 2; i++)
            training_close(&two[i]);
        team_close(&t);
    }
}

/* --------------------------------------------------------------- averages ---
 */

static bool apart(const team *t)
{
    return memcmp(params_of(t, 0), params_of(t, 1),
                  cnn_net_param_count(t->members[0].t.net) * sizeof(float)) !=
           0;
}

static cnn_status validate(member *m)
{
    return cnn_trainer_validate(m->t.trainer, m->t.dataset, &m->metrics);
}

static cnn_status run(member *m)
{
    return cnn_trainer_run(m->t.trainer, m->team->steps, NULL, NULL);
}

static cnn_status save(member *m)
{
    return cnn_trainer_save(m->t.trainer, m->team->path);
}

static cnn_status resume(member *m)
{
    return cnn_trainer_resume(m->t.trainer, m->team->path);
}

static void what_averages(void **state)
{
    team t;

    (void)state;
    team_train(&t, 3, 3, every_4);
    assert_true(apart(&t));
    t.steps = 1;
    team_expect(&t, member_steps, CNN_OK, "");
    assert_all_same(&t);
    team_expect(&t, member_steps, CNN_OK, "");
    assert_true(apart(&t));
    team_expect(&t, validate, CNN_OK, "");
    assert_all_same(&t);
    assert_true(t.members[1].metrics.loss == t.members[0].metrics.loss);
    team_expect(&t, run, CNN_OK, ""); /* to step 6 */
    assert_all_same(&t);
    team_expect(&t, member_steps, CNN_OK, "");
    assert_true(apart(&t));
    team_expect(&t, member_steps, CNN_OK, ""); /* 8 */
    assert_all_same(&t);
    team_close(&t);
}

/* Saved between two averages, by 3 ranks with Adam. */
static void with_adam(member *m)
{
    m->t.optim = create_optim(ADAM);
    every_4(m);
}

static void resumed_is_gone_on(void **state)
{
    training alone = {.optim = create_optim(ADAM)};
    team whole, t;

    (void)state;
    team_train(&whole, 3, 6, with_adam);
    whole.path = temp_path("local.cnn");
    team_expect(&whole, save, CNN_OK, "");
    assert_all_same(&whole);
    settings(&alone);
    alone.options.clip_norm = 0.0f;
    training_open(&alone, 1);
    assert_int_equal(cnn_trainer_resume(alone.trainer, whole.path), CNN_OK);
    assert_same_training(&alone, &whole.members[0].t);
    training_close(&alone);
    whole.steps = 7;
    team_expect(&whole, member_steps, CNN_OK, "");
    for (int32_t n = 2; n <= 3; n++) {
        team_open(&t, n, with_adam);
        t.path = whole.path;
        t.steps = 7;
        team_expect(&t, member_create, CNN_OK, "");
        team_expect(&t, resume, CNN_OK, "");
        assert_all_same(&t);
        team_expect(&t, member_steps, CNN_OK, "");
        for (int32_t i = 0; i < n && n == 3; i++)
            assert_same_training(&t.members[i].t, &whole.members[i].t);
        team_close(&t);
    }
    team_close(&whole);
}

/* Running statistics are averaged; what is frozen keeps its bits, which an
 * average over 3 ranks might round. */
static void rich(member *m)
{
    m->t.net = rich_net();
    m->ranks.average_every = 2;
    settings(&m->t);
    cnn_layer_set_frozen(cnn_net_layer(m->t.net, 0), CNN_FROZEN_PARAMS);
}

static void other_arrays(void **state)
{
    training alone = {.net = rich_net()};
    team t;

    (void)state;
    settings(&alone);
    team_train(&t, 3, 8, rich);
    assert_all_same(&t);
    assert_same_bits(params_of(&t, 1), cnn_net_params(alone.net), 4 * 10);
    assert_true(t.members[0].t.net->params.fixed[0] !=
                alone.net->params.fixed[0]);
    cnn_net_free(alone.net);
    team_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_is_one_process),
        cmocka_unit_test(averages_are_by_samples),
        cmocka_unit_test(one_rank_is_one_process),
        cmocka_unit_test(as_by_hand),
        cmocka_unit_test(what_averages),
        cmocka_unit_test(resumed_is_gone_on),
        cmocka_unit_test(other_arrays),
    };

    return cmocka_run_group_tests_name("ranks local", tests, NULL, NULL);
}
