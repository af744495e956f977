#include "support/idx_pair.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "support/faulty_memory.h"
#include "support/idx_bytes.h"
#include "support/near.h"

/* What zlib keeps for itself while it inflates, and the dataset. */
#define EXTRA (65536 + 4096)

uint8_t idx_pixels[IDX_PIXELS], idx_marks[IDX_COUNT];
idx_bytes idx_images[2], idx_labels[2];

int idx_pair_open(void **state)
{
    const uint32_t dims[] = {IDX_COUNT, IDX_SIDE, IDX_SIDE};

    (void)state;
    for (int i = 0; i < IDX_PIXELS; i++)
        idx_pixels[i] = (uint8_t)(i % 5 == 0 ? i * i / 7 : 0);
    for (int i = 0; i < IDX_COUNT; i++)
        idx_marks[i] = (uint8_t)i;
    idx_images[0].size =
        make_idx(idx_images[0].data, 8, 3, dims, idx_pixels, IDX_PIXELS);
    idx_labels[0].size =
        make_idx(idx_labels[0].data, 8, 1, dims, idx_marks, IDX_COUNT);
    idx_pack(&idx_images[1], &idx_images[0]);
    idx_pack(&idx_labels[1], &idx_labels[0]);
    faulty_memory_install();
    return 0;
}

int idx_pair_close(void **state)
{
    (void)state;
    faulty_memory_remove();
    return 0;
}

void idx_pack(idx_bytes *to, const idx_bytes *from)
{
    to->size = make_gzip(to->data, IDX_ROOM, from->data, from->size);
}

/* The most that loading may take: of a raw file, 4 x its size; of gzip, what it
 * can inflate to, and of labels, those as int32_t as well. */
static size_t most_memory(const idx_bytes *b, size_t inflated)
{
    const bool gzip = b->size >= 2 && memcmp(b->data, "\x1f\x8b", 2) == 0;

    return b->size * (gzip ? 1 + inflated * 1032 : 4);
}

cnn_dataset *idx_load(const idx_bytes *images, const idx_bytes *labels)
{
    uint8_t *x = malloc(images->size), *y = malloc(labels->size);

    faulty_memory_reset();
    memcpy(x, images->data, images->size);
    memcpy(y, labels->data, labels->size);
    cnn_dataset *d =
        cnn_dataset_load_memory(x, images->size, y, labels->size, NULL);
    free(x);
    free(y);
    assert_true(faulty_memory_peak() <=
                most_memory(images, 1) + most_memory(labels, 5) + EXTRA);
    if (d != NULL)
        return d;
    assert_int_equal(faulty_memory_blocks(), 0);
    assert_true(cnn_last_status() == CNN_EFORMAT ||
                cnn_last_status() == CNN_EUNSUPPORTED ||
                cnn_last_status() == CNN_EOVERFLOW);
    assert_true(strncmp(cnn_last_error(), "images", 6) == 0 ||
                strncmp(cnn_last_error(), "labels", 6) == 0);
    return NULL;
}

void assert_idx_refused(const idx_bytes *images, const idx_bytes *labels,
                        cnn_status want)
{
    cnn_dataset *d = idx_load(images, labels);

    if (d != NULL) {
        cnn_dataset_free(d);
        fail_msg("damage was not noticed");
    }
    assert_int_equal(cnn_last_status(), want);
}
