/* Ranks that fail, and that are not alike: all are told, and nobody waits for
 * ever. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/team.h"

/* ----------------------------------------------------------- arguments --- */

static int32_t no_exchange(void *user, int64_t bytes, const void *mine,
                           void *all)
{
    (void)user;
    (void)bytes;
    (void)mine;
    (void)all;
    return -12345;
}

static int32_t no_sum(void *user, int64_t count, float *x)
{
    (void)user;
    (void)count;
    (void)x;
    return cnn_set_last_error(CNN_EIO, "the line is dead");
}

static int32_t one_sum(void *user, int64_t count, float *x)
{
    (void)user;
    (void)count;
    (void)x;
    return 0;
}

static int32_t no_spread(void *user, int64_t bytes, void *data)
{
    (void)user;
    (void)bytes;
    (void)data;
    return CNN_EIO;
}

static void refuse(const training *t, const cnn_ranks *r, cnn_status want,
                   const char *part)
{
    assert_null(
        cnn_trainer_create_ranks(t->net, t->optim, t->dataset, r, &t->options));
    assert_error(want, part);
}

static void arguments(void **state)
{
    const cnn_ranks good = {.struct_size = sizeof(good),
                            .size = 1,
                            .exchange = no_exchange,
                            .sum = no_sum,
                            .spread = no_spread};
    cnn_ranks r = good;
    training t = {0};

    (void)state;
    training_prepare(&t, 1);
    refuse(&t, NULL, CNN_EINVAL, "ranks is NULL");
    r.size = 0;
    refuse(&t, &r, CNN_EINVAL, "rank 0 of 0");
    r = good;
    r.rank = 1;
    refuse(&t, &r, CNN_EINVAL, "rank 1 of 1");
    r = good;
    r.portions = -1;
    refuse(&t, &r, CNN_EINVAL, "-1 portions, expected 0, or 1");
    r = good;
    r.check_every = -2;
    refuse(&t, &r, CNN_EINVAL, "check_every -2");
    r = good;
    r.sum = NULL;
    refuse(&t, &r, CNN_EINVAL, "a function is NULL");
    refuse(&t, &good, CNN_EIO, "rank 0: the line is dead");
    r = good;
    r.sum = one_sum;
    refuse(&t, &r, CNN_EIO, "rank 0: its exchange failed with -12345");
    training_close(&t);
}

/* --------------------------------------------------- created differently ---
 */

static void other_net(member *m)
{
    if (m->ranks.rank == 1) {
        m->t.net = cnn_net_create();
        cnn_net_add(m->t.net, cnn_dense_create(TINY_CLASSES, NULL));
    }
}

/* The same layers with the same shapes: only what they take differs. */
static void other_branches(member *m)
{
    cnn_net *net = m->t.net = cnn_net_create();

    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_join(net, CNN_JOIN_ADD, 2,
                 (const int32_t[]){1, m->ranks.rank == 1 ? 0 : -1});
    cnn_net_add(net, cnn_dense_create(TINY_CLASSES, NULL));
}

static void other_join(member *m)
{
    cnn_net *net = m->t.net = cnn_net_create();

    cnn_net_append(net, CNN_NET_INPUT, cnn_global_avgpool2d_create());
    cnn_net_append(net, m->ranks.rank == 1 ? CNN_NET_INPUT : 0,
                   cnn_global_avgpool2d_create());
    cnn_net_join(net, CNN_JOIN_CONCAT, 3, (const int32_t[]){0, 1, 0});
    cnn_net_add(net, cnn_dense_create(TINY_CLASSES, NULL));
}

static void other_start(member *m)
{
    m->t.net = tiny_net();
    build(m->t.net, &tiny_shape, TINY_BATCH, m->ranks.rank == 1 ? 7 : 3);
}

static void other_seed(member *m)
{
    m->t.options.seed = m->ranks.rank == 1 ? 4 : 3;
}

static void other_dataset(member *m)
{
    m->t.samples = m->ranks.rank == 1 ? 20 : 21;
}

static void other_rate(member *m)
{
    m->t.optim = cnn_sgd_create(m->ranks.rank == 1 ? 0.25f : 0.5f, NULL);
}

static void small_batch(member *m)
{
    m->t.options.batch = 1;
}

static void bad_flags(member *m)
{
    m->t.options.flags = m->ranks.rank == 1 ? 0x40 : 0;
}

static void with_statistics(member *m)
{
    m->t.net = rich_net();
    m->ranks.portions = 2;
}

static void refused(void (*describe)(member *m), cnn_status want,
                    const char *part)
{
    team t;

    team_open(&t, 2, describe);
    team_expect(&t, member_create, want, part);
    assert_null(t.members[0].t.trainer);
    assert_null(t.members[1].t.trainer);
    team_close(&t);
}

static void not_created(void **state)
{
    (void)state;
    refused(other_net, CNN_EINVAL, "rank 1 differs from rank 0: net ");
    refused(other_branches, CNN_EINVAL, "rank 1 differs from rank 0: net ");
    refused(other_join, CNN_EINVAL, "rank 1 differs from rank 0: net ");
    refused(other_start, CNN_EINVAL,
            "rank 1 differs from rank 0: seed of the net 7, not 3");
    refused(other_seed, CNN_EINVAL,
            "rank 1 differs from rank 0: seed 4, not 3");
    refused(other_dataset, CNN_EINVAL, "rank 1 differs from rank 0: dataset ");
    refused(other_rate, CNN_EINVAL,
            "rank 1 differs from rank 0: learning rate 0.25, not 0.5");
    refused(small_batch, CNN_EINVAL, "rank 0: batch 1, expected at least 2");
    refused(bad_flags, CNN_EINVAL, "rank 1: trainer: unknown flags 0x40");
    refused(with_statistics, CNN_EUNSUPPORTED,
            "rank 0: ranks: 2 portions, and a net with running statistics");
}

/* --------------------------------------------------------- other calls --- */

static cnn_status save_or_step(member *m)
{
    return m->ranks.rank == 1 ? cnn_trainer_step(m->t.trainer, NULL)
                              : cnn_trainer_save(m->t.trainer, "never.cnn");
}

/* Something that only rank 1 does. */
static cnn_status rate_then_step(member *m)
{
    if (m->ranks.rank == 1)
        cnn_optim_set_lr(m->t.optim, 0.125f);
    return cnn_trainer_step(m->t.trainer, NULL);
}

static cnn_status spoil_then_step(member *m)
{
    if (m->ranks.rank == 1)
        cnn_net_params(m->t.net)[7] += 1e-6f;
    return member_steps(m);
}

static void parameters_watched(member *m)
{
    m->ranks.check_every = 4;
}

static void go_apart(void **state)
{
    team t;

    (void)state;
    team_train(&t, 2, 3, NULL);
    team_expect(&t, save_or_step, CNN_EINVAL,
                "rank 1 is at step, and rank 0 at save");
    team_expect(&t, member_steps, CNN_OK, "");
    team_expect(&t, rate_then_step, CNN_EINVAL,
                "after step 6 rank 1 differs from rank 0: learning rate "
                "0.125, not 0.05");
    team_close(&t);

    team_train(&t, 3, 2, parameters_watched);
    t.steps = 10;
    team_expect(&t, spoil_then_step, CNN_EINVAL,
                "after step 4 rank 1 differs from rank 0: parameters ");
    team_close(&t);
}

/* --------------------------------------------------------------- faults --- */

static void reading(member *m)
{
    m->t.net = rich_net();
    m->t.reads = true;
    m->t.options.batch = TINY_BATCH;
}

/* Rank 1 fails at some sample in the first epoch; all stand before that step,
 * and go on as if nothing had been. */
static void a_reader_fails(void **state)
{
    team t, smooth;

    (void)state;
    team_train(&smooth, 2, 6, reading);
    team_train(&t, 2, 1, reading);
    for (int64_t sample = 0; sample < TINY_SAMPLES; sample++) {
        atomic_store(&t.members[1].t.reading.fail_at, sample);
        t.members[1].t.reading.code = CNN_EFORMAT;
        t.members[1].t.reading.why = "it is torn";
        t.steps = 1;
        const int64_t before = cnn_trainer_steps(t.members[0].t.trainer);
        if (before == 6)
            break;
        team_run(&t, member_steps);
        assert_int_equal(t.members[0].status, t.members[1].status);
        if (t.members[0].status == CNN_OK)
            continue;
        assert_int_equal(t.members[0].status, CNN_EFORMAT);
        assert_non_null(strstr(t.members[0].error,
                               "rank 1: dataset: the reader failed at sample"));
        assert_string_equal(t.members[0].error, t.members[1].error);
        assert_int_equal(cnn_trainer_steps(t.members[0].t.trainer), before);
        assert_int_equal(cnn_trainer_steps(t.members[1].t.trainer), before);
    }
    atomic_store(&t.members[1].t.reading.fail_at, -1);
    t.steps = 6 - cnn_trainer_steps(t.members[0].t.trainer);
    team_expect(&t, member_steps, CNN_OK, "");
    for (int32_t i = 0; i < 2; i++)
        assert_same_training(&t.members[i].t, &smooth.members[0].t);
    team_close(&t);
    team_close(&smooth);
}

/* Only one of them sees the image that is infinite. */
static void one_diverges(void **state)
{
    team t;

    (void)state;
    team_open(&t, 2, NULL);
    team_expect(&t, member_create, CNN_OK, "");
    for (int32_t i = 0; i < 2; i++)
        t.members[i].t.images[5 * TINY_INPUT] = INFINITY;
    t.steps = 13;
    team_run(&t, member_steps);
    assert_int_equal(t.members[0].status, CNN_EDIVERGED);
    assert_int_equal(t.members[1].status, CNN_EDIVERGED);
    assert_string_equal(t.members[0].error, t.members[1].error);
    assert_int_equal(cnn_trainer_steps(t.members[0].t.trainer),
                     cnn_trainer_steps(t.members[1].t.trainer));
    team_close(&t);
}

/* Allocations of this thread until one fails; 0: none does. */
static _Thread_local int until;

static void *take(size_t size, void *user)
{
    (void)user;
    return until > 0 && --until == 0 ? NULL : malloc(size);
}

static void give(void *pointer, void *user)
{
    (void)user;
    free(pointer);
}

static int32_t fails_at;

static cnn_status create_with_little(member *m)
{
    until = m->ranks.rank == 1 ? fails_at : 0;
    return member_create(m);
}

static void no_memory_on_one(void **state)
{
    const cnn_allocator allocator = {.allocate = take, .release = give};
    int32_t failures = 0;

    (void)state;
    assert_int_equal(cnn_set_allocator(&allocator), CNN_OK);
    for (fails_at = 1;; fails_at++) {
        team t;

        team_open(&t, 3, NULL);
        team_run(&t, create_with_little);
        for (int32_t i = 1; i < 3; i++)
            assert_int_equal(t.members[i].status, t.members[0].status);
        const cnn_status status = t.members[0].status;
        team_close(&t);
        if (status == CNN_OK)
            break;
        assert_int_equal(status, CNN_ENOMEM);
        failures++;
    }
    assert_int_equal(cnn_set_allocator(NULL), CNN_OK);
    /* The struct, heads, the records; the trainer, and its arrays. */
    assert_int_equal(failures, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments),    cmocka_unit_test(not_created),
        cmocka_unit_test(go_apart),     cmocka_unit_test(a_reader_fails),
        cmocka_unit_test(one_diverges), cmocka_unit_test(no_memory_on_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
