/* Damaged IDX files: cut at every byte, lengthened, every bit flipped, random
 * changes; and no memory. Each is refused with a reason, or is good. */
#include <stdbool.h>
#include <string.h>

#include "support/draw.h"
#include "support/faulty_memory.h"
#include "support/idx_pair.h"
#include "support/near.h"
#include "support/temp_file.h"

static bool has_content(const cnn_dataset *d, const uint8_t *x,
                        const uint8_t *y)
{
    float got[IDX_PIXELS];
    int32_t label[IDX_COUNT];
    cnn_shape s;

    if (cnn_dataset_count(d) != IDX_COUNT ||
        cnn_dataset_shape(d, &s) != CNN_OK || s.c != 1 || s.h != IDX_SIDE ||
        s.w != IDX_SIDE ||
        cnn_dataset_read(d, IDX_COUNT, NULL, got, label) != CNN_OK)
        return false;
    for (int i = 0; i < IDX_PIXELS; i++)
        if (got[i] != (float)x[i] * (1.0f / 255.0f))
            return false;
    for (int i = 0; i < IDX_COUNT; i++)
        if (label[i] != y[i])
            return false;
    return true;
}

static void undamaged(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        cnn_dataset *d = idx_load(&idx_images[i / 2], &idx_labels[i % 2]);

        assert_non_null(d);
        assert_true(has_content(d, idx_pixels, idx_marks));
        cnn_dataset_free(d);
    }
}

static void cut_at_every_byte(void **state)
{
    (void)state;
    for (int gzip = 0; gzip < 2; gzip++) {
        idx_bytes x = idx_images[gzip], y = idx_labels[gzip];

        while (x.size-- > 0)
            assert_idx_refused(&x, &idx_labels[gzip], CNN_EFORMAT);
        while (y.size-- > 0)
            assert_idx_refused(&idx_images[gzip], &y, CNN_EFORMAT);
    }
}

/* The same through files. */
static void cut_files(void **state)
{
    (void)state;
    for (int gzip = 0; gzip < 2; gzip++) {
        const char *x =
            temp_write("x", idx_images[gzip].data, idx_images[gzip].size);

        for (size_t size = 0; size < idx_labels[gzip].size; size++) {
            const char *y = temp_write("y", idx_labels[gzip].data, size);

            assert_null(cnn_dataset_load(x, y, NULL));
            assert_error(CNN_EFORMAT, "/y: ");
        }
    }
    assert_int_equal(faulty_memory_blocks(), 0);
}

static void lengthened(void **state)
{
    (void)state;
    for (int gzip = 0; gzip < 2; gzip++)
        for (int more = 1; more < 300; more++) {
            idx_bytes x = idx_images[gzip], y = idx_labels[gzip];

            memset(x.data + x.size, more, (size_t)more);
            memset(y.data + y.size, more, (size_t)more);
            x.size += (size_t)more;
            y.size += (size_t)more;
            assert_idx_refused(&x, &idx_labels[gzip], CNN_EFORMAT);
            assert_idx_refused(&idx_images[gzip], &y, CNN_EFORMAT);
        }
}

/* The pair with one bit of one file flipped; false behind the last bit. */
static bool flip(idx_bytes pair[2], int gzip, int which, size_t bit)
{
    pair[0] = idx_images[gzip];
    pair[1] = idx_labels[gzip];
    if (bit / 8 >= pair[which].size)
        return false;
    pair[which].data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    return true;
}

/* In the header every flip is noticed; behind it, it is another picture. */
static void raw_bits(void **state)
{
    const size_t header[] = {16, 8};
    idx_bytes pair[2];

    (void)state;
    for (int which = 0; which < 2; which++)
        for (size_t bit = 0; flip(pair, 0, which, bit); bit++) {
            cnn_dataset *d = idx_load(&pair[0], &pair[1]);

            if (bit / 8 < header[which])
                assert_null(d);
            else
                assert_true(
                    has_content(d, pair[0].data + 16, pair[1].data + 8));
            cnn_dataset_free(d);
        }
}

/* Most flips are noticed. No checksum covers the time and the system in the
 * header and the bits that fill up the last byte, and a match may point to an
 * equal place: then the content is the same. */
static void gzip_bits(void **state)
{
    size_t bits = 0, same = 0;
    idx_bytes pair[2];

    (void)state;
    for (int which = 0; which < 2; which++)
        for (size_t bit = 0; flip(pair, 1, which, bit); bit++, bits++) {
            cnn_dataset *d = idx_load(&pair[0], &pair[1]);

            if (d == NULL)
                continue;
            assert_true(has_content(d, idx_pixels, idx_marks));
            cnn_dataset_free(d);
            same++;
        }
    assert_true(same < bits / 20);
}

static void random_changes(void **state)
{
    cnn__random random;

    (void)state;
    draw_start(&random, 1);
    for (int round = 0; round < 20000; round++) {
        idx_bytes pair[2] = {idx_images[round % 2], idx_labels[round / 2 % 2]};

        for (int change = draw_between(&random, 1, 4); change > 0; change--) {
            idx_bytes *b = &pair[draw_between(&random, 0, 1)];
            /* The beginning is where the structure is. */
            const int32_t most = (int32_t)b->size - 1;
            const int32_t end =
                draw_between(&random, 0, 1) && most > 30 ? 30 : most;

            if (b->size > 0)
                b->data[draw_between(&random, 0, end)] =
                    (uint8_t)cnn__random_bits(&random);
            if (draw_between(&random, 0, 9) == 0)
                b->size = (size_t)draw_between(&random, 0, IDX_ROOM / 2);
        }
        cnn_dataset_free(idx_load(&pair[0], &pair[1]));
    }
}

static cnn_status load_and_free(void *gzip)
{
    const int i = *(const int *)gzip;
    cnn_dataset *d =
        cnn_dataset_load_memory(idx_images[i].data, idx_images[i].size,
                                idx_labels[i].data, idx_labels[i].size, NULL);
    const cnn_status status = d != NULL ? CNN_OK : cnn_last_status();

    cnn_dataset_free(d);
    return status;
}

static cnn_status load_files_and_free(void *paths)
{
    const char *const *path = paths;
    cnn_dataset *d = cnn_dataset_load(path[0], path[1], NULL);
    const cnn_status status = d != NULL ? CNN_OK : cnn_last_status();

    cnn_dataset_free(d);
    return status;
}

static void no_memory(void **state)
{
    (void)state;
    for (int gzip = 0; gzip < 2; gzip++) {
        const char *paths[] = {
            temp_write("x", idx_images[gzip].data, idx_images[gzip].size),
            temp_write("y", idx_labels[gzip].data, idx_labels[gzip].size),
        };

        assert_true(assert_survives_faults(load_and_free, &gzip) >= 8);
        assert_true(assert_survives_faults(load_files_and_free, paths) >= 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undamaged),      cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(cut_files),      cmocka_unit_test(lengthened),
        cmocka_unit_test(raw_bits),       cmocka_unit_test(gzip_bits),
        cmocka_unit_test(random_changes), cmocka_unit_test(no_memory),
    };

    return cmocka_run_group_tests_name("idx_damage", tests, idx_pair_open,
                                       idx_pair_close);
}
