#include "support/team.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------ what ranks call --- */

static void wait_for_all(const member *m)
{
    pthread_barrier_wait(&m->team->barrier);
}

static int32_t exchange(void *user, int64_t bytes, const void *mine, void *all)
{
    const member *m = user;

    m->team->given[m->ranks.rank] = mine;
    wait_for_all(m);
    for (int32_t i = 0; i < m->team->size; i++)
        memcpy((char *)all + (size_t)i * (size_t)bytes, m->team->given[i],
               (size_t)bytes);
    wait_for_all(m);
    return 0;
}

static int32_t sum(void *user, int64_t count, float *x)
{
    const member *m = user;
    float *total = calloc((size_t)count, sizeof(*total));

    if (total == NULL)
        return cnn_set_last_error(CNN_ENOMEM, "sum: no memory");
    m->team->given[m->ranks.rank] = x;
    wait_for_all(m);
    for (int32_t i = 0; i < m->team->size; i++)
        for (int64_t k = 0; k < count; k++)
            total[k] += ((const float *)m->team->given[i])[k];
    wait_for_all(m);
    memcpy(x, total, (size_t)count * sizeof(*x));
    free(total);
    return 0;
}

static int32_t spread(void *user, int64_t bytes, void *data)
{
    const member *m = user;

    if (m->ranks.rank == 0)
        m->team->given[0] = data;
    wait_for_all(m);
    if (m->ranks.rank != 0)
        memcpy(data, m->team->given[0], (size_t)bytes);
    wait_for_all(m);
    return 0;
}

/* ----------------------------------------------------------------- team --- */

void team_open(team *t, int32_t size, void (*describe)(member *m))
{
    memset(t, 0, sizeof(*t));
    t->size = size;
    assert_int_equal(pthread_barrier_init(&t->barrier, NULL, (unsigned)size),
                     0);
    for (int32_t i = 0; i < size; i++) {
        member *m = &t->members[i];

        m->team = t;
        m->ranks = (cnn_ranks){.struct_size = sizeof(m->ranks),
                               .rank = i,
                               .size = size,
                               .exchange = exchange,
                               .sum = sum,
                               .spread = spread,
                               .user = m};
        if (describe != NULL)
            describe(m);
        training_prepare(&m->t, 1);
    }
}

void team_close(team *t)
{
    for (int32_t i = 0; i < t->size; i++)
        training_close(&t->members[i].t);
    pthread_barrier_destroy(&t->barrier);
}

static void *run_member(void *data)
{
    member *m = data;

    m->status = m->team->run(m);
    strcpy(m->error, cnn_last_error());
    return NULL;
}

void team_run(team *t, team_fn run)
{
    pthread_t threads[TEAM_MOST];

    t->run = run;
    for (int32_t i = 0; i < t->size; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, run_member, &t->members[i]), 0);
    for (int32_t i = 0; i < t->size; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

void team_expect(team *t, team_fn run, cnn_status want, const char *part)
{
    team_run(t, run);
    for (int32_t i = 0; i < t->size; i++) {
        const member *m = &t->members[i];

        if (m->status != want ||
            (want != CNN_OK && strstr(m->error, part) == NULL))
            fail_msg("rank %d of %d: %d (%s), expected %d (%s)", i, t->size,
                     m->status, m->error, want, part);
    }
}

cnn_status member_create(member *m)
{
    training *t = &m->t;

    t->trainer = cnn_trainer_create_ranks(t->net, t->optim, t->dataset,
                                          &m->ranks, &t->options);
    if (t->trainer == NULL)
        return cnn_last_status();
    if (t->schedule != NULL &&
        cnn_trainer_set_schedule(t->trainer, 0.05f, t->schedule) != CNN_OK)
        return cnn_last_status();
    return t->augment != NULL
               ? cnn_trainer_set_augmentation(t->trainer, t->augment)
               : CNN_OK;
}

cnn_status member_steps(member *m)
{
    cnn_status status = CNN_OK;

    for (int64_t i = 0; i < m->team->steps && status == CNN_OK; i++)
        status = cnn_trainer_step(m->t.trainer, &m->metrics);
    return status;
}

void team_train(team *t, int32_t size, int64_t steps,
                void (*describe)(member *m))
{
    team_open(t, size, describe);
    t->steps = steps;
    team_expect(t, member_create, CNN_OK, "");
    team_expect(t, member_steps, CNN_OK, "");
}
