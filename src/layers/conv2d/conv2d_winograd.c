/* Winograd's convolution over tiles of samples, for stride 1, no dilation, no
 * groups, no table, and kernels of 3 x 3 and 5 x 5. With T squares in a tile,
 * for each of the n n points p of a square:
 *
 *     forward   M[p] (T, F) = V[p] (T, C) U[p] (C, F)
 *     backward  dU[p] += V[p]' dM[p];  dV[p] = dM[p] U[p]'
 *
 * U, V and M are the transforms of weights, x and y. Channels and filters are
 * the innermost side of every array and padded with zeros to whole vectors, so
 * that vectors go across them. Gradients are added up as dU, which is
 * transformed back once. */
#include "layers/conv2d/conv2d_algorithms.h"

#include <string.h>

#include "base/float_mode.h"
#include "base/threads.h"
#include "layers/conv2d/conv2d_gradients.h"
#include "layers/conv2d/conv2d_winograd_tile.h"
#include "layers/fused.h"
#include "layers/partials.h"
#include "math/lanes.h"
#include "math/simd.h"
#include "math/sum.h"

/* What one pass hands to its chunks. */
typedef struct job {
    const cnn__conv_winograd_plan *plan;
    const cnn__conv_pass *pass;
    const cnn__run *run;
    float *U;      /* transformed weights */
    float *turned; /* U of each point transposed: (F, CL) */
    float *dU;     /* sum over the batch, followed by that of db */
} job;

static job job_of(const cnn__conv_winograd_plan *w, const cnn__conv_pass *pass)
{
    return (job){
        .plan = w,
        .pass = pass,
        .run = pass->run,
        .U = pass->run->kept + CNN__WINOGRAD_HEADER,
        .turned = pass->run->shared,
        .dU = pass->run->shared + w->points * w->turned_step,
    };
}

static cnn__winograd_arrays arrays_of(const job *j, int32_t worker)
{
    float *memory = cnn__run_scratch(j->run, worker);
    cnn__winograd_arrays arrays;

    cnn__winograd_lay_out(j->plan, j->run->batch,
                          &(cnn__arena){.base = (char *)memory}, &arrays);
    return arrays;
}

/* ------------------------------------------------------- the weights --- */

/* The kernels of channel c in an array laid out as U. */
static cnn__grid kernels_in(const job *j, float *U, size_t c)
{
    const cnn__conv_winograd_plan *w = j->plan;

    return (cnn__grid){U + c * w->FL,
                       (size_t)w->transforms->points * w->weight_step,
                       w->weight_step};
}

/* The kernels of a channel as (K, K, FL). */
static cnn__grid kernel_grid(const job *j, float *kernels)
{
    const size_t K = (size_t)j->plan->transforms->kernel;

    return (cnn__grid){kernels, K * j->plan->FL, j->plan->FL};
}

/* Computes U of a channel. */
static void load_weights(void *data, int64_t channel, int32_t worker)
{
    const job *j = data;
    const cnn__conv_winograd_plan *w = j->plan;
    const size_t c = (size_t)channel, KK = (size_t)j->pass->conv->area;
    const cnn__winograd_arrays b = arrays_of(j, worker);
    const cnn__planes from = {(float *)j->pass->weights + c * KK,
                              w->channels * KK, w->filters, 1, KK};
    const cnn__grid kernels = kernel_grid(j, b.kernels);
    const cnn__grid to = kernels_in(j, j->U, c);

    /* Lanes beyond the filters are multiplied too. */
    if (w->filters < w->FL)
        memset(b.kernels, 0, w->kernel_floats * sizeof(float));
    cnn__planes_to_lanes(&from, &kernels);
    w->transforms->filter(&kernels, &to, w->FL);
}

/* The header of the kept memory, before U. */
typedef struct prepared {
    cnn__float_mode mode; /* in which U was computed */
    int32_t is_there;
} prepared;

_Static_assert(sizeof(prepared) <= CNN__WINOGRAD_HEADER * sizeof(float),
               "the header has room");

/* Computes U unless it is still valid. It is kept from pass to pass, because it
 * takes longer than a single image, and a training step needs it twice. The
 * caller may write to the weights at any time, so they are compared with a
 * copy. */
static void prepare_weights(job *j)
{
    prepared *p = (prepared *)j->run->kept;
    float *source = j->U + j->plan->weights;
    const size_t size = cnn__winograd_source_floats(j->plan) * sizeof(float);
    const cnn__float_mode mode = cnn__float_mode_get();

    if (p->is_there && p->mode == mode &&
        memcmp(source, j->pass->weights, size) == 0)
        return;
    cnn__parallel((int64_t)j->plan->channels, j->run->workers, load_weights, j);
    memcpy(source, j->pass->weights, size);
    *p = (prepared){mode, 1};
}

/* Transposes U of a point for backward. */
static void turn_weights(void *data, int64_t point, int32_t worker)
{
    const job *j = data;
    const cnn__conv_winograd_plan *w = j->plan;
    const size_t p = (size_t)point;
    const cnn__planes from = {j->U + p * w->weight_step, w->FL, w->channels, 1,
                              w->filters};
    const cnn__grid to = {j->turned + p * w->turned_step, 0, w->CL};

    (void)worker;
    if (w->channels < w->CL)
        memset(to.at, 0, w->filters * w->CL * sizeof(float));
    cnn__planes_to_lanes(&from, &to);
}

/* Adds dU of a channel to dW. */
static void store_weights(void *data, int64_t channel, int32_t worker)
{
    const job *j = data;
    const cnn__conv_winograd_plan *w = j->plan;
    const size_t c = (size_t)channel, KK = (size_t)j->pass->conv->area;
    const cnn__winograd_arrays b = arrays_of(j, worker);
    const cnn__planes rows = {b.kernels + w->kernel_floats, KK, w->filters, 1,
                              KK};
    const cnn__grid kernels = kernel_grid(j, b.kernels);
    const cnn__grid sum = kernels_in(j, j->dU, c);

    w->transforms->filter_back(&sum, &kernels, w->FL);
    cnn__lanes_to_planes(&kernels, &rows, NULL);
    for (size_t f = 0; f < w->filters; f++)
        cnn__add(j->pass->dW + (f * w->channels + c) * KK, rows.at + f * KK,
                 KK);
}

/* ---------------------------------------------------------- products --- */

static void product(const cnn__small *p)
{
    (*cnn__simd_used()->small)(p);
}

static void multiply(const job *j, const cnn__winograd_tile *t, size_t p)
{
    const cnn__conv_winograd_plan *w = j->plan;

    product(&(cnn__small){
        .m = t->T,
        .n = w->FL,
        .k = w->channels,
        .a = t->arrays.V + p * cnn__winograd_step(t->T, w->CL),
        .a_row = w->CL,
        .a_column = 1,
        .b = j->U + p * w->weight_step,
        .b_row = w->FL,
        .c = t->arrays.M + p * cnn__winograd_step(t->T, w->FL),
        .c_row = w->FL,
    });
}

/* dU += V' dM; dV, which replaces V. Each only if it is wanted. */
static void multiply_back(const job *j, const cnn__winograd_tile *t, size_t p,
                          float *dU)
{
    const cnn__conv_winograd_plan *w = j->plan;
    float *V = t->arrays.V + p * cnn__winograd_step(t->T, w->CL);
    const float *dM = t->arrays.M + p * cnn__winograd_step(t->T, w->FL);

    if (j->pass->dW != NULL)
        product(&(cnn__small){.m = w->channels,
                              .n = w->FL,
                              .k = t->T,
                              .a = V,
                              .a_row = 1,
                              .a_column = w->CL,
                              .b = dM,
                              .b_row = w->FL,
                              .c = dU + p * w->weight_step,
                              .c_row = w->FL,
                              .add = true});
    if (j->pass->dx != NULL)
        product(&(cnn__small){.m = t->T,
                              .n = w->CL,
                              .k = w->filters,
                              .a = dM,
                              .a_row = w->FL,
                              .a_column = 1,
                              .b = j->turned + p * w->turned_step,
                              .b_row = w->CL,
                              .c = V,
                              .c_row = w->CL});
}

/* ------------------------------------------------------------ passes --- */

static cnn__winograd_tile tile_at(const job *j, int64_t number, int32_t worker)
{
    const int64_t first = number * j->plan->tile;
    const int64_t rest = j->run->batch - first;
    const int64_t samples = rest < j->plan->tile ? rest : j->plan->tile;

    return (cnn__winograd_tile){
        .plan = j->plan,
        .pass = j->pass,
        .arrays = arrays_of(j, worker),
        .first = (size_t)first,
        .samples = (size_t)samples,
        .T = cnn__winograd_squares(j->plan, (int32_t)samples),
    };
}

static size_t map_floats(const job *j)
{
    return j->plan->filters * (size_t)j->pass->conv->pixels;
}

static cnn__span span_of(const cnn__winograd_tile *t, int32_t worker)
{
    return (cnn__span){(int64_t)t->first, (int32_t)t->samples, worker};
}

static void forward_tile(void *data, int64_t number, int32_t worker)
{
    const job *j = data;
    const cnn__winograd_tile t = tile_at(j, number, worker);
    const cnn__span span = span_of(&t, worker);
    float *y = cnn__fused_place(j->run, &span, j->pass->y, map_floats(j));

    cnn__winograd_load_x(&t);
    for (size_t p = 0; p < j->plan->points; p++)
        multiply(j, &t, p);
    cnn__winograd_store_y(&t, y);
    cnn__fused_done(j->run, &span, y);
}

static void backward_tiles(void *data, const cnn__partial *p)
{
    const job *j = data;

    for (int64_t i = p->first; i < p->end; i++) {
        const cnn__winograd_tile t = tile_at(j, i, p->worker);
        const cnn__span span = span_of(&t, p->worker);
        const float *dy =
            cnn__fused_gradient(j->run, &span, j->pass->dy, map_floats(j));

        if (j->pass->dW != NULL)
            cnn__winograd_load_x(&t);
        cnn__winograd_load_dy(&t, dy);
        if (j->pass->db != NULL)
            cnn__winograd_add_biases(&t, dy, p->sum + j->plan->weights);
        for (size_t at = 0; at < j->plan->points; at++)
            multiply_back(j, &t, at, p->sum);
        if (j->pass->dx != NULL)
            cnn__winograd_store_dx(&t);
    }
}

static void forward(const void *plan, const cnn__conv_pass *pass)
{
    const cnn__run *run = pass->run;
    job j = job_of(plan, pass);

    prepare_weights(&j);
    cnn__parallel(cnn__winograd_tiles(plan, run->batch), run->workers,
                  forward_tile, &j);
}

static void backward(const void *plan, const cnn__conv_pass *pass)
{
    const cnn__run *run = pass->run;
    const cnn__conv_winograd_plan *w = plan;
    job j = job_of(w, pass);
    const cnn__partials partials = {
        .chunks = cnn__winograd_tiles(w, run->batch),
        .floats = pass->dW != NULL ? w->weights + w->filters : 0,
        .sums = j.dU,
        .add = backward_tiles,
        .data = &j,
    };

    if (pass->dx != NULL) {
        prepare_weights(&j);
        cnn__parallel((int64_t)w->points, run->workers, turn_weights, &j);
    }
    cnn__sum_partials(&partials, run->workers);
    if (pass->dW == NULL)
        return;
    cnn__parallel((int64_t)w->channels, run->workers, store_weights, &j);
    if (pass->db != NULL)
        cnn__add(pass->db, j.dU + w->weights, w->filters);
}

/* --------------------------------------------------------- the table --- */

_Static_assert(sizeof(cnn__conv_winograd_plan) <= CNN__CONV_PLAN_SIZE,
               "a plan fits");

const cnn__conv_algorithm cnn__conv_winograd = {
    .name = "winograd",
    .asked_as = CNN_ALGORITHM_WINOGRAD,
    .demands = "kernels of 3x3 and 5x5 without stride, dilation, groups and "
               "table",
    .plan_size = sizeof(cnn__conv_winograd_plan),
    .plan = cnn__winograd_plan,
    .pays = cnn__winograd_pays,
    .sizes = cnn__winograd_sizes,
    .grain = cnn__winograd_grain,
    .forward = forward,
    .backward = backward,
};
