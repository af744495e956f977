#include "running/network.h"

#include <stdlib.h>
#include <string.h>

#include "support/failure.h"

static cnn_layer *make_conv(const layer *l, const recipe *r)
{
    const cnn_conv2d_options options = {
        .struct_size = sizeof(options),
        .padding = l->padding == SAME ? CNN_PAD_SAME : CNN_PAD_VALID,
        .weight_init = r->weights.kind,
        .weight_scale = r->weights.scale,
        .bias_init = r->biases.kind,
        .bias_scale = r->biases.scale};
    cnn_layer *conv =
        cnn_conv2d_create(l->size, l->kernel, l->kernel, &options);
    int32_t channels = 0;

    if (l->table == NULL || conv == NULL)
        return conv;
    while (l->table[channels] != NULL)
        channels++;
    uint8_t *table = allocate((size_t)l->size * (size_t)channels, 1);
    for (int32_t f = 0; f < l->size; f++)
        for (int32_t c = 0; c < channels; c++)
            table[f * channels + c] = l->table[c][f] == 'X';
    check(cnn_conv2d_set_table(conv, l->size, channels, table), NULL);
    free(table);
    return conv;
}

static cnn_layer *make_dense(const layer *l, const recipe *r)
{
    return cnn_dense_create(l->size,
                            &(cnn_dense_options){
                                .struct_size = sizeof(cnn_dense_options),
                                .weight_init = r->weights.kind,
                                .weight_scale = r->weights.scale,
                                .bias_init = r->biases.kind,
                                .bias_scale = r->biases.scale,
                            });
}

static cnn_layer *create(const layer *l, const recipe *r)
{
    const cnn_pool2d_options pool = {.struct_size = sizeof(pool),
                                     .padding = CNN_PAD_SAME};

    switch (l->kind) {
    case CONV:
        return make_conv(l, r);
    case MAXPOOL:
        return cnn_maxpool2d_create(l->size, l->size, &pool);
    case SUBSAMPLE:
        return cnn_subsample2d_create(l->size, l->size, NULL);
    case DENSE:
        return make_dense(l, r);
    case RBF:
        return cnn_rbf_create(l->size, NULL);
    case RELU:
        return cnn_activation_create(CNN_RELU, NULL);
    case SIGMOID:
        return cnn_activation_create(CNN_SIGMOID, NULL);
    case TANH:
        return cnn_activation_create(CNN_TANH, NULL);
    case LECUN_TANH:
        return cnn_activation_create(CNN_LECUN_TANH, NULL);
    case SOFTMAX:
        return cnn_softmax_create();
    case END:
        break;
    }
    return NULL;
}

void network_add(cnn_net *net, const layer *table, const recipe *r)
{
    for (const layer *l = table; net != NULL && l->kind != END; l++)
        cnn_net_add(net, create(l, r));
}

cnn_net *network_create(const layer *table, const recipe *r)
{
    cnn_net *net = cnn_net_create();

    network_add(net, table, r);
    return net;
}

bool network_smallest_wins(cnn_net *net)
{
    const cnn_layer *top = cnn_net_layer(net, cnn_net_layer_count(net) - 1);

    return strcmp(cnn_layer_kind(top), "rbf") == 0;
}
