/* Datasets over arrays of the caller. */
#include <math.h>

#include "base/memory.h"
#include "base/options.h"
#include "data/dataset_impl.h"

static size_t value_size(const cnn__values *v)
{
    return v->bytes != NULL ? sizeof(*v->bytes) : sizeof(*v->floats);
}

static cnn_status take_images(cnn_dataset *d, const cnn_dataset_source *s)
{
    d->images.bytes = s->bytes;
    d->images.floats = s->floats;
    CNN__TRY(cnn__dataset_check_values(&s->shape, "shape", s->count,
                                       value_size(&d->images)));
    if (s->bytes != NULL && s->floats != NULL)
        return cnn__fail(CNN_EINVAL, "dataset: images as bytes and as floats");
    if (s->count > 0 && s->bytes == NULL && s->floats == NULL)
        return cnn__fail(CNN_EINVAL, "dataset: images is NULL");
    d->count = s->count;
    return cnn__dataset_set_shape(d, &s->shape);
}

static cnn_status take_targets(cnn_dataset *d, const cnn_dataset_source *s)
{
    const cnn_shape *shape = &s->target_shape;
    const bool any = s->target_bytes != NULL || s->target_floats != NULL;

    d->own_targets = (s->flags & CNN_OWN_TARGETS) != 0;
    if (d->own_targets)
        d->target_shape = cnn__dataset_padded_shape(d);
    if ((s->target_bytes != NULL && s->target_floats != NULL) ||
        (any && d->own_targets))
        return cnn__fail(CNN_EINVAL, "dataset: targets of two kinds");
    if (!any)
        return CNN_OK;
    if (!isfinite(s->target_scale) || !isfinite(s->target_offset))
        return cnn__fail(CNN_EINVAL,
                         "dataset: target_scale %g, target_offset %g, expected "
                         "finite numbers",
                         (double)s->target_scale, (double)s->target_offset);
    d->target_shape = *shape;
    d->targets = (cnn__values){
        .bytes = s->target_bytes,
        .floats = s->target_floats,
        .scale = cnn__or_default(
            s->target_scale, s->target_bytes != NULL ? 1.0f / 255.0f : 1.0f),
        .offset = s->target_offset,
    };
    return cnn__dataset_check_values(shape, "target_shape", s->count,
                                     value_size(&d->targets));
}

static cnn_status check_weights(const float *weights, int64_t count,
                                const char *what)
{
    for (int64_t i = 0; i < count && weights != NULL; i++)
        if (!(isfinite(weights[i]) && weights[i] >= 0.0f))
            return cnn__fail(CNN_EINVAL,
                             "dataset: weight %g of %s %lld, expected a finite "
                             "number of at least 0",
                             (double)weights[i], what, (long long)i);
    return CNN_OK;
}

static cnn_status take_weights(cnn_dataset *d, const cnn_dataset_source *s)
{
    CNN__TRY(check_weights(s->weights, s->count, "sample"));
    d->weights = s->weights;
    if (s->class_weights == NULL)
        return CNN_OK;
    if (s->class_count < d->classes || d->labels == NULL)
        return cnn__fail(CNN_EINVAL,
                         "dataset: weights of %d classes, but %d classes in "
                         "the labels",
                         s->class_count, d->classes);
    d->class_weights = s->class_weights;
    d->class_count = s->class_count;
    return check_weights(s->class_weights, s->class_count, "class");
}

static cnn_status take(cnn_dataset *d, const cnn_dataset_source *s)
{
    if ((s->flags & ~CNN_OWN_TARGETS) != 0)
        return cnn__fail(CNN_EINVAL,
                         "dataset: unknown flags 0x%x, expected 0 or 0x%x",
                         (unsigned)s->flags, CNN_OWN_TARGETS);
    if (s->reserved != 0)
        return cnn__fail(CNN_EINVAL, "dataset: reserved %u, expected 0",
                         s->reserved);
    CNN__TRY(take_images(d, s));
    d->labels = s->labels;
    CNN__TRY(cnn__dataset_find_classes(d));
    CNN__TRY(take_targets(d, s));
    return take_weights(d, s);
}

static cnn_dataset *create(const cnn_dataset_source *s,
                           const cnn_dataset_options *options, float scale)
{
    cnn_dataset *d = cnn__dataset_new(options, scale);

    if (d == NULL || take(d, s) == CNN_OK)
        return d;
    cnn_dataset_free(d);
    return cnn__lost(CNN__DATASET);
}

cnn_dataset *cnn_dataset_create(const cnn_dataset_source *source,
                                const cnn_dataset_options *options)
{
    cnn_dataset_source s;

    if (source == NULL) {
        cnn__fail(CNN_EINVAL, "dataset: source is NULL");
        return cnn__lost(CNN__DATASET);
    }
    if (cnn__options_read(&s, sizeof(s), source, "dataset") != CNN_OK)
        return cnn__lost(CNN__DATASET);
    return create(&s, options, s.bytes != NULL ? 1.0f / 255.0f : 1.0f);
}

/* Images and labels, which must be there. */
static cnn_dataset *wrap(const cnn_shape *shape, cnn_dataset_source *s,
                         const cnn_dataset_options *options, float scale)
{
    if (shape == NULL || (s->count > 0 && s->labels == NULL)) {
        cnn__fail(CNN_EINVAL, "dataset: %s is NULL",
                  shape == NULL                           ? "shape"
                  : s->bytes == NULL && s->floats == NULL ? "images"
                                                          : "labels");
        return cnn__lost(CNN__DATASET);
    }
    s->shape = *shape;
    return create(s, options, scale);
}

cnn_dataset *cnn_dataset_wrap_u8(const cnn_shape *shape, int64_t count,
                                 const uint8_t *images, const int32_t *labels,
                                 const cnn_dataset_options *options)
{
    cnn_dataset_source s = {.count = count, .bytes = images, .labels = labels};

    return wrap(shape, &s, options, 1.0f / 255.0f);
}

cnn_dataset *cnn_dataset_wrap_f32(const cnn_shape *shape, int64_t count,
                                  const float *images, const int32_t *labels,
                                  const cnn_dataset_options *options)
{
    cnn_dataset_source s = {.count = count, .floats = images, .labels = labels};

    return wrap(shape, &s, options, 1.0f);
}
