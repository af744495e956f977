/* Who reads at a time: one lock for all that is read ahead and for all readers
 * of the program, so that a fork() finds them in order. It is held for moments;
 * never while something is read. */
#ifndef CNN_BASE_GATE_H
#define CNN_BASE_GATE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/status.h"

void cnn__gate_lock(void);
void cnn__gate_unlock(void);

/* With the lock: waits until another thread calls cnn__gate_tell(), or by
 * chance. */
void cnn__gate_wait(void);
void cnn__gate_tell(void);

/* With the lock: how many times fork() has led to this process. What was noted
 * with another number belongs to threads that do not exist here. */
unsigned cnn__gate_forks(void);

/* Is the process ending? Then no thread begins to read ahead. */
bool cnn__gate_closed(void);

/* With the lock, by a thread that reads ahead: may it read? Not while the
 * process forks or ends, which wait for those that have begun, a second at
 * most. If so, cnn__gate_end() has to follow. */
bool cnn__gate_begin(void);
void cnn__gate_end(void);

/* What one thread may use at a time. Zero is free. */
typedef struct cnn__turn {
    bool taken;
    pthread_t owner;
    unsigned forks;
} cnn__turn;

/* Without the lock: waits for the turn. CNN_ESTATE if this thread has it, or if
 * a thread had it that does not exist in this child of fork(). `what` names it
 * in the text. */
cnn_status cnn__turn_take(cnn__turn *turn, const char *what);
void cnn__turn_give(cnn__turn *turn);

/* Likewise CNN_ESTATE if this thread has the turn, at once: another thread may
 * be about to wait for it on behalf of this one. */
cnn_status cnn__turn_check(const cnn__turn *turn, const char *what);

#endif
