/* Running a net. */
#include <string.h>

#include "cnn/parts.h"
#include "math/gemm.h"
#include "net/net_impl.h"

cnn_status cnn_net_predict(cnn_net *net, int64_t count, const float *x,
                           float *y)
{
    CNN__TRY(cnn__net_check_built(net));
    CNN__TRY(cnn__check_predict(count, x, y));
    if (count == 0)
        return CNN_OK;
    net->ran = 0;
    net->trained = 0;
    cnn__pass_predict(&net->pass, net->max_batch, count, x, y);
    return CNN_OK;
}

cnn_status cnn_net_predict_layer(cnn_net *net, int32_t index, int64_t count,
                                 const float *x, float *y)
{
    CNN__TRY(cnn__net_check_built(net));
    if (index < 0 || index >= net->count)
        return cnn__fail(CNN_EINVAL,
                         "net_predict_layer: layer %d, expected 0 to %d", index,
                         net->count - 1);
    CNN__TRY(cnn__check_predict(count, x, y));
    if (count == 0)
        return CNN_OK;
    net->ran = 0;
    net->trained = 0;
    cnn__pass_predict_layer(&net->pass, index, net->max_batch, count, x, y);
    return CNN_OK;
}

cnn_status cnn_net_forward(cnn_net *net, uint32_t flags, int32_t batch,
                           const float *x)
{
    CNN__TRY(cnn__net_check_built(net));
    CNN__TRY(cnn__check_batch(batch, net->max_batch));
    CNN__TRY(cnn__check_flags(flags));
    if (x == NULL)
        return cnn__fail(CNN_EINVAL, "net_forward: x is NULL");
    cnn__run_count(&net->pass.run, (flags & CNN_TRAIN) != 0);
    cnn__gemm_enter();
    cnn__pass_forward(&net->pass, net->count, flags, batch, x);
    cnn__gemm_leave();
    net->ran = batch;
    net->trained = (flags & CNN_TRAIN) != 0 ? batch : 0;
    return CNN_OK;
}

/* Does backward change anything of the layer? Running statistics count too. */
static bool learns(const cnn_layer *layer)
{
    return layer->frozen == CNN_LEARNING
               ? layer->params.count > 0
               : layer->frozen != CNN_FROZEN && layer->params.fixed_count > 0;
}

/* The lowest layer that learns; no gradient is needed below it. */
static int32_t lowest_trained(const cnn_net *net)
{
    int32_t i = 0;

    while (i < net->count && !learns(net->layers[i]))
        i++;
    return i;
}

void cnn__net_backward(cnn_net *net, int32_t last, int32_t batch,
                       const float *x, const float *dy, float *dx)
{
    const int32_t lowest = dx != NULL ? 0 : lowest_trained(net);

    net->pass.run.batch = batch;
    net->pass.run.flags = CNN_TRAIN;
    for (int32_t i = last; i >= lowest; i--) {
        const int32_t head = cnn__fusion_head(net->pass.fusions, i);
        const cnn_layer *layer = net->layers[head];
        const bool over = (layer->ops->traits & CNN__IN_PLACE) != 0;
        float *ours = dy == net->gradient[0]   ? net->gradient[0]
                      : dy == net->gradient[1] ? net->gradient[1]
                                               : NULL;
        float *other = net->gradient[ours == net->gradient[0] ? 1 : 0];
        float *to = head == lowest ? dx : over && ours != NULL ? ours : other;

        net->pass.run.fused = head < i ? &net->pass.fusions[head].calls : NULL;
        net->pass.run.kept = net->pass.kept[head];
        layer->ops->backward(layer, &net->pass.run,
                             head > 0 ? net->pass.y[head - 1] : x,
                             net->pass.y[head], dy, to);
        dy = to;
        i = head;
    }
}

static cnn_status check_backward(const cnn_net *net, int32_t batch,
                                 const float *x, const float *dy)
{
    CNN__TRY(cnn__net_check_built(net));
    if (x == NULL || dy == NULL)
        return cnn__fail(CNN_EINVAL, "net_backward: %s is NULL",
                         x == NULL ? "x" : "dy");
    if (net->trained == 0)
        return cnn__fail(CNN_ESTATE,
                         "net_backward: no forward pass with CNN_TRAIN before "
                         "it");
    if (batch != net->trained)
        return cnn__fail(CNN_EINVAL,
                         "net_backward: batch %d, but the forward pass had %d",
                         batch, net->trained);
    return CNN_OK;
}

cnn_status cnn_net_backward(cnn_net *net, int32_t batch, const float *x,
                            const float *dy)
{
    CNN__TRY(check_backward(net, batch, x, dy));
    cnn__gemm_enter();
    cnn__net_backward(net, net->count - 1, batch, x, dy, NULL);
    cnn__gemm_leave();
    return CNN_OK;
}

cnn_status cnn_net_backward_input(cnn_net *net, int32_t batch, const float *x,
                                  const float *dy, float *dx)
{
    CNN__TRY(check_backward(net, batch, x, dy));
    if (dx == NULL)
        return cnn__fail(CNN_EINVAL, "net_backward_input: dx is NULL");
    cnn__gemm_enter();
    cnn__net_backward(net, net->count - 1, batch, x, dy, dx);
    cnn__gemm_leave();
    return CNN_OK;
}

static void clear_chunk(void *data, int64_t chunk, int32_t worker)
{
    const cnn__params *p = data;
    const size_t at = (size_t)chunk * CNN__PARAMS_CHUNK;

    (void)worker;
    memset(p->grad + at, 0, cnn__params_chunk(p, chunk) * sizeof(float));
}

cnn_status cnn_net_zero_grad(cnn_net *net)
{
    CNN__TRY(cnn__net_check_built(net));
    cnn__parallel(cnn__params_chunks(&net->params), net->pass.run.workers,
                  clear_chunk, &net->params);
    return CNN_OK;
}
