/* Steps whose batches are run in pieces: as with whole batches. */
#include <math.h>
#include <string.h>

#include "support/ranks_case.h"
#include "support/temp_file.h"

static void train_in(training *t, int32_t pieces, int64_t steps)
{
    *t = (training){0};
    settings_in(t, pieces);
    training_open(t, 1);
    training_run(t, steps);
}

static void assert_like(const training *got, const training *want)
{
    assert_near(cnn_net_const_params(got->net), cnn_net_const_params(want->net),
                cnn_net_param_count(want->net), 1e-5, 0.0);
}

/* ------------------------------------------------------------- exactness ---
 */

/* Sums of 12 samples in another order, over 100 steps; 5 pieces are not of one
 * size. Dropout and augmentation are by the place in the batch. */
static void like_whole_batches(void **state)
{
    const int32_t pieces[] = {1, 2, 3, 5, 12};
    training whole;

    (void)state;
    train_alone(&whole, STEPS);
    for (int i = 0; i < 5; i++) {
        training t, again;

        train_in(&t, pieces[i], STEPS);
        assert_like(&t, &whole);
        if (pieces[i] == 1)
            assert_same_training(&t, &whole);
        train_in(&again, pieces[i], STEPS);
        assert_same_training(&again, &t);
        training_close(&again);
        training_close(&t);
    }
    training_close(&whole);
}

static void same_bits_over_threads(void **state)
{
    const int32_t before = cnn_num_threads();
    training one;

    (void)state;
    assert_int_equal(cnn_set_num_threads(1), CNN_OK);
    train_in(&one, 3, 20);
    for (int32_t threads = 2; threads <= 4; threads++) {
        training t;

        assert_int_equal(cnn_set_num_threads(threads), CNN_OK);
        train_in(&t, 3, 20);
        assert_same_training(&t, &one);
        training_close(&t);
    }
    training_close(&one);
    assert_int_equal(cnn_set_num_threads(before), CNN_OK);
}

/* Loss and hits are those of the whole batch, and the mean is over the weights
 * of all its samples: those of a piece have another sum. */
static void weighted_samples(void **state)
{
    const int32_t reductions[] = {CNN_REDUCE_MEAN, CNN_REDUCE_SUM};

    (void)state;
    for (int k = 0; k < 2; k++) {
        training t[2] = {{0}, {0}};
        cnn_metrics m[2];

        for (int i = 0; i < 2; i++) {
            settings_in(&t[i], i == 0 ? 1 : 4);
            training_prepare(&t[i], 1);
            weigh(&t[i], reductions[k]);
            t[i].trainer = cnn_trainer_create(t[i].net, t[i].optim,
                                              t[i].dataset, &t[i].options);
            for (int s = 0; s < 20; s++)
                assert_int_equal(cnn_trainer_step(t[i].trainer, &m[i]), CNN_OK);
        }
        assert_like(&t[1], &t[0]);
        assert_float_equal(m[1].loss, m[0].loss, 1e-4);
        assert_int_equal(m[1].count, BATCH);
        assert_int_equal(m[1].correct, m[0].correct);
        training_close(&t[1]);
        training_close(&t[0]);
    }
}

/* The pieces of a rank are pieces of its part of the batch. */
static void in_pieces(member *m)
{
    settings_in(&m->t, 3);
}

static void ranks_in_pieces(void **state)
{
    training whole, alone;

    (void)state;
    train_alone(&whole, STEPS);
    train_in(&alone, 3, STEPS);
    for (int32_t n = 1; n <= TEAM_MOST; n++) {
        team t;

        team_train(&t, n, STEPS, in_pieces);
        assert_all_same(&t);
        assert_like(&t.members[0].t, &whole);
        if (n == 1)
            assert_same_training(&t.members[0].t, &alone);
        team_close(&t);
    }
    training_close(&alone);
    training_close(&whole);
}

/* ------------------------------------------------- running statistics --- */

static void get(const cnn_net *net, const char *name, float to[4])
{
    cnn_const_tensor tensor = {.struct_size = sizeof(tensor)};

    assert_int_equal(cnn_net_const_tensor(net, name, &tensor), CNN_OK);
    memcpy(to, tensor.data, 4 * sizeof(float));
}

/* Those of a layer that sees one piece after the other. */
static void statistics_of_pieces(void **state)
{
    const char *const names[] = {"1.running_mean", "1.running_var"};
    training t = {.net = rich_net(), .options = {.flags = CNN_NO_SHUFFLE}};
    float dy[6 * TINY_CLASSES] = {0};
    cnn_net *net = rich_net();

    (void)state;
    settings_in(&t, 2);
    t.augment = NULL;
    training_open(&t, 1);
    build(net, &tiny_shape, 6, 1);
    training_run(&t, 1);
    for (int32_t p = 0; p < 2; p++) {
        const float *x = t.images + (size_t)p * 6 * TINY_INPUT;

        assert_int_equal(cnn_net_forward(net, CNN_TRAIN, 6, x), CNN_OK);
        assert_int_equal(cnn_net_backward(net, 6, x, dy), CNN_OK);
    }
    for (int i = 0; i < 2; i++) {
        float got[4], want[4];

        get(t.net, names[i], got);
        get(net, names[i], want);
        assert_same_bits(got, want, 4);
    }
    cnn_net_free(net);
    training_close(&t);
}

/* Only the last piece of the batch has an image that is infinite. */
static void a_later_piece_diverges(void **state)
{
    training t = {.net = rich_net(), .options = {.flags = CNN_NO_SHUFFLE}};
    training twin = {.net = rich_net(), .options = {.flags = CNN_NO_SHUFFLE}};

    (void)state;
    settings_in(&t, 3);
    settings_in(&twin, 3);
    t.augment = twin.augment = NULL;
    training_open(&t, 1);
    training_open(&twin, 1);
    float *pixel = t.images + (size_t)(BATCH - 1) * TINY_INPUT;
    const float before = *pixel;
    *pixel = INFINITY;
    assert_int_equal(cnn_trainer_step(t.trainer, NULL), CNN_EDIVERGED);
    assert_same_training(&t, &twin);
    *pixel = before;
    training_run(&t, 5);
    training_run(&twin, 5);
    assert_same_training(&t, &twin);
    training_close(&twin);
    training_close(&t);
}

/* ----------------------------------------------------------- checkpoints ---
 */

/* How many pieces there were is in no file. */
static void resumed_in_other_pieces(void **state)
{
    const int32_t pieces[] = {4, 1, 2};
    const char *path = temp_path("accumulate.cnn");
    training whole;

    (void)state;
    train_in(&whole, 4, 10);
    assert_int_equal(cnn_trainer_save(whole.trainer, path), CNN_OK);
    training_run(&whole, 10);
    for (int i = 0; i < 3; i++) {
        training t;

        train_in(&t, pieces[i], 0);
        assert_int_equal(cnn_trainer_resume(t.trainer, path), CNN_OK);
        training_run(&t, 10);
        assert_like(&t, &whole);
        if (pieces[i] == 4)
            assert_same_training(&t, &whole);
        training_close(&t);
    }
    training_close(&whole);
}

/* ------------------------------------------------------------- arguments ---
 */

static void refuse(const training *t, int32_t batch, int32_t pieces,
                   const char *part)
{
    const cnn_trainer_options o = {
        .struct_size = sizeof(o), .batch = batch, .accumulate = pieces};

    assert_null(cnn_trainer_create(t->net, t->optim, t->dataset, &o));
    assert_error(CNN_EINVAL, part);
}

static void arguments(void **state)
{
    training t = {.options.accumulate = 3};
    cnn_metrics m;

    (void)state;
    training_open(&t, 1);
    assert_int_equal(cnn_trainer_step(t.trainer, &m), CNN_OK);
    assert_int_equal(m.count, 3 * TINY_BATCH); /* by default */
    refuse(&t, 0, -1, "accumulate -1, expected at least 0");
    refuse(&t, 3 * TINY_BATCH + 1, 3, "batch 13, expected 1 to 12");
    refuse(&t, 5, 6, "batch 5, expected at least 6, one sample for each");
    refuse(&t, 5, INT32_MAX, "batch 5, expected at least 2147483647");
    training_close(&t);
}

static void cut_twice(member *m)
{
    cut(m);
    m->t.options.accumulate = 2;
}

static void other_pieces(member *m)
{
    settings_in(&m->t, m->ranks.rank == 1 ? 2 : 3);
}

static void refused_by_ranks(void **state)
{
    team t;

    (void)state;
    team_open(&t, 2, cut_twice);
    team_expect(&t, member_create, CNN_EINVAL,
                "rank 0: trainer: accumulate 2 with 12 portions");
    team_close(&t);
    team_open(&t, 2, other_pieces);
    team_expect(&t, member_create, CNN_EINVAL,
                "rank 1 differs from rank 0: accumulate 2, not 3");
    team_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_whole_batches),
        cmocka_unit_test(same_bits_over_threads),
        cmocka_unit_test(weighted_samples),
        cmocka_unit_test(ranks_in_pieces),
        cmocka_unit_test(statistics_of_pieces),
        cmocka_unit_test(a_later_piece_diverges),
        cmocka_unit_test(resumed_in_other_pieces),
        cmocka_unit_test(arguments),
        cmocka_unit_test(refused_by_ranks),
    };

    return cmocka_run_group_tests_name("accumulate", tests, NULL, NULL);
}
