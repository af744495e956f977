/* Normalised datasets over random shapes: the same bits as normalising what the
 * plain one reads, however they were made; their statistics are those of the
 * definition, and 0 and 1 once they are normalised by them. */
#include <math.h>
#include <string.h>

#include "cnn/runtime.h"
#include "support/draw.h"
#include "support/near.h"
#include "support/reading.h"

enum { COUNT = 300, MOST_SIDE = 5, MOST_C = 3, MOST_PAD = 2 };
enum { SIDE = MOST_SIDE + 2 * MOST_PAD };
enum { X = MOST_C * MOST_SIDE * MOST_SIDE, PADDED = MOST_C * SIDE * SIDE };

static float images[COUNT * X];
static uint8_t bytes[COUNT * X];
static int32_t labels[COUNT];
static float x[COUNT * PADDED], want[COUNT * PADDED];

typedef struct instance {
    cnn_shape shape;
    float mean[MOST_C], deviation[MOST_C];
    cnn_dataset_options plain, o;
    row_reader r;
} instance;

static void draw_instance(instance *m, uint64_t seed)
{
    cnn__random random;

    draw_start(&random, seed);
    m->shape = (cnn_shape){draw_between(&random, 1, MOST_C),
                           draw_between(&random, 1, MOST_SIDE),
                           draw_between(&random, 1, MOST_SIDE)};
    fill_uniform(images, COUNT * X, seed);
    fill_uniform(m->mean, MOST_C, seed + 1);
    fill_uniform(m->deviation, MOST_C, seed + 2);
    for (int c = 0; c < MOST_C; c++)
        m->deviation[c] = fabsf(m->deviation[c]) + 0.01f;
    for (int i = 0; i < COUNT * X; i++)
        bytes[i] = (uint8_t)draw_between(&random, 0, 255);
    m->plain = (cnn_dataset_options){
        .struct_size = sizeof(m->plain),
        .scale = (float)draw_between(&random, 1, 9) / 7.0f,
        .offset = (float)draw_between(&random, -3, 3) / 9.0f,
        .pad = draw_between(&random, 0, MOST_PAD),
    };
    m->o = m->plain;
    m->o.mean = m->mean;
    m->o.deviation = m->deviation;
    m->o.channel_count = m->shape.c;
}

/* kind: of bytes, of floats, of a reader. */
static cnn_dataset *make(instance *m, int kind, const cnn_dataset_options *o)
{
    if (kind == 0)
        return cnn_dataset_wrap_u8(&m->shape, COUNT, bytes, labels, o);
    if (kind == 1)
        return cnn_dataset_wrap_f32(&m->shape, COUNT, images, labels, o);
    m->r = (row_reader){.images = images, .labels = labels};
    const cnn_dataset_reader reader = reader_over(&m->r, &m->shape, COUNT, 1);
    return cnn_dataset_create_callback(&reader, o);
}

static void the_bits_of_by_hand(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        instance m;
        draw_instance(&m, seed);
        const int kind = (int)(seed % 3);
        const int64_t first = (int64_t)(seed % 7);
        cnn_dataset *plain = make(&m, kind, &m.plain);
        cnn_dataset *d = make(&m, kind, &m.o);
        cnn_dataset *part = cnn_dataset_slice(d, first, COUNT - first);
        cnn_shape s;

        assert_int_equal(cnn_dataset_shape(d, &s), CNN_OK);
        const size_t plane = (size_t)(s.h * s.w), size = (size_t)s.c * plane;
        assert_int_equal(cnn_dataset_read(plain, COUNT, NULL, want, NULL),
                         CNN_OK);
        for (size_t i = 0; i < COUNT * size; i++) {
            const size_t c = i / plane % (size_t)s.c;

            want[i] = (want[i] - m.mean[c]) / m.deviation[c];
        }
        assert_int_equal(cnn_dataset_read(d, COUNT, NULL, x, NULL), CNN_OK);
        assert_same_bits(x, want, COUNT * size);
        assert_int_equal(cnn_dataset_read(part, COUNT - first, NULL, x, NULL),
                         CNN_OK);
        assert_same_bits(x, want + (size_t)first * size,
                         (size_t)(COUNT - first) * size);
        cnn_dataset_free(part);
        cnn_dataset_free(d);
        cnn_dataset_free(plain);
    }
}

/* The definition, in long double, over what the dataset without padding
 * reads. */
static void define(const float *read, const cnn_shape *s, float *mean,
                   float *deviation)
{
    const size_t C = (size_t)s->c, plane = (size_t)(s->h * s->w);

    for (size_t c = 0; c < C; c++) {
        const long double n = (long double)(COUNT * plane);
        long double sum = 0, squares = 0;

        for (size_t i = 0; i < COUNT * plane; i++)
            sum += (long double)read[(i / plane * C + c) * plane + i % plane];
        for (size_t i = 0; i < COUNT * plane; i++) {
            const long double far =
                (long double)read[(i / plane * C + c) * plane + i % plane] -
                sum / n;
            squares += far * far;
        }
        mean[c] = (float)(sum / n);
        deviation[c] = (float)sqrtl(squares / n);
    }
}

/* Sums of doubles are off by n 2^-53 at most, here 1e-12: what differs is how
 * the result was rounded, one float of 2^-23 at most. A float that was read is
 * off by 2^-24 of numbers below 40, so the mean of those normalised is, too. */
static void the_statistics_of_the_definition(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        instance m;
        float mean[MOST_C], deviation[MOST_C], a[MOST_C], b[MOST_C];
        draw_instance(&m, seed);
        cnn_dataset_options bare = m.plain;
        bare.pad = 0;
        const int kind = (int)(seed % 3);
        const size_t C = (size_t)m.shape.c;
        cnn_dataset *plain = make(&m, kind, &m.plain);
        cnn_dataset *inner = make(&m, kind, &bare);

        assert_int_equal(cnn_dataset_read(inner, COUNT, NULL, want, NULL),
                         CNN_OK);
        define(want, &m.shape, a, b);
        for (int threads = 1; threads <= 3; threads++) {
            assert_int_equal(cnn_set_num_threads(threads), CNN_OK);
            assert_int_equal(
                cnn_dataset_statistics(plain, m.shape.c, mean, deviation),
                CNN_OK);
            assert_near(mean, a, C, 1e-9, 1.2e-7);
            assert_near(deviation, b, C, 0, 1.2e-7);
            if (threads > 1) {
                assert_same_bits(mean, m.mean, C);
                assert_same_bits(deviation, m.deviation, C);
            }
            memcpy(m.mean, mean, C * sizeof(*mean));
            memcpy(m.deviation, deviation, C * sizeof(*mean));
        }
        cnn_dataset *d = make(&m, kind, &m.o);
        assert_int_equal(cnn_dataset_statistics(d, m.shape.c, mean, deviation),
                         CNN_OK);
        for (size_t c = 0; c < C; c++) {
            assert_true(fabsf(mean[c]) < 4e-6f);
            assert_true(fabsf(deviation[c] - 1) < 1e-6f);
        }
        cnn_dataset_free(d);
        cnn_dataset_free(inner);
        cnn_dataset_free(plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bits_of_by_hand),
        cmocka_unit_test(the_statistics_of_the_definition),
    };

    return cmocka_run_group_tests_name("normalised bits", tests, NULL, NULL);
}
