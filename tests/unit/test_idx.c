/* Parsing IDX data. */
#include <string.h>

#include "base/memory.h"
#include "data/idx.h"
#include "support/faulty_memory.h"
#include "support/idx_bytes.h"
#include "support/near.h"

#define DIMS(...) ((const uint32_t[]){__VA_ARGS__})

static const uint8_t elements[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 255};
static uint8_t raw[2000], packed[2000];

/* Is refused, raw and packed, with this status and text. */
static void assert_refused(size_t size, int32_t least, int32_t most,
                           cnn_status want, const char *part)
{
    cnn__idx idx;
    const size_t n = make_gzip(packed, sizeof(packed), raw, size);

    assert_failed(cnn__idx_parse(&idx, raw, size, least, most), want, part);
    assert_null(idx.memory);
    assert_failed(cnn__idx_parse(&idx, packed, n, least, most), want, part);
    assert_null(idx.memory);
}

static void assert_parsed(const cnn__idx *idx, uint8_t rank,
                          const uint32_t *dims, size_t size)
{
    assert_int_equal(idx->rank, rank);
    for (int i = 0; i < rank; i++)
        assert_int_equal(idx->dims[i], dims[i]);
    assert_int_equal(idx->size, size);
    assert_memory_equal(idx->elements, elements, size);
}

static void good(void **state)
{
    const struct {
        uint8_t rank;
        uint32_t dims[4];
        size_t size;
    } cases[] = {
        {1, {1}, 1},       {1, {10}, 10},        {2, {2, 5}, 10},
        {3, {3, 1, 3}, 9}, {4, {1, 2, 1, 4}, 8}, {4, {1, 1, 1, 1}, 1},
    };
    cnn__idx idx;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const uint8_t rank = cases[i].rank;
        const size_t size =
            make_idx(raw, 0x08, rank, cases[i].dims, elements, cases[i].size);
        const size_t n = make_gzip(packed, sizeof(packed), raw, size);

        assert_int_equal(cnn__idx_parse(&idx, raw, size, rank, rank), CNN_OK);
        assert_parsed(&idx, rank, cases[i].dims, cases[i].size);
        assert_null(idx.memory); /* nothing is copied */
        assert_ptr_equal(idx.elements, raw + size - cases[i].size);

        assert_int_equal(cnn__idx_parse(&idx, packed, n, 1, 4), CNN_OK);
        assert_parsed(&idx, rank, cases[i].dims, cases[i].size);
        assert_non_null(idx.memory);
        cnn__free(idx.memory);
    }
}

/* In several gzip members, the first of which ends within the header. */
static void many_members(void **state)
{
    const size_t size = make_idx(raw, 0x08, 2, DIMS(2, 5), elements, 10);
    const size_t cuts[] = {0, 6, 6, 13, size};
    size_t n = 0;
    cnn__idx idx;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(cuts) / sizeof(cuts[0]); i++)
        n += make_gzip(packed + n, sizeof(packed) - n, raw + cuts[i],
                       cuts[i + 1] - cuts[i]);
    assert_int_equal(cnn__idx_parse(&idx, packed, n, 2, 2), CNN_OK);
    assert_parsed(&idx, 2, DIMS(2, 5), 10);
    cnn__free(idx.memory);
}

static void no_idx(void **state)
{
    cnn__idx idx;
    size_t n;

    (void)state;
    assert_failed(cnn__idx_parse(&idx, NULL, 0, 1, 4), CNN_EFORMAT,
                  "no IDX file: 0 bytes, expected at least 4");
    memcpy(raw, "\x89PNG", 4);
    assert_refused(4, 1, 4, CNN_EFORMAT,
                   "no IDX file: it begins with the bytes 89 50");
    /* gzip within gzip is not looked into. */
    n = make_gzip(packed, sizeof(packed), elements, sizeof(elements));
    memcpy(raw, packed, n);
    n = make_gzip(packed, sizeof(packed), raw, n);
    assert_failed(cnn__idx_parse(&idx, packed, n, 1, 4), CNN_EFORMAT,
                  "begins with the bytes 1f 8b");
    raw[0] = 0;
    raw[1] = 1;
    assert_refused(4, 1, 4, CNN_EFORMAT, "begins with the bytes 00 01");
}

static void types(void **state)
{
    const struct {
        uint8_t code;
        const char *name;
    } legal[] = {
        {0x09, "signed bytes (type 0x09)"},
        {0x0b, "16-bit integers (type 0x0b)"},
        {0x0c, "32-bit integers (type 0x0c)"},
        {0x0d, "32-bit floats (type 0x0d)"},
        {0x0e, "64-bit floats (type 0x0e)"},
    };
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(legal) / sizeof(legal[0]); i++) {
        size = make_idx(raw, legal[i].code, 1, DIMS(10), elements, 10);
        assert_refused(size, 1, 1, CNN_EUNSUPPORTED, legal[i].name);
    }
    size = make_idx(raw, 0x0a, 1, DIMS(10), elements, 10);
    assert_refused(size, 1, 1, CNN_EFORMAT, "element type 0x0a is none");
}

static void ranks(void **state)
{
    size_t size = make_idx(raw, 0x08, 1, DIMS(10), elements, 10);

    (void)state;
    assert_refused(size, 3, 4, CNN_EFORMAT,
                   "IDX of 1 dimensions, expected 3 to 4");
    size = make_idx(raw, 0x08, 2, DIMS(2, 5), elements, 10);
    assert_refused(size, 1, 1, CNN_EFORMAT, "IDX of 2 dimensions, expected 1");
    size = make_idx(raw, 0x08, 0, NULL, elements, 10);
    assert_refused(size, 1, 4, CNN_EFORMAT, "IDX of 0 dimensions");
}

static void dimensions(void **state)
{
    const uint32_t big = INT32_MAX;
    size_t size;

    (void)state;
    size = make_idx(raw, 0x08, 3, DIMS(1, 0, 1), elements, 0);
    assert_refused(size, 3, 3, CNN_EFORMAT,
                   "dimension 2 is 0, expected 1 to 2147483647");
    size = make_idx(raw, 0x08, 1, DIMS(0x80000000), elements, 10);
    assert_refused(size, 1, 1, CNN_EFORMAT, "dimension 1 is 2147483648");
    size = make_idx(raw, 0x08, 3, DIMS(big, big, big), elements, 10);
    assert_refused(size, 3, 3, CNN_EOVERFLOW,
                   "2147483647x2147483647x2147483647 bytes are more than fit");
    /* The product is 2^64 exactly: it must not wrap to 0. */
    size = make_idx(raw, 0x08, 4, DIMS(0x10000, 0x10000, 0x10000, 0x10000),
                    elements, 0);
    assert_refused(size, 4, 4, CNN_EOVERFLOW, "65536x65536x65536x65536");
}

static void sizes(void **state)
{
    cnn__idx idx;
    size_t size, n;

    (void)state;
    size = make_idx(raw, 0x08, 2, DIMS(2, 5), elements, 10);
    assert_refused(11, 2, 2, CNN_EFORMAT,
                   "cut short: 11 bytes, but the header alone has 12");
    assert_refused(size - 1, 2, 2, CNN_EFORMAT,
                   "cut short: 2x5 announces 10 bytes, but there are 9");
    assert_refused(12, 2, 2, CNN_EFORMAT,
                   "cut short: 2x5 announces 10 bytes, but there are 0");
    size = make_idx(raw, 0x08, 2, DIMS(1, 5), elements, 10);
    assert_failed(cnn__idx_parse(&idx, raw, size, 2, 2), CNN_EFORMAT,
                  "too long: 1x5 announces 5 bytes, but there are 10");
    n = make_gzip(packed, sizeof(packed), raw, size);
    assert_failed(cnn__idx_parse(&idx, packed, n, 2, 2), CNN_EFORMAT,
                  "too long: 1x5 announces 5 bytes, but there are at least ");
}

/* What gzip of this size cannot hold is not even asked memory for. */
static void announced_too_much(void **state)
{
    size_t possible = 0, impossible = 0;
    cnn__idx idx;

    (void)state;
    for (uint32_t dim = 25000; dim < 45000; dim += 13) {
        const size_t size = make_idx(raw, 0x08, 1, &dim, elements, 10);
        const size_t n = make_gzip(packed, sizeof(packed), raw, size);

        if (8 + dim > n * 1032) {
            assert_failed(cnn__idx_parse(&idx, packed, n, 1, 1), CNN_EFORMAT,
                          "bytes of gzip can hold");
            impossible++;
        } else {
            assert_failed(cnn__idx_parse(&idx, packed, n, 1, 1), CNN_EFORMAT,
                          "but there are 10");
            possible++;
        }
    }
    assert_true(possible > 100 && impossible > 100);
}

static struct {
    const uint8_t *data;
    size_t size;
} scenario;

static cnn_status parse_and_free(void *unused)
{
    cnn__idx idx;
    const cnn_status status =
        cnn__idx_parse(&idx, scenario.data, scenario.size, 1, 4);

    (void)unused;
    cnn__free(idx.memory);
    return status;
}

static void no_memory(void **state)
{
    const size_t size = make_idx(raw, 0x08, 1, DIMS(10), elements, 10);

    (void)state;
    faulty_memory_install();
    scenario.data = raw;
    scenario.size = size;
    assert_int_equal(assert_survives_faults(parse_and_free, NULL), 0);
    scenario.data = packed;
    scenario.size = make_gzip(packed, sizeof(packed), raw, size);
    assert_true(assert_survives_faults(parse_and_free, NULL) >= 4);
    faulty_memory_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),      cmocka_unit_test(many_members),
        cmocka_unit_test(no_idx),    cmocka_unit_test(types),
        cmocka_unit_test(ranks),     cmocka_unit_test(dimensions),
        cmocka_unit_test(sizes),     cmocka_unit_test(announced_too_much),
        cmocka_unit_test(no_memory),
    };

    return cmocka_run_group_tests_name("idx", tests, NULL, NULL);
}
