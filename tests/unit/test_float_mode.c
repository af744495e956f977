/* The mode in which threads compute: what is set is there, and workers have
 * that of their caller. */
#include "base/float_mode.h"

#include <fenv.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "base/threads.h"
#include "support/near.h"

static bool is_known(void)
{
    const cnn__float_mode mode = cnn__float_mode_get();

    return cnn__float_mode_flushing(mode) != mode;
}

/* Volatile, so that no product moves to where the mode is another one. */
static void flushes_and_stops(void **state)
{
    const cnn__float_mode mode = cnn__float_mode_get();
    volatile float small = 0x1p-120f, denormal = 0x1p-140f;
    volatile float before, result, operand, after;

    (void)state;
    before = small * 0x1p-20f;
    cnn__float_mode_set(cnn__float_mode_flushing(mode));
    result = small * 0x1p-20f;
    operand = denormal * 0x1p30f;
    cnn__float_mode_set(mode);
    after = small * 0x1p-20f;
    assert_true(before > 0.0f && after > 0.0f);
    assert_int_equal(result > 0.0f, !is_known());
    assert_int_equal(operand > 0.0f, !is_known());
    assert_true(cnn__float_mode_get() == mode);
}

/* What a program finds with fetestexcept() is not forgotten. */
static void exceptions_stay(void **state)
{
    const cnn__float_mode mode = cnn__float_mode_get();

    (void)state;
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_DIVBYZERO);
    cnn__float_mode_set(mode);
    assert_true(fetestexcept(FE_DIVBYZERO) != 0);
    feclearexcept(FE_ALL_EXCEPT);
    assert_true(cnn__float_mode_get() == mode);
}

typedef struct products {
    _Atomic float value;
    float result[4];
} products;

/* Long enough for the workers to come, so that each has a chunk. */
static void multiply_small(void *data, int64_t chunk, int32_t worker)
{
    products *p = data;

    nanosleep(&(struct timespec){0, 20000000}, NULL);
    (void)worker;
    p->result[chunk] = atomic_load(&p->value) * 0x1p-20f;
}

static void workers_compute_as_the_caller(void **state)
{
    const cnn__float_mode mode = cnn__float_mode_get();
    const cnn__float_mode flushing = cnn__float_mode_flushing(mode);
    products p;

    (void)state;
    assert_int_equal(cnn_set_num_threads(4), CNN_OK);
    for (int flush = 0; flush < 2; flush++) {
        atomic_init(&p.value, 0x1p-120f);
        cnn__float_mode_set(flush ? flushing : mode);
        cnn__parallel(4, 4, multiply_small, &p);
        cnn__float_mode_set(mode);
        for (int i = 0; i < 4; i++)
            assert_true((p.result[i] == 0.0f) == (flush && flushing != mode));
    }
    assert_int_equal(cnn_set_num_threads(1), CNN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flushes_and_stops),
        cmocka_unit_test(exceptions_stay),
        cmocka_unit_test(workers_compute_as_the_caller),
    };

    return cmocka_run_group_tests_name("float mode", tests, NULL, NULL);
}
