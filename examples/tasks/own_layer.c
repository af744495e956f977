/*
 * A layer of your own. It normalises each sample, y = (x - m) / s, with mean
 * and standard deviation of that sample. So the net does not depend on
 * brightness and contrast of an image. A net with this layer and a net without
 * it learn from images of bars in good light. Then both are tested in any
 * light:
 *
 *     cc own_layer.c -o own_layer $(pkg-config --cflags --libs libcnn) -lm
 *     ./own_layer
 */
#include <cnn/cnn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 12, PIXELS = SIDE * SIDE, COUNT = 400 };

static float x[COUNT][PIXELS];
static int32_t labels[COUNT];

/* Mean and deviation of a sample. */
static void measure(const float *of, size_t n, float *m, float *s)
{
    float sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++)
        sum += of[i];
    *m = sum / (float)n;
    for (size_t i = 0; i < n; i++)
        squares += (of[i] - *m) * (of[i] - *m);
    *s = sqrtf(squares / (float)n + 1e-6f); /* no division by 0 */
}

static void forward(void *user, const cnn_layer_pass *pass, const float *in,
                    float *out)
{
    const size_t n = (size_t)(pass->in.c * pass->in.h * pass->in.w);
    const size_t all = n * (size_t)pass->batch;
    float m, s;

    (void)user;
    for (size_t at = 0; at < all; at += n) {
        measure(in + at, n, &m, &s);
        for (size_t i = at; i < at + n; i++)
            out[i] = (in[i] - m) / s;
    }
}

/* dx = (dy - mean of dy - y (mean of dy y)) / s */
static void backward(void *user, const cnn_layer_pass *pass, const float *in,
                     const float *out, const float *dy, float *dx)
{
    const size_t n = (size_t)(pass->in.c * pass->in.h * pass->in.w);
    const size_t all = n * (size_t)pass->batch;
    float m, s;

    (void)user;
    for (size_t at = 0; dx != NULL && at < all; at += n) {
        float mean = 0, along = 0;
        measure(in + at, n, &m, &s);
        for (size_t i = at; i < at + n; i++) {
            mean += dy[i] / (float)n;
            along += dy[i] * out[i] / (float)n;
        }
        for (size_t i = at; i < at + n; i++)
            dx[i] = (dy[i] - mean - out[i] * along) / s;
    }
}

static const cnn_layer_methods sample_norm = {
    .struct_size = sizeof(sample_norm),
    .flags = CNN_BY_SAMPLES, /* libcnn's threads may share the batch */
    .name = "sample_norm",
    .forward = forward,
    .backward = backward,
};

/* Bars, upright (1) or lying (0), in noise; in any light or in good light. */
static void draw(int any_light)
{
    for (int n = 0; n < COUNT; n++) {
        const float dark = any_light ? (float)(rand() % 100) / 25 - 2 : 0;
        const float contrast = any_light ? (float)(rand() % 100) / 35 : 1;
        const int at = rand() % SIDE;
        labels[n] = n % 2;
        for (int i = 0; i < PIXELS; i++)
            x[n][i] = dark +
                      contrast * ((labels[n] ? i % SIDE : i / SIDE) == at) +
                      contrast * (float)(rand() % 60 - 30) / 100;
    }
}

static double share_of_right(int normalised)
{
    const cnn_shape shape = {1, SIDE, SIDE};
    cnn_net *net = cnn_net_create();
    cnn_optim *adam = cnn_adam_create(0.003f, NULL);
    float y[COUNT][2];
    int right = 0;

    if (normalised)
        cnn_net_add(net, cnn_layer_create_custom(&sample_norm, NULL));
    cnn_net_add(net, cnn_conv2d_create(8, 3, 3, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(2, NULL));
    cnn_status status = cnn_net_build(net, &shape, COUNT, 1);
    for (int step = 0; status == CNN_OK && step < 60; step++) {
        draw(0);
        status = cnn_net_train_step(net, adam, COUNT, x[0], labels, NULL);
    }
    draw(1);
    if (status != CNN_OK ||
        cnn_net_predict(net, COUNT, x[0], &y[0][0]) != CNN_OK) {
        fprintf(stderr, "own_layer: %s\n", cnn_last_error());
        exit(EXIT_FAILURE);
    }
    for (int n = 0; n < COUNT; n++)
        right += (y[n][1] > y[n][0]) == labels[n];
    cnn_optim_free(adam);
    cnn_net_free(net);
    return 100.0 * right / COUNT;
}

int main(void)
{
    const double without = share_of_right(0), with = share_of_right(1);

    printf("right in any light: %.1f %% without the layer, %.1f %% with it\n",
           without, with);
    return with > without ? EXIT_SUCCESS : EXIT_FAILURE;
}
