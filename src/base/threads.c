#include "base/threads.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/float_mode.h"
#include "base/status.h"
#include "cnn/runtime.h"

/* How often a thread polls for work, or for the end of a job, before it sleeps:
 * about 20 microseconds, the gap between two layers. */
#define SPINS 4000

typedef struct job {
    cnn__chunk_fn run;
    void *data;
    int64_t chunks;
    int32_t workers;
    int32_t shares;       /* number of shares of the chunks */
    cnn__float_mode mode; /* the caller's, set in all workers */
} job;

/* The pool. A call that uses, starts or stops the workers holds `use`; `lock`
 * guards sleeping and waking.
 *
 * To start a job, the caller sets `open` and increments `turn`. Each worker
 * that wakes increments `busy`, takes chunks if the job is open, and decrements
 * `busy`. When no chunk is left, the caller clears `open` and waits until
 * `busy` is 0. It does not wait for workers that have not woken up, which may
 * take long on a loaded machine.
 *
 * A worker reads `open` after it increments `busy`; the caller clears `open`
 * before it reads `busy`. So a late worker either finds the job closed or is
 * waited for. */
static pthread_mutex_t use = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;
static pthread_t pool[CNN_MAX_THREADS - 1];
static int32_t worker_count;
static int32_t asked; /* workers last asked for; fewer may have started */
static job current;
static atomic_uint turn;
static atomic_bool open;
static atomic_int busy;
static atomic_bool quit;
static atomic_int wanted = 1; /* threads, including the caller */

/* A share of the chunks. Each thread begins with its own share, the same
 * samples in each layer, which are still in its core's cache: reading what
 * another core has just written is slow. Then it takes chunks from the other
 * shares. Shares are in separate cache lines. */
typedef struct share {
    _Alignas(64) atomic_llong next;
    long long end;
} share;
static share shares[CNN_MAX_THREADS];

/* This thread is a worker or inside a job: nested jobs run in the thread
 * itself. */
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

/* Waits for a turn after `seen` and returns the latest. */
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

/* Call the next three functions only with `use` held. */

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

/* In a child of fork(): it has no workers, and its locks may be held by threads
 * that do not exist there. */
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

static bool create_worker(int32_t worker)
{
    return cnn__thread_start(&pool[worker - 1], worker_main,
                             (void *)(intptr_t)worker);
}

/* Registered when the library is loaded, before `use` can be held, because a
 * child must find it free. If that fails, no workers are started. */
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
    /* If a worker does not start, the others do its work. */
    while (worker_count < count && create_worker(worker_count + 1))
        worker_count++;
}

/* Ends the workers before the library is unloaded. exit() calls this too,
 * possibly while a thread uses the workers, or from a signal handler in the
 * middle of a call: then they end with the process. Later calls, by destructors
 * of the program, run in one thread. */
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
    if (asked > 0) /* also if none has started: a later call tries again */
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

bool cnn__thread_start(pthread_t *thread, void *(*run)(void *), void *data)
{
    sigset_t all, before;

    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return false;
    const bool started = pthread_create(thread, NULL, run, data) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
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
