/* Max pooling by 2 x 2, forward and both ways back, on values that are equal,
 * have signs without a value, or are none. */
#include "math/max2x2.h"

#include <math.h>
#include <string.h>

#include "support/near.h"

enum { OH = 3, MOST = 9, X = 4 * OH * MOST, Y = OH * MOST };

static const float values[] = {0.0f, -0.0f, 1.0f,      -1.0f,
                               NAN,  -NAN,  -INFINITY, INFINITY};

static void draw(float *x, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = values[seed >> 29];
    }
}

/* The first of the largest, or the first that is not a number. */
static size_t winner(const float *x, size_t OW, size_t i, size_t j)
{
    const size_t at = 4 * OW * i + 2 * j;
    const size_t places[] = {at, at + 1, at + 2 * OW, at + 2 * OW + 1};
    size_t best = at;

    for (int k = 1; k < 4; k++)
        if (x[places[k]] > x[best] || (isnan(x[places[k]]) && !isnan(x[best])))
            best = places[k];
    return best;
}

static void check(size_t OW, uint32_t seed)
{
    float x[X], y[Y], want_y[Y], dy[Y], dx[X], want_dx[X] = {0};
    uint8_t argmax[Y + 1] = {[Y] = 77};
    const size_t n = OH * OW;

    draw(x, 4 * n, seed);
    for (size_t o = 0; o < n; o++) {
        const size_t at = winner(x, OW, o / OW, o % OW);

        dy[o] = (float)o + 1.0f;
        want_y[o] = x[at];
        want_dx[at] = dy[o];
    }
    cnn__max2x2(x, OH, OW, y, NULL);
    assert_same_bits(y, want_y, n);
    cnn__max2x2_back(&(cnn__max2x2_winners){x, y, NULL}, OH, OW, dy, dx);
    assert_same_bits(dx, want_dx, 4 * n);
    memset(y, 0, sizeof(y));
    cnn__max2x2(x, OH, OW, y, argmax);
    assert_same_bits(y, want_y, n);
    memset(dx, 1, sizeof(dx));
    cnn__max2x2_back(&(cnn__max2x2_winners){.argmax = argmax}, OH, OW, dy, dx);
    assert_same_bits(dx, want_dx, 4 * n);
    assert_int_equal(argmax[Y], 77);
}

static void takes_the_first_of_the_best(void **state)
{
    (void)state;
    for (size_t OW = 1; OW <= MOST; OW++)
        for (uint32_t seed = 0; seed < 500; seed++)
            check(OW, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_first_of_the_best),
    };

    return cmocka_run_group_tests_name("max2x2", tests, NULL, NULL);
}
