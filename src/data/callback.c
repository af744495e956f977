#include "data/callback.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"

/* Samples in a call of the reader: what cnn_read promises. */
#define MOST_ROWS 256

/* ------------------------------------------------------------- create --- */

static cnn_status check_reader(const cnn_dataset_reader *r)
{
    const unsigned known = CNN_OWN_TARGETS | CNN_READS_WEIGHTS;

    if ((r->flags & ~known) != 0)
        return cnn__fail(CNN_EINVAL,
                         "dataset: unknown flags 0x%x, expected 0 or some of "
                         "0x%x",
                         (unsigned)r->flags, known);
    if (r->reserved != 0)
        return cnn__fail(CNN_EINVAL, "dataset: reserved %u, expected 0",
                         r->reserved);
    if (r->read == NULL)
        return cnn__fail(CNN_EINVAL, "dataset: read is NULL");
    if (r->class_count < 0 || r->class_count == INT32_MAX)
        return cnn__fail(CNN_EINVAL,
                         "dataset: class_count %d, expected 0 to %d",
                         r->class_count, INT32_MAX - 1);
    return CNN_OK;
}

static cnn_status take_targets(cnn_dataset *d, const cnn_dataset_reader *r)
{
    const cnn_shape *t = &r->target_shape;
    const bool any = t->c != 0 || t->h != 0 || t->w != 0;

    d->own_targets = (r->flags & CNN_OWN_TARGETS) != 0;
    if (any && d->own_targets)
        return cnn__fail(CNN_EINVAL, "dataset: targets of two kinds");
    if (any)
        CNN__TRY(cnn__dataset_check_values(t, "target_shape", r->count,
                                           sizeof(float)));
    d->target_shape = d->own_targets ? cnn__dataset_padded_shape(d) : *t;
    return CNN_OK;
}

static cnn_status take(cnn_dataset *d, const cnn_dataset_reader *r)
{
    CNN__TRY(check_reader(r));
    CNN__TRY(
        cnn__dataset_check_values(&r->shape, "shape", r->count, sizeof(float)));
    CNN__TRY(cnn__dataset_set_shape(d, &r->shape));
    d->count = r->count;
    d->classes = r->class_count;
    CNN__TRY(take_targets(d, r));
    d->callback = cnn__alloc_zero(sizeof(*d->callback));
    if (d->callback == NULL)
        return cnn_last_status();
    d->memory[0] = d->callback;
    d->callback->reader = *r;
    return CNN_OK;
}

cnn_dataset *cnn_dataset_create_callback(const cnn_dataset_reader *reader,
                                         const cnn_dataset_options *options)
{
    cnn_dataset_reader r;

    if (reader == NULL) {
        cnn__fail(CNN_EINVAL, "dataset: reader is NULL");
        return cnn__lost(CNN__DATASET);
    }
    if (cnn__options_read(&r, sizeof(r), reader, "dataset") != CNN_OK)
        return cnn__lost(CNN__DATASET);
    cnn_dataset *d = cnn__dataset_new(options, 1.0f);
    if (d == NULL || take(d, &r) == CNN_OK)
        return d;
    cnn_dataset_free(d);
    return cnn__lost(CNN__DATASET);
}

/* -------------------------------------------------------------- check --- */

/* `rows` is what the reader made of `asked`: neither `why` nor `at` is to be
 * trusted. */
static cnn_status fail_read(const cnn_read *asked, const cnn_read *rows,
                            int32_t code)
{
    const size_t length = strnlen(rows->why, sizeof(rows->why));
    const int32_t at = rows->at >= 0 && rows->at < asked->count ? rows->at : 0;

    return cnn__fail(cnn__is_failure(code) ? (cnn_status)code : CNN_EIO,
                     "dataset: the reader failed at sample %lld%s%.*s",
                     (long long)asked->index[at], length > 0 ? ": " : "",
                     (int)length, rows->why);
}

static cnn_status check_labels(const cnn_dataset *d, const cnn_read *rows)
{
    for (int32_t i = 0; rows->labels != NULL && i < rows->count; i++)
        if (rows->labels[i] < 0 || rows->labels[i] >= d->classes)
            return cnn__fail(CNN_EINVAL,
                             "dataset: the reader gave sample %lld the label "
                             "%d, expected 0 to %d",
                             (long long)rows->index[i], rows->labels[i],
                             d->classes - 1);
    return CNN_OK;
}

static cnn_status check_targets(const cnn_dataset *d, const cnn_read *rows)
{
    const size_t size = cnn__dataset_target_floats(d);
    const size_t all = rows->targets != NULL ? (size_t)rows->count * size : 0;

    for (size_t i = 0; i < all; i++)
        if (!isfinite(rows->targets[i]))
            return cnn__fail(CNN_EINVAL,
                             "dataset: the reader gave sample %lld the target "
                             "%g, expected a finite number",
                             (long long)rows->index[i / size],
                             (double)rows->targets[i]);
    return CNN_OK;
}

static cnn_status check_weights(const cnn_read *rows)
{
    for (int32_t i = 0; rows->weights != NULL && i < rows->count; i++)
        if (!(isfinite(rows->weights[i]) && rows->weights[i] >= 0.0f))
            return cnn__fail(CNN_EINVAL,
                             "dataset: the reader gave sample %lld the weight "
                             "%g, expected a finite number of at least 0",
                             (long long)rows->index[i],
                             (double)rows->weights[i]);
    return CNN_OK;
}

/* --------------------------------------------------------------- read --- */

/* Moves images apart, to make room for the padding, and fills that. From the
 * last row on: each moves up, past those that are still to move. */
static void spread(const cnn_dataset *d, int32_t count, float *x)
{
    const size_t rows = (size_t)d->shape.c * (size_t)d->shape.h;
    const size_t H = (size_t)d->shape.h, W = (size_t)d->shape.w;
    const size_t pad = (size_t)d->pad, WP = W + 2 * pad, HP = H + 2 * pad;
    size_t end = (size_t)count * (size_t)d->shape.c * HP * WP;

    for (size_t i = (size_t)count * rows; i-- > 0;) {
        const size_t to = (i / H * HP + i % H + pad) * WP + pad;

        memmove(x + to, x + i * W, W * sizeof(*x));
        for (size_t k = to + W; k < end; k++)
            x[k] = d->images.offset;
        end = to;
    }
    for (size_t k = 0; k < end; k++)
        x[k] = d->images.offset;
}

static void scale(const cnn_dataset *d, int32_t count, float *x)
{
    if (d->images.scale != 1.0f || d->images.offset != 0.0f)
        cnn__values_scale(&d->images, x, (size_t)count * d->pixels);
    if (d->pad > 0)
        spread(d, count, x);
    cnn__dataset_normalise(d, count, x);
}

static cnn_status call(const cnn_dataset *d, const cnn_read *asked)
{
    const cnn_dataset_reader *r = &d->callback->reader;
    cnn_read rows = *asked; /* the reader may count with its pointers */

    CNN__TRY(cnn__turn_take(&d->callback->turn, "dataset"));
    const int32_t code = r->read(r->user, &rows);
    cnn__turn_give(&d->callback->turn);
    if (code != 0)
        return fail_read(asked, &rows, code);
    CNN__TRY(check_labels(d, asked));
    CNN__TRY(check_targets(d, asked));
    return check_weights(asked);
}

/* Reads samples first .. first + count - 1 of those that are wanted. */
static cnn_status read_some(const cnn_dataset *d, int64_t first, int32_t count,
                            const int64_t *index, const cnn__wanted *to)
{
    const cnn_shape image = cnn__dataset_padded_shape(d);
    const size_t at = (size_t)first, T = cnn__dataset_target_floats(d);
    const size_t X =
        cnn__size_mul3((size_t)image.c, (size_t)image.h, (size_t)image.w);
    float *targets = to->targets != NULL ? to->targets + at * T : NULL;
    /* The images may be wanted as targets only. */
    float *x = to->x != NULL ? to->x + at * X : d->own_targets ? targets : NULL;
    int64_t numbers[MOST_ROWS];
    const cnn_read rows = {
        .struct_size = sizeof(rows),
        .count = count,
        .index = numbers,
        .x = x,
        .labels = to->labels != NULL ? to->labels + at : NULL,
        .targets = d->own_targets ? NULL : targets,
        .weights = cnn__dataset_is_weighted(d) && to->weights != NULL
                       ? to->weights + at
                       : NULL,
    };

    for (int32_t i = 0; i < count; i++)
        numbers[i] = d->first + (index != NULL ? index[first + i] : first + i);
    CNN__TRY(call(d, &rows));
    if (x != NULL)
        scale(d, count, x);
    if (d->own_targets && targets != NULL && targets != x)
        memcpy(targets, x, (size_t)count * T * sizeof(*x));
    return CNN_OK;
}

cnn_status cnn__callback_read(const cnn_dataset *d, int64_t count,
                              const int64_t *index, const cnn__wanted *to)
{
    const bool ones = to->weights != NULL && !cnn__dataset_is_weighted(d);

    for (int64_t i = 0; ones && i < count; i++)
        to->weights[i] = 1.0f;
    if (to->x == NULL && to->labels == NULL && to->targets == NULL &&
        (ones || to->weights == NULL))
        return CNN_OK;
    for (int64_t first = 0; first < count; first += MOST_ROWS) {
        const int64_t rest = count - first;

        CNN__TRY(read_some(
            d, first, rest < MOST_ROWS ? (int32_t)rest : MOST_ROWS, index, to));
    }
    return CNN_OK;
}

cnn_status cnn__callback_check(const cnn_dataset *d)
{
    return d->callback != NULL ? cnn__turn_check(&d->callback->turn, "dataset")
                               : CNN_OK;
}
