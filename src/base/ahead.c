#include "base/ahead.h"

#include <time.h>

#include "base/gate.h"
#include "base/threads.h"

/* All functions down to the next line are called with the lock. */

/* Fills the next slot, in this thread. In a child that `fill` itself has forked
 * nothing is noted: there, this is over. */
static void fill_next(cnn__ahead *a)
{
    const int32_t slot = (int32_t)(a->filled % a->slots);
    const unsigned before = cnn__gate_forks();

    a->filling = true;
    cnn__gate_unlock();
    const bool more = a->fill(a->data, slot);
    cnn__gate_lock();
    if (cnn__gate_forks() != before)
        return;
    a->filling = false;
    a->stopped |= !more;
    a->filled++;
    cnn__gate_tell();
}

static bool is_wanted(const cnn__ahead *a)
{
    return !a->stopped && !a->filling && a->filled - a->taken < a->slots;
}

static void fill_ahead(cnn__ahead *a)
{
    static const struct timespec moment = {.tv_nsec = 100 * 1000};

    if (!is_wanted(a)) {
        cnn__gate_wait();
    } else if (cnn__gate_begin()) {
        cnn__float_mode_set(a->mode);
        fill_next(a);
        cnn__gate_end();
    } else { /* a fork() is over soon, and exit() for good */
        cnn__gate_unlock();
        nanosleep(&moment, NULL);
        cnn__gate_lock();
    }
}

static void *thread_main(void *data)
{
    cnn__ahead *a = data;

    cnn__gate_lock();
    const unsigned forks = cnn__gate_forks();
    while (forks == cnn__gate_forks() && !a->quit)
        fill_ahead(a);
    cnn__gate_unlock();
    return NULL;
}

/* In a child of fork() the thread is gone, and a slot that it was filling
 * cannot be told from a full one. */
static void notice_fork(cnn__ahead *a)
{
    if (a->forks == cnn__gate_forks())
        return;
    a->broken |= a->started && a->filling;
    a->started = false;
    a->forks = cnn__gate_forks();
}

static void start(cnn__ahead *a)
{
    if (!a->started && a->slots > 1 && !cnn__gate_closed())
        a->started = cnn__thread_start(&a->thread, thread_main, a);
}

static cnn_status next(cnn__ahead *a)
{
    notice_fork(a);
    if (a->broken)
        return cnn__fail(CNN_ESTATE,
                         "the process was forked while a batch was being read, "
                         "so no more can be read here");
    a->mode = cnn__float_mode_get();
    if (a->filled == a->taken)
        a->stopped = false;
    start(a);
    cnn__gate_tell();
    while (a->filled == a->taken && a->started &&
           (a->filling || !cnn__gate_closed()))
        cnn__gate_wait();
    if (a->filled == a->taken)
        fill_next(a);
    return CNN_OK;
}

/* ---------------------------------------------------------------------- */

cnn_status cnn__ahead_next(cnn__ahead *a, int32_t *slot)
{
    cnn__gate_lock();
    const cnn_status status = next(a);
    *slot = (int32_t)(a->taken % a->slots);
    cnn__gate_unlock();
    return status;
}

void cnn__ahead_done(cnn__ahead *a)
{
    cnn__gate_lock();
    a->taken++;
    cnn__gate_tell();
    cnn__gate_unlock();
}

void cnn__ahead_rewind(cnn__ahead *a)
{
    cnn__gate_lock();
    notice_fork(a);
    a->stopped = true;
    while (a->filling && !a->broken)
        cnn__gate_wait();
    a->filled = a->taken = 0;
    cnn__gate_unlock();
}

void cnn__ahead_end(cnn__ahead *a)
{
    cnn__gate_lock();
    notice_fork(a);
    a->quit = true;
    cnn__gate_tell();
    cnn__gate_unlock();
    if (a->started)
        pthread_join(a->thread, NULL);
    a->started = false;
}
