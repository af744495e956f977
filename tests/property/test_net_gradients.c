/* Gradients of whole nets against finite differences: through
 * cnn_net_backward(), and through the losses of a training step. */
#include <math.h>
#include <string.h>

#include "support/draw.h"
#include "support/nets.h"

/* The derivative by a parameter is taken from four points, at one and two steps
 * to both sides. The error of that formula is a thirtieth of the fifth
 * derivative times STEP^4 = 1e-6: below 1e-5 of a derivative, with fifth
 * derivatives a few hundred times the first. So the step may be 3 %, larger
 * than the 1 % of the usual two points, which matters because a net rounds more
 * than a layer: its outputs are off by a few 2^-24, hidden ones included, which
 * the step turns into some 1e-5 of a derivative of about 1. Compared are all
 * derivatives of a layer together, |difference| / (|one| + |other|); the worst
 * seen, with any kernel of the BLAS, is 6e-5. Parameters are multiples of 2^-10
 * and the step is 2^-5, so that moving one rounds nothing. */
#define STEP      0x1p-5f
#define GRID      1024.0f
#define TOLERANCE 1e-4

enum { N = 3, SEEDS = 4 };

/* A net with a batch, and a number that it computes from its parameters. */
typedef struct problem {
    cnn_net *net;
    cnn_optim *still;
    size_t X, Y; /* floats of the inputs, of the outputs */
    float *x, *dy;
    int32_t labels[N];
    double (*value)(const struct problem *p);
} problem;

/* <y, dy>, from any outputs. */
static double value_of_outputs(const problem *p)
{
    double sum = 0.0;

    assert_int_equal(cnn_net_forward(p->net, CNN_TRAIN, N, p->x), CNN_OK);
    for (size_t i = 0; i < p->Y; i++)
        sum += (double)cnn_net_output(p->net)[i] * (double)p->dy[i];
    return sum;
}

/* The loss of a step that goes nowhere; its gradients are the net's. */
static double value_of_loss(const problem *p)
{
    cnn_metrics m;

    assert_int_equal(
        cnn_net_train_step(p->net, p->still, N, p->x, p->labels, &m), CNN_OK);
    return m.loss;
}

/* ---------------------------------------------------------------- nets --- */

/* Everything smooth: strides, asymmetric padding, groups, dilation, a table of
 * connections, both ways to average. */
static cnn_net *smooth_net(void)
{
    const cnn_conv2d_options strided = {.struct_size = sizeof(strided),
                                        .stride_h = 2,
                                        .stride_w = 2,
                                        .padding = CNN_PAD_EXPLICIT,
                                        .pad_top = 2,
                                        .pad_right = 1};
    const cnn_conv2d_options grouped = {.struct_size = sizeof(grouped),
                                        .dilation_w = 2,
                                        .groups = 2,
                                        .padding = CNN_PAD_SAME};
    const cnn_pool2d_options counted = {.struct_size = sizeof(counted),
                                        .stride_h = 1,
                                        .padding = CNN_PAD_SAME,
                                        .count_include_pad = 1};
    const uint8_t table[] = {1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0};
    cnn_layer *connected = cnn_conv2d_create(3, 2, 2, NULL);
    cnn_net *net = cnn_net_create();

    cnn_conv2d_set_table(connected, 3, 4, table);
    cnn_net_add(net, cnn_conv2d_create(4, 3, 3, &strided));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_conv2d_create(4, 2, 2, &grouped));
    cnn_net_add(net, cnn_activation_create(CNN_SIGMOID, NULL));
    cnn_net_add(net, cnn_avgpool2d_create(2, 1, &counted));
    cnn_net_add(net, connected);
    cnn_net_add(net, cnn_activation_create(CNN_LECUN_TANH, NULL));
    cnn_net_add(net, cnn_avgpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(5, NULL));
    return net;
}

static void fill_smooth(problem *p, uint64_t seed)
{
    float *params = cnn_net_params(p->net);

    fill_uniform(p->x, p->X, seed);
    fill_uniform(params, cnn_net_param_count(p->net), seed + 100);
    for (size_t i = 0; i < cnn_net_param_count(p->net); i++)
        params[i] = roundf(params[i] * 2.0f * GRID) / GRID;
}

/* ReLU and max pooling, which have kinks: see fill_kinked(). */
static cnn_net *kinked_net(void)
{
    const cnn_activation_options half = {.struct_size = sizeof(half),
                                         .alpha = 0.5f};
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(2, 1, 1, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(8, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_LEAKY_RELU, &half));
    cnn_net_add(net, cnn_dense_create(5, NULL));
    return net;
}

/* No step crosses a kink. The pixels of a sample are different odd multiples of
 * 1/16, the first weights are 1 and -1 and the biases 0, so that a weight moves
 * neither a sign nor the largest of a window, and a bias moves nothing past
 * zero: 2 STEP is 1/16. The units of the first dense layer have either positive
 * or negative weights only, of 1/16 to 1/8, and see what a ReLU gave, nine
 * pixels of about 1 and more: their sums have the sign of their weights. */
static void fill_kinked(problem *p, uint64_t seed)
{
    float *conv = cnn_layer_params(cnn_net_layer(p->net, 0)); /* 2 + 2 */
    float *first = cnn_layer_params(cnn_net_layer(p->net, 3));
    float *last = cnn_layer_params(cnn_net_layer(p->net, 5));

    for (size_t n = 0; n < N; n++)
        fill_distinct(p->x + n * (p->X / N), p->X / N, 0.125f, seed + n);
    for (size_t i = 0; i < p->X; i++)
        p->x[i] += 1.0f / 16.0f;
    memcpy(conv, (const float[]){1, -1, 0, 0}, 4 * sizeof(float));
    fill_uniform(first, 8 * 18, seed + 100);
    for (size_t i = 0; i < 8 * 18; i++) {
        const float weight = roundf((fabsf(first[i]) + 1.0f) / 16.0f * GRID);

        first[i] = (i / 18 % 2 == 0 ? weight : -weight) / GRID;
    }
    memset(first + 8 * 18, 0, 8 * sizeof(float));
    fill_uniform(last, 5 * 9, seed + 200);
    for (size_t i = 0; i < 5 * 9; i++)
        last[i] = roundf(last[i] / 2.0f * GRID) / GRID;
}

/* ------------------------------------------------------------ checking --- */

static double derivative(const problem *p, float *param)
{
    const float middle = *param;
    double f[4];

    for (int i = 0; i < 4; i++) {
        *param = middle + (float)(i < 2 ? i - 2 : i - 1) * STEP;
        f[i] = p->value(p);
    }
    *param = middle;
    return (8.0 * (f[2] - f[1]) - (f[3] - f[0])) / (12.0 * (double)STEP);
}

/* |g - derivatives| / (|g| + |derivatives|) over the parameters of a layer. */
static double layer_error(const problem *p, cnn_layer *layer, const float *g)
{
    double off = 0.0, ours = 0.0, theirs = 0.0;

    for (size_t i = 0; i < cnn_layer_param_count(layer); i++) {
        const double d = derivative(p, &cnn_layer_params(layer)[i]);

        off += pow((double)g[i] - d, 2.0);
        ours += pow((double)g[i], 2.0);
        theirs += pow(d, 2.0);
    }
    assert_true(theirs > 1e-8);
    return sqrt(off) / (sqrt(ours) + sqrt(theirs));
}

/* The gradients at the parameters as they stand. */
static float *gradients(const problem *p)
{
    const size_t count = cnn_net_param_count(p->net);
    float *grads = test_malloc(count * sizeof(*grads));

    cnn_net_zero_grad(p->net);
    p->value(p);
    if (p->value == value_of_outputs)
        assert_int_equal(cnn_net_backward(p->net, N, p->x, p->dy), CNN_OK);
    memcpy(grads, cnn_net_grads(p->net), count * sizeof(*grads));
    return grads;
}

static void check(const problem *p)
{
    float *grads = gradients(p);

    for (int32_t i = 0; i < cnn_net_layer_count(p->net); i++) {
        cnn_layer *layer = cnn_net_layer(p->net, i);
        const ptrdiff_t at = cnn_layer_params(layer) - cnn_net_params(p->net);

        if (cnn_layer_param_count(layer) == 0)
            continue;
        const double error = layer_error(p, layer, grads + at);
        if (!(error <= TOLERANCE))
            fail_msg("layer %d (%s): the gradient is off by %g", i,
                     cnn_layer_kind(layer), error);
    }
    test_free(grads);
}

typedef struct kind {
    cnn_net *(*create)(void);
    cnn_shape in;
    void (*fill)(problem *p, uint64_t seed);
} kind;

static const kind smooth = {smooth_net, {2, 7, 8}, fill_smooth};
static const kind kinked = {kinked_net, {1, 6, 6}, fill_kinked};

static problem open(const kind *k, bool softmax, uint64_t seed)
{
    problem p = {.net = k->create(), .still = cnn_sgd_create(0.0f, NULL)};
    cnn_shape out;

    if (softmax)
        cnn_net_add(p.net, cnn_softmax_create());
    build(p.net, &k->in, N, 1);
    cnn_net_out_shape(p.net, &out);
    p.X = (size_t)(N * k->in.c * k->in.h * k->in.w);
    p.Y = (size_t)(N * out.c * out.h * out.w);
    p.x = uniform(p.X, seed);
    p.dy = uniform(p.Y, seed + 300);
    fill_labels(p.labels, N, out.c, seed);
    k->fill(&p, seed);
    return p;
}

static void close(problem *p)
{
    cnn_net_free(p->net);
    cnn_optim_free(p->still);
    test_free(p->x);
    test_free(p->dy);
}

static void check_all(const kind *k)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        for (int softmax = 0; softmax <= 1; softmax++) {
            problem p = open(k, softmax, seed);

            p.value = value_of_outputs;
            check(&p);
            p.value = value_of_loss;
            for (int32_t loss = 0; loss < 3; loss++)
                for (int32_t reduction = 0; reduction < 2; reduction++) {
                    cnn_net_set_loss(p.net, loss, reduction);
                    check(&p);
                }
            close(&p);
        }
}

static void smooth_nets(void **state)
{
    (void)state;
    check_all(&smooth);
}

static void nets_with_kinks(void **state)
{
    (void)state;
    check_all(&kinked);
}

/* Gradients that are wrong by a thousandth, or in one element, are noticed. */
static void wrong_gradients_are_noticed(void **state)
{
    problem p = open(&smooth, true, 1);
    cnn_layer *layer = cnn_net_layer(p.net, 0);
    const size_t count = cnn_layer_param_count(layer);

    (void)state;
    p.value = value_of_loss;
    float *grads = gradients(&p);
    assert_true(layer_error(&p, layer, grads) <= TOLERANCE);
    for (size_t i = 0; i < count; i++)
        grads[i] *= 1.001f;
    assert_true(layer_error(&p, layer, grads) > TOLERANCE);
    test_free(grads);
    grads = gradients(&p);
    grads[count / 2] = 0.0f;
    assert_true(layer_error(&p, layer, grads) > TOLERANCE);
    test_free(grads);
    close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smooth_nets),
        cmocka_unit_test(nets_with_kinks),
        cmocka_unit_test(wrong_gradients_are_noticed),
    };

    return cmocka_run_group_tests_name("net gradients", tests, NULL, NULL);
}
