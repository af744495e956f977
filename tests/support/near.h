/* Comparing arrays: the first element that is off is named. */
#ifndef TESTS_SUPPORT_NEAR_H
#define TESTS_SUPPORT_NEAR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cnn/cnn.h"

/* |got - want| <= absolute + relative * |want|, for each of n; NaN equals NaN.
 */
void assert_near(const float *got, const float *want, size_t n, double absolute,
                 double relative);

/* The same bits. */
void assert_same_bits(const float *got, const float *want, size_t n);

/* A call failed with this status and a text that holds `part`. */
#define assert_failed(status, want, part)   \
    do {                                    \
        assert_int_equal((status), (want)); \
        assert_error((want), (part));       \
    } while (0)

/* The last failure of this thread was this. */
void assert_error(cnn_status want, const char *part);

/* n floats, uniform in [-1, 1), from a stream of their own for each seed. */
void fill_uniform(float *x, size_t n, uint64_t seed);

/* n whole numbers from -most to most, as floats. */
void fill_integers(float *x, size_t n, int most, uint64_t seed);

#endif
