/*
 * A loss of your own. A net learns where in an image a spot is: its outputs are
 * two numbers and no class. The loss is Huber's (1964): quadratic up to DELTA,
 * and linear beyond. So wrong targets, here every tenth one, do little harm:
 *
 *     cc own_loss.c -o own_loss $(pkg-config --cflags --libs libcnn) -lm
 *     ./own_loss
 */
#include <cnn/cnn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 20, BATCH = 32, STEPS = 600 };

static const float DELTA = 0.2f; /* the image reaches from -1 to 1 */
static float x[BATCH][SIDE][SIDE], target[BATCH][2], dy[BATCH][2];

static void check(int fine)
{
    if (fine)
        return;
    fprintf(stderr, "own_loss: %s\n", cnn_last_error());
    exit(EXIT_FAILURE);
}

static float random_number(float low, float high)
{
    return low + (high - low) * (float)rand() / (float)RAND_MAX;
}

/* A batch of new images, and the middle of the spot in each, from -1 to 1. */
static void draw(int wrong)
{
    for (int n = 0; n < BATCH; n++) {
        const float row = random_number(3, SIDE - 4);
        const float column = random_number(3, SIDE - 4);
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++) {
                const float h = (float)i - row, w = (float)j - column;
                x[n][i][j] =
                    expf(-(h * h + w * w) / 4) + random_number(0, 0.3f);
            }
        const int lie = wrong && n % 10 == 0;
        target[n][0] = lie ? random_number(-1, 1) : row * 2 / SIDE - 1;
        target[n][1] = lie ? random_number(-1, 1) : column * 2 / SIDE - 1;
    }
}

/* The loss of outputs y for targets t, as the mean over the batch. dy gets the
 * derivative of that mean with respect to each element of y. */
static float huber(const float *y, const float *t, float *gradient)
{
    float sum = 0;

    for (int i = 0; i < BATCH * 2; i++) {
        const float e = y[i] - t[i], size = fabsf(e);
        sum += size < DELTA ? e * e / 2 : DELTA * (size - DELTA / 2);
        gradient[i] = fmaxf(-DELTA, fminf(e, DELTA)) / BATCH;
    }
    return sum / BATCH;
}

int main(void)
{
    cnn_net *net = cnn_net_create();
    cnn_net_add(net, cnn_conv2d_create(8, 5, 5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(2, NULL)); /* row and column */
    check(cnn_net_build(net, &(cnn_shape){1, SIDE, SIDE}, BATCH, 1) == CNN_OK);
    cnn_optim *adam = cnn_adam_create(2e-3f, NULL);
    check(adam != NULL);

    for (int step = 1; step <= STEPS; step++) {
        draw(1);
        /* Backward adds to the gradients, so they begin at zero. */
        check(cnn_net_zero_grad(net) == CNN_OK);
        check(cnn_net_forward(net, CNN_TRAIN, BATCH, **x) == CNN_OK);
        const float loss = huber(cnn_net_output(net), *target, *dy);
        check(cnn_net_backward(net, BATCH, **x, *dy) == CNN_OK);
        check(cnn_net_update(net, adam) == CNN_OK);
        if (step % 100 == 0)
            printf("step %d: loss %.5f\n", step, (double)loss);
    }

    draw(0);
    check(cnn_net_forward(net, 0, BATCH, **x) == CNN_OK);
    const float *y = cnn_net_output(net);
    float sum = 0;
    for (int n = 0; n < BATCH; n++)
        sum += hypotf(y[2 * n] - target[n][0], y[2 * n + 1] - target[n][1]);
    printf("off by %.2f pixels on average\n", (double)sum / BATCH * SIDE / 2);
    cnn_optim_free(adam);
    cnn_net_free(net);
    return 0;
}
