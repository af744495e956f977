/* Several ranks that train one net: as one process would. */
#include "support/ranks_case.h"

/* ------------------------------------------------------------- exactness ---
 */

/* Sums of 12 samples in another order, over 100 steps. */
static void like_one_process(void **state)
{
    training alone;

    (void)state;
    train_alone(&alone, STEPS);
    const size_t P = cnn_net_param_count(alone.net);
    for (int32_t n = 1; n <= TEAM_MOST; n++) {
        team t, again;

        team_train(&t, n, STEPS, plain);
        assert_all_same(&t);
        assert_near(params_of(&t, 0), cnn_net_params(alone.net), P, 1e-5, 0.0);
        if (n == 1)
            assert_same_training(&t.members[0].t, &alone);
        team_train(&again, n, STEPS, plain);
        assert_same_training(&again.members[0].t, &t.members[0].t);
        team_close(&again);
        team_close(&t);
    }
    training_close(&alone);
}

static void portions_give_the_same_bits(void **state)
{
    training alone;
    team one;

    (void)state;
    train_alone(&alone, STEPS);
    team_train(&one, 1, STEPS, cut);
    assert_near(params_of(&one, 0), cnn_net_params(alone.net),
                cnn_net_param_count(alone.net), 1e-5, 0.0);
    for (int32_t n = 2; n <= TEAM_MOST; n++) {
        team t;

        team_train(&t, n, STEPS, cut);
        for (int32_t i = 0; i < n; i++)
            assert_same_training(&t.members[i].t, &one.members[0].t);
        assert_true(t.members[n - 1].metrics.loss ==
                    one.members[0].metrics.loss);
        team_close(&t);
    }
    team_close(&one);
    training_close(&alone);
}

/* A batch that neither 3 ranks nor 5 portions divide, and one that takes
 * samples of several epochs. */
static void uneven(member *m)
{
    m->t.options.batch = 10;
    m->t.samples = 4;
    m->t.net = tiny_net();
    build(m->t.net, &tiny_shape, 4, 1);
}

static void uneven_cut(member *m)
{
    uneven(m);
    m->ranks.portions = 5;
}

static void uneven_shares(void **state)
{
    training alone = {.options = {.batch = 10}, .samples = 4};
    team t, one;

    (void)state;
    alone.net = tiny_net();
    build(alone.net, &tiny_shape, 10, 1);
    training_open(&alone, 1);
    training_run(&alone, 20);
    team_train(&t, 3, 20, uneven);
    assert_all_same(&t);
    assert_near(params_of(&t, 0), cnn_net_params(alone.net), TINY_PARAMS, 1e-5,
                0.0);
    assert_int_equal(cnn_trainer_epoch(t.members[2].t.trainer), 50);
    team_close(&t);
    team_train(&one, 1, 20, uneven_cut);
    team_train(&t, 3, 20, uneven_cut);
    assert_same_training(&t.members[2].t, &one.members[0].t);
    team_close(&t);
    team_close(&one);
    training_close(&alone);
}

/* Their sum differs from rank to rank. */
static void weighted_samples(void **state)
{
    const int32_t reductions[] = {CNN_REDUCE_MEAN, CNN_REDUCE_SUM};

    (void)state;
    for (int k = 0; k < 2; k++) {
        training alone = {0};
        cnn_metrics m;
        team t;

        settings(&alone);
        training_prepare(&alone, 1);
        weigh(&alone, reductions[k]);
        alone.trainer = cnn_trainer_create(alone.net, alone.optim,
                                           alone.dataset, &alone.options);
        for (int i = 0; i < 20; i++)
            assert_int_equal(cnn_trainer_step(alone.trainer, &m), CNN_OK);
        team_open(&t, 3, plain);
        for (int32_t i = 0; i < 3; i++) {
            weigh(&t.members[i].t, reductions[k]);
            t.members[i].t.augment = NULL;
        }
        t.steps = 20;
        team_expect(&t, member_create, CNN_OK, "");
        team_expect(&t, member_steps, CNN_OK, "");
        assert_all_same(&t);
        assert_near(params_of(&t, 0), cnn_net_params(alone.net),
                    cnn_net_param_count(alone.net), 1e-5, 0.0);
        assert_float_equal(t.members[1].metrics.loss, m.loss, 1e-4);
        team_close(&t);
        training_close(&alone);
    }
}

static void running_statistics(void **state)
{
    training alone = {.net = rich_net()};
    team t;

    (void)state;
    settings(&alone);
    training_open(&alone, 1);
    training_run(&alone, 10);
    team_train(&t, 1, 10, normalised);
    assert_same_training(&t.members[0].t, &alone);
    team_close(&t);
    team_train(&t, 3, 10, normalised);
    assert_all_same(&t);
    team_close(&t);
    training_close(&alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_one_process),
        cmocka_unit_test(portions_give_the_same_bits),
        cmocka_unit_test(uneven_shares),
        cmocka_unit_test(weighted_samples),
        cmocka_unit_test(running_statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
