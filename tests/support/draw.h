/* Random choices of the tests, from streams that the library never uses. */
#ifndef TESTS_SUPPORT_DRAW_H
#define TESTS_SUPPORT_DRAW_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

/* Not one of the library's purposes. */
#define TEST_PURPOSE ((cnn__purpose)200)

void draw_start(cnn__random *random, uint64_t seed);

/* A whole number from `least` to `most`. */
int32_t draw_between(cnn__random *random, int32_t least, int32_t most);

/* n different floats in random order, `gap` apart, around zero: a step smaller
 * than half of `gap` does not change which is the largest. */
void fill_distinct(float *x, size_t n, float gap, uint64_t seed);

#endif
