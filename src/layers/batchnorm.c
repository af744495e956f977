/* Batch normalisation (Ioffe and Szegedy, 2015) of each channel, over batch and
 * image: M = N H W values.
 *
 *     training    m = mean of x, v = mean of (x - m)^2
 *                 running mean <- (1 - momentum) running mean + momentum m,
 *                 running variance the same with v M / (M - 1), as PyTorch
 *     otherwise   m, v = the running ones: when predicting, and if frozen
 *     forward     h = (x - m) / sqrt(v + epsilon);  y = gamma h + beta
 *     backward    dgamma += sum of dy h;  dbeta += sum of dy
 *                 dx = gamma / sqrt(v + epsilon)
 *                      (dy - mean of dy - h (mean of dy h))
 *                 if frozen, m and v do not depend on x:
 *                 dx = gamma / sqrt(v + epsilon) dy */
#include "cnn/norm.h"

#include <math.h>

#include "base/options.h"
#include "base/threads.h"
#include "layers/kinds.h"
#include "math/simd.h"

typedef struct batchnorm {
    cnn_layer base;
    cnn_batchnorm_options o;
} batchnorm;

static const cnn__field fields[] = {
    {"epsilon", CNN__FLOAT, offsetof(batchnorm, o.epsilon)},
    {"momentum", CNN__FLOAT, offsetof(batchnorm, o.momentum)},
};

static cnn_status check(cnn_layer *layer)
{
    cnn_batchnorm_options *o = &((batchnorm *)layer)->o;

    o->momentum = cnn__or_default(o->momentum, 0.1f);
    if (o->flags != 0)
        return cnn__fail(CNN_EINVAL, "unknown flags 0x%x, expected 0",
                         (unsigned)o->flags);
    CNN__TRY(cnn__check_epsilon(&o->epsilon));
    if (!(o->momentum >= 0.0f && o->momentum <= 1.0f))
        return cnn__fail(CNN_EINVAL, "momentum %g, expected 0 to 1",
                         (double)o->momentum);
    return CNN_OK;
}

static void add(cnn_layer *layer, const char *name, float value, bool fixed)
{
    cnn__add_tensor(layer, &(cnn__tensor){
                               .name = name,
                               .rank = 1,
                               .dims = {layer->in.c},
                               .initial = {CNN_INIT_CONSTANT, value, 1, 1},
                               .fixed = fixed,
                           });
}

static void add_variance(cnn_layer *layer)
{
    add(layer, "running_var", 1.0f, true);
    layer->tensors[layer->tensor_count - 1].positive = true;
}

static cnn_status shape(cnn_layer *layer)
{
    add(layer, "weight", 1.0f, false);
    add(layer, "bias", 0.0f, false);
    add(layer, "running_mean", 0.0f, true);
    add_variance(layer);
    return CNN_OK;
}

/* What one pass hands to its chunks. A chunk is one channel over the whole
 * batch, so that one worker computes each sum, in one order. */
typedef struct job {
    const cnn_layer *layer;
    const cnn__run *run;
    const float *x, *dy;
    float *y, *dx;
    double *room; /* over several ranks (cnn__over_ranks), or NULL */
    int kind;     /* which of its sums, from 0 */
} job;

static const cnn__moments *moments(void)
{
    return cnn__simd_used()->moments;
}

static size_t area_of(const cnn_layer *layer)
{
    return (size_t)layer->in.h * (size_t)layer->in.w;
}

static cnn__runs runs_of(const job *j)
{
    const size_t area = area_of(j->layer);

    return (cnn__runs){(size_t)j->run->batch, area,
                       (size_t)j->layer->in.c * area};
}

/* Values of a channel in the batch. */
static double count_of(const job *j)
{
    return (double)j->run->batch * (double)area_of(j->layer);
}

/* Channel c of an array, in the first sample. */
#define AT(array, c) ((array) + (size_t)(c)*area_of(j->layer))

typedef struct statistics {
    double mean, variance;
} statistics;

/* Mean and variance of the batch. */
static statistics measure(const job *j, int64_t c)
{
    const cnn__runs r = runs_of(j);
    const double mean = moments()->sum(&r, AT(j->x, c)) / count_of(j);

    return (statistics){mean, moments()->squares(&r, AT(j->x, c), mean) /
                                  count_of(j)};
}

/* ------------------------------------------------------ several ranks --- */

/* Behind the number of values of a channel: sums of the values, of squares of
 * their differences from the mean; in backward of dy, of dy h. */
static double *sums_of(const job *j, int kind)
{
    return j->room + 1 + (size_t)kind * (size_t)j->layer->in.c;
}

static statistics found_ones(const job *j, int64_t c)
{
    return (statistics){sums_of(j, 0)[c] / j->room[0],
                        sums_of(j, 1)[c] / j->room[0]};
}

static void measure_channel(void *data, int64_t c, int32_t worker)
{
    const job *j = data;
    const cnn__runs r = runs_of(j);

    (void)worker;
    sums_of(j, j->kind)[c] =
        j->kind == 0 ? moments()->sum(&r, AT(j->x, c))
                     : moments()->squares(&r, AT(j->x, c),
                                          sums_of(j, 0)[c] / j->room[0]);
}

/* measure() of all channels over the samples of all ranks, for both passes. */
static void measure_over(job *j, int32_t workers)
{
    const cnn__over_ranks *over = j->run->over;
    const size_t C = (size_t)j->layer->in.c;

    j->room[0] = count_of(j);
    cnn__parallel((int64_t)C, workers, measure_channel, j);
    over->sum(over->user, 1 + C, j->room);
    j->kind = 1;
    cnn__parallel((int64_t)C, workers, measure_channel, j);
    over->sum(over->user, C, sums_of(j, 1));
}

static statistics running_ones(const job *j, int64_t c)
{
    const float *running = j->layer->params.fixed; /* means, variances (C) */

    return (statistics){(double)running[c],
                        (double)running[j->layer->in.c + c]};
}

/* Does this pass use the statistics of the batch? */
static bool by_batch(const job *j)
{
    return cnn__trains(j->layer, j->run->flags);
}

static statistics statistics_of(const job *j, int64_t c)
{
    return !by_batch(j)      ? running_ones(j, c)
           : j->room == NULL ? measure(j, c)
                             : found_ones(j, c);
}

static job start(const cnn_layer *layer, const cnn__run *run, const float *x)
{
    job j = {.layer = layer, .run = run, .x = x};

    if (run->over != NULL && by_batch(&j))
        j.room = run->over->rooms[layer->index];
    return j;
}

static double root_of(const job *j, double variance)
{
    return sqrt(variance + (double)((const batchnorm *)j->layer)->o.epsilon);
}

static void forward_channel(void *data, int64_t c, int32_t worker)
{
    const job *j = data;
    const float *gamma = j->layer->params.value;
    const float *beta = gamma + j->layer->in.c;
    const cnn__runs r = runs_of(j);
    const statistics s = statistics_of(j, c);
    const double scale = (double)gamma[c] / root_of(j, s.variance);

    (void)worker;
    moments()->affine(&r, AT(j->x, c), (float)scale,
                      (float)((double)beta[c] - s.mean * scale), AT(j->y, c));
}

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    const int32_t workers = cnn__run_workers(layer, run);
    job j = start(layer, run, x);

    j.y = y;
    if (j.room != NULL)
        measure_over(&j, workers);
    cnn__parallel(layer->in.c, workers, forward_channel, &j);
}

/* Ignores a batch whose statistics would not be finite: the model keeps its
 * own. */
static void follow(float *running, double value, double momentum)
{
    const float next =
        (float)((1.0 - momentum) * (double)*running + momentum * value);

    if (isfinite(next))
        *running = next;
}

/* Updates the running statistics. This is part of the backward pass, so that a
 * step that is abandoned because its loss is not finite does not change them.
 */
static void follow_batch(const job *j, int64_t c, double count, statistics s)
{
    const double momentum = (double)((const batchnorm *)j->layer)->o.momentum;
    const double unbiased = count > 1.0 ? count / (count - 1.0) : 1.0;
    float *running = j->layer->params.fixed; /* means (C), variances (C) */

    follow(&running[c], s.mean, momentum);
    follow(&running[j->layer->in.c + c], s.variance * unbiased, momentum);
}

/* What both halves of backward need of a channel. */
typedef struct slope {
    cnn__runs r;
    statistics s;
    double root;
} slope;

static slope slope_of(const job *j, int64_t c)
{
    slope k = {.r = runs_of(j), .s = statistics_of(j, c)};

    k.root = root_of(j, k.s.variance);
    return k;
}

/* The sums of dy and of dy h, which are added to the gradients. */
static void add_sums(const job *j, int64_t c, const slope *k, double *sum_dy,
                     double *sum_dy_h)
{
    float *grad = j->layer->params.grad; /* gammas (C), betas (C) */
    double sums[2];

    moments()->products(&k->r, AT(j->x, c), AT(j->dy, c), k->s.mean, sums);
    *sum_dy = sums[0];
    *sum_dy_h = sums[1] / k->root;
    grad[c] += (float)*sum_dy_h;
    grad[j->layer->in.c + c] += (float)*sum_dy;
}

/* The last two are the gradient through m and v: means over the batch, or 0. */
static void write_dx(const job *j, int64_t c, const slope *k,
                     double through_mean, double through_variance)
{
    const double by = (double)j->layer->params.value[c] / k->root;
    const cnn__moment_slope s = {k->s.mean, by, through_mean,
                                 by * through_variance / k->root};

    if (j->dx != NULL)
        moments()->slope(&k->r, AT(j->x, c), AT(j->dy, c), &s, AT(j->dx, c));
}

static void backward_channel(void *data, int64_t c, int32_t worker)
{
    const job *j = data;
    const slope k = slope_of(j, c);
    const bool moving = by_batch(j);
    double sum, sum_h;

    (void)worker;
    if (moving)
        follow_batch(j, c, count_of(j), k.s);
    add_sums(j, c, &k, &sum, &sum_h);
    write_dx(j, c, &k, moving ? sum / count_of(j) : 0.0,
             moving ? sum_h / count_of(j) : 0.0);
}

/* The same in two halves, between which the sums are added up over ranks. */
static void sums_channel(void *data, int64_t c, int32_t worker)
{
    const job *j = data;
    const slope k = slope_of(j, c);

    (void)worker;
    follow_batch(j, c, j->room[0], k.s);
    add_sums(j, c, &k, &sums_of(j, 2)[c], &sums_of(j, 3)[c]);
}

static void dx_channel(void *data, int64_t c, int32_t worker)
{
    const job *j = data;
    const slope k = slope_of(j, c);

    (void)worker;
    write_dx(j, c, &k, sums_of(j, 2)[c] / j->room[0],
             sums_of(j, 3)[c] / j->room[0]);
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    const int32_t C = layer->in.c, workers = cnn__run_workers(layer, run);
    job j = start(layer, run, x);

    (void)y;
    j.dy = dy;
    j.dx = dx;
    cnn__parallel(C, workers, j.room != NULL ? sums_channel : backward_channel,
                  &j);
    if (j.room == NULL)
        return;
    run->over->sum(run->over->user, 2 * (size_t)C, sums_of(&j, 2));
    cnn__parallel(C, workers, dx_channel, &j);
}

static void affine(const cnn_layer *layer, double *scale, double *shift)
{
    const double epsilon = (double)((const batchnorm *)layer)->o.epsilon;
    const float *weight = cnn__tensor_data(layer, 0);
    const float *bias = cnn__tensor_data(layer, 1);
    const float *mean = cnn__tensor_data(layer, 2);
    const float *variance = cnn__tensor_data(layer, 3);

    for (int32_t c = 0; c < layer->in.c; c++) {
        scale[c] = (double)weight[c] / sqrt((double)variance[c] + epsilon);
        shift[c] = (double)bias[c] - (double)mean[c] * scale[c];
    }
}

static void add_costs(const cnn_layer *layer, cnn_costs *costs)
{
    costs->multiply_adds = (int64_t)cnn__shape_size(&layer->out);
    costs->connections = 2 * costs->multiply_adds;
}

const cnn__layer_ops cnn__batchnorm_ops = {
    .kind = "batchnorm",
    .size = sizeof(batchnorm),
    .options = offsetof(batchnorm, o),
    .options_size = sizeof(cnn_batchnorm_options),
    .traits = CNN__NEEDS_X | CNN__IN_PLACE | CNN__FOLLOWS,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .fields = fields,
    .check = check,
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .costs = add_costs,
    .affine = affine,
};

cnn_layer *cnn_batchnorm_create(const cnn_batchnorm_options *options)
{
    return cnn__layer_checked(cnn__layer_new(&cnn__batchnorm_ops, options));
}
