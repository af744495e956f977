/**
 * @file runtime.h
 * What holds for the whole process: worker threads and the allocator.
 */
#ifndef CNN_RUNTIME_H
#define CNN_RUNTIME_H

#include "cnn/export.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** The largest number of threads that cnn_set_num_threads() takes. */
#define CNN_MAX_THREADS 64

/**
 * How many threads a call of libcnn may use, including the caller: 1 to
 * CNN_MAX_THREADS, or 0 for one per core. The default is 1: then libcnn starts
 * no thread. The same seed gives the same bits with any number.
 *
 * A net, layer, session or trainer has workspace for the number in force when
 * it was built or created, and its calls use no more threads than that. So set
 * the number first.
 *
 * The first call that has work for the workers starts them; they sleep when
 * idle. If two threads of the program are inside libcnn at once, one of them
 * has the workers and the other computes alone.
 *
 * Any thread may call this, at any time; 1 waits for the workers to finish
 * their current job, and ends them. Errors: CNN_EINVAL.
 *
 * fork() and exit() are allowed at any time, too. Both wait for the products of
 * matrices in progress, a second at most. After exit() has begun, calls of
 * other threads do not return. In a program linked with -static, exit() may
 * crash while another thread computes, because the BLAS frees its memory first.
 * See docs/threading.md.
 */
CNN_API cnn_status cnn_set_num_threads(int32_t n);

/** The number of threads in force, at least 1. */
CNN_API int32_t cnn_num_threads(void);

/** Where libcnn takes its memory from. Both calls must be thread-safe. */
typedef struct cnn_allocator {
    /** As malloc(): NULL when there is none. `size` is never 0. */
    void *(*allocate)(size_t size, void *user);
    /** As free(): `pointer` came from allocate(), never NULL. */
    void (*release)(void *pointer, void *user);
    void *user; /**< handed to both */
} cnn_allocator;

/**
 * Takes all of libcnn's memory from `allocator` (copied); NULL puts malloc and
 * free back. Allowed only while no libcnn object exists: otherwise CNN_ESTATE.
 * It does not provide the buffers of the BLAS, the stacks of the worker
 * threads, and what jansson needs while a model file is read or written.
 */
CNN_API cnn_status cnn_set_allocator(const cnn_allocator *allocator);

CNN_END_DECLS

#endif
