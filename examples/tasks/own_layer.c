/*
 * A layer that libcnn does not have: it normalises each sample, y = (x - m) / s
 * with mean and deviation of that sample, so that a net does not care how dark
 * an image is, or how weak its contrast. A net with it and one without learn
 * from bars in good light, and are tried in any light:
 *
 *     cc own_layer.c -o own_layer $(pkg-config --cflags --libs libcnn) -lm
 *     ./own_layer
 */
#include <cnn/cnn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 12, COUNT = 400 };

static float x[COUNT][SIDE][SIDE];
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

static size_t elements(const cnn_layer_pass *pass)
{
    return (size_t)pass->in.c * (size_t)pass->in.h * (size_t)pass->in.w;
}

static void forward(void *user, const cnn_layer_pass *pass, const float *in,
                    float *out)
{
    const size_t n = elements(pass);

    (void)user;
    for (int32_t k = 0; k < pass->batch; k++, in += n, out += n) {
        float m, s;
        measure(in, n, &m, &s);
        for (size_t i = 0; i < n; i++)
            out[i] = (in[i] - m) / s;
    }
}

/* dx = (dy - mean of dy - y (mean of dy y)) / s */
static void backward(void *user, const cnn_layer_pass *pass, const float *in,
                     const float *out, const float *dy, float *dx)
{
    const size_t n = elements(pass), all = n * (size_t)pass->batch;

    (void)user;
    for (size_t at = 0; dx != NULL && at < all; at += n) {
        float m, s, mean = 0, along = 0;
        measure(in + at, n, &m, &s);
        for (size_t i = at; i < at + n; i++) {
            mean += dy[i] / (float)n;
            along += dy[i] * out[i] / (float)n;
        }
        for (size_t i = at; i < at + n; i++)
            dx[i] = (dy[i] - mean - out[i] * along) / s;
    }
}

static float uniform(float low, float high)
{
    return low + (high - low) * (float)rand() / (float)RAND_MAX;
}

/* Bars, upright (1) or lying (0), in noise; in any light or a good one. */
static void draw(int any_light)
{
    for (int n = 0; n < COUNT; n++) {
        const float dark = any_light ? uniform(-2, 2) : 0;
        const float contrast = any_light ? uniform(0.1f, 3) : 1;
        const int at = rand() % SIDE;
        labels[n] = n % 2;
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++)
                x[n][i][j] = dark + contrast * ((labels[n] ? j : i) == at) +
                             contrast * uniform(-0.3f, 0.3f);
    }
}

static void check(cnn_status status)
{
    if (status == CNN_OK)
        return;
    fprintf(stderr, "own_layer: %s\n", cnn_last_error());
    exit(EXIT_FAILURE);
}

static const cnn_layer_methods sample_norm = {
    .struct_size = sizeof(sample_norm),
    .flags = CNN_BY_SAMPLES, /* libcnn's threads may share the batch */
    .name = "sample_norm",
    .forward = forward,
    .backward = backward,
};

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
    if (normalised)
        cnn_net_add(net, cnn_layer_create_custom(&sample_norm, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(2, NULL));
    check(cnn_net_build(net, &shape, COUNT, 1));
    for (int step = 0; step < 60; step++) {
        draw(0);
        check(cnn_net_train_step(net, adam, COUNT, &x[0][0][0], labels, NULL));
    }
    draw(1);
    check(cnn_net_predict(net, COUNT, &x[0][0][0], &y[0][0]));
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
