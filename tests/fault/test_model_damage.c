/* Damaged model files: cut at every byte, every bit flipped, bursts of up to 32
 * bits, and any change at all with a checksum that was made right again. */
#include <stdlib.h>
#include <string.h>

#include "support/draw.h"
#include "support/faulty_memory.h"
#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"

static model_bytes good;

/* Counts memory, that of jansson too. */
static int open_group(void **state)
{
    (void)state;
    faulty_memory_install();
    faulty_memory_watch_json();
    cnn_net *net = tiny_net();
    build(net, &tiny_shape, 1, 1);
    model_of(&good, net);
    cnn_net_free(net);
    assert_in_range(good.size, 2500, 3500);
    return 0;
}

static int close_group(void **state)
{
    (void)state;
    model_free(&good);
    faulty_memory_remove();
    return 0;
}

/* It is refused; nothing is left, and not much was taken. */
static void refuse(const unsigned char *data, size_t size)
{
    faulty_memory_reset();
    assert_null(cnn_net_load_memory(data, size, 1));
    if (cnn_last_status() != CNN_EFORMAT &&
        cnn_last_status() != CNN_EUNSUPPORTED)
        fail_msg("status %d (%s)", cnn_last_status(), cnn_last_error());
    assert_true(cnn_last_error()[0] != '\0');
    assert_true(faulty_memory_peak() <= 4 * size + (1 << 20));
    assert_int_equal(faulty_memory_blocks(), 0);
}

static void undamaged(void **state)
{
    cnn_net *net = cnn_net_load_memory(good.data, good.size, 1);

    (void)state;
    assert_non_null(net);
    cnn_net_free(net);
}

/* From blocks of just that size, so that a sanitizer sees a look behind them.
 */
static void cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t size = 0; size < good.size; size++) {
        unsigned char *part = malloc(size > 0 ? size : 1);

        assert_non_null(part);
        memcpy(part, good.data, size);
        refuse(part, size);
        free(part);
    }
}

static void cut_files(void **state)
{
    (void)state;
    for (size_t size = 0; size < good.size; size += 7) {
        const char *path = temp_write("cut", good.data, size);

        assert_null(cnn_net_load(path, 1));
        assert_error(CNN_EFORMAT, "/cut: ");
    }
}

static void lengthened(void **state)
{
    unsigned char longer[4096];

    (void)state;
    for (int fill = 0; fill < 256; fill += 15)
        for (size_t more = 1; more < 300; more += 7) {
            memcpy(longer, good.data, good.size);
            memset(longer + good.size, fill, more);
            refuse(longer, good.size + more);
        }
    /* The four bytes behind its own checksum that leave a CRC as it is. */
    const unsigned char residue[] = {0x1c, 0xdf, 0x44, 0x21};
    memcpy(longer + good.size, residue, 4);
    refuse(longer, good.size + 4);
}

static void every_bit(void **state)
{
    model_bytes m;

    (void)state;
    model_copy(&m, &good);
    for (size_t bit = 0; bit < 8 * m.size; bit++) {
        m.data[bit / 8] ^= (unsigned char)(1u << bit % 8);
        refuse(m.data, m.size);
        m.data[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    model_free(&m);
}

/* A CRC-32 sees every burst that is no longer than itself. */
static void bursts(void **state)
{
    cnn__random random;
    model_bytes m;

    (void)state;
    draw_start(&random, 1);
    model_copy(&m, &good);
    for (int round = 0; round < 10000; round++) {
        const int32_t length = draw_between(&random, 1, 32);
        const int32_t first =
            draw_between(&random, 0, 8 * (int32_t)m.size - length);

        for (int32_t i = 0; i < length; i++) {
            /* The ends of a burst do flip. */
            const int inner = i > 0 && i < length - 1;
            const int32_t bit = first + i;

            if (!inner || draw_between(&random, 0, 1))
                m.data[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
        refuse(m.data, m.size);
        memcpy(m.data, good.data, m.size);
    }
    model_free(&m);
}

/* What the writer of a checksum says is no reason to believe him. A change may
 * give a net that is another, but right: a parameter, the loss, ... */
static void changed_under_the_checksum(void **state)
{
    const char special[] = "{}[]:,\"\\ 0123456789-.eE";
    cnn__random random;
    int loaded = 0, refused = 0;
    model_bytes m;

    (void)state;
    draw_start(&random, 2);
    model_copy(&m, &good);
    for (int round = 0; round < 30000; round++) {
        /* Mostly in the header. */
        const int32_t end = round % 10 == 0 ? (int32_t)m.size - 1 : 1150;

        for (int changes = draw_between(&random, 1, 3); changes > 0; changes--)
            m.data[draw_between(&random, 0, end)] =
                round % 3 == 0 ? (unsigned char)cnn__random_bits(&random)
                               : (unsigned char)special[draw_between(
                                     &random, 0, (int32_t)sizeof(special) - 2)];
        model_seal(&m);
        faulty_memory_reset();
        cnn_net *net = cnn_net_load_memory(m.data, m.size, 1);
        loaded += net != NULL;
        refused += net == NULL;
        cnn_net_free(net);
        assert_true(net != NULL ||
                    faulty_memory_peak() <= 4 * m.size + (1 << 20));
        assert_int_equal(faulty_memory_blocks(), 0);
        memcpy(m.data, good.data, m.size);
    }
    assert_true(loaded > 100 && refused > 10000);
    model_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undamaged),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(cut_files),
        cmocka_unit_test(lengthened),
        cmocka_unit_test(every_bit),
        cmocka_unit_test(bursts),
        cmocka_unit_test(changed_under_the_checksum),
    };

    return cmocka_run_group_tests_name("model damage", tests, open_group,
                                       close_group);
}
