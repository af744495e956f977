/* Several ranks that train one net: as one process would, and together. */
#include "support/team.h"
#include "support/temp_file.h"

/* Divided by 1, 2, 3 and 4. */
#define BATCH    12
#define SAMPLES  50
#define STEPS    100
#define PORTIONS 12

/* What draws random numbers for each sample, and has no running statistics. */
static cnn_net *drawing_net(void)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(8, 3, 3, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dropout_create(0.25f));
    cnn_net_add(net, cnn_dense_create(TINY_CLASSES, NULL));
    return net;
}

static const cnn_augment_options moved = {
    .struct_size = sizeof(moved), .shift = 1.0f, .rotation = 10.0f};

static void settings(training *t)
{
    if (t->net == NULL)
        t->net = drawing_net();
    build(t->net, &tiny_shape, BATCH, 1);
    t->options.batch = BATCH;
    t->options.seed = 5;
    t->options.clip_norm = 2.0f;
    t->samples = SAMPLES;
    t->augment = &moved;
}

static void plain(member *m)
{
    settings(&m->t);
}

static void cut(member *m)
{
    settings(&m->t);
    m->ranks.portions = PORTIONS;
}

/* A training of one process, with the same settings. */
static void train_alone(training *t, int64_t steps)
{
    *t = (training){0};
    settings(t);
    training_open(t, 1);
    training_run(t, steps);
}

static const float *params_of(const team *t, int32_t rank)
{
    return cnn_net_const_params(t->members[rank].t.net);
}

static void assert_all_same(const team *t)
{
    for (int32_t i = 1; i < t->size; i++)
        assert_same_training(&t->members[i].t, &t->members[0].t);
}

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

/* Weights whose sum differs from rank to rank, some of them 0. */
static void weigh(training *t, const float *weights, int32_t reduction)
{
    const cnn_dataset_source source = {.struct_size = sizeof(source),
                                       .count = SAMPLES,
                                       .shape = tiny_shape,
                                       .floats = t->images,
                                       .labels = t->labels,
                                       .weights = weights};

    cnn_dataset_free(t->dataset);
    t->dataset = cnn_dataset_create(&source, NULL);
    assert_int_equal(
        cnn_net_set_loss(t->net, CNN_LOSS_SOFTMAX_CROSS_ENTROPY, reduction),
        CNN_OK);
}

static void weighted_samples(void **state)
{
    const int32_t reductions[] = {CNN_REDUCE_MEAN, CNN_REDUCE_SUM};
    float weights[SAMPLES];

    (void)state;
    for (int32_t i = 0; i < SAMPLES; i++)
        weights[i] = (float)(i % 5) * 0.25f;
    for (int k = 0; k < 2; k++) {
        training alone = {0};
        cnn_metrics m;
        team t;

        settings(&alone);
        training_prepare(&alone, 1);
        weigh(&alone, weights, reductions[k]);
        alone.trainer = cnn_trainer_create(alone.net, alone.optim,
                                           alone.dataset, &alone.options);
        for (int i = 0; i < 20; i++)
            assert_int_equal(cnn_trainer_step(alone.trainer, &m), CNN_OK);
        team_open(&t, 3, plain);
        for (int32_t i = 0; i < 3; i++) {
            weigh(&t.members[i].t, weights, reductions[k]);
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

/* Running statistics are those of one rank each, averaged. */
static void normalised(member *m)
{
    m->t.net = rich_net();
    settings(&m->t);
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
    team_expect(&t, member_steps, CNN_OK, "");
    team_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_one_process),
        cmocka_unit_test(portions_give_the_same_bits),
        cmocka_unit_test(uneven_shares),
        cmocka_unit_test(weighted_samples),
        cmocka_unit_test(running_statistics),
        cmocka_unit_test(runs_end_together),
        cmocka_unit_test(validation_is_shared),
        cmocka_unit_test(resumed_by_others),
        cmocka_unit_test(files_that_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
