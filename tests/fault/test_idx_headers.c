/* Hostile IDX headers: all types, all numbers of dimensions, dimensions at the
 * edges, counts that differ. */
#include <stdbool.h>

#include "support/idx_bytes.h"
#include "support/idx_pair.h"
#include "support/near.h"

/* Of type `type` and `rank` dimensions of 1, with one element. */
static void make_header(idx_bytes *b, int type, int rank)
{
    uint32_t dims[255];

    for (int i = 0; i < 255; i++)
        dims[i] = 1;
    b->size =
        make_idx(b->data, (uint8_t)type, (uint8_t)rank, dims, idx_pixels, 1);
}

static void check_header(int type, int rank, bool gzip)
{
    const bool other = type == 0x09 || (type >= 0x0b && type <= 0x0e);
    const cnn_status want = other ? CNN_EUNSUPPORTED : CNN_EFORMAT;
    idx_bytes header, packed, one_image, one_label;

    make_header(&header, type, rank);
    make_header(&one_image, 8, 3);
    make_header(&one_label, 8, 1);
    if (gzip) {
        idx_pack(&packed, &header);
        header = packed;
    }
    if (type == 8 && (rank == 3 || rank == 4)) {
        cnn_dataset *d = idx_load(&header, &one_label);
        assert_int_equal(cnn_dataset_count(d), 1);
        cnn_dataset_free(d);
    } else {
        assert_idx_refused(&header, &one_label, want);
    }
    if (type == 8 && rank == 1) {
        cnn_dataset *d = idx_load(&one_image, &header);
        assert_int_equal(cnn_dataset_count(d), 1);
        cnn_dataset_free(d);
    } else {
        assert_idx_refused(&one_image, &header, want);
    }
}

static void every_type_and_rank(void **state)
{
    (void)state;
    for (int type = 0; type < 256; type++)
        for (int rank = 0; rank < 256; rank++)
            check_header(type, rank, false);
    for (int type = 0; type < 17; type++)
        for (int rank = 0; rank < 9; rank++)
            check_header(type, rank, true);
}

/* Dimensions at the edges: all but the last are hostile, and no product may
 * wrap round. Of INT32_MAX, size_t holds the product of two, or, where it has
 * 32 bits, one. */
static void every_edge(void **state)
{
    const uint32_t edges[] = {0, 1, INT32_MAX, 0x80000000, UINT32_MAX};
    const int most = (int)(sizeof(size_t) / 4);
    idx_bytes one_label, x, packed;

    (void)state;
    make_header(&one_label, 8, 1);
    for (uint8_t rank = 3; rank <= 4; rank++)
        for (int code = 0; code < (rank == 3 ? 125 : 625); code++) {
            uint32_t dims[4];
            int large = 0, bad = 0;

            for (int i = 0, rest = code; i < rank; i++, rest /= 5) {
                dims[i] = edges[rest % 5];
                large += dims[i] == INT32_MAX;
                bad += dims[i] == 0 || dims[i] > INT32_MAX;
            }
            x.size = make_idx(x.data, 8, rank, dims, idx_pixels, 1);
            idx_pack(&packed, &x);
            if (bad == 0 && large == 0)
                continue;
            const cnn_status want =
                bad == 0 && large > most ? CNN_EOVERFLOW : CNN_EFORMAT;
            assert_idx_refused(&x, &one_label, want);
            assert_idx_refused(&packed, &one_label, want);
        }
    for (int i = 0; i < 5; i++) {
        x.size = make_idx(x.data, 8, 1, &edges[i], idx_pixels, 1);
        idx_pack(&packed, &x);
        if (edges[i] == 1)
            continue;
        assert_idx_refused(&idx_images[0], &x, CNN_EFORMAT);
        assert_idx_refused(&idx_images[0], &packed, CNN_EFORMAT);
    }
}

static void counts_that_differ(void **state)
{
    (void)state;
    for (uint32_t n = 1; n < 600; n++) {
        const uint8_t many[600] = {0};
        idx_bytes y, packed;

        if (n == IDX_COUNT)
            continue;
        y.size = make_idx(y.data, 8, 1, &n, many, n);
        idx_pack(&packed, &y);
        assert_idx_refused(&idx_images[0], &y, CNN_EFORMAT);
        assert_error(CNN_EFORMAT, "images holds 10 images, but labels ");
        assert_idx_refused(&idx_images[1], &packed, CNN_EFORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_and_rank),
        cmocka_unit_test(every_edge),
        cmocka_unit_test(counts_that_differ),
    };

    return cmocka_run_group_tests_name("idx_headers", tests, idx_pair_open,
                                       idx_pair_close);
}
