/* Builds a small net, trains it for two steps, predicts and packs a model file,
 * so that all that the library is linked with is needed. Compiles as C99 and as
 * C++. */
#include <cnn/cnn.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 8, PIXELS = SIDE * SIDE, BATCH = 4, CLASSES = 3 };

static void check(cnn_status status)
{
    if (status == CNN_OK)
        return;
    fprintf(stderr, "%s: %s\n", cnn_status_string(status), cnn_last_error());
    exit(EXIT_FAILURE);
}

static cnn_net *build(void)
{
    const cnn_shape in = {1, SIDE, SIDE};
    cnn_net *net = cnn_net_create();

    check(cnn_net_add(net, cnn_conv2d_create(4, 3, 3, NULL)));
    check(cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL)));
    check(cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL)));
    check(cnn_net_add(net, cnn_dense_create(CLASSES, NULL)));
    check(cnn_net_add(net, cnn_softmax_create()));
    check(cnn_net_build(net, &in, BATCH, 1));
    return net;
}

int main(void)
{
    const int32_t labels[BATCH] = {0, 1, 2, 0};
    float x[BATCH * PIXELS], y[BATCH * CLASSES], sum = 0;
    cnn_metrics first, second;
    size_t size;
    cnn_net *net = build();
    cnn_optim *sgd = cnn_sgd_create(0.1f, NULL);

    for (int i = 0; i < BATCH * PIXELS; i++)
        x[i] = (float)(i * 7 % 11) / 11;
    check(cnn_net_train_step(net, sgd, BATCH, x, labels, &first));
    check(cnn_net_train_step(net, sgd, BATCH, x, labels, &second));
    check(cnn_net_predict(net, BATCH, x, y));
    check(cnn_net_save_memory(net, NULL, 0, &size));
    for (int i = 0; i < CLASSES; i++)
        sum += y[i];
    printf("libcnn %s: loss %f, then %f; %zu bytes\n", cnn_version_string(),
           first.loss, second.loss, size);
    cnn_optim_free(sgd);
    cnn_net_free(net);
    return second.loss < first.loss && sum > 0.999f && sum < 1.001f
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
