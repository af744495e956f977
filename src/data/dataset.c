#include "cnn/dataset.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "data/callback.h"

/* Keeps sums of sizes within 32 bits. */
#define MOST_PAD 4096

/* Copies means and deviations, if there are any. */
static cnn_status take_norms(cnn_dataset *d, const cnn_dataset_options *o)
{
    const bool any = o->mean != NULL || o->deviation != NULL;

    if (o->reserved != 0)
        return cnn__fail(CNN_EINVAL, "dataset: options reserved %u, expected 0",
                         o->reserved);
    if (any ? o->channel_count < 1 : o->channel_count != 0)
        return cnn__fail(CNN_EINVAL,
                         "dataset: channel_count %d %s mean or deviation",
                         o->channel_count, any ? "with a" : "without");
    if (!any)
        return CNN_OK;
    const size_t C = (size_t)o->channel_count;
    CNN__TRY(cnn__check_normalisation(o->mean, o->deviation, o->channel_count,
                                      "dataset"));
    d->norms = cnn__alloc(cnn__size_mul3(2, C, sizeof(float)));
    if (d->norms == NULL)
        return cnn_last_status();
    for (size_t c = 0; c < C; c++) {
        d->norms[c] = o->mean != NULL ? o->mean[c] : 0.0f;
        d->norms[C + c] = o->deviation != NULL ? o->deviation[c] : 1.0f;
    }
    d->norm_count = o->channel_count;
    return CNN_OK;
}

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
    d->images.scale = cnn__or_default(o.scale, scale);
    d->images.offset = o.offset;
    return take_norms(d, &o);
}

cnn_dataset *cnn__dataset_new(const cnn_dataset_options *options, float scale)
{
    cnn_dataset *d = cnn__alloc_zero(sizeof(*d));

    if (d != NULL && read_options(d, options, scale) != CNN_OK) {
        cnn_dataset_free(d);
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
    cnn__free(dataset->norms);
    cnn__free(dataset);
}

static cnn_status check_shape(const cnn_shape *shape, const char *what)
{
    if (shape->c < 1 || shape->h < 1 || shape->w < 1)
        return cnn__fail(CNN_EINVAL,
                         "dataset: %s %dx%dx%d, expected at least 1x1x1", what,
                         shape->c, shape->h, shape->w);
    return CNN_OK;
}

cnn_status cnn__dataset_check_values(const cnn_shape *shape, const char *what,
                                     int64_t count, size_t size)
{
    CNN__TRY(check_shape(shape, what));
    if (count < 0)
        return cnn__fail(CNN_EINVAL,
                         "dataset: %lld samples, expected at least 0",
                         (long long)count);
    const size_t floats =
        cnn__size_mul3((size_t)shape->c, (size_t)shape->h, (size_t)shape->w);
    if (count > INT32_MAX ||
        cnn__size_mul3((size_t)count, floats, size) > PTRDIFF_MAX ||
        cnn__size_mul(floats, sizeof(float)) > PTRDIFF_MAX)
        return cnn__fail(CNN_EOVERFLOW,
                         "dataset: %lld images of %dx%dx%d are too many",
                         (long long)count, shape->c, shape->h, shape->w);
    return CNN_OK;
}

cnn_status cnn__dataset_set_shape(cnn_dataset *d, const cnn_shape *shape)
{
    const int32_t most = INT32_MAX - 2 * d->pad;

    if (shape->h > most || shape->w > most)
        return cnn__fail(CNN_EOVERFLOW,
                         "dataset: images of %dx%dx%d with %d of padding on "
                         "each side are too large",
                         shape->c, shape->h, shape->w, d->pad);
    if (d->norms != NULL && d->norm_count != shape->c)
        return cnn__fail(CNN_EINVAL,
                         "dataset: mean and deviation of %d channels, but "
                         "images of %dx%dx%d",
                         d->norm_count, shape->c, shape->h, shape->w);
    d->shape = *shape;
    d->pixels =
        cnn__size_mul3((size_t)shape->c, (size_t)shape->h, (size_t)shape->w);
    return CNN_OK;
}

cnn_status cnn__dataset_find_classes(cnn_dataset *d)
{
    int32_t classes = 0;

    for (int64_t i = 0; i < d->count && d->labels != NULL; i++) {
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

/* A slice may outlive a dataset that owns no samples. */
static cnn_status copy_norms(cnn_dataset *to, const cnn_dataset *from)
{
    const size_t size =
        cnn__size_mul3(2, (size_t)from->norm_count, sizeof(float));

    if (from->norms == NULL)
        return CNN_OK;
    to->norms = cnn__alloc(size);
    if (to->norms == NULL)
        return cnn_last_status();
    memcpy(to->norms, from->norms, size);
    return CNN_OK;
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
    d->norms = NULL;
    d->count = count;
    d->images = cnn__values_from(&d->images, (size_t)first * d->pixels);
    d->targets = cnn__values_from(
        &d->targets, (size_t)first * cnn__dataset_target_floats(d));
    if (d->labels != NULL)
        d->labels += first;
    if (d->weights != NULL)
        d->weights += first;
    d->first += first;
    if (copy_norms(d, dataset) == CNN_OK &&
        (d->callback != NULL || cnn__dataset_find_classes(d) == CNN_OK))
        return d;
    cnn_dataset_free(d);
    return cnn__lost(CNN__DATASET);
}

/* ----------------------------------------------------------- getters --- */

int64_t cnn_dataset_count(const cnn_dataset *dataset)
{
    return dataset != NULL ? dataset->count : 0;
}

cnn_shape cnn__dataset_padded_shape(const cnn_dataset *d)
{
    return (cnn_shape){d->shape.c, d->shape.h + 2 * d->pad,
                       d->shape.w + 2 * d->pad};
}

void cnn__dataset_normalise(const cnn_dataset *d, int64_t count, float *x)
{
    const cnn_shape s = cnn__dataset_padded_shape(d);

    if (d->norms != NULL)
        cnn__images_normalise(d->norms, d->norms + s.c, (size_t)s.c,
                              (size_t)s.h * (size_t)s.w, (size_t)count, x);
}

float cnn__dataset_paper(const cnn_dataset *d, int32_t channel)
{
    float paper = d->images.offset;

    if (d->norms != NULL)
        cnn__images_normalise(d->norms + channel,
                              d->norms + d->norm_count + channel, 1, 1, 1,
                              &paper);
    return paper;
}

cnn_status cnn_dataset_shape(const cnn_dataset *dataset, cnn_shape *shape)
{
    if (dataset == NULL)
        return cnn__fail_null(CNN__DATASET, NULL);
    if (shape == NULL)
        return cnn__fail(CNN_EINVAL, "shape is NULL");
    *shape = cnn__dataset_padded_shape(dataset);
    return CNN_OK;
}

int32_t cnn_dataset_classes(const cnn_dataset *dataset)
{
    return dataset != NULL ? dataset->classes : 0;
}

bool cnn__dataset_is_labelled(const cnn_dataset *d)
{
    return d->labels != NULL || (d->callback != NULL && d->classes > 0);
}

bool cnn__dataset_is_weighted(const cnn_dataset *d)
{
    const bool reads = d->callback != NULL &&
                       (d->callback->reader.flags & CNN_READS_WEIGHTS) != 0;

    return d->weights != NULL || d->class_weights != NULL || reads;
}

size_t cnn__dataset_target_floats(const cnn_dataset *d)
{
    const cnn_shape *s = &d->target_shape;

    return (size_t)s->c * (size_t)s->h * (size_t)s->w;
}

cnn_status cnn_dataset_target_shape(const cnn_dataset *dataset,
                                    cnn_shape *shape)
{
    if (dataset == NULL)
        return cnn__fail_null(CNN__DATASET, NULL);
    if (shape == NULL)
        return cnn__fail(CNN_EINVAL, "shape is NULL");
    if (dataset->target_shape.c == 0)
        return cnn__fail(CNN_ESTATE, "the dataset has no targets");
    *shape = dataset->target_shape;
    return CNN_OK;
}
