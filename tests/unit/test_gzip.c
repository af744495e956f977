/* Inflating gzip data. */
#include <string.h>

#include <zlib.h>

#include "base/memory.h"
#include "data/gzip.h"
#include "support/faulty_memory.h"
#include "support/idx_bytes.h"
#include "support/near.h"

#define MOST 70000

static uint8_t plain[MOST], packed[2 * MOST], inflated[MOST + 1];

/* Inflates in pieces of `piece` bytes; `got` is all there was. */
static cnn_status inflate_all(const void *data, size_t size, size_t piece,
                              size_t *got)
{
    cnn_status status;
    cnn__gzip gzip;
    size_t n;

    *got = 0;
    CNN__TRY(cnn__gzip_open(&gzip, data, size));
    do {
        const size_t room = sizeof(inflated) - *got;
        const size_t want = piece < room ? piece : room;

        status = cnn__gzip_read(&gzip, inflated + *got, want, &n);
        *got += n;
        if (status == CNN_OK && n < want) {
            /* At the end it stays there. */
            assert_int_equal(cnn__gzip_read(&gzip, &n, 1, &n), CNN_OK);
            assert_int_equal(n, 0);
            break;
        }
    } while (status == CNN_OK);
    cnn__gzip_close(&gzip);
    return status;
}

static void assert_inflates(const uint8_t *data, size_t size, size_t want)
{
    const size_t pieces[] = {1, 7, 20, 4096, MOST + 1};
    size_t got;

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        memset(inflated, 0, sizeof(inflated));
        assert_int_equal(inflate_all(data, size, pieces[i], &got), CNN_OK);
        assert_int_equal(got, want);
        assert_memory_equal(inflated, plain, want);
    }
}

static void assert_refused(size_t size, const char *part)
{
    const size_t pieces[] = {1, 20, MOST + 1};
    size_t got;

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
        assert_failed(inflate_all(packed, size, pieces[i], &got), CNN_EFORMAT,
                      part);
}

static int fill_plain(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOST; i++)
        plain[i] = (uint8_t)(i % 251 + i / 999);
    return 0;
}

static void one_member(void **state)
{
    const size_t sizes[] = {0, 1, 19, 20, 21, 4096, MOST};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const size_t n = make_gzip(packed, sizeof(packed), plain, sizes[i]);

        assert_true(cnn__is_gzip(packed, n));
        assert_inflates(packed, n, sizes[i]);
    }
    assert_false(cnn__is_gzip(packed, 1));
    assert_false(cnn__is_gzip("\x1f\x8c", 2));
    assert_false(cnn__is_gzip(NULL, 0));
}

/* 0 + 300 + 0 + 1 + 699 bytes: as `cat a.gz b.gz ...` gives them. */
static void many_members(void **state)
{
    const size_t sizes[] = {0, 300, 0, 1, 699};
    size_t n = 0, at = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        n += make_gzip(packed + n, sizeof(packed) - n, plain + at, sizes[i]);
        at += sizes[i];
    }
    assert_inflates(packed, n, 1000);
}

/* Name, comment, extra field and checksum of the header. */
static void long_header(void **state)
{
    gz_header header = {.name = (Bytef *)"name",
                        .comment = (Bytef *)"comment",
                        .extra = (Bytef *)"extra",
                        .extra_len = 5,
                        .hcrc = 1};
    z_stream stream = {.next_in = plain,
                       .avail_in = 500,
                       .next_out = packed,
                       .avail_out = sizeof(packed)};

    (void)state;
    deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
    deflateSetHeader(&stream, &header);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    assert_inflates(packed, stream.total_out, 500);
    packed[12]++; /* in the extra field, which the checksum covers */
    assert_refused(stream.total_out, "header crc mismatch");
}

static void cut_at_every_byte(void **state)
{
    const size_t n = make_gzip(packed, sizeof(packed), plain, 3000);

    (void)state;
    for (size_t size = 0; size < n; size++)
        assert_refused(size, "the gzip data is cut short");
    /* In the second of two members. */
    memcpy(packed + n, packed, n);
    for (size_t size = n + 1; size < 2 * n; size++)
        assert_refused(size, size == n + 1 ? "" : "cut short");
}

static void what_follows(void **state)
{
    const size_t n = make_gzip(packed, sizeof(packed), plain, 3000);

    (void)state;
    packed[n] = 0;
    assert_refused(n + 1, "1 bytes that are no gzip follow");
    memset(packed + n, 'x', 100);
    assert_refused(n + 100, "100 bytes that are no gzip follow");
    packed[n] = 0x1f;
    assert_refused(n + 1, "cut short");
    assert_refused(n + 2, "incorrect header check");
}

static void damaged(void **state)
{
    const size_t n = make_gzip(packed, sizeof(packed), plain, 3000);
    const struct {
        size_t at;
        const char *part;
    } cases[] = {
        {0, "incorrect header check"},   {1, "incorrect header check"},
        {2, "unknown compression"},      {3, "unknown header flags"},
        {n - 8, "incorrect data check"}, {n - 5, "incorrect data check"},
        {n - 4, "incorrect length"},     {n - 1, "incorrect length"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        packed[cases[i].at] ^= 0xe0;
        assert_refused(n, cases[i].part);
        packed[cases[i].at] ^= 0xe0;
    }
    assert_inflates(packed, n, 3000);
}

/* The bound that idx.c relies on. */
static void no_stream_grows_more(void **state)
{
    static uint8_t zeros[1 << 20];

    (void)state;
    const size_t n = make_gzip(packed, sizeof(packed), zeros, sizeof(zeros));
    assert_true(sizeof(zeros) <= n * CNN__GZIP_RATIO);
    assert_true(sizeof(zeros) > n * 900);
}

static cnn_status inflate_packed(void *size)
{
    size_t got;

    return inflate_all(packed, *(size_t *)size, 1000, &got);
}

static void no_memory(void **state)
{
    size_t n = make_gzip(packed, sizeof(packed), plain, MOST);

    (void)state;
    faulty_memory_install();
    assert_true(assert_survives_faults(inflate_packed, &n) >= 4);
    faulty_memory_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_member),
        cmocka_unit_test(many_members),
        cmocka_unit_test(long_header),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(what_follows),
        cmocka_unit_test(damaged),
        cmocka_unit_test(no_stream_grows_more),
        cmocka_unit_test(no_memory),
    };

    return cmocka_run_group_tests_name("gzip", tests, fill_plain, NULL);
}
