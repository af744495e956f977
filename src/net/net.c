/* Describing a net, and its getters. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "net/net_impl.h"

cnn_net *cnn_net_create(void)
{
    cnn_net *net = cnn__alloc_zero(sizeof(*net));

    if (net == NULL)
        return cnn__lost(CNN__NET);
    cnn_net_set_loss_options(net, NULL);
    return net;
}

void cnn_net_free(cnn_net *net)
{
    if (net == NULL)
        return;
    for (int32_t i = 0; i < net->count; i++) {
        net->layers[i]->owned = false;
        cnn_layer_free(net->layers[i]);
    }
    cnn__free(net->layers);
    cnn__metadata_free(&net->metadata);
    cnn__free(net->watch);
    cnn__pass_free(&net->pass);
    cnn__free(net->memory);
    cnn__free(net);
}

/* -------------------------------------------------------- describing --- */

cnn_status cnn_net_set_loss(cnn_net *net, int32_t loss, int32_t reduction)
{
    if (net == NULL)
        return cnn__fail_null(CNN__NET, "net_set_loss");
    if (loss < CNN_LOSS_SOFTMAX_CROSS_ENTROPY || loss > CNN_LOSS_CUSTOM)
        return cnn__fail(CNN_EINVAL, "loss %d, expected %d to %d", loss,
                         CNN_LOSS_SOFTMAX_CROSS_ENTROPY, CNN_LOSS_CUSTOM);
    if (reduction != CNN_REDUCE_MEAN && reduction != CNN_REDUCE_SUM)
        return cnn__fail(CNN_EINVAL, "reduction %d, expected %d or %d",
                         reduction, CNN_REDUCE_MEAN, CNN_REDUCE_SUM);
    net->loss = loss;
    net->reduction = reduction;
    return CNN_OK;
}

cnn_status cnn_net_set_custom_loss(cnn_net *net, cnn_loss_fn loss, void *user)
{
    if (net == NULL)
        return cnn__fail_null(CNN__NET, "net_set_custom_loss");
    if (loss == NULL)
        return cnn__fail(CNN_EINVAL, "net_set_custom_loss: loss is NULL");
    net->loss = CNN_LOSS_CUSTOM;
    net->custom_loss = loss;
    net->custom_user = user;
    return CNN_OK;
}

cnn_status cnn_net_set_loss_options(cnn_net *net,
                                    const cnn_loss_options *options)
{
    cnn_loss_options o;

    if (net == NULL)
        return cnn__fail_null(CNN__NET, "net_set_loss_options");
    CNN__TRY(cnn__options_read(&o, sizeof(o), options, "loss"));
    if (o.huber_delta == 0.0f)
        o.huber_delta = 1.0f;
    if (!(o.label_smoothing >= 0.0f && o.label_smoothing <= 1.0f))
        return cnn__fail(CNN_EINVAL,
                         "loss: label_smoothing %g, expected 0 to 1",
                         (double)o.label_smoothing);
    if (!(isfinite(o.huber_delta) && o.huber_delta > 0.0f))
        return cnn__fail(CNN_EINVAL,
                         "loss: huber_delta %g, expected a finite number above "
                         "0",
                         (double)o.huber_delta);
    net->loss_options = o;
    return CNN_OK;
}

/* ----------------------------------------------------------- getters --- */

cnn_status cnn__net_check_built(const cnn_net *net)
{
    if (net == NULL)
        return cnn__fail_null(CNN__NET, NULL);
    if (!net->built)
        return cnn__fail(CNN_ESTATE, "the net is not built");
    return CNN_OK;
}

cnn_status cnn__net_check_finite(const cnn_net *net)
{
    for (int32_t i = 0; i < net->count; i++) {
        const cnn_layer *layer = net->layers[i];

        for (size_t k = 0; k < layer->params.count; k++)
            if (!isfinite(layer->params.value[k]))
                return cnn__fail(
                    CNN_EDIVERGED, "parameter %zu of layer %d (%s) became %g",
                    k, i, layer->ops->kind, (double)layer->params.value[k]);
    }
    return CNN_OK;
}

int32_t cnn_net_layer_count(const cnn_net *net)
{
    return net != NULL ? net->count : 0;
}

cnn_layer *cnn_net_layer(cnn_net *net, int32_t index)
{
    if (net == NULL)
        return cnn__lost_with(CNN__NET, CNN__LAYER);
    return index >= 0 && index < net->count ? net->layers[index] : NULL;
}

const cnn_layer *cnn_net_const_layer(const cnn_net *net, int32_t index)
{
    if (net == NULL)
        return cnn__lost_with(CNN__NET, CNN__LAYER);
    return index >= 0 && index < net->count ? net->layers[index] : NULL;
}

cnn_status cnn_net_in_shape(const cnn_net *net, cnn_shape *in)
{
    CNN__TRY(cnn__net_check_built(net));
    if (in == NULL)
        return cnn__fail(CNN_EINVAL, "net_in_shape: in is NULL");
    *in = net->in;
    return CNN_OK;
}

cnn_status cnn_net_out_shape(const cnn_net *net, cnn_shape *out)
{
    CNN__TRY(cnn__net_check_built(net));
    if (out == NULL)
        return cnn__fail(CNN_EINVAL, "net_out_shape: out is NULL");
    *out = net->out;
    return CNN_OK;
}

int32_t cnn_net_built(const cnn_net *net)
{
    return net != NULL && net->built;
}

int32_t cnn_net_max_batch(const cnn_net *net)
{
    return net != NULL ? net->max_batch : 0;
}

uint64_t cnn_net_seed(const cnn_net *net)
{
    return net != NULL && net->built ? net->pass.run.seed : 0;
}

int32_t cnn_net_loss(const cnn_net *net)
{
    return net != NULL ? net->loss : CNN_LOSS_SOFTMAX_CROSS_ENTROPY;
}

int32_t cnn_net_reduction(const cnn_net *net)
{
    return net != NULL ? net->reduction : CNN_REDUCE_MEAN;
}

size_t cnn_net_param_count(const cnn_net *net)
{
    return net != NULL && net->built ? net->params.count : 0;
}

float *cnn_net_params(cnn_net *net)
{
    return cnn_net_param_count(net) > 0 ? net->params.value : NULL;
}

float *cnn_net_grads(cnn_net *net)
{
    return cnn_net_param_count(net) > 0 ? net->params.grad : NULL;
}

const float *cnn_net_const_params(const cnn_net *net)
{
    return cnn_net_param_count(net) > 0 ? net->params.value : NULL;
}

const float *cnn_net_const_grads(const cnn_net *net)
{
    return cnn_net_param_count(net) > 0 ? net->params.grad : NULL;
}

const float *cnn_net_output(const cnn_net *net)
{
    if (net == NULL || net->ran == 0)
        return NULL;
    return net->pass.y[net->count - 1];
}
