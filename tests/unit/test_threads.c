/* The worker threads: every chunk once, whoever does it. */
#include "base/threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "math/gemm.h"
#include "support/near.h"

/* Of OpenBLAS; another BLAS does not have them. */
extern void openblas_set_num_threads(int) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));
extern int openblas_get_parallel(void) __attribute__((weak)); /* 0: serial */

#define MOST_CHUNKS 1000

/* gcc's thread sanitizer cannot follow a fork into threads; clang's can, with
 * die_after_fork=0 in TSAN_OPTIONS, as tests/fuzz/sanitized.cmake sets it. */
#ifdef __SANITIZE_THREAD__
#define CAN_FORK 0
#else
#define CAN_FORK 1
#endif

static void need_fork(void)
{
    if (CAN_FORK)
        return;
    print_message("left out: gcc's thread sanitizer cannot follow a fork\n");
    skip();
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
}

/* A job that counts what it is asked to do. */
typedef struct tally {
    atomic_int times[MOST_CHUNKS];
    atomic_int bad_workers; /* outside of 0 .. workers - 1 */
    atomic_int clashes;     /* two at once in a worker */
    atomic_flag busy[CNN_MAX_THREADS];
    int32_t workers;
} tally;

static void count(void *data, int64_t chunk, int32_t worker)
{
    tally *t = data;

    if (worker < 0 || worker >= t->workers) {
        atomic_fetch_add(&t->bad_workers, 1);
        return;
    }
    if (atomic_flag_test_and_set(&t->busy[worker]))
        atomic_fetch_add(&t->clashes, 1);
    atomic_fetch_add(&t->times[chunk], 1);
    atomic_flag_clear(&t->busy[worker]);
}

/* Runs a job and tells whether each chunk was done once, and nothing else. */
static bool runs_each_once(int64_t chunks, int32_t workers)
{
    tally t;

    memset(&t, 0, sizeof(t));
    t.workers = workers > 1 ? workers : 1;
    for (int i = 0; i < CNN_MAX_THREADS; i++)
        atomic_flag_clear(&t.busy[i]);
    cnn__parallel(chunks, workers, count, &t);
    for (int64_t i = 0; i < MOST_CHUNKS; i++)
        if (atomic_load(&t.times[i]) != (i < chunks))
            return false;
    return atomic_load(&t.bad_workers) == 0 && atomic_load(&t.clashes) == 0;
}

/* Runs first. */
static void one_thread_at_first(void **state)
{
    (void)state;
    assert_int_equal(cnn_num_threads(), 1);
}

static void set_threads(int32_t n)
{
    assert_int_equal(cnn_set_num_threads(n), CNN_OK);
    assert_int_equal(cnn_num_threads(), n);
}

static void every_chunk_once(void **state)
{
    const int32_t threads[] = {1, 2, 3, 4, 7, 2, CNN_MAX_THREADS, 1};
    const int64_t chunks[] = {0, 1, 2, 3, 8, 64, MOST_CHUNKS};

    (void)state;
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        set_threads(threads[i]);
        for (size_t k = 0; k < sizeof(chunks) / sizeof(chunks[0]); k++)
            for (int32_t workers = 0; workers <= 4; workers++)
                assert_true(runs_each_once(chunks[k], workers));
        assert_true(runs_each_once(MOST_CHUNKS, CNN_MAX_THREADS));
    }
}

/* Thousands of short jobs: a worker that misses its turn hangs or shows. */
static void many_short_jobs(void **state)
{
    (void)state;
    set_threads(3);
    for (int i = 0; i < 3000; i++)
        assert_true(runs_each_once(i % 5, 3));
    set_threads(1);
}

/* Waits until the others sleep, so that waking them is tested too. */
static void wakes_sleepers(void **state)
{
    (void)state;
    set_threads(3);
    for (int i = 0; i < 5; i++) {
        assert_true(runs_each_once(20, 3));
        sleep_ms(20);
    }
    set_threads(1);
}

/* Three workers with three chunks each, which wait for each other. */
typedef struct shared_out {
    atomic_int worker_of[9]; /* 1 + the worker that took a chunk */
    atomic_int here, done;
} shared_out;

static void take_note(void *data, int64_t chunk, int32_t worker)
{
    shared_out *s = data;

    atomic_store(&s->worker_of[chunk], 1 + worker);
    /* All are there before the first is done ... */
    for (atomic_fetch_add(&s->here, 1); atomic_load(&s->here) < 3;)
        sleep_ms(1);
    /* ... and the first chunk of all is the last that is. */
    while (chunk == 0 && atomic_load(&s->done) < 8)
        sleep_ms(1);
    atomic_fetch_add(&s->done, 1);
}

static void lanes_begin_with_their_share(void **state)
{
    shared_out s;

    (void)state;
    memset(&s, 0, sizeof(s));
    set_threads(3);
    cnn__parallel(9, 3, take_note, &s);
    for (int32_t worker = 0; worker < 3; worker++)
        assert_int_equal(atomic_load(&s.worker_of[3 * worker]), 1 + worker);
    /* The others took what worker 0 did not come to. */
    assert_int_not_equal(atomic_load(&s.worker_of[1]), 1);
    assert_int_not_equal(atomic_load(&s.worker_of[2]), 1);
    set_threads(1);
}

/* -------------------------------------------------- jobs within jobs --- */

typedef struct nest {
    atomic_int inner; /* chunks of the inner jobs */
    atomic_int wrong; /* inner jobs that were not run inline, in worker 0 */
} nest;

static void inner_chunk(void *data, int64_t chunk, int32_t worker)
{
    nest *n = data;

    (void)chunk;
    atomic_fetch_add(&n->inner, 1);
    if (worker != 0)
        atomic_fetch_add(&n->wrong, 1);
}

static void outer_chunk(void *data, int64_t chunk, int32_t worker)
{
    (void)chunk;
    (void)worker;
    cnn__parallel(10, 4, inner_chunk, data);
    /* From within a job, too, the number of threads may be set; 1 must not
     * wait for the workers to end, of which this is one. */
    cnn_set_num_threads(1);
    cnn_set_num_threads(3);
}

static void nested_jobs_run_inline(void **state)
{
    nest n = {0, 0};

    (void)state;
    set_threads(3);
    cnn__parallel(50, 3, outer_chunk, &n);
    assert_int_equal(atomic_load(&n.inner), 500);
    assert_int_equal(atomic_load(&n.wrong), 0);
    assert_true(runs_each_once(50, 3));
    set_threads(1);
}

static void *run_many(void *data)
{
    bool *right = data;

    *right = true;
    for (int i = 0; i < 500; i++)
        *right = runs_each_once(i % 40, 4) && *right;
    return NULL;
}

/* Threads of the program use the library at once, while another one changes the
 * number of workers. */
static void concurrent_callers(void **state)
{
    pthread_t threads[3];
    bool right[3] = {false, false, false};

    (void)state;
    set_threads(3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_many, &right[i]),
                         0);
    for (int i = 0; i < 30; i++) {
        set_threads(1 + i % 4);
        sleep_ms(1);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_true(right[0] && right[1] && right[2]);
    set_threads(1);
}

/* -------------------------------------------------------------- fork --- */

/* Forks, lets the child run `work`, and returns what it returned, -1 if it did
 * not end by itself. A child that hangs is ended by its alarm. */
static int in_child(int (*work)(void))
{
    int status = 0;
    const pid_t child = fork();

    if (child == 0) {
        alarm(60);
        _exit(work());
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* 42 says that all went well; 0 may come from anywhere. */
static int work_of_a_grandchild(void)
{
    return runs_each_once(100, 3) ? 42 : 3;
}

static int work_of_a_child(void)
{
    if (!runs_each_once(100, 3))
        return 1;
    if (cnn_set_num_threads(2) != CNN_OK || !runs_each_once(100, 3))
        return 2;
    return in_child(work_of_a_grandchild);
}

static void children_of_fork_work(void **state)
{
    (void)state;
    need_fork();
    set_threads(3);
    assert_true(runs_each_once(100, 3)); /* there are workers now */
    assert_int_equal(in_child(work_of_a_child), 42);
    assert_true(runs_each_once(100, 3));
    set_threads(1);
    assert_int_equal(in_child(work_of_a_child), 42);
}

/* Setting one thread takes the lock that the parent held. */
static int work_of_an_orphan(void)
{
    if (!runs_each_once(100, 3))
        return 1;
    return cnn_set_num_threads(1) == CNN_OK && runs_each_once(100, 3) ? 42 : 2;
}

static void fork_in_chunk(void *data, int64_t chunk, int32_t worker)
{
    int *result = data;

    (void)worker;
    if (chunk == 0)
        *result = in_child(work_of_an_orphan);
}

/* Forked in the middle of a job, with workers that the child does not have. */
static void children_of_a_job_work(void **state)
{
    int result = 0;

    (void)state;
    need_fork();
    set_threads(3);
    cnn__parallel(20, 3, fork_in_chunk, &result);
    set_threads(1);
    assert_int_equal(result, 42);
}

/* ---------------------------------------------------------- settings --- */

static void numbers_of_threads(void **state)
{
    (void)state;
    set_threads(1);
    assert_failed(cnn_set_num_threads(-1), CNN_EINVAL,
                  "-1 threads, expected 0 to 64");
    assert_failed(cnn_set_num_threads(CNN_MAX_THREADS + 1), CNN_EINVAL,
                  "65 threads, expected 0 to 64");
    assert_int_equal(cnn_num_threads(), 1);
    assert_int_equal(cnn_set_num_threads(0), CNN_OK);
    const int32_t cores = cnn__cores();
    assert_true(cores >= 1);
    assert_int_equal(cnn_num_threads(),
                     cores < CNN_MAX_THREADS ? cores : CNN_MAX_THREADS);
    set_threads(CNN_MAX_THREADS);
    assert_int_equal(cnn_num_threads(), CNN_MAX_THREADS);
    set_threads(1);
}

/* The BLAS runs on one thread while a call of the library runs, and then on as
 * many as before, whatever order the callers leave in. */
static void threads_of_the_blas_are_put_back(void **state)
{
    const float x[] = {1, 2};
    float y[2];

    (void)state;
    if (openblas_set_num_threads == NULL || openblas_get_num_threads == NULL ||
        (openblas_get_parallel != NULL && openblas_get_parallel() == 0))
        skip();
    cnn_layer *layer = cnn_dense_create(2, NULL);
    assert_int_equal(cnn_layer_build(layer, &(cnn_shape){2, 1, 1}, 1, 1),
                     CNN_OK);
    const int before = openblas_get_num_threads();
    openblas_set_num_threads(2);
    assert_int_equal(openblas_get_num_threads(), 2);
    cnn__gemm_enter();
    assert_int_equal(openblas_get_num_threads(), 1);
    cnn__gemm_enter();
    cnn__gemm_leave();
    assert_int_equal(openblas_get_num_threads(), 1);
    cnn__gemm_leave();
    assert_int_equal(openblas_get_num_threads(), 2);
    assert_int_equal(cnn_layer_forward(layer, 0, 1, x, y), CNN_OK);
    assert_int_equal(openblas_get_num_threads(), 2);
    assert_int_equal(cnn_layer_backward(layer, 1, x, y, y, NULL), CNN_OK);
    assert_int_equal(openblas_get_num_threads(), 2);
    /* A call that fails does not change it either. */
    assert_int_equal(cnn_layer_forward(layer, 0, 2, x, y), CNN_EINVAL);
    assert_int_equal(openblas_get_num_threads(), 2);
    openblas_set_num_threads(1);
    assert_int_equal(cnn_layer_forward(layer, 0, 1, x, y), CNN_OK);
    assert_int_equal(openblas_get_num_threads(), 1);
    openblas_set_num_threads(before);
    cnn_layer_free(layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_at_first),
        cmocka_unit_test(every_chunk_once),
        cmocka_unit_test(many_short_jobs),
        cmocka_unit_test(wakes_sleepers),
        cmocka_unit_test(lanes_begin_with_their_share),
        cmocka_unit_test(nested_jobs_run_inline),
        cmocka_unit_test(concurrent_callers),
        cmocka_unit_test(children_of_fork_work),
        cmocka_unit_test(children_of_a_job_work),
        cmocka_unit_test(numbers_of_threads),
        cmocka_unit_test(threads_of_the_blas_are_put_back),
    };

    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
