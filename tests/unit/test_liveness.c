/* Where arrays lie that live at different times. */
#include <math.h>

#include "base/memory.h"
#include "net/liveness.h"
#include "support/draw.h"
#include "support/near.h"

enum { MOST = 60, STEPS = 40, CASES = 2000 };

static const size_t line = CNN__ALIGNMENT / sizeof(float);

static size_t rounded(size_t floats)
{
    return (floats + line - 1) / line * line;
}

static bool live(const cnn__array *a, int32_t step)
{
    return a->born <= step && step <= a->dies;
}

/* The floats that live in a step. */
static size_t live_set(const cnn__arrays *arrays, int32_t step)
{
    size_t floats = 0;

    for (int32_t i = 0; i < arrays->count; i++)
        floats += live(&arrays->list[i], step) ? arrays->list[i].floats : 0;
    return floats;
}

static size_t largest_live_set(const cnn__arrays *arrays, int32_t steps)
{
    size_t most = 0;

    for (int32_t step = 0; step < steps; step++) {
        const size_t floats = live_set(arrays, step);
        most = floats > most ? floats : most;
    }
    return most;
}

static bool both_live(const cnn__array *a, const cnn__array *b)
{
    return live(a, b->born) || live(b, a->born);
}

/* Each lies in the block, and apart from all that live when it does. */
static void assert_apart(const cnn__arrays *arrays)
{
    for (int32_t i = 0; i < arrays->count; i++) {
        const cnn__array *a = &arrays->list[i];

        assert_int_equal(a->at % line, 0);
        assert_true(a->at + a->floats <= arrays->floats);
        for (int32_t k = 0; k < i; k++) {
            const cnn__array *b = &arrays->list[k];

            if (both_live(a, b) && a->at < b->at + b->floats &&
                b->at < a->at + a->floats)
                fail_msg("%d and %d lie on each other", i, k);
        }
    }
}

/* ---------------------------------------------------------------- chains ---
 */

/* Each array is written while the one before it is read: the block is as large
 * as the largest two neighbours. */
static void chains(void **state)
{
    cnn__array list[MOST];
    cnn__random random;

    (void)state;
    draw_start(&random, 1);
    for (int n = 0; n < CASES; n++) {
        const int32_t count = draw_between(&random, 0, MOST);
        cnn__arrays arrays = {.list = list};

        for (int32_t i = 0; i < count; i++) {
            const size_t floats = (size_t)draw_between(&random, 1, 999);

            if (i > 0)
                cnn__arrays_use(&arrays, i - 1, 3 * i);
            assert_int_equal(cnn__arrays_add(&arrays, floats, 3 * i), i);
            assert_int_equal(list[i].floats, rounded(floats));
        }
        cnn__arrays_place(&arrays);
        assert_apart(&arrays);
        assert_int_equal(arrays.floats,
                         largest_live_set(&arrays, 3 * MOST + 1));
    }
}

/* ---------------------------------------------------------------- others ---
 */

static void draw_arrays(cnn__arrays *arrays, cnn__random *random)
{
    const int32_t count = draw_between(random, 1, MOST);
    int32_t now = 0;

    for (int32_t i = 0; i < count; i++) {
        now += draw_between(random, 0, 2);
        now = now < STEPS ? now : STEPS - 1;
        cnn__arrays_add(arrays, (size_t)draw_between(random, 1, 999), now);
        for (int k = 0; k < 2; k++) /* the later of the two counts */
            cnn__arrays_use(arrays, draw_between(random, 0, i),
                            draw_between(random, now, STEPS - 1));
    }
}

static void any_intervals(void **state)
{
    cnn__array list[MOST];
    cnn__random random;
    size_t floats = 0, least = 0;

    (void)state;
    draw_start(&random, 2);
    for (int n = 0; n < CASES; n++) {
        cnn__arrays arrays = {.list = list};
        size_t sum = 0;

        draw_arrays(&arrays, &random);
        for (int32_t i = 0; i < arrays.count; i++)
            sum += list[i].floats;
        cnn__arrays_place(&arrays);
        assert_apart(&arrays);
        assert_in_range(arrays.floats, largest_live_set(&arrays, STEPS), sum);
        floats += arrays.floats;
        least += largest_live_set(&arrays, STEPS);
    }
    /* Of all cases; no block is smaller than `least`. */
    assert_true((double)floats <= 1.05 * (double)least);
}

static void a_use_never_shortens(void **state)
{
    cnn__array list[1];
    cnn__arrays arrays = {.list = list};

    (void)state;
    cnn__arrays_add(&arrays, 1, 3);
    cnn__arrays_use(&arrays, 0, 7);
    cnn__arrays_use(&arrays, 0, 5);
    assert_int_equal(list[0].born, 3);
    assert_int_equal(list[0].dies, 7);
}

/* What cannot be had ends as a size that every allocation refuses. */
static void saturates(void **state)
{
    for (int chain = 0; chain < 2; chain++) {
        cnn__array list[3];
        cnn__arrays arrays = {.list = list};

        (void)state;
        for (int32_t i = 0; i < 3; i++) {
            cnn__arrays_add(&arrays, SIZE_MAX / 2, i);
            cnn__arrays_use(&arrays, i, chain ? i + 1 : 3);
        }
        cnn__arrays_place(&arrays);
        assert_true(arrays.floats >= SIZE_MAX - line);
        assert_null(cnn__alloc(cnn__size_mul(arrays.floats, sizeof(float))));
    }
}

static void poison(void **state)
{
    cnn__array list[3];
    cnn__arrays arrays = {.list = list};
    float block[64] = {0};

    (void)state;
    for (int32_t i = 0; i < 3; i++) {
        cnn__arrays_add(&arrays, line, 0);
        cnn__arrays_use(&arrays, i, i);
    }
    cnn__arrays_place(&arrays);
    assert_int_equal(arrays.floats, 3 * line);
    cnn__arrays_poison(&arrays, block, 1);
    for (size_t k = 0; k < 64; k++)
        assert_int_equal(isnan(block[k]) != 0,
                         k >= list[1].at && k < list[1].at + line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains),
        cmocka_unit_test(any_intervals),
        cmocka_unit_test(a_use_never_shortens),
        cmocka_unit_test(saturates),
        cmocka_unit_test(poison),
    };

    return cmocka_run_group_tests_name("liveness", tests, NULL, NULL);
}
