/* The library's own functions, with a clock around them. The linker puts these
 * in the place of the calls from one file of the static library to another
 * (--wrap, CMakeLists.txt): so the step that is split is the real one, in its
 * own order and its own caches, and the library has no hook for it. A function
 * that goes or changes its arguments in src/ fails to compile or link here. */
#include <pthread.h>

#include "base/threads.h"
#include "bench/split_parts.h"
#include "layers/conv2d/conv2d_winograd_tile.h"
#include "math/gemm.h"
#include "math/im2col.h"
#include "math/simd.h"
#include "train/loss.h"
#include "train/optim_impl.h"

#define WRAPPED(name) extern __typeof__(name) __wrap_##name, __real_##name

/* A function without a result. */
#define WRAP(part, name, parameters, arguments) \
    WRAPPED(name);                              \
    void __wrap_##name parameters               \
    {                                           \
        const int before = split_enter(part);   \
                                                \
        __real_##name arguments;                \
        split_leave(before);                    \
    }                                           \
    WRAPPED(name)

WRAP(IM2COL, cnn__im2col,
     (const cnn__lowering *lowering, const float *x, float *col),
     (lowering, x, col));
WRAP(COL2IM, cnn__col2im,
     (const cnn__lowering *lowering, const float *col, float *dx),
     (lowering, col, dx));
WRAP(SGEMM, cnn__gemm, (const cnn__product *product), (product));
WRAP(SGEMM, cnn__gemm_parallel, (const cnn__product *product, int32_t workers),
     (product, workers));
WRAP(WINOGRAD, cnn__winograd_load_x, (const cnn__winograd_tile *tile), (tile));
WRAP(WINOGRAD, cnn__winograd_store_y,
     (const cnn__winograd_tile *tile, float *y), (tile, y));
WRAP(WINOGRAD, cnn__winograd_load_dy,
     (const cnn__winograd_tile *tile, const float *dy), (tile, dy));
WRAP(WINOGRAD, cnn__winograd_store_dx, (const cnn__winograd_tile *tile),
     (tile));

/* -------------------------------------------- functions with a result --- */

WRAPPED(cnn__loss);
double __wrap_cnn__loss(const cnn__criterion *rule, const cnn__outcome *outcome,
                        float scale, float *dy)
{
    const int before = split_enter(LOSS);
    const double sum = __real_cnn__loss(rule, outcome, scale, dy);

    split_leave(before);
    return sum;
}

WRAPPED(cnn__hits);
int64_t __wrap_cnn__hits(const cnn__criterion *rule,
                         const cnn__outcome *outcome)
{
    const int before = split_enter(LOSS);
    const int64_t hits = __real_cnn__hits(rule, outcome);

    split_leave(before);
    return hits;
}

WRAPPED(cnn__optim_update);
cnn_status __wrap_cnn__optim_update(const cnn_optim *optim, cnn_layer *layer)
{
    const int before = split_enter(UPDATE);
    const cnn_status status = __real_cnn__optim_update(optim, layer);

    split_leave(before);
    return status;
}

WRAPPED(cnn_net_zero_grad);
cnn_status __wrap_cnn_net_zero_grad(cnn_net *net)
{
    const int before = split_enter(UPDATE);
    const cnn_status status = __real_cnn_net_zero_grad(net);

    split_leave(before);
    return status;
}

/* ----------------------------------------------------------- threads --- */

/* A chunk belongs to the part that its job was started in. */
typedef struct job {
    cnn__chunk_fn run;
    void *data;
    int part;
} job;

static void run_chunk(void *data, int64_t chunk, int32_t worker)
{
    const job *j = data;
    const int before = split_enter(j->part);

    j->run(j->data, chunk, worker);
    split_leave(before);
}

WRAPPED(cnn__parallel);
void __wrap_cnn__parallel(int64_t chunks, int32_t workers, cnn__chunk_fn run,
                          void *data)
{
    job j = {run, data, split_now()};
    const int before = split_enter(WAITING);

    __real_cnn__parallel(chunks, workers, run_chunk, &j);
    split_leave(before);
}

/* -------------------------------------------------- kernels of a set --- */

static const cnn__simd *real_set;
static cnn__simd timed_set;

static void enframe(const cnn__framed *f, const float *image, float *to)
{
    const int before = split_enter(DIRECT);

    real_set->direct->enframe(f, image, to);
    split_leave(before);
}

static void direct_forward(const cnn__direct *d, const float *w, const float *b,
                           const float *x, float *y)
{
    const int before = split_enter(DIRECT);

    real_set->direct->forward(d, w, b, x, y);
    split_leave(before);
}

static void direct_weights(const cnn__direct *d, size_t samples, const float *x,
                           size_t x_sample, const float *dy, size_t dy_sample,
                           float *dw)
{
    const int before = split_enter(DIRECT);

    real_set->direct->weights(d, samples, x, x_sample, dy, dy_sample, dw);
    split_leave(before);
}

static void lane_weights(const cnn__direct *d, const float *x, const float *dy,
                         float *dw)
{
    const int before = split_enter(DIRECT);

    real_set->direct->lane_weights(d, x, dy, dw);
    split_leave(before);
}

static const cnn__direct_routines timed_direct = {enframe, direct_forward,
                                                  direct_weights, lane_weights};

/* Winograd's products, and what it makes of the weights. */
static cnn__winograd timed[CNN__WINOGRADS];
static cnn__small_fn multiply, *const timed_multiply = multiply;

static void transform(cnn__transform real, const cnn__grid *from,
                      const cnn__grid *to, size_t lanes)
{
    const int before = split_enter(WINOGRAD);

    real(from, to, lanes);
    split_leave(before);
}

#define FILTERS(k)                                                      \
    static void filter##k(const cnn__grid *from, const cnn__grid *to,   \
                          size_t lanes)                                 \
    {                                                                   \
        transform(real_set->winograds[k].filter, from, to, lanes);      \
    }                                                                   \
    static void back##k(const cnn__grid *from, const cnn__grid *to,     \
                        size_t lanes)                                   \
    {                                                                   \
        transform(real_set->winograds[k].filter_back, from, to, lanes); \
    }

FILTERS(0)
FILTERS(1)
FILTERS(2)
FILTERS(3)

static const cnn__transform filters[] = {filter0, filter1, filter2, filter3};
static const cnn__transform filters_back[] = {back0, back1, back2, back3};

_Static_assert(CNN__WINOGRADS == sizeof(filters) / sizeof(filters[0]),
               "a pair of functions for each");

static void multiply(const cnn__small *p)
{
    const int before = split_enter(SGEMM);

    (*real_set->small)(p);
    split_leave(before);
}

WRAPPED(cnn__simd_used);

static void make_set(void)
{
    real_set = __real_cnn__simd_used();
    timed_set = *real_set;
    for (int i = 0; i < CNN__WINOGRADS; i++) {
        timed[i] = real_set->winograds[i];
        timed[i].filter = filters[i];
        timed[i].filter_back = filters_back[i];
    }
    timed_set.winograds = timed;
    timed_set.small = &timed_multiply;
    if (real_set->direct->forward != NULL)
        timed_set.direct = &timed_direct;
}

const cnn__simd *__wrap_cnn__simd_used(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_set);
    return &timed_set;
}
