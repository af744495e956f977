/* libcnn's own worker threads. */
#ifndef CNN_BASE_THREADS_H
#define CNN_BASE_THREADS_H

#include <stddef.h>
#include <stdint.h>

/* One chunk of a job. Chunks are independent of each other and may run in any
 * order; `lane` (0 .. lanes - 1) names the thread's own part of a workspace. */
typedef void (*cnn__chunk_fn)(void *job, int64_t chunk, int32_t lane);

/* Runs chunks 0 .. chunks - 1 on up to `lanes` threads, the caller's among
 * them, and returns when all are done. What a chunk computes may not depend on
 * the lane, so that results do not depend on the number of threads. */
void cnn__parallel(int64_t chunks, int32_t lanes, cnn__chunk_fn run, void *job);

/* The lanes that a job over so many floats is worth: one, if it takes less time
 * than waking a thread. */
static inline int32_t cnn__worth(int32_t lanes, size_t floats)
{
    return floats < 32768 ? 1 : lanes;
}

/* Number of cores that are online, at least 1. */
int32_t cnn__cores(void);

#endif
