/* libcnn's worker threads. */
#ifndef CNN_BASE_THREADS_H
#define CNN_BASE_THREADS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Computes one chunk of a job. Chunks are independent and may run in any order.
 * `worker`, 0 .. workers - 1, selects the scratch to use; the caller is worker
 * 0. */
typedef void (*cnn__chunk_fn)(void *job, int64_t chunk, int32_t worker);

/* Runs chunks 0 .. chunks - 1 on up to `workers` threads, including the caller,
 * and returns when all are done. What a chunk computes must not depend on
 * `worker`, so that results do not depend on the number of threads. */
void cnn__parallel(int64_t chunks, int32_t workers, cnn__chunk_fn run,
                   void *job);

/* How many workers to use for a job over `floats` floats: one, if that takes
 * less time than waking a thread. */
static inline int32_t cnn__worth(int32_t workers, size_t floats)
{
    return floats < 32768 ? 1 : workers;
}

/* Starts a thread of libcnn's. It blocks all signals but those for its own
 * faults, so that handlers run in the program's threads. */
bool cnn__thread_start(pthread_t *thread, void *(*run)(void *), void *data);

/* The number of cores online, at least 1. */
int32_t cnn__cores(void);

#endif
