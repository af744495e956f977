#include "common/network.h"

static cnn_layer *create(const layer *l, const recipe *r)
{
    const cnn_conv2d_options conv = {.struct_size = sizeof(conv),
                                     .padding = CNN_PAD_SAME,
                                     .weight_init = r->weights.kind,
                                     .weight_scale = r->weights.scale,
                                     .bias_init = r->biases.kind,
                                     .bias_scale = r->biases.scale};
    const cnn_pool2d_options pool = {.struct_size = sizeof(pool),
                                     .padding = CNN_PAD_SAME};
    const cnn_dense_options dense = {.struct_size = sizeof(dense),
                                     .weight_init = r->weights.kind,
                                     .weight_scale = r->weights.scale,
                                     .bias_init = r->biases.kind,
                                     .bias_scale = r->biases.scale};

    switch (l->kind) {
    case CONV:
        return cnn_conv2d_create(l->size, l->kernel, l->kernel, &conv);
    case MAXPOOL:
        return cnn_maxpool2d_create(l->size, l->size, &pool);
    case DENSE:
        return cnn_dense_create(l->size, &dense);
    case RELU:
        return cnn_activation_create(CNN_RELU, NULL);
    case SIGMOID:
        return cnn_activation_create(CNN_SIGMOID, NULL);
    case TANH:
        return cnn_activation_create(CNN_TANH, NULL);
    case SOFTMAX:
        return cnn_softmax_create();
    case END:
        break;
    }
    return NULL;
}

cnn_net *network_create(const layer *table, const recipe *r)
{
    cnn_net *net = cnn_net_create();

    for (const layer *l = table; net != NULL && l->kind != END; l++)
        cnn_net_add(net, create(l, r));
    return net;
}
