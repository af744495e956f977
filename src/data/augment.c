#include "data/augment.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "base/size.h"

#define DEGREE 0.017453292519943295

static cnn_status check(const cnn_augment_options *o)
{
    const float ranges[] = {o->shift, o->rotation, o->scale,
                            o->shear, o->elastic,  o->elastic_sigma};

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (!(isfinite(ranges[i]) && ranges[i] >= 0.0f))
            return cnn__fail(CNN_EINVAL,
                             "augmentation: a range of %g, expected a finite "
                             "number of at least 0",
                             (double)ranges[i]);
    if (o->mirror != 0 && o->mirror != 1)
        return cnn__fail(CNN_EINVAL, "augmentation: mirror %d, expected 0 or 1",
                         o->mirror);
    if (o->scale >= 1.0f)
        return cnn__fail(CNN_EINVAL, "augmentation: scale %g, expected below 1",
                         (double)o->scale);
    return CNN_OK;
}

static bool moves(const cnn_augment_options *o)
{
    return o->shift > 0 || o->rotation > 0 || o->scale > 0 || o->shear > 0 ||
           o->elastic > 0;
}

cnn_status cnn__augment_read(cnn_augment_options *o,
                             const cnn_augment_options *options, bool *any)
{
    cnn_augment_options new;

    CNN__TRY(cnn__options_read(&new, sizeof(new), options, "augmentation"));
    CNN__TRY(check(&new));
    new.elastic_sigma = cnn__or_default(new.elastic_sigma, 4.0f);
    if (new.elastic_sigma == 0.0f)
        return cnn__fail(CNN_EINVAL,
                         "augmentation: elastic_sigma 0, expected above 0");
    *any = moves(&new) || new.mirror;
    *o = new;
    return CNN_OK;
}

size_t cnn__augment_scratch(const cnn_shape *shape)
{
    /* Two displacement fields, space to smooth them, and a channel. */
    return cnn__size_mul3(4, (size_t)shape->h, (size_t)shape->w);
}

/* ----------------------------------------------------------- elastic --- */

/* Weights of a Gaussian with deviation sigma at 0, 1, 2, ..., cut off at 3
 * sigma. */
#define MOST_RADIUS 32

static int32_t gaussian(float sigma, float weight[MOST_RADIUS + 1])
{
    const double reach = ceil(3.0 * (double)sigma);
    const int32_t radius = reach < MOST_RADIUS ? (int32_t)reach : MOST_RADIUS;
    double sum = 0.0;

    for (int32_t i = 0; i <= radius; i++) {
        const double z = (double)i / (double)sigma;
        weight[i] = (float)exp(-0.5 * z * z);
        sum += (i > 0 ? 2.0 : 1.0) * (double)weight[i];
    }
    for (int32_t i = 0; i <= radius; i++)
        weight[i] = (float)((double)weight[i] / sum);
    return radius;
}

/* Smooths `lines` lines of `length` floats. Elements are `step` floats apart,
 * lines `line_step`. Outside the image the field is zero. */
static void smooth(const float *weight, int32_t radius, int32_t lines,
                   int32_t length, int32_t line_step, int32_t step,
                   const float *from, float *to)
{
    for (int32_t l = 0; l < lines; l++)
        for (int32_t i = 0; i < length; i++) {
            float sum = 0.0f;
            for (int32_t k = -radius; k <= radius; k++)
                if (i + k >= 0 && i + k < length)
                    sum += weight[k < 0 ? -k : k] *
                           from[l * line_step + (i + k) * step];
            to[l * line_step + i * step] = sum;
        }
}

/* A smooth random displacement of each pixel, in pixels. */
static void draw_field(const cnn_augment_options *o, const cnn_shape *s,
                       cnn__random *random, float *field, float *scratch)
{
    float weight[MOST_RADIUS + 1];
    const int32_t radius = gaussian(o->elastic_sigma, weight);

    for (int32_t i = 0; i < s->h * s->w; i++)
        field[i] = o->elastic * (2.0f * cnn__random_uniform(random) - 1.0f);
    smooth(weight, radius, s->h, s->w, s->w, 1, field, scratch);
    smooth(weight, radius, s->w, s->h, 1, s->w, scratch, field);
}

/* ------------------------------------------------------------ moving --- */

/* The source of pixel (row, col): an affine map about the centre, plus a
 * displacement. */
typedef struct motion {
    double a, b, c, d; /* from = (a b; c d) (to - middle) + middle + shift */
    double shift_row, shift_col;
    const float *rows, *cols; /* fields, or NULL */
} motion;

static double draw(cnn__random *random, float range)
{
    return (double)range * (2.0 * (double)cnn__random_uniform(random) - 1.0);
}

static motion draw_motion(const cnn_augment_options *o, cnn__random *random)
{
    const double angle = draw(random, o->rotation) * DEGREE;
    const double scale = 1.0 / (1.0 + draw(random, o->scale));
    const double shear = draw(random, o->shear);
    const double cosine = cos(angle) * scale, sine = sin(angle) * scale;
    const double shift_row = draw(random, o->shift);
    const double shift_col = draw(random, o->shift);

    return (motion){
        .a = cosine,
        .b = sine,
        .c = -sine + shear * cosine,
        .d = cosine + shear * sine,
        .shift_row = shift_row,
        .shift_col = shift_col,
    };
}

static float pixel(const float *x, const cnn_shape *s, int32_t r, int32_t c,
                   float paper)
{
    return r < 0 || c < 0 || r >= s->h || c >= s->w ? paper : x[r * s->w + c];
}

/* Interpolates between four pixels. */
static float bilinear(const float *x, const cnn_shape *s, double row,
                      double col, float paper)
{
    /* Far outside everything is paper. The test also keeps the conversion to
     * int in range. */
    if (!(row > -1.0 && col > -1.0 && row < s->h && col < s->w))
        return paper;
    const int32_t r = (int32_t)floor(row), c = (int32_t)floor(col);
    const float v = (float)(row - r), u = (float)(col - c);
    const float top = (1.0f - u) * pixel(x, s, r, c, paper) +
                      u * pixel(x, s, r, c + 1, paper);
    const float bottom = (1.0f - u) * pixel(x, s, r + 1, c, paper) +
                         u * pixel(x, s, r + 1, c + 1, paper);

    return (1.0f - v) * top + v * bottom;
}

static void move_channel(const motion *m, const cnn_shape *s, float paper,
                         const float *from, float *to)
{
    const double middle_row = (s->h - 1) / 2.0, middle_col = (s->w - 1) / 2.0;

    for (int32_t r = 0; r < s->h; r++)
        for (int32_t c = 0; c < s->w; c++) {
            const int32_t at = r * s->w + c;
            const double y = r - middle_row, x = c - middle_col;
            double row = m->a * y + m->b * x + middle_row + m->shift_row;
            double col = m->c * y + m->d * x + middle_col + m->shift_col;

            if (m->rows != NULL) {
                row += (double)m->rows[at];
                col += (double)m->cols[at];
            }
            to[at] = bilinear(from, s, row, col, paper);
        }
}

static void move_image(const cnn_augment_options *o, const cnn_shape *s,
                       cnn__random *random, const float *paper, float *scratch,
                       float *image)
{
    const size_t plane = (size_t)s->h * (size_t)s->w;
    motion m = draw_motion(o, random);

    if (o->elastic > 0.0f) {
        draw_field(o, s, random, scratch, scratch + 2 * plane);
        draw_field(o, s, random, scratch + plane, scratch + 2 * plane);
        m.rows = scratch;
        m.cols = scratch + plane;
    }
    for (int32_t c = 0; c < s->c; c++, image += plane) {
        memcpy(scratch + 3 * plane, image, plane * sizeof(float));
        move_channel(&m, s, paper[c], scratch + 3 * plane, image);
    }
}

static void mirror_image(const cnn_shape *s, float *image)
{
    for (size_t row = 0; row < (size_t)s->c * (size_t)s->h; row++)
        for (int32_t l = 0, r = s->w - 1; l < r; l++, r--) {
            float *x = image + row * (size_t)s->w;
            const float left = x[l];

            x[l] = x[r];
            x[r] = left;
        }
}

void cnn__augment(const cnn_augment_options *o, const cnn_shape *s,
                  cnn__random *random, const float *paper, float *scratch,
                  float *image)
{
    if (moves(o))
        move_image(o, s, random, paper, scratch, image);
    if (o->mirror && cnn__random_uniform(random) < 0.5f)
        mirror_image(s, image);
}

cnn_status cnn_augment(const cnn_augment_options *options,
                       const cnn_shape *shape, const uint64_t *random,
                       int64_t count, float paper, float *images)
{
    cnn_augment_options o;
    cnn__random numbers;
    bool any;

    CNN__TRY(cnn__augment_read(&o, options, &any));
    if (shape == NULL || random == NULL || (images == NULL && count > 0))
        return cnn__fail(CNN_EINVAL, "augment: %s is NULL",
                         shape == NULL    ? "shape"
                         : random == NULL ? "random"
                                          : "images");
    if (shape->c < 1 || shape->h < 1 || shape->w < 1 || count < 0)
        return cnn__fail(CNN_EINVAL,
                         "augment: %lld images of %dx%dx%d, expected at least "
                         "0 of 1x1x1",
                         (long long)count, shape->c, shape->h, shape->w);
    const size_t size =
        cnn__size_mul3((size_t)shape->c, (size_t)shape->h, (size_t)shape->w);
    const size_t C = (size_t)shape->c;
    float *papers = cnn__alloc(cnn__size_mul(
        cnn__size_add(C, cnn__augment_scratch(shape)), sizeof(float)));
    if (papers == NULL)
        return cnn_last_status();
    for (size_t c = 0; c < C; c++)
        papers[c] = paper;
    for (int64_t n = 0; n < count && any; n++) {
        cnn__random_start(&numbers, random[0], CNN__RANDOM_AUGMENT, random[1],
                          (uint32_t)n);
        cnn__augment(&o, shape, &numbers, papers, papers + C,
                     images + (size_t)n * size);
    }
    cnn__free(papers);
    return CNN_OK;
}
