/* Loading little IDX files that may be damaged, and what must hold whatever is
 * in them. */
#ifndef TESTS_SUPPORT_IDX_PAIR_H
#define TESTS_SUPPORT_IDX_PAIR_H

#include <stddef.h>
#include <stdint.h>

#include "cnn/cnn.h"

#define IDX_COUNT  10
#define IDX_SIDE   12
#define IDX_PIXELS (IDX_COUNT * IDX_SIDE * IDX_SIDE)
#define IDX_ROOM   4000

/* The content of a file. */
typedef struct idx_bytes {
    uint8_t data[IDX_ROOM];
    size_t size;
} idx_bytes;

/* IDX_COUNT images of IDX_SIDE squared, and their labels: what is in them, and
 * the files, raw [0] and gzip [1]. */
extern uint8_t idx_pixels[IDX_PIXELS], idx_marks[IDX_COUNT];
extern idx_bytes idx_images[2], idx_labels[2];

/* Setup and teardown of a group: makes the files and counts memory. */
int idx_pair_open(void **state);
int idx_pair_close(void **state);

void idx_pack(idx_bytes *to, const idx_bytes *from);

/* Loads from blocks of just that size, so that a sanitizer sees reads beyond
 * them. The test fails if this asks for too much memory, or if it refuses and
 * leaves a block behind or does not say which file and why. */
cnn_dataset *idx_load(const idx_bytes *images, const idx_bytes *labels);

/* It must refuse, and with this status. */
void assert_idx_refused(const idx_bytes *images, const idx_bytes *labels,
                        cnn_status want);

#endif
