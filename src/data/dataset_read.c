/* Reading samples of a dataset, by their numbers. */
#include "cnn/dataset.h"

#include "data/callback.h"

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

static void read_images(const cnn_dataset *d, int64_t count,
                        const int64_t *index, float *x)
{
    const cnn_shape shape = cnn__dataset_padded_shape(d);
    const size_t size = (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;

    for (int64_t i = 0; i < count; i++) {
        read_image(d, sample_of(index, i), x + (size_t)i * size);
        cnn__dataset_normalise(d, 1, x + (size_t)i * size);
    }
}

static void read_targets(const cnn_dataset *d, int64_t count,
                         const int64_t *index, float *targets)
{
    const size_t size = cnn__dataset_target_floats(d);

    for (int64_t i = 0; i < count; i++)
        cnn__values_read(&d->targets, sample_of(index, i) * size,
                         targets + (size_t)i * size, size);
}

static void read_weights(const cnn_dataset *d, int64_t count,
                         const int64_t *index, float *weights)
{
    for (int64_t i = 0; i < count; i++) {
        const size_t sample = sample_of(index, i);
        const float own = d->weights != NULL ? d->weights[sample] : 1.0f;

        weights[i] = d->class_weights != NULL
                         ? own * d->class_weights[d->labels[sample]]
                         : own;
    }
}

static void read_arrays(const cnn_dataset *d, int64_t count,
                        const int64_t *index, const cnn__wanted *to)
{
    if (to->x != NULL)
        read_images(d, count, index, to->x);
    for (int64_t i = 0; to->labels != NULL && i < count; i++)
        to->labels[i] = d->labels[sample_of(index, i)];
    if (to->targets != NULL && d->own_targets)
        read_images(d, count, index, to->targets);
    else if (to->targets != NULL)
        read_targets(d, count, index, to->targets);
    if (to->weights != NULL)
        read_weights(d, count, index, to->weights);
}

cnn_status cnn__dataset_read_rows(const cnn_dataset *d, int64_t count,
                                  const int64_t *index, const cnn__wanted *to)
{
    CNN__TRY(check_index(d, count, index));
    if (to->labels != NULL && count > 0 && !cnn__dataset_is_labelled(d))
        return cnn__fail(CNN_ESTATE, "the dataset has no labels");
    if (d->callback != NULL)
        return cnn__callback_read(d, count, index, to);
    read_arrays(d, count, index, to);
    return CNN_OK;
}

cnn_status cnn_dataset_read(const cnn_dataset *dataset, int64_t count,
                            const int64_t *index, float *x, int32_t *labels)
{
    if (dataset == NULL)
        return cnn__fail_null(CNN__DATASET, NULL);
    return cnn__dataset_read_rows(dataset, count, index,
                                  &(cnn__wanted){.x = x, .labels = labels});
}

cnn_status cnn_dataset_read_targets(const cnn_dataset *dataset, int64_t count,
                                    const int64_t *index, float *targets)
{
    cnn_shape shape;

    CNN__TRY(cnn_dataset_target_shape(dataset, &shape));
    if (targets == NULL && count > 0)
        return cnn__fail(CNN_EINVAL, "targets is NULL");
    return cnn__dataset_read_rows(dataset, count, index,
                                  &(cnn__wanted){.targets = targets});
}

cnn_status cnn_dataset_read_weights(const cnn_dataset *dataset, int64_t count,
                                    const int64_t *index, float *weights)
{
    if (dataset == NULL)
        return cnn__fail_null(CNN__DATASET, NULL);
    if (weights == NULL && count > 0)
        return cnn__fail(CNN_EINVAL, "weights is NULL");
    return cnn__dataset_read_rows(dataset, count, index,
                                  &(cnn__wanted){.weights = weights});
}
