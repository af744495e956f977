/* The random number generator. */
#include "base/random.h"

#include <math.h>
#include <stdlib.h>

#include "support/near.h"

/* The known answers that come with Random123 for philox4x32-10: counter, key,
 * result. */
static const struct {
    uint32_t counter[4], key[2], want[4];
} known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        cnn__random r = {.left = 0};

        for (int k = 0; k < 4; k++)
            r.counter[k] = known[i].counter[k];
        for (int k = 0; k < 2; k++)
            r.key[k] = known[i].key[k];
        for (int k = 0; k < 4; k++)
            assert_int_equal(cnn__random_bits(&r), known[i].want[k]);
    }
}

/* Which part of a stream's name goes where: part of the meaning of a seed, so
 * it may never change. */
static void layout_of_a_stream(void **state)
{
    cnn__random r;

    (void)state;
    cnn__random_start(&r, 0x1122334455667788u, CNN__RANDOM_SHUFFLE,
                      0x00aabbccddeeff00u, 0x12345678u);
    assert_int_equal(r.key[0], 0x55667788);
    assert_int_equal(r.key[1], 0x11223344);
    assert_int_equal(r.counter[0], 0);
    assert_int_equal(r.counter[1], 0x12345678);
    assert_int_equal(r.counter[2], 0xddeeff00);
    assert_int_equal(r.counter[3], 0x02aabbcc);
    assert_int_equal(CNN__RANDOM_INIT, 1);
    assert_int_equal(CNN__RANDOM_SHUFFLE, 2);
    /* The block number counts up by one for every four numbers. */
    for (int i = 0; i < 9; i++)
        cnn__random_bits(&r);
    assert_int_equal(r.counter[0], 3);
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Neighbours in every part of the name: no two streams begin alike. 10,000
 * random numbers of 64 bits are all different but for one case in 10^11. */
static void streams_differ(void **state)
{
    static uint64_t first[10000];
    size_t n = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        for (unsigned purpose = 1; purpose < 11; purpose++)
            for (uint64_t step = 0; step < 10; step++)
                for (uint32_t sample = 0; sample < 10; sample++) {
                    cnn__random r;
                    /* High halves too. */
                    const uint64_t high = (seed + step) % 2 ? 1ull << 40 : 0;

                    cnn__random_start(&r, seed | high, (cnn__purpose)purpose,
                                      step | high, sample);
                    first[n] = (uint64_t)cnn__random_bits(&r) << 32;
                    first[n++] |= cnn__random_bits(&r);
                }
    qsort(first, n, sizeof(first[0]), compare);
    for (size_t i = 1; i < n; i++)
        assert_true(first[i] != first[i - 1]);
}

#define MANY 200000

/* The bounds below are five standard deviations of what they bound. */

static void uniform_numbers(void **state)
{
    double mean = 0, square = 0;
    float least = 1, most = 0;
    cnn__random r;

    (void)state;
    cnn__random_start(&r, 1, CNN__RANDOM_INIT, 0, 0);
    for (int i = 0; i < MANY; i++) {
        const float u = cnn__random_uniform(&r);

        assert_true(u >= 0.0f && u < 1.0f);
        assert_true(u * 0x1p24f == floorf(u * 0x1p24f));
        mean += (double)u / MANY;
        square += (double)u * (double)u / MANY;
        least = u < least ? u : least;
        most = u > most ? u : most;
    }
    assert_true(fabs(mean - 0.5) < 5 * sqrt(1.0 / 12 / MANY));
    assert_true(fabs(square - 1.0 / 3) < 5 * sqrt(4.0 / 45 / MANY));
    assert_true(least < 1e-3f && most > 1 - 1e-3f);
}

/* All ones among the bits still give less than 1. */
static void uniform_at_the_end(void **state)
{
    cnn__random r = {.left = 1, .block = {0, 0, 0, 0xffffffff}};

    (void)state;
    assert_true(cnn__random_uniform(&r) == 1.0f - 0x1p-24f);
    r = (cnn__random){.left = 1, .block = {0, 0, 0, 0xff}};
    assert_true(cnn__random_uniform(&r) == 0.0f);
}

static void below_stays_below(void **state)
{
    const uint32_t bounds[] = {1, 2, 3, 10, 1u << 31, UINT32_MAX};
    cnn__random r;

    (void)state;
    cnn__random_start(&r, 2, CNN__RANDOM_INIT, 0, 0);
    for (size_t k = 0; k < sizeof(bounds) / sizeof(bounds[0]); k++)
        for (int i = 0; i < 1000; i++)
            assert_true(cnn__random_below(&r, bounds[k]) < bounds[k]);
}

/* Each of n values equally often. With n = 3 * 2^30 a product without
 * rejection gives multiples of 3 twice as often as the others. */
static void below_is_unbiased(void **state)
{
    const uint32_t bounds[] = {3, 7, 3u << 30};
    const uint32_t classes[] = {3, 7, 3};
    cnn__random r;

    (void)state;
    cnn__random_start(&r, 3, CNN__RANDOM_INIT, 0, 0);
    for (int k = 0; k < 3; k++) {
        const double p = 1.0 / classes[k];
        int count[7] = {0};

        for (int i = 0; i < MANY; i++)
            count[cnn__random_below(&r, bounds[k]) % classes[k]]++;
        for (uint32_t i = 0; i < classes[k]; i++)
            assert_true(fabs(count[i] - MANY * p) <
                        5 * sqrt(MANY * p * (1 - p)));
    }
}

/* Of a normal variable, the variances of x, x^2, x^3, x^4 are 1, 2, 15, 96. */
static void normal_moments(void **state)
{
    double moment[5] = {0};
    cnn__random r;
    int beyond_2 = 0;

    (void)state;
    cnn__random_start(&r, 4, CNN__RANDOM_INIT, 0, 0);
    for (int i = 0; i < MANY; i++) {
        const double z = (double)cnn__random_normal(&r);

        assert_true(fabs(z) < 6.7); /* sqrt(-2 log 2^-32) */
        for (int k = 1; k < 5; k++)
            moment[k] += pow(z, k) / MANY;
        beyond_2 += fabs(z) > 2.0;
    }
    assert_true(fabs(moment[1]) < 5 * sqrt(1.0 / MANY));
    assert_true(fabs(moment[2] - 1) < 5 * sqrt(2.0 / MANY));
    assert_true(fabs(moment[3]) < 5 * sqrt(15.0 / MANY));
    assert_true(fabs(moment[4] - 3) < 5 * sqrt(96.0 / MANY));
    assert_true(fabs(beyond_2 / (double)MANY - 0.0455) <
                5 * sqrt(0.0455 / MANY));
}

/* The smallest bits there are do not become the logarithm of zero. */
static void normal_at_the_end(void **state)
{
    cnn__random r = {.left = 2, .block = {0, 0, 0, 0}};
    const float z = cnn__random_normal(&r);

    (void)state;
    assert_true(fabs((double)z - sqrt(64.0 * log(2.0))) < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(layout_of_a_stream),
        cmocka_unit_test(streams_differ),
        cmocka_unit_test(uniform_numbers),
        cmocka_unit_test(uniform_at_the_end),
        cmocka_unit_test(below_stays_below),
        cmocka_unit_test(below_is_unbiased),
        cmocka_unit_test(normal_moments),
        cmocka_unit_test(normal_at_the_end),
    };

    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
