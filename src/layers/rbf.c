/* Euclidean radial basis functions, the output layer of LeNet-5 (LeCun et al.,
 * 1998, II.B): the squared distance of the input from the code of each class.
 *
 *     forward   y_i = sum over j of (x_j - w_ij)^2
 *     backward  dx_j = sum over i of 2 dy_i (x_j - w_ij)
 *
 * The codes w are fixed. The class is the smallest output. */
#include <string.h>

#include "layers/digit_codes.h"
#include "layers/kinds.h"

typedef struct rbf {
    cnn_layer base;
    int32_t units;
    int32_t given;      /* 1: the codes come from the caller or a file */
    const float *codes; /* (units, inputs); borrowed until the build */
} rbf;

static const cnn__field fields[] = {
    {"units", CNN__INT, offsetof(rbf, units)},
    {"given", CNN__INT, offsetof(rbf, given)},
};

static cnn_status check(cnn_layer *layer)
{
    const rbf *r = (const rbf *)layer;

    if (r->units < 1)
        return cnn__fail(CNN_EINVAL, "units %d, expected at least 1", r->units);
    if (!r->given && r->units > CNN__DIGITS)
        return cnn__fail(CNN_EINVAL, "units %d without codes, expected 1 to %d",
                         r->units, CNN__DIGITS);
    return CNN_OK;
}

static cnn_status shape(cnn_layer *layer)
{
    const rbf *r = (const rbf *)layer;
    const int32_t inputs = (int32_t)cnn__shape_size(&layer->in);

    if (!r->given && inputs != CNN__DIGIT_PIXELS)
        return cnn__fail(CNN_ESHAPE,
                         "the codes of the digits have %d elements, the input "
                         "%d",
                         CNN__DIGIT_PIXELS, inputs);
    layer->out = (cnn_shape){r->units, 1, 1};
    cnn__add_tensor(layer, &(cnn__tensor){
                               .name = "codes",
                               .rank = 2,
                               .dims = {r->units, inputs},
                               .initial = {CNN_INIT_CONSTANT, 0, 1, 1},
                               .fixed = true,
                           });
    return CNN_OK;
}

static void init(cnn_layer *layer)
{
    const rbf *r = (const rbf *)layer;
    float *codes = cnn__tensor_data(layer, 0);

    if (r->codes != NULL)
        memcpy(codes, r->codes, layer->params.fixed_count * sizeof(float));
    for (int32_t i = 0; i < r->units && !r->given; i++)
        cnn__digit_code(i, codes + i * CNN__DIGIT_PIXELS);
}

static void forward(const cnn_layer *layer, const cnn__run *run, const float *x,
                    float *y)
{
    const int32_t U = layer->out.c;
    const size_t I = cnn__shape_size(&layer->in);
    const float *codes = layer->params.fixed; /* (U, I) */

    for (int32_t n = 0; n < run->batch; n++, x += I)
        for (int32_t u = 0; u < U; u++) {
            const float *w = codes + (size_t)u * I;
            double sum = 0.0;

            for (size_t i = 0; i < I; i++) {
                const double d = (double)x[i] - (double)w[i];
                sum += d * d;
            }
            *y++ = (float)sum;
        }
}

static void backward(const cnn_layer *layer, const cnn__run *run,
                     const float *x, const float *y, const float *dy, float *dx)
{
    const int32_t U = layer->out.c;
    const size_t I = cnn__shape_size(&layer->in);
    const float *codes = layer->params.fixed; /* (U, I) */

    (void)y;
    for (int32_t n = 0; n < run->batch && dx != NULL; n++) {
        memset(dx, 0, I * sizeof(float));
        for (int32_t u = 0; u < U; u++)
            for (size_t i = 0; i < I; i++)
                dx[i] += 2.0f * dy[u] * (x[i] - codes[(size_t)u * I + i]);
        x += I;
        dx += I;
        dy += U;
    }
}

static void add_costs(const cnn_layer *layer, cnn_costs *costs)
{
    costs->multiply_adds = (int64_t)layer->params.fixed_count;
    costs->connections = costs->multiply_adds;
}

const cnn__layer_ops cnn__rbf_ops = {
    .kind = "rbf",
    .size = sizeof(rbf),
    .traits = CNN__NEEDS_X,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .fields = fields,
    .check = check,
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .costs = add_costs,
    .init = init,
};

cnn_layer *cnn_rbf_create(int32_t units, const float *codes)
{
    rbf *r = (rbf *)cnn__layer_new(&cnn__rbf_ops, NULL);

    if (r == NULL)
        return NULL;
    r->units = units;
    r->given = codes != NULL;
    r->codes = codes;
    return cnn__layer_checked(&r->base);
}
