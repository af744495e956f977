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

/* The values of one channel: N runs of `area` floats, `step` apart. */
typedef struct channel {
    int32_t N;
    size_t area, step;
    double count;
    const float *x;
} channel;

static channel channel_of(const job *j, int64_t c)
{
    const cnn_shape *in = &j->layer->in;
    const size_t area = (size_t)in->h * (size_t)in->w;

    return (channel){
        .N = j->run->batch,
        .area = area,
        .step = (size_t)in->c * area,
        .count = (double)j->run->batch * (double)area,
        .x = j->x + (size_t)c * area,
    };
}

typedef struct statistics {
    double mean, variance;
} statistics;

static double sum_of(const channel *ch)
{
    double sum = 0.0;

    for (int32_t n = 0; n < ch->N; n++)
        for (size_t i = 0; i < ch->area; i++)
            sum += (double)ch->x[(size_t)n * ch->step + i];
    return sum;
}

static double squares_about(const channel *ch, double mean)
{
    double square = 0.0;

    for (int32_t n = 0; n < ch->N; n++)
        for (size_t i = 0; i < ch->area; i++) {
            const double d = (double)ch->x[(size_t)n * ch->step + i] - mean;
            square += d * d;
        }
    return square;
}

/* Mean and variance of the batch. Two passes in double: with a sum of squares
 * in one pass, a large mean would cancel the variance. */
static statistics measure(const channel *ch)
{
    const double mean = sum_of(ch) / ch->count;

    return (statistics){mean, squares_about(ch, mean) / ch->count};
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
    const channel ch = channel_of(j, c);

    (void)worker;
    sums_of(j, j->kind)[c] =
        j->kind == 0 ? sum_of(&ch)
                     : squares_about(&ch, sums_of(j, 0)[c] / j->room[0]);
}

/* measure() of all channels over the samples of all ranks, for both passes. */
static void measure_over(job *j, int32_t workers)
{
    const cnn__over_ranks *over = j->run->over;
    const size_t C = (size_t)j->layer->in.c;

    j->room[0] = channel_of(j, 0).count;
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

static statistics statistics_of(const job *j, const channel *ch, int64_t c)
{
    return !by_batch(j)      ? running_ones(j, c)
           : j->room == NULL ? measure(ch)
                             : found_ones(j, c);
}

static job start(const cnn_layer *layer, const cnn__run *run, const float *x)
{
    job j = {.layer = layer, .run = run, .x = x};

    if (run->over != NULL && by_batch(&j))
        j.room = run->over->rooms[layer->index];
    return j;
}

static void forward_channel(void *data, int64_t c, int32_t worker)
{
    const job *j = data;
    const batchnorm *b = (const batchnorm *)j->layer;
    const int32_t C = j->layer->in.c;
    const channel ch = channel_of(j, c);
    const float *gamma = j->layer->params.value, *beta = gamma + C;
    const statistics s = statistics_of(j, &ch, c);

    (void)worker;
    const double root = sqrt(s.variance + (double)b->o.epsilon);
    const float scale = (float)((double)gamma[c] / root);
    const float shift =
        (float)((double)beta[c] - s.mean * (double)gamma[c] / root);
    for (int32_t n = 0; n < ch.N; n++)
        for (size_t i = 0; i < ch.area; i++) {
            const size_t at = (size_t)n * ch.step + i;
            j->y[(size_t)c * ch.area + at] = ch.x[at] * scale + shift;
        }
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
    channel ch;
    statistics s;
    double root;
    const float *dy;
} slope;

static slope slope_of(const job *j, int64_t c)
{
    slope k = {.ch = channel_of(j, c)};

    k.dy = j->dy + (size_t)c * k.ch.area;
    k.s = statistics_of(j, &k.ch, c);
    k.root =
        sqrt(k.s.variance + (double)((const batchnorm *)j->layer)->o.epsilon);
    return k;
}

/* The sums of dy and of dy h, which are added to the gradients. */
static void add_sums(const job *j, int64_t c, const slope *k, double *sum_dy,
                     double *sum_dy_h)
{
    float *grad = j->layer->params.grad; /* gammas (C), betas (C) */
    double sum = 0.0, sum_h = 0.0;

    for (int32_t n = 0; n < k->ch.N; n++)
        for (size_t i = 0; i < k->ch.area; i++) {
            const size_t at = (size_t)n * k->ch.step + i;
            sum += (double)k->dy[at];
            sum_h +=
                (double)k->dy[at] * ((double)k->ch.x[at] - k->s.mean) / k->root;
        }
    grad[c] += (float)sum_h;
    grad[j->layer->in.c + c] += (float)sum;
    *sum_dy = sum;
    *sum_dy_h = sum_h;
}

/* The last two are the gradient through m and v: means over the batch, or 0. */
static void write_dx(const job *j, int64_t c, const slope *k,
                     double through_mean, double through_variance)
{
    const double gamma = (double)j->layer->params.value[c];

    for (int32_t n = 0; n < k->ch.N && j->dx != NULL; n++)
        for (size_t i = 0; i < k->ch.area; i++) {
            const size_t at = (size_t)n * k->ch.step + i;
            const double h = ((double)k->ch.x[at] - k->s.mean) / k->root;
            const double d =
                (double)k->dy[at] - through_mean - h * through_variance;
            j->dx[(size_t)c * k->ch.area + at] = (float)(gamma / k->root * d);
        }
}

static void backward_channel(void *data, int64_t c, int32_t worker)
{
    const job *j = data;
    const slope k = slope_of(j, c);
    const bool moving = by_batch(j);
    double sum, sum_h;

    (void)worker;
    if (moving)
        follow_batch(j, c, k.ch.count, k.s);
    add_sums(j, c, &k, &sum, &sum_h);
    write_dx(j, c, &k, moving ? sum / k.ch.count : 0.0,
             moving ? sum_h / k.ch.count : 0.0);
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
    .traits = CNN__NEEDS_X | CNN__FOLLOWS,
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
