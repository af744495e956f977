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

/* From a gradient of the caller. */
static void backward_from(cnn_net *net, int32_t batch, const float *x,
                          const float *dy, float *dx)
{
    const int32_t last = net->count - 1;

    cnn__gemm_enter();
    memcpy(cnn__back_dy(&net->pass, last), dy,
           cnn__output_floats(net->layers[last], batch) * sizeof(float));
    cnn__pass_backward(&net->pass, last, batch, x, dx);
    cnn__gemm_leave();
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
    backward_from(net, batch, x, dy, NULL);
    return CNN_OK;
}

cnn_status cnn_net_backward_input(cnn_net *net, int32_t batch, const float *x,
                                  const float *dy, float *dx)
{
    CNN__TRY(check_backward(net, batch, x, dy));
    if (dx == NULL)
        return cnn__fail(CNN_EINVAL, "net_backward_input: dx is NULL");
    backward_from(net, batch, x, dy, dx);
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
