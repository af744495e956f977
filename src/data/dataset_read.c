/* Reading samples of a dataset, by their numbers. */
#include "cnn/dataset.h"

#include "data/dataset_impl.h"

static cnn_status check_index(const cnn_dataset *d, int64_t count,
                              const int64_t *index)
{
    if (count < 0 || (index == NULL && count > d->count))
        return cnn__fail(CNN_EINVAL, "%lld samples wanted, but there are %lld",
                         (long long)count, (long long)d->count);
    for (int64_t i = 0; index != NULL && i < count; i++)
        if (index[i] < 0 || index[i] >= d->count)
            return cnn__fail(CNN_EINVAL,
                             "index %lld is %lld, but there are %lld "
                             "samples",
                             (long long)i, (long long)index[i],
                             (long long)d->count);
    return CNN_OK;
}

/* Converts one image into the middle of its padding. */
static void read_padded(const cnn_dataset *d, size_t at, float *x)
{
    const size_t C = (size_t)d->shape.c, H = (size_t)d->shape.h;
    const size_t W = (size_t)d->shape.w, pad = (size_t)d->pad;
    const size_t WP = W + 2 * pad, plane = (H + 2 * pad) * WP;

    for (size_t i = 0; i < C * plane; i++)
        x[i] = d->images.offset;
    for (size_t c = 0; c < C; c++)
        for (size_t r = 0; r < H; r++)
            cnn__values_read(&d->images, at + (c * H + r) * W,
                             x + c * plane + (r + pad) * WP + pad, W);
}

static void read_image(const cnn_dataset *d, size_t sample, float *x)
{
    if (d->pad > 0)
        read_padded(d, sample * d->pixels, x);
    else
        cnn__values_read(&d->images, sample * d->pixels, x, d->pixels);
}

static size_t sample_of(const int64_t *index, int64_t i)
{
    return (size_t)(index != NULL ? index[i] : i);
}

cnn_status cnn_dataset_read(const cnn_dataset *dataset, int64_t count,
                            const int64_t *index, float *x, int32_t *labels)
{
    const cnn_dataset *d = dataset;

    if (d == NULL)
        return cnn__fail_null(CNN__DATASET, NULL);
    CNN__TRY(check_index(d, count, index));
    if (labels != NULL && count > 0 && d->labels == NULL)
        return cnn__fail(CNN_ESTATE, "the dataset has no labels");
    const cnn_shape shape = cnn__dataset_padded_shape(d);
    const size_t size = (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
    for (int64_t i = 0; i < count; i++) {
        const size_t sample = sample_of(index, i);

        if (x != NULL)
            read_image(d, sample, x + (size_t)i * size);
        if (labels != NULL)
            labels[i] = d->labels[sample];
    }
    return CNN_OK;
}

cnn_status cnn_dataset_read_targets(const cnn_dataset *dataset, int64_t count,
                                    const int64_t *index, float *targets)
{
    const cnn_dataset *d = dataset;
    cnn_shape shape;

    CNN__TRY(cnn_dataset_target_shape(d, &shape));
    CNN__TRY(check_index(d, count, index));
    if (targets == NULL && count > 0)
        return cnn__fail(CNN_EINVAL, "targets is NULL");
    const size_t size = cnn__dataset_target_floats(d);
    for (int64_t i = 0; i < count; i++) {
        const size_t sample = sample_of(index, i);

        if (d->own_targets)
            read_image(d, sample, targets + (size_t)i * size);
        else
            cnn__values_read(&d->targets, sample * size,
                             targets + (size_t)i * size, size);
    }
    return CNN_OK;
}

cnn_status cnn_dataset_read_weights(const cnn_dataset *dataset, int64_t count,
                                    const int64_t *index, float *weights)
{
    const cnn_dataset *d = dataset;

    if (d == NULL)
        return cnn__fail_null(CNN__DATASET, NULL);
    CNN__TRY(check_index(d, count, index));
    if (weights == NULL && count > 0)
        return cnn__fail(CNN_EINVAL, "weights is NULL");
    for (int64_t i = 0; i < count; i++) {
        const size_t sample = sample_of(index, i);
        const float own = d->weights != NULL ? d->weights[sample] : 1.0f;

        weights[i] = d->class_weights != NULL
                         ? own * d->class_weights[d->labels[sample]]
                         : own;
    }
    return CNN_OK;
}
