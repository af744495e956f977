/* libcnn's own worker threads. */
#ifndef CNN_BASE_THREADS_H
#define CNN_BASE_THREADS_H

#include <stddef.h>
#include <stdint.h>

/* One chunk of a job. Chunks are independent of each other and may run in any
 * order; `worker` (0 .. workers - 1) names the part of a workspace that is its
 * own. The caller is a worker too. */
typedef void (*cnn__chunk_fn)(void *job, int64_t chunk, int32_t worker);

/* Runs chunks 0 .. chunks - 1 on up to `workers` threads, the caller's among
 * them, and returns when all are done. What a chunk computes may not depend on
 * the worker, so that results do not depend on the number of threads. */
void cnn__parallel(int64_t chunks, int32_t workers, cnn__chunk_fn run,
                   void *job);

/* The workers that a job over so many floats is worth: one, if it takes less
 * time than waking a thread. */
static inline int32_t cnn__worth(int32_t workers, size_t floats)
{
    return floats < 32768 ? 1 : workers;
}

/* Number of cores that are online, at least 1. */
int32_t cnn__cores(void);

#endif
