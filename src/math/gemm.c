#include "math/gemm.h"

#include <cblas.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/threads.h"

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define BLAS_WROTE(p, n) __msan_unpoison(p, n)
#endif
#endif
#ifndef BLAS_WROTE
#define BLAS_WROTE(p, n) ((void)0)
#endif

/* Functions of OpenBLAS. Weak, so that other CBLAS libraries link too. */
extern void openblas_set_num_threads(int) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));
extern int openblas_get_parallel(void) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));
extern char *openblas_get_corename(void) __attribute__((weak));

/* OpenBLAS built without threads, as in Debian's serial package, has no locks:
 * two products at a time may share a buffer. This lock allows one at a time
 * there. */
static pthread_mutex_t one_product = PTHREAD_MUTEX_INITIALIZER;

/* Guards the next two variables. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int callers;
static int threads_before; /* 0: nothing to restore */

/* ------------------------------------------------------- in the BLAS --- */

/* fork() and exit() wait until no other thread is in the BLAS, and let none in.
 * A lock that OpenBLAS holds during fork() would stay locked in the child.
 * exit() runs OpenBLAS's destructor, which frees buffers that other threads may
 * be using. No lock is used here, because a signal handler may call fork() or
 * exit() at any point of this code. */
static atomic_int inside;         /* threads in the BLAS */
static atomic_int forking;        /* threads in fork() */
static atomic_int closing;        /* id of the process in exit(), or 0 */
static _Thread_local int holding; /* calls of fork() and exit() by this thread
                                     that keep the others out */
static _Thread_local volatile int counted; /* 1: counted in `inside`, or
                                              about to be */

static const struct timespec interval = {.tv_nsec = 100 * 1000};

/* A reader that fork() and exit() wait for (base/gate.c) may want products. So
 * this file shuts after that one: constructors with a rank come first, and both
 * destructors and what runs before fork() go backwards. */
#define RANK 1000

/* `closing` is a process id, because a child forked during exit() goes on
 * running, and the fork handler that would reset a flag may be gone already. */
static bool is_closed(void)
{
    return atomic_load(&closing) != 0 && atomic_load(&closing) == getpid();
}

/* `counted` is set before `inside` is raised and cleared after it is lowered,
 * so that a signal handler in between does not wait for its own thread. */
static void enter_blas(void)
{
    counted = 1;
    atomic_fetch_add(&inside, 1);
    while ((atomic_load(&forking) > 0 || is_closed()) && holding == 0) {
        atomic_fetch_sub(&inside, 1);
        while (atomic_load(&forking) > 0)
            nanosleep(&interval, NULL);
        while (is_closed())
            pause(); /* until the process ends */
        atomic_fetch_add(&inside, 1);
    }
}

static void leave_blas(void)
{
    atomic_fetch_sub(&inside, 1);
    counted = 0;
}

/* Waits at most a second. A product takes milliseconds; if one takes longer
 * than that, waiting does not help. */
static void wait_for_others(void)
{
    const double end = cnn__seconds() + 1.0;

    holding++;
    while (atomic_load(&inside) > counted && cnn__seconds() < end)
        nanosleep(&interval, NULL);
}

__attribute__((destructor(RANK))) static void close_blas(void)
{
    atomic_store(&closing, getpid());
    wait_for_others();
}

/* ---------------------------------------------------------- products --- */

cnn_status cnn__gemm_check(size_t m, size_t n, size_t k)
{
    if (m > INT32_MAX || n > INT32_MAX || k > INT32_MAX)
        return cnn__fail(CNN_EOVERFLOW,
                         "a product of %zu x %zu by %zu x %zu is larger than a "
                         "BLAS takes",
                         m, k, k, n);
    return CNN_OK;
}

/* A single row, as in the prediction for one sample: sgemm would pack all of b
 * to use it once. Some BLAS read c in sgemv even with beta = 0, so it is zeroed
 * instead. */
static void multiply_row(const cnn__product *p, int32_t lda, int32_t ldb)
{
    const int32_t rows = p->transpose_b ? p->n : p->k;
    const int32_t columns = p->transpose_b ? p->k : p->n;

    for (int32_t i = 0; i < p->n && p->beta == 0.0f; i++)
        p->c[i] = 0.0f;
    cblas_sgemv(CblasRowMajor, p->transpose_b ? CblasNoTrans : CblasTrans, rows,
                columns, 1.0f, p->b, ldb, p->a, p->transpose_a ? lda : 1,
                p->beta == 0.0f ? 1.0f : p->beta, p->c, 1);
}

void cnn__gemm(const cnn__product *p)
{
    if (p->m <= 0 || p->n <= 0 || p->k <= 0)
        return;
    const int32_t a_row = p->transpose_a ? p->m : p->k;
    const int32_t b_row = p->transpose_b ? p->k : p->n;
    const int32_t lda = p->lda > 0 ? p->lda : a_row;
    const int32_t ldb = p->ldb > 0 ? p->ldb : b_row;
    const int32_t ldc = p->ldc > 0 ? p->ldc : p->n;

    /* With a bad leading dimension a BLAS prints a message and leaves c
     * unchanged. */
    if (lda < a_row || ldb < b_row || ldc < p->n)
        return;
    const bool one_at_a_time =
        openblas_get_parallel != NULL && openblas_get_parallel() == 0;
    enter_blas();
    if (one_at_a_time)
        pthread_mutex_lock(&one_product);
    if (p->m == 1)
        multiply_row(p, lda, ldb);
    else
        cblas_sgemm(CblasRowMajor, p->transpose_a ? CblasTrans : CblasNoTrans,
                    p->transpose_b ? CblasTrans : CblasNoTrans, p->m, p->n,
                    p->k, 1.0f, p->a, lda, p->b, ldb, p->beta, p->c, ldc);
    if (one_at_a_time)
        pthread_mutex_unlock(&one_product);
    leave_blas();
    for (int32_t i = 0; i < p->m; i++)
        BLAS_WROTE(p->c + (size_t)i * (size_t)ldc,
                   (size_t)p->n * sizeof(float));
}

/* ------------------------------------------------------- in parallel --- */

/* The longer side of c is cut into at most MOST_PIECES pieces, none shorter
 * than SHORTEST_PIECE: a BLAS packs both operands anew for each. With fewer
 * than SMALLEST_JOB multiply-adds (about 20 microseconds) a second thread does
 * not pay. */
#define MOST_PIECES    8
#define SHORTEST_PIECE 64
#define SMALLEST_JOB   (1 << 20)

typedef struct grid {
    const cnn__product *whole;
    bool by_rows;
    int32_t piece; /* rows or columns of c in a piece */
} grid;

int32_t cnn__gemm_pieces(int32_t length, int32_t *piece)
{
    int32_t pieces = length / SHORTEST_PIECE;

    pieces = pieces < 1 ? 1 : pieces > MOST_PIECES ? MOST_PIECES : pieces;
    /* A multiple of 16, the widest register, but at most the length. */
    const int64_t even = (((int64_t)length + pieces - 1) / pieces + 15) & ~15;
    *piece = even < length ? (int32_t)even : length;
    return (int32_t)(((int64_t)length + *piece - 1) / *piece);
}

static void multiply_piece(void *data, int64_t chunk, int32_t worker)
{
    const grid *g = data;
    cnn__product p = *g->whole;
    const int32_t length = g->by_rows ? p.m : p.n;
    const int64_t first = chunk * g->piece; /* less than length */
    const int32_t rest = length - (int32_t)first;
    const size_t skip = (size_t)first;

    (void)worker;
    p.lda = p.lda > 0 ? p.lda : p.transpose_a ? p.m : p.k;
    p.ldb = p.ldb > 0 ? p.ldb : p.transpose_b ? p.k : p.n;
    p.ldc = p.ldc > 0 ? p.ldc : p.n;
    if (g->by_rows) {
        p.a += p.transpose_a ? skip : skip * (size_t)p.lda;
        p.c += skip * (size_t)p.ldc;
        p.m = rest < g->piece ? rest : g->piece;
    } else {
        p.b += p.transpose_b ? skip * (size_t)p.ldb : skip;
        p.c += skip;
        p.n = rest < g->piece ? rest : g->piece;
    }
    cnn__gemm(&p);
}

void cnn__gemm_parallel(const cnn__product *p, int32_t workers)
{
    grid g = {.whole = p, .by_rows = p->m > p->n};
    const int32_t length = g.by_rows ? p->m : p->n;

    if ((int64_t)p->m * p->n < SMALLEST_JOB / (p->k > 0 ? p->k : 1)) {
        cnn__gemm(p);
        return;
    }
    const int32_t pieces = cnn__gemm_pieces(length, &g.piece);
    cnn__parallel(pieces, workers, multiply_piece, &g);
}

/* ----------------------------------------------- threads of the BLAS --- */

static void take_lock(void)
{
    enter_blas();
    pthread_mutex_lock(&lock);
}

static void give_lock(void)
{
    pthread_mutex_unlock(&lock);
    leave_blas();
}

static bool has_threads(void)
{
    return openblas_set_num_threads != NULL && openblas_get_num_threads != NULL;
}

void cnn__gemm_enter(void)
{
    if (!has_threads())
        return;
    take_lock();
    if (callers++ == 0) {
        const int threads = openblas_get_num_threads();
        threads_before = threads > 1 ? threads : 0;
        if (threads_before > 0)
            openblas_set_num_threads(1);
    }
    give_lock();
}

void cnn__gemm_leave(void)
{
    if (!has_threads())
        return;
    take_lock();
    if (callers > 0 && --callers == 0 && threads_before > 0)
        openblas_set_num_threads(threads_before);
    give_lock();
}

/* -------------------------------------------------------------- fork() --- */

static void before_fork(void)
{
    atomic_fetch_add(&forking, 1);
    wait_for_others();
}

/* `holding` is a count: if this thread forked inside exit(), it still keeps the
 * others out. */
static void after_fork(void)
{
    holding--;
    atomic_fetch_sub(&forking, 1);
}

/* In the child this thread is the only one. If a signal handler forked while it
 * was in the BLAS, OpenBLAS is in the middle of a call, and its number of
 * threads is not changed. */
static void after_fork_in_child(void)
{
    holding = 0;
    atomic_store(&forking, 0);
    atomic_store(&inside, counted);
    pthread_mutex_init(&one_product, NULL);
    pthread_mutex_init(&lock, NULL);
    callers = 0;
    if (threads_before > 0 && !counted)
        openblas_set_num_threads(threads_before);
    threads_before = 0;
}

/* Registered when the library is loaded: a fork() in progress ignores handlers
 * added by another thread. If this fails for lack of memory, fork() has the
 * limits of OpenBLAS alone. */
__attribute__((constructor(RANK))) static void register_fork(void)
{
    (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

const char *cnn__gemm_config(void)
{
    return openblas_get_config != NULL ? openblas_get_config() : "CBLAS";
}

const char *cnn__gemm_core(void)
{
    return openblas_get_corename != NULL ? openblas_get_corename() : "unknown";
}
