#include "base/gate.h"

#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned forks;
static atomic_int reading; /* threads between begin and end */
static atomic_int forking; /* threads in fork() */
static atomic_int closing; /* id of the process in exit(), or 0 */

/* This thread counts in `reading`; and it holds the lock for fork(). */
static _Thread_local bool own, held;

/* What fork() and exit() wait at most, in seconds. */
#define PATIENCE 1.0

static void wait_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 100 * 1000}, NULL);
}

void cnn__gate_lock(void)
{
    pthread_mutex_lock(&lock);
}

void cnn__gate_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void cnn__gate_wait(void)
{
    pthread_cond_wait(&changed, &lock);
}

void cnn__gate_tell(void)
{
    pthread_cond_broadcast(&changed);
}

unsigned cnn__gate_forks(void)
{
    return forks;
}

/* A process id, because a child that is forked during exit() goes on. */
bool cnn__gate_closed(void)
{
    const int process = atomic_load(&closing);

    return process != 0 && process == getpid();
}

/* It counts before it looks, and fork() and exit() forbid before they count:
 * so one of the two sees the other. */
bool cnn__gate_begin(void)
{
    own = true;
    atomic_fetch_add(&reading, 1);
    if (atomic_load(&forking) == 0 && !cnn__gate_closed())
        return true;
    cnn__gate_end();
    return false;
}

void cnn__gate_end(void)
{
    atomic_fetch_sub(&reading, 1);
    own = false;
}

/* A reader may be waiting for a network. */
static void wait_for_others(void)
{
    const double end = cnn__seconds() + PATIENCE;

    while (atomic_load(&reading) > (own ? 1 : 0) && cnn__seconds() < end)
        wait_briefly();
}

/* A handler of a signal may fork in the middle of any code of this file, with
 * the lock held by its own thread: so it is only tried. */
static void before_fork(void)
{
    atomic_fetch_add(&forking, 1);
    wait_for_others();
    const double end = cnn__seconds() + PATIENCE;
    while (!(held = pthread_mutex_trylock(&lock) == 0) && cnn__seconds() < end)
        wait_briefly();
}

static void after_fork(void)
{
    if (held)
        pthread_mutex_unlock(&lock);
    held = false;
    atomic_fetch_sub(&forking, 1);
}

static void after_fork_in_child(void)
{
    pthread_mutex_init(&lock, NULL);
    pthread_cond_init(&changed, NULL);
    forks++;
    atomic_store(&reading, 0);
    atomic_store(&forking, 0);
    own = held = false;
}

/* Before math/gemm.c, which see: a reader may compute.
 *
 * Should that fail, a child finds the state of a thread that it does not have;
 * nothing else suffers. */
__attribute__((constructor)) static void register_fork(void)
{
    (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

__attribute__((destructor)) static void close_gate(void)
{
    atomic_store(&closing, getpid());
    wait_for_others();
}

/* -------------------------------------------------------------- turns --- */

/* With the lock. */
static cnn_status check_own(const cnn__turn *turn, const char *what)
{
    if (turn->taken && turn->forks == forks &&
        pthread_equal(turn->owner, pthread_self()))
        return cnn__fail(CNN_ESTATE, "%s: its reader reads from it", what);
    return CNN_OK;
}

static cnn_status wait_for_turn(const cnn__turn *turn, const char *what)
{
    while (turn->taken) {
        if (turn->forks != forks)
            return cnn__fail(CNN_ESTATE,
                             "%s: the process was forked while another thread "
                             "was reading, so it cannot be used here",
                             what);
        CNN__TRY(check_own(turn, what));
        cnn__gate_wait();
    }
    return CNN_OK;
}

cnn_status cnn__turn_take(cnn__turn *turn, const char *what)
{
    cnn__gate_lock();
    const cnn_status status = wait_for_turn(turn, what);
    if (status == CNN_OK)
        *turn = (cnn__turn){true, pthread_self(), forks};
    cnn__gate_unlock();
    return status;
}

void cnn__turn_give(cnn__turn *turn)
{
    cnn__gate_lock();
    turn->taken = false;
    cnn__gate_tell();
    cnn__gate_unlock();
}

cnn_status cnn__turn_check(const cnn__turn *turn, const char *what)
{
    cnn__gate_lock();
    const cnn_status status = check_own(turn, what);
    cnn__gate_unlock();
    return status;
}
