#include "programs/cleaning.h"

#include <math.h>
#include <stdio.h>

#include <glib.h>

#include "images/data.h"
#include "images/samples.h"
#include "pages/tiles.h"
#include "support/failure.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, SHOWN = 8 };

#define MOST 0.866 /* of the noise, either way: a deviation of 1/2 */

static const cnn_shape in = {1, SIDE, SIDE};

static samples add_noise(const cnn_dataset *images, uint32_t seed)
{
    samples s = samples_open(cnn_dataset_count(images), in, in);
    GRand *random = g_rand_new_with_seed(seed);

    check(cnn_dataset_read(images, s.count, NULL, s.targets, NULL), NULL);
    for (int64_t i = 0; i < s.count * PIXELS; i++)
        s.x[i] = s.targets[i] + (float)g_rand_double_range(random, -MOST, MOST);
    g_rand_free(random);
    samples_wrap(&s);
    return s;
}

/* Peak signal-to-noise ratio in dB of a mean squared error, the peak being 1.
 */
static double psnr(double error)
{
    return -10 * log10(error);
}

/* As they came, cleaned, and as they should be, each kind in a row. */
static int draw(const char *path, const samples *test, cnn_net *net)
{
    float y[SHOWN * PIXELS];
    const float *const rows[] = {test->x, y, test->targets};
    tile all[3 * SHOWN];

    check(cnn_net_predict(net, SHOWN, test->x, y), NULL);
    for (int i = 0; i < 3 * SHOWN; i++)
        all[i] = (tile){rows[i / SHOWN] + i % SHOWN * PIXELS, ""};
    return tiles_save(path, &(tiles){"with noise, cleaned, as it was", SIDE,
                                     SIDE, all, 3 * SHOWN, SHOWN});
}

int cleaning_main(task *t, cnn_net *(*network)(void), int argc, char **argv)
{
    cnn_metrics found;
    int code = 0;
    data d;

    t->shown = "some images with noise, cleaned, and as they were";
    task_start(t, argc, argv);
    data_find(&d, t->run.data, &(pixels){0}, false);
    data_print(&d);
    samples train = add_noise(d.train, t->run.seed),
            test = add_noise(d.test, 0);
    cnn_net *net = network();

    check(cnn_net_set_loss(net, CNN_LOSS_MSE, CNN_REDUCE_MEAN), NULL);
    check(cnn_net_build(net, &in, t->recipe.batch, t->run.seed), NULL);
    task_train(t, NULL, net, train.data);

    /* The loss is the mean squared error. */
    check(cnn_net_evaluate(net, test.data, &found, NULL), NULL);
    printf("signal to noise: %.2f dB before, %.2f dB after\n",
           psnr(MOST * MOST / 3), psnr(found.loss));
    if (t->picture != NULL)
        code = draw(t->picture, &test, net);
    code = task_end(t, net, code);
    samples_free(&train);
    samples_free(&test);
    cnn_net_free(net);
    data_free(&d);
    return code;
}
