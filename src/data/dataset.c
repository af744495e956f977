#include "cnn/dataset.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "data/dataset_impl.h"

/* Keeps sums of sizes within 32 bits. */
#define MOST_PAD 4096

static cnn_status read_options(cnn_dataset *d,
                               const cnn_dataset_options *options, float scale)
{
    cnn_dataset_options o;

    CNN__TRY(cnn__options_read(&o, sizeof(o), options, "dataset"));
    if (!isfinite(o.scale) || !isfinite(o.offset))
        return cnn__fail(CNN_EINVAL,
                         "dataset: scale %g, offset %g, expected finite "
                         "numbers",
                         (double)o.scale, (double)o.offset);
    if (o.scale == 0.0f && !cnn__is_unset(o.scale))
        return cnn__fail(CNN_EINVAL,
                         "dataset: scale 0, which makes all pixels the same");
    if (o.pad < 0 || o.pad > MOST_PAD)
        return cnn__fail(CNN_EINVAL, "dataset: pad %d, expected 0 to %d", o.pad,
                         MOST_PAD);
    d->pad = o.pad;
    d->scale = cnn__or_default(o.scale, scale);
    d->offset = o.offset;
    return CNN_OK;
}

cnn_dataset *cnn__dataset_new(const cnn_dataset_options *options, float scale)
{
    cnn_dataset *d = cnn__alloc_zero(sizeof(*d));

    if (d != NULL && read_options(d, options, scale) != CNN_OK) {
        cnn__free(d);
        d = NULL;
    }
    return d != NULL ? d : cnn__lost(CNN__DATASET);
}

void cnn_dataset_free(cnn_dataset *dataset)
{
    if (dataset == NULL)
        return;
    cnn__free(dataset->memory[0]);
    cnn__free(dataset->memory[1]);
    cnn__free(dataset);
}

cnn_status cnn__dataset_set_shape(cnn_dataset *d, const cnn_shape *shape)
{
    const int32_t most = INT32_MAX - 2 * d->pad;

    if (shape->h > most || shape->w > most)
        return cnn__fail(CNN_EOVERFLOW,
                         "dataset: images of %dx%dx%d with %d of padding on "
                         "each side are too large",
                         shape->c, shape->h, shape->w, d->pad);
    d->shape = *shape;
    d->pixels =
        cnn__size_mul3((size_t)shape->c, (size_t)shape->h, (size_t)shape->w);
    return CNN_OK;
}

/* ---------------------------------------------- arrays of the caller --- */

static cnn_status find_classes(cnn_dataset *d)
{
    int32_t classes = 0;

    for (int64_t i = 0; i < d->count; i++) {
        const int32_t label = d->labels[i];

        if (label < 0 || label == INT32_MAX)
            return cnn__fail(CNN_EINVAL, "label %lld is %d, expected 0 to %d",
                             (long long)i, label, INT32_MAX - 1);
        if (label >= classes)
            classes = label + 1;
    }
    d->classes = classes;
    return CNN_OK;
}

/* Sets shape, count and labels; `size` is that of a pixel in bytes. */
static cnn_status wrap(cnn_dataset *d, const cnn_shape *shape, int64_t count,
                       const void *images, size_t size, const int32_t *labels)
{
    if (shape == NULL)
        return cnn__fail(CNN_EINVAL, "dataset: shape is NULL");
    if (shape->c < 1 || shape->h < 1 || shape->w < 1)
        return cnn__fail(CNN_EINVAL,
                         "dataset: shape %dx%dx%d, expected at least 1x1x1",
                         shape->c, shape->h, shape->w);
    if (count < 0)
        return cnn__fail(CNN_EINVAL,
                         "dataset: %lld samples, expected at "
                         "least 0",
                         (long long)count);
    if (count > 0 && (images == NULL || labels == NULL))
        return cnn__fail(CNN_EINVAL, "dataset: %s is NULL",
                         images == NULL ? "images" : "labels");
    CNN__TRY(cnn__dataset_set_shape(d, shape));
    if (count > INT32_MAX ||
        cnn__size_mul3((size_t)count, d->pixels, size) > PTRDIFF_MAX ||
        cnn__size_mul(d->pixels, sizeof(float)) > PTRDIFF_MAX)
        return cnn__fail(CNN_EOVERFLOW,
                         "dataset: %lld images of %dx%dx%d are too many",
                         (long long)count, shape->c, shape->h, shape->w);
    d->count = count;
    d->labels = labels;
    return find_classes(d);
}

cnn_dataset *cnn_dataset_wrap_u8(const cnn_shape *shape, int64_t count,
                                 const uint8_t *images, const int32_t *labels,
                                 const cnn_dataset_options *options)
{
    cnn_dataset *d = cnn__dataset_new(options, 1.0f / 255.0f);

    if (d == NULL)
        return NULL;
    d->bytes = images;
    if (wrap(d, shape, count, images, sizeof(*images), labels) == CNN_OK)
        return d;
    cnn_dataset_free(d);
    return cnn__lost(CNN__DATASET);
}

cnn_dataset *cnn_dataset_wrap_f32(const cnn_shape *shape, int64_t count,
                                  const float *images, const int32_t *labels,
                                  const cnn_dataset_options *options)
{
    cnn_dataset *d = cnn__dataset_new(options, 1.0f);

    if (d == NULL)
        return NULL;
    d->floats = images;
    if (wrap(d, shape, count, images, sizeof(*images), labels) == CNN_OK)
        return d;
    cnn_dataset_free(d);
    return cnn__lost(CNN__DATASET);
}

cnn_dataset *cnn_dataset_slice(const cnn_dataset *dataset, int64_t first,
                               int64_t count)
{
    if (dataset == NULL) {
        cnn__fail_null(CNN__DATASET, NULL);
        return cnn__lost(CNN__DATASET);
    }
    if (first < 0 || count < 0 || first > dataset->count ||
        count > dataset->count - first) {
        cnn__fail(CNN_EINVAL,
                  "slice of %lld samples from %lld on, but there are %lld",
                  (long long)count, (long long)first,
                  (long long)dataset->count);
        return cnn__lost(CNN__DATASET);
    }
    cnn_dataset *d = cnn__alloc(sizeof(*d));
    if (d == NULL)
        return cnn__lost(CNN__DATASET);
    *d = *dataset;
    d->memory[0] = d->memory[1] = NULL;
    d->count = count;
    if (d->bytes != NULL)
        d->bytes += (size_t)first * d->pixels;
    if (d->floats != NULL)
        d->floats += (size_t)first * d->pixels;
    if (d->labels != NULL)
        d->labels += first;
    if (find_classes(d) == CNN_OK)
        return d;
    cnn_dataset_free(d);
    return cnn__lost(CNN__DATASET);
}

/* ----------------------------------------------------------- reading --- */

int64_t cnn_dataset_count(const cnn_dataset *dataset)
{
    return dataset != NULL ? dataset->count : 0;
}

static cnn_shape padded_shape(const cnn_dataset *d)
{
    return (cnn_shape){d->shape.c, d->shape.h + 2 * d->pad,
                       d->shape.w + 2 * d->pad};
}

float cnn__dataset_paper(const cnn_dataset *dataset)
{
    return dataset->offset;
}

cnn_status cnn_dataset_shape(const cnn_dataset *dataset, cnn_shape *shape)
{
    if (dataset == NULL)
        return cnn__fail_null(CNN__DATASET, NULL);
    if (shape == NULL)
        return cnn__fail(CNN_EINVAL, "shape is NULL");
    *shape = padded_shape(dataset);
    return CNN_OK;
}

int32_t cnn_dataset_classes(const cnn_dataset *dataset)
{
    return dataset != NULL ? dataset->classes : 0;
}

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

static void scale_bytes(const cnn_dataset *d, const uint8_t *restrict from,
                        float *restrict x, size_t n)
{
    const float scale = d->scale, offset = d->offset;

    for (size_t i = 0; i < n; i++)
        x[i] = (float)from[i] * scale + offset;
}

static void scale_floats(const cnn_dataset *d, const float *restrict from,
                         float *restrict x, size_t n)
{
    const float scale = d->scale, offset = d->offset;

    for (size_t i = 0; i < n; i++)
        x[i] = from[i] * scale + offset;
}

/* Converts n pixels, from pixel `at` on. */
static void scale(const cnn_dataset *d, size_t at, float *x, size_t n)
{
    if (d->bytes != NULL)
        scale_bytes(d, d->bytes + at, x, n);
    else
        scale_floats(d, d->floats + at, x, n);
}

/* Converts one image into the middle of its padding. */
static void read_padded(const cnn_dataset *d, size_t at, float *x)
{
    const size_t C = (size_t)d->shape.c, H = (size_t)d->shape.h;
    const size_t W = (size_t)d->shape.w, pad = (size_t)d->pad;
    const size_t WP = W + 2 * pad, plane = (H + 2 * pad) * WP;

    for (size_t i = 0; i < C * plane; i++)
        x[i] = d->offset;
    for (size_t c = 0; c < C; c++)
        for (size_t r = 0; r < H; r++)
            scale(d, at + (c * H + r) * W, x + c * plane + (r + pad) * WP + pad,
                  W);
}

cnn_status cnn_dataset_read(const cnn_dataset *dataset, int64_t count,
                            const int64_t *index, float *x, int32_t *labels)
{
    const cnn_dataset *d = dataset;

    if (d == NULL)
        return cnn__fail_null(CNN__DATASET, NULL);
    CNN__TRY(check_index(d, count, index));
    const cnn_shape shape = padded_shape(d);
    const size_t size = (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
    for (int64_t i = 0; i < count; i++) {
        const size_t sample = (size_t)(index != NULL ? index[i] : i);
        const size_t start = sample * d->pixels;

        if (x != NULL && d->pad > 0)
            read_padded(d, start, x + (size_t)i * size);
        else if (x != NULL)
            scale(d, start, x + (size_t)i * size, size);
        if (labels != NULL)
            labels[i] = d->labels[sample];
    }
    return CNN_OK;
}
