/* A number instead of a class: by how many degrees is a digit turned? One
 * output, whose target is the angle; the loss is Huber's, which cares less for
 * the digits that cannot be told (a turned 0, or a 6 that is a 9).
 *
 *     sh examples/run.sh angle */
#include <math.h>
#include <stdio.h>

#include <glib.h>

#include "images/data.h"
#include "images/samples.h"
#include "programs/task.h"
#include "support/failure.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, MOST = 45 /* degrees, either way */ };

static const cnn_shape in = {1, SIDE, SIDE};

/* Bilinear; 0 outside. */
static float pixel(const float *x, float row, float column)
{
    const int i = (int)floorf(row), j = (int)floorf(column);
    float sum = 0;

    for (int k = 0; k < 4; k++) {
        const int a = i + k / 2, b = j + k % 2;
        if (a >= 0 && a < SIDE && b >= 0 && b < SIDE)
            sum += x[a * SIDE + b] * (1 - fabsf(row - (float)a)) *
                   (1 - fabsf(column - (float)b));
    }
    return sum;
}

static void turn(const float *from, float *to, float degrees)
{
    const float s = sinf(degrees * (float)M_PI / 180);
    const float c = cosf(degrees * (float)M_PI / 180), m = (SIDE - 1) / 2.0f;

    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            const float y = (float)i - m, x = (float)j - m;
            to[i * SIDE + j] =
                pixel(from, m + c * y + s * x, m + c * x - s * y);
        }
}

/* Targets are in units of MOST. */
static samples turn_all(const cnn_dataset *digits, uint32_t seed)
{
    const int64_t count = cnn_dataset_count(digits);
    samples s = samples_open(count, in, (cnn_shape){1, 1, 1});
    GRand *random = g_rand_new_with_seed(seed);
    float digit[PIXELS];

    for (int64_t n = 0; n < count; n++) {
        check(cnn_dataset_read(digits, 1, &n, digit, NULL), NULL);
        s.targets[n] = (float)g_rand_double_range(random, -1, 1);
        turn(digit, s.x + n * PIXELS, MOST * s.targets[n]);
    }
    g_rand_free(random);
    samples_wrap(&s);
    return s;
}

int main(int argc, char **argv)
{
    task t = {.about = "Learns by how many degrees a digit is turned.",
              .recipe = {.optimizer = "adamw",
                         .lr = 3e-3f,
                         .schedule = ONE_CYCLE,
                         .batch = 100,
                         .epochs = 10}};
    cnn_net *net = cnn_net_create();
    cnn_scores found = {.struct_size = sizeof(found)};
    data d;

    task_start(&t, argc, argv);
    data_find(&d, t.run.data, &(pixels){0}, false);
    data_print(&d);
    samples train = turn_all(d.train, t.run.seed), test = turn_all(d.test, 0);

    cnn_net_add(net, cnn_conv2d_create(16, 5, 5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_conv2d_create(32, 5, 5, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(128, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_dense_create(1, NULL));
    check(cnn_net_set_loss(net, CNN_LOSS_HUBER, CNN_REDUCE_MEAN), NULL);
    check(cnn_net_set_loss_options(
              net, &(cnn_loss_options){.struct_size = sizeof(cnn_loss_options),
                                       .huber_delta = 0.1f}),
          NULL);
    check(cnn_net_build(net, &in, t.recipe.batch, t.run.seed), NULL);
    task_train(&t, NULL, net, train.data);

    check(cnn_net_score(net, test.data, NULL, &found, NULL), NULL);
    printf("mean error: %.2f degrees of -%d to %d\n", MOST * found.mae, MOST,
           MOST);
    const int code = task_end(&t, net, 0);
    samples_free(&train);
    samples_free(&test);
    cnn_net_free(net);
    data_free(&d);
    return code;
}
