/* Does what is to be learnt from fit the net? */
#include <math.h>

#include "data/dataset_impl.h"
#include "train/step.h"

static cnn_status check_classes(const cnn_net *net, const cnn_dataset *dataset)
{
    const int32_t classes = cnn_dataset_classes(dataset);
    const size_t outputs = cnn__shape_size(&net->out);

    if (!cnn__dataset_is_labelled(dataset) && dataset->count > 0)
        return cnn__fail(CNN_EINVAL,
                         "the dataset has neither labels nor targets");
    if ((size_t)classes > outputs)
        return cnn__fail(CNN_ESHAPE,
                         "the dataset has %d classes, the net %zu outputs",
                         classes, outputs);
    return CNN_OK;
}

static cnn_status check_target_shape(const cnn_net *net,
                                     const cnn_dataset *dataset)
{
    const cnn_shape *t = &dataset->target_shape, *out = &net->out;

    if (t->c != out->c || t->h != out->h || t->w != out->w)
        return cnn__fail(CNN_ESHAPE,
                         "the targets are %dx%dx%d, the outputs of the net "
                         "%dx%dx%d",
                         t->c, t->h, t->w, out->c, out->h, out->w);
    return CNN_OK;
}

cnn_status cnn__check_loss(const cnn_net *net)
{
    if (net->loss == CNN_LOSS_CUSTOM && net->custom_loss == NULL)
        return cnn__fail(CNN_ESTATE,
                         "the loss of the net is the program's own: "
                         "cnn_net_set_custom_loss() has to set it first");
    return CNN_OK;
}

cnn_status cnn__check_dataset(const cnn_net *net, const cnn_dataset *dataset)
{
    const cnn_shape *in = &net->in;
    cnn_shape image;

    CNN__TRY(cnn_dataset_shape(dataset, &image));
    if (image.c != in->c || image.h != in->h || image.w != in->w)
        return cnn__fail(CNN_ESHAPE,
                         "the images are %dx%dx%d, the net takes %dx%dx%d",
                         image.c, image.h, image.w, in->c, in->h, in->w);
    CNN__TRY(cnn__dataset_target_floats(dataset) > 0
                 ? check_target_shape(net, dataset)
                 : check_classes(net, dataset));
    const int64_t count = cnn_dataset_count(dataset);
    if (count < 1 || count > INT32_MAX)
        return cnn__fail(CNN_EINVAL, "%lld samples, expected 1 to %d",
                         (long long)count, INT32_MAX);
    return CNN_OK;
}

cnn_status cnn__check_labels(const int32_t *labels, int64_t first,
                             int32_t count, size_t outputs)
{
    for (int32_t n = 0; n < count; n++)
        if (labels[n] < 0 || (size_t)labels[n] >= outputs)
            return cnn__fail(CNN_EINVAL,
                             "label %d of sample %lld, expected 0 to %zu",
                             labels[n], (long long)(first + n), outputs - 1);
    return CNN_OK;
}

/* Binary cross-entropy and cross-entropy take probabilities. */
static cnn_status check_targets(const cnn_net *net, const cnn_batch *b)
{
    const size_t K = cnn__shape_size(&net->out);
    const bool shares = net->loss == CNN_LOSS_SOFTMAX_CROSS_ENTROPY ||
                        net->loss == CNN_LOSS_BINARY_CROSS_ENTROPY;

    if (net->loss == CNN_LOSS_LENET_MAP)
        return cnn__fail(CNN_EINVAL, "loss %d takes labels, not targets",
                         net->loss);
    for (size_t i = 0; i < (size_t)b->count * K; i++) {
        const float t = b->targets[i];

        if (!isfinite(t) || (shares && (t < 0.0f || t > 1.0f)))
            return cnn__fail(
                CNN_EINVAL, "target %zu of sample %zu is %g, expected %s",
                i % K, i / K, (double)t, shares ? "0 to 1" : "a finite number");
    }
    return CNN_OK;
}

static cnn_status check_weights(const cnn_batch *b)
{
    for (int32_t n = 0; n < b->count && b->weights != NULL; n++) {
        const float w = b->weights[n];

        if (!(isfinite(w) && w >= 0.0f))
            return cnn__fail(CNN_EINVAL,
                             "weight %g of sample %d, expected a finite number "
                             "of at least 0",
                             (double)w, n);
    }
    return CNN_OK;
}

double cnn__total_weight(const float *weights, int32_t N)
{
    double total = 0.0;

    for (int32_t n = 0; n < N && weights != NULL; n++)
        total += (double)weights[n];
    return weights != NULL ? total : (double)N;
}

cnn_status cnn__check_batch_of(const cnn_net *net, const cnn_batch *b)
{
    if (b->x == NULL)
        return cnn__fail(CNN_EINVAL, "batch: x is NULL");
    if ((b->labels == NULL) == (b->targets == NULL))
        return cnn__fail(CNN_EINVAL, "batch: labels %s",
                         b->labels == NULL ? "is NULL, and so is targets"
                                           : "and targets are both given");
    CNN__TRY(cnn__check_loss(net));
    CNN__TRY(cnn__check_batch(b->count, net->max_batch));
    CNN__TRY(b->labels != NULL ? cnn__check_labels(b->labels, 0, b->count,
                                                   cnn__shape_size(&net->out))
                               : check_targets(net, b));
    return check_weights(b);
}
