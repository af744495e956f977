/* A ring of slots that a thread fills ahead of the caller, who takes them in
 * order. What is in a slot is the caller's business; the ring counts. */
#ifndef CNN_BASE_AHEAD_H
#define CNN_BASE_AHEAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/float_mode.h"
#include "base/status.h"

/* Fills the next slot; false: none comes after it. By one thread at a time. */
typedef bool (*cnn__fill_fn)(void *data, int32_t slot);

/* The first three are set by the caller, all others 0. With one slot there is
 * no thread, and neither if it cannot be started: cnn__ahead_next() then fills
 * slots itself. The rest is guarded by the lock of gate.h. */
typedef struct cnn__ahead {
    int32_t slots;
    cnn__fill_fn fill;
    void *data;
    int64_t filled, taken; /* slots since the last rewind */
    bool filling;          /* one is being filled */
    bool stopped;          /* no more are wanted */
    bool started, quit;
    bool broken; /* by a fork() in the middle */
    unsigned forks;
    cnn__float_mode mode; /* of the caller */
    pthread_t thread;
} cnn__ahead;

/* Waits for the next slot, or fills it. It is the caller's until the next call
 * of any of these. Goes on after `fill` returned false. CNN_ESTATE in a child
 * of fork(), if a slot was being filled then. */
cnn_status cnn__ahead_next(cnn__ahead *ahead, int32_t *slot);

/* Gives the slot back to be filled. */
void cnn__ahead_done(cnn__ahead *ahead);

/* Forgets what was filled, and fills nothing until cnn__ahead_next(). */
void cnn__ahead_rewind(cnn__ahead *ahead);

/* Ends the thread, after the slot that it is at. */
void cnn__ahead_end(cnn__ahead *ahead);

#endif
