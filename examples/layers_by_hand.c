/* Layers without a net: the program creates, builds, runs, updates and frees
 * each layer. A network that is not a stack of layers is made in this way.
 *
 *     image -> convolution -> ReLU -> max pooling -> dense -> scores
 *
 * The program owns the arrays of the outputs and of their gradients: dy[i] is
 * the gradient of the loss with respect to y[i]. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "images/data.h"
#include "running/run_options.h"
#include "support/failure.h"
#include "support/output.h"

enum { LAYERS = 4, CLASSES = 10, BATCH = 50 };

/* Describes the layers and builds each on the shape that the one before it
 * gives. y[i] and dy[i] get room for a batch of outputs of layer i. */
static void make_layers(cnn_layer *layers[], float *y[], float *dy[],
                        uint32_t seed)
{
    cnn_shape shape = {1, 28, 28};

    layers[0] = cnn_conv2d_create(8, 5, 5, NULL);      /*  8 @ 24 x 24 */
    layers[1] = cnn_activation_create(CNN_RELU, NULL); /*  8 @ 24 x 24 */
    layers[2] = cnn_maxpool2d_create(2, 2, NULL);      /*  8 @ 12 x 12 */
    layers[3] = cnn_dense_create(CLASSES, NULL);       /* 10 */
    for (int i = 0; i < LAYERS; i++) {
        if (layers[i] == NULL)
            fail(EXIT_FAILURE, "%s", cnn_last_error());
        check(cnn_layer_build(layers[i], &shape, BATCH, seed + (uint32_t)i),
              NULL);
        check(cnn_layer_out_shape(layers[i], &shape), NULL);
        printf("layer %d: %-10s -> %d x %d x %d, %zu parameters\n", i,
               cnn_layer_kind(layers[i]), (int)shape.c, (int)shape.h,
               (int)shape.w, cnn_layer_param_count(layers[i]));

        const size_t size =
            BATCH * (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
        y[i] = allocate(size, sizeof(float));
        dy[i] = allocate(size, sizeof(float));
    }
}

/* Runs the layers on a batch; the scores are in y[LAYERS - 1]. */
static void forward(cnn_layer *layers[], uint32_t flags, const float *x,
                    float *y[])
{
    for (int i = 0; i < LAYERS; i++)
        check(cnn_layer_forward(layers[i], flags, BATCH, i > 0 ? y[i - 1] : x,
                                y[i]),
              NULL);
}

/* The softmax cross-entropy of a batch of scores, and its gradient. For class k
 * of an image the gradient is (p - t) / batch: p is the probability of k, and t
 * is 1 if k is the label, 0 otherwise. */
static double loss(const float *scores, const int32_t *labels, float *gradient)
{
    double sum = 0;

    for (int n = 0; n < BATCH; n++, scores += CLASSES, gradient += CLASSES) {
        float top = scores[0], total = 0;

        for (int k = 1; k < CLASSES; k++)
            top = fmaxf(top, scores[k]);
        for (int k = 0; k < CLASSES; k++)
            total += expf(scores[k] - top);
        for (int k = 0; k < CLASSES; k++)
            gradient[k] = (expf(scores[k] - top) / total -
                           (k == labels[n] ? 1.0f : 0.0f)) /
                          BATCH;
        sum += (double)(logf(total) - (scores[labels[n]] - top));
    }
    return sum / BATCH;
}

/* From the gradient of the scores back to all parameters, and one step. */
static void backward(cnn_layer *layers[], cnn_optim *optim, const float *x,
                     float *y[], float *dy[])
{
    for (int i = LAYERS - 1; i >= 0; i--) {
        /* Backward adds to the gradients of parameters, so they begin at zero.
         * The gradient of the image itself is not needed. */
        check(cnn_layer_zero_grad(layers[i]), NULL);
        check(cnn_layer_backward(layers[i], BATCH, i > 0 ? y[i - 1] : x, y[i],
                                 dy[i], i > 0 ? dy[i - 1] : NULL),
              NULL);
        check(cnn_layer_update(layers[i], optim), NULL);
    }
}

/* The numbers of the images first, first + 1, ...; after the last image comes
 * image 0. */
static void read_batch(const cnn_dataset *d, int64_t first, float *x,
                       int32_t *labels)
{
    int64_t index[BATCH];

    for (int n = 0; n < BATCH; n++)
        index[n] = (first + n) % cnn_dataset_count(d);
    check(cnn_dataset_read(d, BATCH, index, x, labels), NULL);
}

/* The share of the test images whose label has the highest score. Images at the
 * end that do not fill a batch are left out. */
static double accuracy(cnn_layer *layers[], const cnn_dataset *d, float *x,
                       float *y[])
{
    const int64_t batches = cnn_dataset_count(d) / BATCH;
    int32_t labels[BATCH];
    int64_t right = 0;

    for (int64_t b = 0; b < batches; b++) {
        read_batch(d, b * BATCH, x, labels);
        forward(layers, 0, x, y);
        for (int n = 0; n < BATCH; n++) {
            const float *scores = y[LAYERS - 1] + n * CLASSES;
            int best = 0;
            for (int k = 1; k < CLASSES; k++)
                if (scores[k] > scores[best])
                    best = k;
            right += best == labels[n];
        }
    }
    return batches > 0 ? (double)right / (double)(batches * BATCH) : 0;
}

static void train(const data *d, int32_t steps, float lr, uint32_t seed)
{
    cnn_layer *layers[LAYERS];
    float x[BATCH * 28 * 28], *y[LAYERS], *dy[LAYERS];
    int32_t labels[BATCH];
    cnn_optim *optim = cnn_adam_create(lr, NULL);

    make_layers(layers, y, dy, seed);
    for (int32_t step = 0; step < steps; step++) {
        read_batch(d->train, (int64_t)step * BATCH, x, labels);
        forward(layers, CNN_TRAIN, x, y);
        const double now = loss(y[LAYERS - 1], labels, dy[LAYERS - 1]);
        if (!isfinite(now))
            fail(EXIT_FAILURE,
                 "step %d: the loss is %g; a smaller --lr may help", (int)step,
                 now);
        backward(layers, optim, x, y, dy);
        if (step % 100 == 0 || step == steps - 1)
            printf("step %d, loss %.4f\n", (int)step, now);
    }
    printf("test accuracy: %.4f\n", accuracy(layers, d->test, x, y));

    for (int i = 0; i < LAYERS; i++) {
        cnn_layer_free(layers[i]);
        free(y[i]);
        free(dy[i]);
    }
    cnn_optim_free(optim);
}

/* ------------------------------------------------------- command line --- */

typedef struct settings {
    run_options run;
    int32_t steps;
    float lr;
} settings;

static const struct argp_option options[] = {
    {"steps", 1, "N", 0, "steps to take [500]", 1},
    {"lr", 2, "RATE", 0, "learning rate [0.002]", 1},
    {0, 0, 0, 0, 0, 0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    settings *s = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &s->run;
        break;
    case 1:
        s->steps = option_whole(state, "steps", arg, 1, INT32_MAX);
        break;
    case 2:
        s->lr = option_rate(state, "lr", arg);
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s': expected options only", arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct argp_child children[] = {{&run_argp, 0, NULL, 2}, {0}};
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Trains a small network layer by layer, without a net object.",
        .children = children};
    settings s = {.steps = 500, .lr = 2e-3f};
    data d;

    options_parse(&argp, &s.run, argc, argv, &s);
    options_start(&s.run);
    data_find(&d, s.run.data, &(pixels){0}, false);
    data_print(&d);
    train(&d, s.steps, s.lr, s.run.seed);
    data_free(&d);
    return close_output();
}
