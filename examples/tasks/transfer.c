/* What was learnt of digits helps with clothes: a net is trained on MNIST, its
 * convolutions are taken over and frozen, and a new head on them learns from
 * few images of Fashion-MNIST. A net that begins anew learns from the same.
 *
 *     sh examples/run.sh transfer */
#include <stdio.h>

#include "images/data.h"
#include "programs/task.h"
#include "support/failure.h"

enum { BODY = 8 /* layers that are taken over */, FEW = 50 };

static const cnn_shape in = {1, 28, 28};

static void add_body(cnn_net *net)
{
    cnn_net_add(net, cnn_conv2d_create(16, 5, 5, NULL));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_conv2d_create(32, 5, 5, NULL));
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
}

static void add_head(cnn_net *net)
{
    cnn_net_add(net, cnn_dense_create(64, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_dense_create(10, NULL));
    cnn_net_add(net, cnn_softmax_create());
}

/* Builds, trains and tests a net. */
static void learn(const task *t, const char *name, cnn_net *net,
                  const cnn_dataset *from, const cnn_dataset *test)
{
    cnn_metrics found;

    check(cnn_net_build(net, &in, t->recipe.batch, t->run.seed), NULL);
    task_train(t, name, net, from);
    check(cnn_net_evaluate(net, test, &found, NULL), NULL);
    printf("%s: test accuracy %.4f\n", name,
           (double)found.correct / (double)found.count);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    task t = {.about = "Takes what was learnt of digits over to clothes.",
              .recipe = {.optimizer = "adamw",
                         .lr = 3e-3f,
                         .schedule = ONE_CYCLE,
                         .batch = 50,
                         .epochs = 2}};
    data digits, clothes;

    task_start(&t, argc, argv);
    data_find(&digits, t.run.data, &(pixels){0}, false);
    data_find(&clothes, "fashion", &(pixels){0}, false);
    data_print(&digits);
    data_print(&clothes);

    cnn_net *first = made(cnn_net_create());
    add_body(first);
    add_head(first);
    learn(&t, "digits", first, digits.train, digits.test);

    /* Few images, so often; a net with dropout would stand this better. */
    cnn_dataset *few = made(cnn_dataset_slice(clothes.train, 0, FEW));
    t.recipe.epochs = 60;

    cnn_net *anew = made(cnn_net_create());
    add_body(anew);
    add_head(anew);
    learn(&t, "clothes, begun anew", anew, few, clothes.test);

    cnn_net *second = made(cnn_net_take(first, 0, BODY));
    for (int32_t i = 0; i < BODY; i++)
        check(cnn_layer_set_frozen(cnn_net_layer(second, i), CNN_FROZEN), NULL);
    add_head(second);
    learn(&t, "clothes, with the digits' convolutions", second, few,
          clothes.test);

    const int code = task_end(&t, second, 0);
    cnn_net_free(first);
    cnn_net_free(anew);
    cnn_net_free(second);
    cnn_dataset_free(few);
    data_free(&digits);
    data_free(&clothes);
    return code;
}
