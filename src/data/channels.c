/* Mean and deviation of the channels of a dataset. */
#include <math.h>

#include "base/memory.h"
#include "data/dataset_impl.h"

#define MOST_FLOATS  (1 << 18) /* read at a time, or one sample */
#define MOST_SAMPLES 256

/* Of the pixels of a channel so far. */
typedef struct moments {
    double count, mean, squares; /* of the distances from the mean */
} moments;

/* Adds n pixels: the formula for the moments of two parts together, of Chan,
 * Golub and LeVeque (1979). Distances are from what the pixels may be near to,
 * so those of pixels that are all the same are exactly 0. */
static void add_pixels(moments *m, const float *x, size_t n)
{
    const double near = m->count > 0 ? m->mean : (double)x[0];
    const double part = (double)n, all = m->count + part;
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] - near;
    const double mean = near + sum / part;
    for (size_t i = 0; i < n; i++) {
        const double distance = (double)x[i] - mean;

        squares += distance * distance;
    }
    const double apart = m->count > 0 ? mean - m->mean : 0;
    m->squares += squares + apart * apart * (m->count / all * part);
    m->mean = m->count > 0 ? m->mean + apart * (part / all) : mean;
    m->count = all;
}

static cnn_status add_sample(moments *m, const cnn_dataset *d, int64_t sample,
                             const float *x)
{
    const size_t plane = (size_t)d->shape.h * (size_t)d->shape.w;

    for (int32_t c = 0; c < d->shape.c; c++) {
        add_pixels(&m[c], x + (size_t)c * plane, plane);
        if (!isfinite(m[c].mean))
            return cnn__fail(CNN_EINVAL,
                             "dataset_statistics: sample %lld has a pixel in "
                             "channel %d that is no finite number",
                             (long long)sample, c);
    }
    return CNN_OK;
}

/* All samples, through a buffer for some. */
static cnn_status add_all(moments *m, const cnn_dataset *d, int64_t some,
                          float *buffer)
{
    int64_t index[MOST_SAMPLES];

    for (int64_t first = 0; first < d->count; first += some) {
        const int64_t rest = d->count - first, n = rest < some ? rest : some;

        for (int64_t i = 0; i < n; i++)
            index[i] = first + i;
        CNN__TRY(
            cnn__dataset_read_rows(d, n, index, &(cnn__wanted){.x = buffer}));
        for (int64_t i = 0; i < n; i++)
            CNN__TRY(
                add_sample(m, d, first + i, buffer + (size_t)i * d->pixels));
    }
    return CNN_OK;
}

static cnn_status check(const cnn_dataset *d, int32_t channel_count,
                        const float *mean, const float *deviation)
{
    if (d == NULL)
        return cnn__fail_null(CNN__DATASET, "dataset_statistics");
    if (mean == NULL || deviation == NULL)
        return cnn__fail(CNN_EINVAL, "dataset_statistics: %s is NULL",
                         mean == NULL ? "mean" : "deviation");
    if (channel_count != d->shape.c)
        return cnn__fail(CNN_EINVAL,
                         "dataset_statistics: channel_count %d, but images of "
                         "%dx%dx%d",
                         channel_count, d->shape.c, d->shape.h, d->shape.w);
    if (d->count == 0)
        return cnn__fail(CNN_EINVAL, "dataset_statistics: no samples");
    return CNN_OK;
}

cnn_status cnn_dataset_statistics(const cnn_dataset *dataset,
                                  int32_t channel_count, float *mean,
                                  float *deviation)
{
    CNN__TRY(check(dataset, channel_count, mean, deviation));
    cnn_dataset bare = *dataset;
    const size_t most = MOST_FLOATS / bare.pixels;
    const size_t fit = most < 1 ? 1 : most < MOST_SAMPLES ? most : MOST_SAMPLES;
    moments *m =
        cnn__alloc_zero(cnn__size_mul((size_t)channel_count, sizeof(*m)));
    float *buffer =
        m != NULL ? cnn__alloc(cnn__size_mul3(fit, bare.pixels, sizeof(float)))
                  : NULL;

    bare.pad = 0;
    const cnn_status status = buffer != NULL
                                  ? add_all(m, &bare, (int64_t)fit, buffer)
                                  : cnn_last_status();
    for (int32_t c = 0; status == CNN_OK && c < channel_count; c++) {
        const float found = (float)sqrt(m[c].squares / m[c].count);

        mean[c] = (float)m[c].mean;
        deviation[c] = found > 0.0f ? found : 1.0f;
    }
    cnn__free(buffer);
    cnn__free(m);
    return status;
}
