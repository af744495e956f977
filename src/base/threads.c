#include "base/threads.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/float_mode.h"
#include "base/status.h"
#include "cnn/runtime.h"

/* How often a thread looks for work, or for the end of it, before it sleeps:
 * some 20 microseconds, about the gap between two layers. */
#define SPINS 4000

typedef struct job {
    cnn__chunk_fn run;
    void *data;
    int64_t chunks;
    int32_t workers;
    int32_t shares;       /* into which the chunks are divided */
    cnn__float_mode mode; /* the caller's: all compute as he would */
} job;

/* The pool. `use` is held by the call that has the workers (and by whoever
 * starts or stops them); `lock` guards the sleeping. A job is announced by
 * opening it and counting `turn` up; each worker that comes counts itself into
 * `busy`, takes chunks until there are none, and counts itself out.
 * Once it has no chunk left the caller closes the job and waits for those that
 * are at one, but not for those that have not come: where others use the cores
 * a worker may take long to wake up. A worker looks whether the job is open
 * after it has counted itself in, and the caller closes it before it looks at
 * `busy`: so either the worker keeps out or the caller waits for it. */
static pthread_mutex_t use = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;
static pthread_t pool[CNN_MAX_THREADS - 1];
static int32_t worker_count;
static int32_t asked; /* workers last asked for; there may be fewer */
static job current;
static atomic_uint turn;
static atomic_bool open;
static atomic_int busy;
static atomic_bool quit;
static atomic_int wanted = 1; /* threads, the caller's included */

/* The chunks of a job are divided among its threads in their order, so that the
 * same samples go to the same core, layer after layer, where they still are in
 * the cache: what another core has just written is slow to read. Who is done
 * with his share takes from those of the others. Each share has a cache line
 * to itself. */
typedef struct share {
    _Alignas(64) atomic_llong next;
    long long end;
} share;
static share shares[CNN_MAX_THREADS];

/* Set in a worker, and in a thread that is inside a job: a nested call runs
 * inline. */
static _Thread_local bool inside;

static inline void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void divide(const job *j)
{
    for (int32_t i = 0; i < j->shares; i++) {
        atomic_store(&shares[i].next, i * j->chunks / j->shares);
        shares[i].end = (i + 1) * j->chunks / j->shares;
    }
}

static void take_chunks(const job *j, int32_t worker)
{
    for (int32_t i = 0; i < j->shares; i++) {
        share *s = &shares[(worker + i) % j->shares];
        long long chunk;

        while ((chunk = atomic_fetch_add(&s->next, 1)) < s->end)
            j->run(j->data, chunk, worker);
    }
}

/* Returns the turn that has come; those that were slept through are over. */
static unsigned wait_for_turn(unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        const unsigned now = atomic_load(&turn);

        if (now != seen)
            return now;
        pause_briefly();
    }
    pthread_mutex_lock(&lock);
    while (atomic_load(&turn) == seen)
        pthread_cond_wait(&wake, &lock);
    pthread_mutex_unlock(&lock);
    return atomic_load(&turn);
}

static void *worker_main(void *arg)
{
    const int32_t worker = (int32_t)(intptr_t)arg;
    unsigned seen = 0;

    inside = true;
    for (;;) {
        seen = wait_for_turn(seen);
        if (atomic_load(&quit))
            return NULL;
        atomic_fetch_add(&busy, 1);
        if (atomic_load(&open) && worker < current.workers) {
            cnn__float_mode_set(current.mode);
            take_chunks(&current, worker);
        }
        if (atomic_fetch_sub(&busy, 1) == 1) {
            pthread_mutex_lock(&lock);
            pthread_cond_signal(&done);
            pthread_mutex_unlock(&lock);
        }
    }
}

static void announce(void)
{
    pthread_mutex_lock(&lock);
    atomic_fetch_add(&turn, 1);
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&lock);
}

static void wait_until_done(void)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&busy) == 0)
            return;
        pause_briefly();
    }
    pthread_mutex_lock(&lock);
    while (atomic_load(&busy) != 0)
        pthread_cond_wait(&done, &lock);
    pthread_mutex_unlock(&lock);
}

/* The next three need `use`. */

static void stop_workers(void)
{
    atomic_store(&quit, true);
    announce();
    for (int32_t i = 0; i < worker_count; i++)
        pthread_join(pool[i], NULL);
    worker_count = 0;
    asked = 0;
    atomic_store(&quit, false);
    atomic_store(&turn, 0);
}

/* A child of fork() has none of its parent's threads, and locks as they were
 * at that moment. */
static void forget_workers(void)
{
    worker_count = 0;
    asked = 0;
    atomic_store(&turn, 0);
    atomic_store(&open, false);
    atomic_store(&busy, 0);
    atomic_store(&quit, false);
    pthread_mutex_init(&use, NULL);
    pthread_mutex_init(&lock, NULL);
    pthread_cond_init(&wake, NULL);
    pthread_cond_init(&done, NULL);
    inside = false;
}

/* Signals are the program's: its handlers run in its own threads, not in a
 * worker, which is born with all of them blocked but those of its own faults.
 */
static bool create_worker(int32_t worker)
{
    sigset_t all, before;

    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return false;
    const bool created = pthread_create(&pool[worker - 1], NULL, worker_main,
                                        (void *)(intptr_t)worker) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return created;
}

/* When the library is loaded, so before `use` is held for the first time: a
 * child must find it free. There are no workers without it. */
static bool is_ready_for_fork;

__attribute__((constructor)) static void register_fork(void)
{
    is_ready_for_fork = pthread_atfork(NULL, NULL, forget_workers) == 0;
}

static void start_workers(int32_t count)
{
    if (asked == count)
        return;
    stop_workers();
    asked = count;
    /* Fewer workers compute the same, more slowly. */
    while (worker_count < count && create_worker(worker_count + 1))
        worker_count++;
}

/* A library that is unloaded may not leave threads running in it. But exit()
 * comes here too, and may have been called while somebody uses the workers,
 * even by a handler in the middle of a call: they end with the process. Who
 * still computes then, a destructor of the program, does so alone. */
__attribute__((destructor)) static void at_unload(void)
{
    atomic_store(&wanted, 1);
    if (pthread_mutex_trylock(&use) != 0)
        return;
    if (worker_count > 0)
        stop_workers();
    pthread_mutex_unlock(&use);
}

static void dismiss_workers(void)
{
    pthread_mutex_lock(&use);
    if (asked > 0) /* though none may have come: they are asked again then */
        stop_workers();
    pthread_mutex_unlock(&use);
}

void cnn__parallel(int64_t chunks, int32_t workers, cnn__chunk_fn run,
                   void *data)
{
    const int32_t threads = atomic_load(&wanted);

    if (chunks <= 1 || workers <= 1 || threads <= 1 || inside ||
        !is_ready_for_fork || pthread_mutex_trylock(&use) != 0) {
        for (int64_t chunk = 0; chunk < chunks; chunk++)
            run(data, chunk, 0);
        return;
    }
    inside = true;
    start_workers(threads - 1);
    const int32_t present = worker_count + 1;
    current = (job){.run = run,
                    .data = data,
                    .chunks = chunks,
                    .workers = workers,
                    .shares = workers < present ? workers : present,
                    .mode = cnn__float_mode_get()};
    divide(&current);
    if (worker_count > 0) {
        atomic_store(&open, true);
        announce();
    }
    take_chunks(&current, 0);
    atomic_store(&open, false);
    wait_until_done();
    inside = false;
    pthread_mutex_unlock(&use);
}

int32_t cnn__cores(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return cores < 1 ? 1 : cores > INT32_MAX ? INT32_MAX : (int32_t)cores;
}

cnn_status cnn_set_num_threads(int32_t n)
{
    if (n < 0 || n > CNN_MAX_THREADS)
        return cnn__fail(CNN_EINVAL, "%d threads, expected 0 to %d", n,
                         CNN_MAX_THREADS);
    if (n == 0)
        n = cnn__cores() < CNN_MAX_THREADS ? cnn__cores() : CNN_MAX_THREADS;
    atomic_store(&wanted, n);
    if (n == 1 && !inside && is_ready_for_fork)
        dismiss_workers();
    return CNN_OK;
}

int32_t cnn_num_threads(void)
{
    return atomic_load(&wanted);
}
