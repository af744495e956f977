/* Batch normalisation over the samples of all ranks: as in one process. */
#include <math.h>
#include <string.h>

#include "support/ranks_case.h"
#include "train/trainer_impl.h"

static void joined_in(member *m, int32_t pieces)
{
    m->ranks.flags = CNN_BATCHNORM_OVER_RANKS;
    m->t.net = rich_net();
    settings_in(&m->t, pieces);
}

static void joined(member *m)
{
    joined_in(m, 1);
}

static void in_pieces(member *m)
{
    joined_in(m, 2);
}

static const float *statistics_of(const training *t)
{
    return t->net->params.fixed;
}

/* ------------------------------------------------------------- exactness ---
 */

/* Sums of 12 samples, and of their values in each channel, in another order. */
static void like_one_process(void **state)
{
    training alone = {.net = rich_net()};

    (void)state;
    settings(&alone);
    training_open(&alone, 1);
    training_run(&alone, STEPS);
    for (int32_t n = 1; n <= TEAM_MOST; n++) {
        team t, again;

        team_train(&t, n, STEPS, joined);
        assert_all_same(&t);
        assert_near(params_of(&t, 0), cnn_net_params(alone.net),
                    cnn_net_param_count(alone.net), 1e-5, 0.0);
        assert_near(statistics_of(&t.members[n - 1].t), statistics_of(&alone),
                    alone.net->params.fixed_count, 1e-5, 0.0);
        if (n == 1)
            assert_same_training(&t.members[0].t, &alone);
        team_train(&again, n, STEPS, joined);
        assert_same_training(&again.members[0].t, &t.members[0].t);
        team_close(&again);
        team_close(&t);
    }
    training_close(&alone);
}

/* Without, 3 ranks are far from that after some steps: so the test above would
 * see it. */
static void it_matters(void **state)
{
    training alone = {.net = rich_net()};
    double most = 0.0;
    team t;

    (void)state;
    settings(&alone);
    training_open(&alone, 1);
    training_run(&alone, 20);
    team_train(&t, 3, 20, normalised);
    for (size_t i = 0; i < cnn_net_param_count(alone.net); i++)
        most = fmax(most, fabs((double)params_of(&t, 0)[i] -
                               (double)cnn_net_params(alone.net)[i]));
    assert_true(most > 1e-3);
    team_close(&t);
    training_close(&alone);
}

/* Unequal parts of the batch: 3, 3 and 4 samples. */
static void uneven(member *m)
{
    m->ranks.flags = CNN_BATCHNORM_OVER_RANKS;
    m->t.net = rich_net();
    m->t.options.batch = 10;
    build(m->t.net, &tiny_shape, 10, 1);
}

static void by_values(void **state)
{
    member alone = {0};
    team t;

    (void)state;
    uneven(&alone);
    training_open(&alone.t, 1);
    training_run(&alone.t, 20);
    team_train(&t, 3, 20, uneven);
    assert_all_same(&t);
    assert_near(params_of(&t, 1), cnn_net_params(alone.t.net),
                cnn_net_param_count(alone.t.net), 1e-5, 0.0);
    team_close(&t);
    training_close(&alone.t);
}

static void with_pieces(void **state)
{
    training alone = {.net = rich_net()};
    team t;

    (void)state;
    settings_in(&alone, 2);
    training_open(&alone, 1);
    training_run(&alone, 10);
    for (int32_t n = 1; n <= 3; n++) {
        team_train(&t, n, 10, in_pieces);
        assert_all_same(&t);
        if (n == 1)
            assert_same_training(&t.members[0].t, &alone);
        team_close(&t);
    }
    training_close(&alone);
}

/* A layer that runs as when predicting asks nobody. */
static void frozen(member *m)
{
    joined(m);
    cnn_layer_set_frozen(cnn_net_layer(m->t.net, 1), CNN_FROZEN);
}

static void frozen_layers(void **state)
{
    member alone = {0};
    team t;

    (void)state;
    frozen(&alone);
    training_open(&alone.t, 1);
    training_run(&alone.t, 20);
    team_train(&t, 2, 20, frozen);
    assert_near(params_of(&t, 1), cnn_net_params(alone.t.net),
                cnn_net_param_count(alone.t.net), 1e-5, 0.0);
    assert_same_bits(statistics_of(&t.members[1].t), statistics_of(&alone.t),
                     alone.t.net->params.fixed_count);
    team_close(&t);
    training_close(&alone.t);
}

/* --------------------------------------------------------------- failures ---
 */

static void reading(member *m)
{
    m->ranks.flags = CNN_BATCHNORM_OVER_RANKS;
    m->t.net = rich_net();
    m->t.reads = true;
    m->t.options.batch = TINY_BATCH;
}

/* One that cannot read keeps no other waiting in a pass. */
static void a_reader_fails(void **state)
{
    team t, smooth;

    (void)state;
    team_train(&smooth, 2, 6, reading);
    team_train(&t, 2, 0, reading);
    t.members[1].t.reading.code = CNN_EFORMAT;
    t.members[1].t.reading.why = "it is torn";
    atomic_store(&t.members[1].t.reading.fail_at, 4);
    t.steps = 6;
    team_expect(&t, member_steps, CNN_EFORMAT,
                "rank 1: dataset: the reader failed at sample 4: it is torn");
    assert_string_equal(t.members[0].error, t.members[1].error);
    atomic_store(&t.members[1].t.reading.fail_at, -1);
    t.steps = 6 - cnn_trainer_steps(t.members[0].t.trainer);
    assert_true(t.steps > 0);
    team_expect(&t, member_steps, CNN_OK, "");
    for (int32_t i = 0; i < 2; i++)
        assert_same_training(&t.members[i].t, &smooth.members[0].t);
    team_close(&t);
    team_close(&smooth);
}

/* An infinite image makes the statistics of all infinite. */
static void one_diverges(void **state)
{
    float before[8];
    team t;

    (void)state;
    team_open(&t, 3, joined);
    for (int i = 0; i < 3; i++)
        t.members[i].t.augment = NULL;
    team_expect(&t, member_create, CNN_OK, "");
    for (int i = 0; i < 3; i++)
        t.members[i].t.images[5 * TINY_INPUT] = INFINITY;
    t.steps = SAMPLES;
    team_run(&t, member_steps);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(t.members[i].status, CNN_EDIVERGED);
        assert_string_equal(t.members[i].error, t.members[0].error);
        assert_int_equal(cnn_trainer_steps(t.members[i].t.trainer),
                         cnn_trainer_steps(t.members[0].t.trainer));
    }
    assert_all_same(&t);
    /* All can go on, and nothing is left of that step. */
    memcpy(before, statistics_of(&t.members[0].t), sizeof(before));
    for (int i = 0; i < 8; i++)
        assert_true(isfinite(before[i]));
    for (int i = 0; i < 3; i++)
        t.members[i].t.images[5 * TINY_INPUT] = 0.5f;
    t.steps = 3;
    team_expect(&t, member_steps, CNN_OK, "");
    assert_all_same(&t);
    team_close(&t);
}

/* A line that breaks in the middle of a pass. */
static int32_t calls_left;
static cnn_exchange_fn real_exchange;

static int32_t breaks(void *user, int64_t bytes, const void *mine, void *all)
{
    return --calls_left == 0 ? cnn_set_last_error(CNN_EIO, "the line is dead")
                             : real_exchange(user, bytes, mine, all);
}

static void breaking(member *m)
{
    joined(m);
    real_exchange = m->ranks.exchange;
    m->ranks.exchange = breaks;
}

static void the_line_breaks(void **state)
{
    (void)state;
    /* One exchange creates a trainer; a step has the meeting before the pass,
     * two sums, the meeting after it, one more sum, the last meeting. */
    for (int32_t call = 1; call <= 6; call++) {
        team t;

        calls_left = 1000;
        team_open(&t, 1, breaking);
        team_expect(&t, member_create, CNN_OK, "");
        calls_left = call;
        t.steps = 1;
        team_expect(&t, member_steps, CNN_EIO, "rank 0: the line is dead");
        assert_int_equal(cnn_trainer_steps(t.members[0].t.trainer), 0);
        calls_left = 7;
        team_expect(&t, member_steps, CNN_OK, "");
        assert_int_equal(calls_left, 1);
        team_close(&t);
    }
}

static void other_flags(member *m)
{
    joined(m);
    m->ranks.flags = m->ranks.rank == 1 ? 0 : CNN_BATCHNORM_OVER_RANKS;
}

static void alone_too(member *m)
{
    joined(m);
    m->ranks.average_every = 2;
}

static void refused(void **state)
{
    team t;

    (void)state;
    team_open(&t, 2, other_flags);
    team_expect(&t, member_create, CNN_EINVAL,
                "rank 1 differs from rank 0: flags of the ranks 0, not 1");
    team_close(&t);
    team_open(&t, 2, alone_too);
    team_expect(&t, member_create, CNN_EINVAL,
                "average_every 2 with flags 0x1");
    team_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_one_process), cmocka_unit_test(it_matters),
        cmocka_unit_test(by_values),        cmocka_unit_test(with_pieces),
        cmocka_unit_test(frozen_layers),    cmocka_unit_test(a_reader_fails),
        cmocka_unit_test(one_diverges),     cmocka_unit_test(the_line_breaks),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests_name("ranks, batchnorm", tests, NULL, NULL);
}
