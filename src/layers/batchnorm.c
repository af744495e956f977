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

/* Mean and variance of the batch. Two passes in double: with a sum of squares
 * in one pass, a large mean would cancel the variance. */
static statistics measure(const channel *ch)
{
    double sum = 0.0, square = 0.0;

    for (int32_t n = 0; n < ch->N; n++)
        for (size_t i = 0; i < ch->area; i++)
            sum += (double)ch->x[(size_t)n * ch->step + i];
    const double mean = sum / ch->count;
    for (int32_t n = 0; n < ch->N; n++)
        for (size_t i = 0; i < ch->area; i++) {
            const double d = (double)ch->x[(size_t)n * ch->step + i] - mean;
            square += d * d;
        }
    return (statistics){mean, square / ch->count};
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

static void forward_channel(void *data, int64_t c, int32_t worker)
{
    const job *j = data;
    const batchnorm *b = (const batchnorm *)j->layer;
    const int32_t C = j->layer->in.c;
    const channel ch = channel_of(j, c);
    const float *gamma = j->layer->params.value, *beta = gamma + C;
    const statistics s = by_batch(j) ? measure(&ch) : running_ones(j, c);

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
    job j = {.layer = layer, .run = run, .x = x, .y = y};

    cnn__parallel(layer->in.c, cnn__run_workers(layer, run), forward_channel,
                  &j);
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

static void backward_channel(void *data, int64_t c, int32_t worker)
{
    const job *j = data;
    const batchnorm *b = (const batchnorm *)j->layer;
    const channel ch = channel_of(j, c);
    const float *dy = j->dy + (size_t)c * ch.area;
    const float gamma = j->layer->params.value[c];
    float *grad = j->layer->params.grad; /* gammas (C), betas (C) */
    double sum = 0.0, sum_h = 0.0;

    (void)worker;
    const bool moving = by_batch(j);
    const statistics s = moving ? measure(&ch) : running_ones(j, c);
    if (moving)
        follow_batch(j, c, ch.count, s);
    const double root = sqrt(s.variance + (double)b->o.epsilon);
    for (int32_t n = 0; n < ch.N; n++)
        for (size_t i = 0; i < ch.area; i++) {
            const size_t at = (size_t)n * ch.step + i;
            sum += (double)dy[at];
            sum_h += (double)dy[at] * ((double)ch.x[at] - s.mean) / root;
        }
    grad[c] += (float)sum_h;
    grad[j->layer->in.c + c] += (float)sum;
    /* The gradient through m and v. */
    const double through_mean = moving ? sum / ch.count : 0.0;
    const double through_variance = moving ? sum_h / ch.count : 0.0;
    for (int32_t n = 0; n < ch.N && j->dx != NULL; n++)
        for (size_t i = 0; i < ch.area; i++) {
            const size_t at = (size_t)n * ch.step + i;
            const double h = ((double)ch.x[at] - s.mean) / root;
            const double d =
                (double)dy[at] - through_mean - h * through_variance;
            j->dx[(size_t)c * ch.area + at] = (float)((double)gamma / root * d);
        }
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    job j = {.layer = layer, .run = run, .x = x, .dy = dy, .dx = dx};

    (void)y;
    cnn__parallel(layer->in.c, cnn__run_workers(layer, run), backward_channel,
                  &j);
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
