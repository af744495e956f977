/* Ranks with little to do: datasets smaller than a batch, samples of no
 * weight. */
#include <math.h>

#include "support/ranks_case.h"

#define FEW 5

static void few_samples(member *m)
{
    settings(&m->t);
    m->t.samples = FEW;
}

/* A batch has samples of four epochs, and a rank the same one twice. */
static void fewer_samples_than_a_batch(void **state)
{
    training alone = {0};

    (void)state;
    settings(&alone);
    alone.samples = FEW;
    training_open(&alone, 1);
    training_run(&alone, STEPS);
    for (int32_t n = 2; n <= TEAM_MOST; n++) {
        team t;

        team_train(&t, n, STEPS, few_samples);
        assert_all_same(&t);
        assert_near(params_of(&t, n - 1), cnn_net_params(alone.net),
                    cnn_net_param_count(alone.net), 1e-5, 0.0);
        assert_int_equal(cnn_trainer_epoch(t.members[0].t.trainer),
                         cnn_trainer_epoch(alone.trainer));
        team_close(&t);
    }
    training_close(&alone);
}

/* The dataset is one batch, in order: rank 1 of 2 always has the second half.
 */
static void in_order(training *t)
{
    static float weights[BATCH];

    t->augment = NULL;
    t->options.flags = CNN_NO_SHUFFLE;
    for (int32_t i = 0; i < BATCH; i++)
        weights[i] = i < BATCH / 2 ? 0.5f : 0.0f;
    const cnn_dataset_source source = {.struct_size = sizeof(source),
                                       .count = BATCH,
                                       .shape = tiny_shape,
                                       .floats = t->images,
                                       .labels = t->labels,
                                       .weights = weights};
    cnn_dataset_free(t->dataset);
    t->dataset = cnn_dataset_create(&source, NULL);
}

static void joined(member *m)
{
    m->ranks.flags = CNN_BATCHNORM_OVER_RANKS;
    normalised(m);
}

static void train_without_weight(void (*how)(member *m), bool as_one)
{
    member one = {0};
    team t;

    how(&one);
    training_prepare(&one.t, 1);
    in_order(&one.t);
    one.t.trainer = cnn_trainer_create(one.t.net, one.t.optim, one.t.dataset,
                                       &one.t.options);
    training_run(&one.t, 12);
    team_open(&t, 2, how);
    for (int32_t i = 0; i < 2; i++)
        in_order(&t.members[i].t);
    t.steps = 12;
    team_expect(&t, member_create, CNN_OK, "");
    team_expect(&t, member_steps, CNN_OK, "");
    assert_all_same(&t);
    assert_true(isfinite(t.members[1].metrics.loss));
    for (size_t i = 0; i < cnn_net_param_count(one.t.net); i++)
        assert_true(isfinite(params_of(&t, 1)[i]));
    if (as_one)
        assert_near(params_of(&t, 1), cnn_net_params(one.t.net),
                    cnn_net_param_count(one.t.net), 1e-5, 0.0);
    team_close(&t);
    training_close(&one.t);
}

static void one_rank_without_weight(void **state)
{
    (void)state;
    train_without_weight(plain, true);
    train_without_weight(cut, true);
    train_without_weight(joined, true);
    train_without_weight(normalised, false);
    train_without_weight(every_4, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fewer_samples_than_a_batch),
        cmocka_unit_test(one_rank_without_weight),
    };

    return cmocka_run_group_tests_name("ranks, edges", tests, NULL, NULL);
}
