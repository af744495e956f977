#include "math/gemm.h"

#include <cblas.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

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

/* OpenBLAS has these, other BLAS do not: weak, so that any CBLAS links. */
extern void openblas_set_num_threads(int) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));
extern int openblas_get_parallel(void) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));
extern char *openblas_get_corename(void) __attribute__((weak));

/* OpenBLAS without threads has no locks either, as Debian builds it: two
 * products at a time may get the same buffer. One holding for the other then.
 */
static pthread_mutex_t one_product = PTHREAD_MUTEX_INITIALIZER;

/* Guards the two that follow. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int callers;
static int threads_before; /* 0: nothing to put back */

/* ------------------------------------------------------- in the BLAS --- */

/* What OpenBLAS has locked at a fork() stays locked in the child, and exit()
 * runs its destructor, which takes the buffers away that another thread may be
 * using. So before either of them the others finish what they are at in the
 * BLAS, and nobody goes in. All of it without a lock: a handler of a signal may
 * fork, or end the process, in the middle of each of these. */
static atomic_int inside;                  /* threads in the BLAS */
static atomic_int forking;                 /* threads in fork() */
static atomic_int closing;                 /* the process that ends, or 0 */
static _Thread_local int holding;          /* calls of fork() and exit() of this
                                             thread that keep the others out */
static _Thread_local volatile int counted; /* 1: `inside` counts this thread,
                                              or is about to */

static const struct timespec interval = {.tv_nsec = 100 * 1000};

/* A child that was made meanwhile does not end with its parent, though exit()
 * may have taken away the handler that would tell it. */
static bool is_closed(void)
{
    return atomic_load(&closing) != 0 && atomic_load(&closing) == getpid();
}

/* `counted` is never less than what this thread adds to `inside`. */
static void enter_blas(void)
{
    counted = 1;
    atomic_fetch_add(&inside, 1);
    while ((atomic_load(&forking) > 0 || is_closed()) && holding == 0) {
        atomic_fetch_sub(&inside, 1);
        while (atomic_load(&forking) > 0)
            nanosleep(&interval, NULL);
        while (is_closed())
            pause(); /* until the process is gone */
        atomic_fetch_add(&inside, 1);
    }
}

static void leave_blas(void)
{
    atomic_fetch_sub(&inside, 1);
    counted = 0;
}

/* A product takes milliseconds; after a second something is wrong with it, and
 * waiting for it will not help. */
static void wait_for_others(void)
{
    holding++;
    for (int i = 0; i < 10000 && atomic_load(&inside) > counted; i++)
        nanosleep(&interval, NULL);
}

__attribute__((destructor)) static void close_blas(void)
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

/* A single row, the prediction for one sample: a BLAS would pack all of b to
 * use it once. Some propagate what c held in spite of beta = 0 here. */
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

    /* A BLAS only prints on a bad leading dimension, and leaves c as it was. */
    if (lda < a_row || ldb < b_row || ldc < p->n)
        return;
    const bool alone =
        openblas_get_parallel != NULL && openblas_get_parallel() == 0;
    enter_blas();
    if (alone)
        pthread_mutex_lock(&one_product);
    if (p->m == 1)
        multiply_row(p, lda, ldb);
    else
        cblas_sgemm(CblasRowMajor, p->transpose_a ? CblasTrans : CblasNoTrans,
                    p->transpose_b ? CblasTrans : CblasNoTrans, p->m, p->n,
                    p->k, 1.0f, p->a, lda, p->b, ldb, p->beta, p->c, ldc);
    if (alone)
        pthread_mutex_unlock(&one_product);
    leave_blas();
    for (int32_t i = 0; i < p->m; i++)
        BLAS_WROTE(p->c + (size_t)i * (size_t)ldc,
                   (size_t)p->n * sizeof(float));
}

/* ------------------------------------------------------- in parallel --- */

/* A BLAS packs both operands anew for each piece, so pieces should be few and
 * not narrow: the longer side of c is cut, into at most this many pieces of at
 * least this length. Below this many multiply-adds (some 20 microseconds) a
 * product is not worth a second thread. */
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
    /* Whole registers of the widest kernels, but no more than there is. */
    const int64_t even = (((int64_t)length + pieces - 1) / pieces + 15) & ~15;
    *piece = even < length ? (int32_t)even : length;
    return (int32_t)(((int64_t)length + *piece - 1) / *piece);
}

static void multiply_piece(void *data, int64_t chunk, int32_t worker)
{
    const grid *g = data;
    cnn__product p = *g->whole;
    const int32_t length = g->by_rows ? p.m : p.n;
    const int64_t first = chunk * g->piece; /* below length */
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

/* A thread that forks while it ends the process still keeps the others out. */
static void after_fork(void)
{
    holding--;
    atomic_fetch_sub(&forking, 1);
}

/* In a child nobody is inside a call, whoever was at that moment. If a handler
 * forked in the middle of the BLAS, OpenBLAS is as it was there, and better
 * left alone. */
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

/* When the library is loaded: fork() would not know of handlers that another
 * thread adds while it is under way. It fails if memory is short at that
 * moment; a child is then as with OpenBLAS alone. */
__attribute__((constructor)) static void register_fork(void)
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
