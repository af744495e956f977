/* Ranks that meet with one fault at a time, drawn by chance: a transport that
 * breaks, a reader that fails, memory that is short, a loss that is infinite, a
 * callback that stops, a call that is refused. All ranks must get the same from
 * each call, within seconds, and go on together where the transport lives.
 *
 *     test_ranks_stress [CASES [FIRST_SEED]] */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/ranks_case.h"
#include "support/temp_file.h"

#define CASES    100
#define CALLS    12 /* of the trainer, in a case */
#define PATIENCE 20 /* seconds until a rank is said to be stuck */

/* ------------------------------------------------------------- the case --- */

typedef enum fault {
    NO_FAULT,
    LINE,     /* a call of the transport, from which on all fail */
    READER,   /* a sample */
    MEMORY,   /* an allocation */
    INFINITE, /* an image that only this rank sees so */
    CALLBACK, /* which stops */
    ARGUMENT, /* one that is refused */
    FAULTS
} fault;

typedef enum kind { PLAIN, CUT, LOCAL, JOINED, PIECES, KINDS } kind;

static struct {
    uint64_t seed;
    fault fault;
    kind kind;
    bool reads;
    int32_t size, rank; /* which rank it happens to */
    int32_t at;         /* which call, sample or allocation, from 0 */
    cnn_status got[TEAM_MOST][CALLS + 1];
    int64_t steps[TEAM_MOST][CALLS + 1];
} now;

static uint64_t draws;

/* SplitMix64, below n. */
static int32_t below(int32_t n)
{
    uint64_t z = draws += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (int32_t)((z ^ (z >> 31)) % (uint64_t)n);
}

static bool is_mine(const member *m, fault f)
{
    return now.fault == f && m->ranks.rank == now.rank;
}

/* --------------------------------------------------------- the transport ---
 */

/* One that can break: then nobody waits. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t all_there;
    int32_t there;
    int64_t round;
    bool broken, stuck, mixed_up;
    int64_t wanted[TEAM_MOST]; /* what each calls for: function and size */
    const void *given[TEAM_MOST];
    int32_t calls; /* of the rank that fails */
} line = {.mutex = PTHREAD_MUTEX_INITIALIZER,
          .all_there = PTHREAD_COND_INITIALIZER};

static void break_line(void)
{
    line.broken = true;
    pthread_cond_broadcast(&line.all_there);
}

/* Of all ranks, with the mutex held. Are they all there? */
static bool wait_for_all(void)
{
    const int64_t round = line.round;
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE;
    if (++line.there == now.size) {
        line.there = 0;
        line.round++;
        pthread_cond_broadcast(&line.all_there);
    }
    while (line.round == round && !line.broken)
        if (pthread_cond_timedwait(&line.all_there, &line.mutex, &end) ==
            ETIMEDOUT) {
            line.stuck = true;
            break_line();
        }
    return line.round != round;
}

/* Do all ranks want the same? */
static bool is_one_call(void)
{
    for (int32_t i = 1; i < now.size; i++)
        line.mixed_up |= line.wanted[i] != line.wanted[0];
    if (line.mixed_up)
        break_line();
    return !line.mixed_up;
}

/* `take` gets what it needs from line.given, between two meetings. */
static int32_t meet(const member *m, int64_t wanted, const void *mine,
                    void (*take)(const member *m, int64_t n, void *to),
                    int64_t n, void *to)
{
    pthread_mutex_lock(&line.mutex);
    if (is_mine(m, LINE) && line.calls++ == now.at)
        break_line();
    line.given[m->ranks.rank] = mine;
    line.wanted[m->ranks.rank] = wanted;
    bool done = !line.broken && wait_for_all() && is_one_call();
    if (done) {
        take(m, n, to);
        done = wait_for_all();
    }
    pthread_mutex_unlock(&line.mutex);
    return done ? 0 : cnn_set_last_error(CNN_EIO, "the line is dead");
}

static void take_all(const member *m, int64_t n, void *to)
{
    (void)m;
    for (int32_t i = 0; i < now.size; i++)
        memcpy((char *)to + (size_t)i * (size_t)n, line.given[i], (size_t)n);
}

static int32_t exchange(void *user, int64_t bytes, const void *mine, void *all)
{
    return meet(user, 3 * bytes, mine, take_all, bytes, all);
}

static void take_sum(const member *m, int64_t n, void *to)
{
    float *total = to;

    (void)m;
    for (int64_t k = 0; k < n; k++) {
        total[k] = 0.0f;
        for (int32_t i = 0; i < now.size; i++)
            total[k] += ((const float *)line.given[i])[k];
    }
}

static int32_t sum(void *user, int64_t count, float *x)
{
    const size_t bytes = (size_t)count * sizeof(*x);
    float *total = malloc(bytes);
    const int32_t status = meet(user, 3 * count + 1, x, take_sum, count, total);

    if (status == 0)
        memcpy(x, total, bytes);
    free(total);
    return status;
}

static void take_first(const member *m, int64_t n, void *to)
{
    if (m->ranks.rank > 0)
        memcpy(to, line.given[0], (size_t)n);
}

static int32_t spread(void *user, int64_t bytes, void *data)
{
    return meet(user, 3 * bytes + 2, data, take_first, bytes, data);
}

/* ------------------------------------------------------------ the ranks --- */

/* Allocations of this thread until one fails; 0: none does. */
static _Thread_local int32_t until;

static void *take_memory(size_t size, void *user)
{
    (void)user;
    return until > 0 && --until == 0 ? NULL : malloc(size);
}

static void give_memory(void *pointer, void *user)
{
    (void)user;
    free(pointer);
}

static void describe(member *m)
{
    static const int32_t pieces = 2;

    m->ranks.exchange = exchange;
    m->ranks.sum = sum;
    m->ranks.spread = spread;
    m->ranks.check_every = 3;
    m->t.reads = now.reads;
    if (now.kind == CUT)
        m->ranks.portions = PORTIONS;
    if (now.kind == LOCAL)
        m->ranks.average_every = 3;
    if (now.kind == JOINED || now.kind == PIECES) {
        m->ranks.flags = CNN_BATCHNORM_OVER_RANKS;
        m->t.net = rich_net();
    }
    settings_in(&m->t, now.kind == PIECES ? pieces : 1);
    if (now.fault == MEMORY) /* which that takes is a matter of one rank */
        m->t.augment = NULL;
}

static void prepare_fault(member *m)
{
    if (is_mine(m, MEMORY))
        until = now.at + 1;
    if (is_mine(m, READER)) {
        m->t.reading.code = CNN_EFORMAT;
        m->t.reading.why = "it is torn";
        atomic_store(&m->t.reading.fail_at, now.at % SAMPLES);
    }
}

static int32_t stop(void *user, const cnn_progress *progress)
{
    return is_mine(user, CALLBACK) && progress->step % 7 == now.at % 7;
}

#define SAVE 3 /* the first call, so that there is a file to resume from */

static cnn_status call(member *m, int32_t which)
{
    cnn_trainer *t = m->t.trainer;
    const bool refused = is_mine(m, ARGUMENT);
    const cnn_fit_options o = {.struct_size = sizeof(o),
                               .validation = m->t.dataset,
                               .every_steps =
                                   refused && now.at % 2 == 0 ? -1 : 2,
                               .steps = cnn_trainer_steps(t) + 3,
                               .epochs = refused && now.at % 3 == 0 ? -1 : 0,
                               .callback = stop,
                               .user = m};

    switch (which) {
    case 0:
        return cnn_trainer_fit(t, &o);
    case 1:
        return cnn_trainer_run(t, refused ? -1 : 2, stop, m);
    case 2:
        return cnn_trainer_validate(t, refused ? NULL : m->t.dataset,
                                    &m->metrics);
    case SAVE:
        return cnn_trainer_save(t, refused ? NULL : m->team->path);
    case 4:
        return cnn_trainer_resume(t, refused ? NULL : m->team->path);
    default:
        return cnn_trainer_step(t, &m->metrics);
    }
}

/* The same calls on all ranks, whatever becomes of them. */
static cnn_status act(member *m)
{
    const int32_t rank = m->ranks.rank;

    prepare_fault(m);
    now.got[rank][0] = member_create(m);
    if (is_mine(m, INFINITE) && m->t.trainer != NULL)
        m->t.images[(size_t)(now.at % SAMPLES) * TINY_INPUT] = INFINITY;
    for (int32_t i = 1; i <= CALLS && m->t.trainer != NULL; i++) {
        const uint64_t which = (now.seed >> (4 * i)) % 8;

        now.got[rank][i] = call(m, i == 1 ? SAVE : (int32_t)which);
        now.steps[rank][i] = cnn_trainer_steps(m->t.trainer);
    }
    until = 0;
    return CNN_OK;
}

static void draw(uint64_t seed)
{
    memset(&now, 0, sizeof(now));
    draws = seed;
    now.fault = (fault)below(FAULTS);
    now.kind = (kind)below(KINDS);
    now.reads = now.fault == READER || below(2) == 0;
    now.size = 1 + below(TEAM_MOST);
    now.rank = below(now.size);
    now.at = below(now.fault == LINE ? 80 : 40);
    for (int32_t i = 0; i < 4; i++)
        now.seed = now.seed << 16 | (uint64_t)below(1 << 16);
}

static void check_alike(uint64_t seed)
{
    if (line.stuck || line.mixed_up)
        fail_msg("seed %llu, fault %d on rank %d: ranks %s",
                 (unsigned long long)seed, now.fault, now.rank,
                 line.stuck ? "wait for ever" : "made different calls");
    for (int32_t r = 1; r < now.size; r++)
        for (int32_t i = 0; i <= CALLS; i++)
            if (now.got[r][i] != now.got[0][i] ||
                now.steps[r][i] != now.steps[0][i])
                fail_msg("seed %llu, fault %d on rank %d, call %d: rank %d got "
                         "%d at step %lld, rank 0 %d at step %lld",
                         (unsigned long long)seed, now.fault, now.rank, i, r,
                         now.got[r][i], (long long)now.steps[r][i],
                         now.got[0][i], (long long)now.steps[0][i]);
}

/* How often a fault was met with. */
static int32_t met[FAULTS];

static void one_case(uint64_t seed)
{
    team t;

    draw(seed);
    line.there = line.calls = 0;
    line.broken = line.stuck = line.mixed_up = false;
    team_open(&t, now.size, describe);
    t.path = temp_path("stress.cnn");
    remove(t.path);
    team_run(&t, act);
    check_alike(seed);
    for (int32_t i = 0; i <= CALLS; i++)
        if (now.got[0][i] != CNN_OK) {
            met[now.fault]++;
            break;
        }
    team_close(&t);
}

static long cases = CASES, first_seed = 1;

static void all_get_the_same(void **state)
{
    const cnn_allocator allocator = {.allocate = take_memory,
                                     .release = give_memory};

    (void)state;
    assert_int_equal(cnn_set_allocator(&allocator), CNN_OK);
    for (long i = 0; i < cases; i++)
        one_case((uint64_t)(first_seed + i));
    assert_int_equal(cnn_set_allocator(NULL), CNN_OK);
    assert_int_equal(met[NO_FAULT], 0);
    for (int32_t f = NO_FAULT + 1; f < FAULTS && cases >= CASES; f++)
        assert_true(met[f] > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_get_the_same)};

    if (argc > 1)
        cases = strtol(argv[1], NULL, 10);
    if (argc > 2)
        first_seed = strtol(argv[2], NULL, 10);
    return cmocka_run_group_tests_name("ranks, stress", tests, NULL, NULL);
}
