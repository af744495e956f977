/* Layer normalisation (Ba et al., 2016) of each sample, and group normalisation
 * (Wu and He, 2018) of each group of its channels: M values.
 *
 *     m = mean of x, v = mean of (x - m)^2, of the sample or group
 *     forward   h = (x - m) / sqrt(v + epsilon);  y = gamma h + beta
 *     backward  dgamma += sum of dy h;  dbeta += sum of dy
 *               g = gamma dy
 *               dx = (g - mean of g - h (mean of g h)) / sqrt(v + epsilon)
 *
 * Each element of a sample has a gamma and a beta; with groups each channel
 * has; with CNN_NO_AFFINE they are 1 and 0. */
#include "cnn/norm.h"

#include <math.h>

#include "layers/kinds.h"
#include "layers/partials.h"
#include "math/sum.h"

typedef struct layernorm {
    cnn_layer base;
    cnn_layernorm_options o;
} layernorm;

static const cnn__field fields[] = {
    {"flags", CNN__INT, offsetof(layernorm, o.flags)},
    {"epsilon", CNN__FLOAT, offsetof(layernorm, o.epsilon)},
    {"groups", CNN__INT, offsetof(layernorm, o.groups)},
};

static cnn_status check(cnn_layer *layer)
{
    cnn_layernorm_options *o = &((layernorm *)layer)->o;

    if ((o->flags & ~CNN_NO_AFFINE) != 0)
        return cnn__fail(CNN_EINVAL, "unknown flags 0x%x, expected 0 or 0x%x",
                         (unsigned)o->flags, CNN_NO_AFFINE);
    if (o->groups < 0)
        return cnn__fail(CNN_EINVAL, "groups %d, expected at least 0",
                         o->groups);
    return cnn__check_epsilon(&o->epsilon);
}

static cnn_status shape(cnn_layer *layer)
{
    const cnn_layernorm_options *o = &((layernorm *)layer)->o;
    const cnn_shape *in = &layer->in;
    cnn__tensor gain = {.name = "weight",
                        .rank = o->groups > 0 ? 1 : 3,
                        .dims = {in->c, in->h, in->w},
                        .initial = {CNN_INIT_CONSTANT, 1.0f, 1, 1}};

    if (o->groups > 0 && in->c % o->groups != 0)
        return cnn__fail(CNN_ESHAPE, "%d channels cannot be cut into %d groups",
                         in->c, o->groups);
    if ((o->flags & CNN_NO_AFFINE) != 0)
        return CNN_OK;
    cnn__tensor bias = gain;
    bias.name = "bias";
    bias.initial.scale = 0.0f;
    cnn__add_tensor(layer, &gain);
    cnn__add_tensor(layer, &bias);
    return CNN_OK;
}

/* The floats of all gains, or of all biases. */
static size_t gains_of(const cnn_layer *layer)
{
    return layer->params.count / 2;
}

static void sizes(const cnn_layer *layer, int32_t batch, cnn__workspace *need)
{
    need->shared = cnn__partials_floats(batch, layer->params.count);
}

/* What one pass hands to its chunks, each one sample or some. */
typedef struct job {
    const cnn_layer *layer;
    const float *x, *dy;
    float *y, *dx;
} job;

/* Values that are normalised together: `planes` of `area` floats, from element
 * `first` of the batch on. The gains of plane p are at gain + p * apart, one
 * for each float (`step` 1) or for all (0); NULL: none. */
typedef struct group {
    size_t first, planes, area;
    const float *gain, *bias;
    size_t gain_at, apart, step;
    double mean, scale; /* scale: 1 / sqrt(v + epsilon) */
} group;

static int32_t groups_of(const cnn_layer *layer)
{
    const int32_t groups = ((const layernorm *)layer)->o.groups;

    return groups > 0 ? groups : 1;
}

/* Sets mean and scale. Two passes in double: with a sum of squares in one pass,
 * a large mean would cancel the variance. */
static void measure(group *g, const float *x, double epsilon)
{
    const size_t count = g->planes * g->area;
    double sum = 0.0, square = 0.0;

    for (size_t i = 0; i < count; i++)
        sum += (double)x[i];
    g->mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        const double d = (double)x[i] - g->mean;
        square += d * d;
    }
    g->scale = 1.0 / sqrt(square / (double)count + epsilon);
}

/* Group i of a sample. */
static group group_of(const job *j, int64_t sample, int32_t i)
{
    const cnn_layer *layer = j->layer;
    const bool by_channel = ((const layernorm *)layer)->o.groups > 0;
    const size_t planes = (size_t)(layer->in.c / groups_of(layer));
    const size_t area = (size_t)layer->in.h * (size_t)layer->in.w;
    group g = {.planes = planes, .area = area};

    g.first = (size_t)sample * cnn__shape_size(&layer->in) +
              (size_t)i * planes * area;
    g.apart = by_channel ? 1 : area;
    g.step = by_channel ? 0 : 1;
    g.gain_at = (size_t)i * planes * g.apart;
    if (layer->params.count > 0) {
        g.gain = layer->params.value + g.gain_at;
        g.bias = g.gain + gains_of(layer);
    }
    measure(&g, j->x + g.first, (double)((const layernorm *)layer)->o.epsilon);
    return g;
}

/* ----------------------------------------------------------- forward --- */

static void forward_group(const group *g, const float *x, float *y)
{
    for (size_t p = 0; p < g->planes; p++, x += g->area, y += g->area)
        for (size_t i = 0; i < g->area; i++) {
            const size_t at = p * g->apart + i * g->step;
            const double h = ((double)x[i] - g->mean) * g->scale;

            y[i] = (float)(g->gain == NULL
                               ? h
                               : (double)g->gain[at] * h + (double)g->bias[at]);
        }
}

static void forward_sample(void *data, int64_t sample, int32_t worker)
{
    const job *j = data;

    (void)worker;
    for (int32_t i = 0; i < groups_of(j->layer); i++) {
        const group g = group_of(j, sample, i);

        forward_group(&g, j->x + g.first, j->y + g.first);
    }
}

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    job j = {.layer = layer, .x = x, .y = y};

    cnn__parallel(run->batch, cnn__run_workers(layer, run), forward_sample, &j);
}

/* ---------------------------------------------------------- backward --- */

static double slope(const group *g, size_t at, float dy)
{
    return g->gain == NULL ? (double)dy : (double)g->gain[at] * (double)dy;
}

/* Sums over a group: of g and of g h. */
typedef struct sums {
    double g, gh;
} sums;

/* Adds dy h and dy of a group to the gradients of gains and biases (NULL: there
 * are none), and returns the sums that dx needs. */
static sums add_gradients(const group *g, const float *x, const float *dy,
                          float *dgain, float *dbias)
{
    sums all = {0.0, 0.0};

    for (size_t p = 0; p < g->planes; p++, x += g->area, dy += g->area) {
        double plane = 0.0, plane_h = 0.0;

        for (size_t i = 0; i < g->area; i++) {
            const size_t at = p * g->apart + i * g->step;
            const double h = ((double)x[i] - g->mean) * g->scale;
            const double s = slope(g, at, dy[i]);

            all.g += s;
            all.gh += s * h;
            plane += (double)dy[i];
            plane_h += (double)dy[i] * h;
            if (dgain != NULL && g->step == 1) {
                dgain[at] += (float)((double)dy[i] * h);
                dbias[at] += dy[i];
            }
        }
        if (dgain != NULL && g->step == 0) {
            dgain[p] += (float)plane_h;
            dbias[p] += (float)plane;
        }
    }
    return all;
}

static void backward_group(const group *g, const sums *s, const float *x,
                           const float *dy, float *dx)
{
    const double count = (double)g->planes * (double)g->area;

    for (size_t p = 0; p < g->planes; p++)
        for (size_t i = 0; i < g->area; i++, x++, dy++, dx++) {
            const double h = ((double)*x - g->mean) * g->scale;
            const double d = slope(g, p * g->apart + i * g->step, *dy) -
                             s->g / count - h * s->gh / count;

            *dx = (float)(d * g->scale);
        }
}

static void backward_samples(void *data, const cnn__partial *partial)
{
    const job *j = data;
    const size_t gains = gains_of(j->layer);

    for (int64_t n = partial->first; n < partial->end; n++)
        for (int32_t i = 0; i < groups_of(j->layer); i++) {
            const group g = group_of(j, n, i);
            float *dgain = gains > 0 ? partial->sum + g.gain_at : NULL;
            const sums s =
                add_gradients(&g, j->x + g.first, j->dy + g.first, dgain,
                              gains > 0 ? dgain + gains : NULL);

            if (j->dx != NULL)
                backward_group(&g, &s, j->x + g.first, j->dy + g.first,
                               j->dx + g.first);
        }
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    job j = {.layer = layer, .x = x, .dy = dy, .dx = dx};
    const cnn__partials partials = {.chunks = run->batch,
                                    .floats = layer->params.count,
                                    .sums = run->shared,
                                    .add = backward_samples,
                                    .data = &j};

    (void)y;
    cnn__sum_partials(&partials, cnn__run_workers(layer, run));
    cnn__add(layer->params.grad, partials.sums, layer->params.count);
}

static void add_costs(const cnn_layer *layer, cnn_costs *costs)
{
    costs->multiply_adds = (int64_t)cnn__shape_size(&layer->out);
    costs->connections = layer->params.count > 0 ? 2 * costs->multiply_adds : 0;
}

const cnn__layer_ops cnn__layernorm_ops = {
    .kind = "layernorm",
    .size = sizeof(layernorm),
    .options = offsetof(layernorm, o),
    .options_size = sizeof(cnn_layernorm_options),
    .traits = CNN__NEEDS_X,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .fields = fields,
    .check = check,
    .shape = shape,
    .sizes = sizes,
    .forward = forward,
    .backward = backward,
    .costs = add_costs,
};

cnn_layer *cnn_layernorm_create(const cnn_layernorm_options *options)
{
    return cnn__layer_checked(cnn__layer_new(&cnn__layernorm_ops, options));
}
