/* The loops of the optimisers: every instruction set gives the same bits. What
 * they compute, test_optim.c checks. */
#include "math/update.h"

#include <math.h>
#include <string.h>

#include "math/simd.h"
#include "support/near.h"

enum { MOST = 67, ROOM = MOST + 1 };

typedef struct arrays {
    float p[ROOM], g[ROOM], b[ROOM], v[ROOM];
} arrays;

static void fill(arrays *a)
{
    fill_uniform(a->p, ROOM, 1);
    fill_uniform(a->g, ROOM, 2);
    fill_uniform(a->b, ROOM, 3);
    fill_uniform(a->v, ROOM, 4);
    for (int i = 0; i < ROOM; i++)
        a->v[i] *= a->v[i];
}

static cnn__update update_of(arrays *a, size_t n)
{
    return (cnn__update){.n = n,
                         .p = a->p,
                         .g = a->g,
                         .b = a->b,
                         .v = a->v,
                         .lr = 0.07f,
                         .add = 0.01f,
                         .shrink = 0.99f,
                         .mu = 0.9f,
                         .nu = 0.99f,
                         .root = 0.3f,
                         .eps = 1e-8f};
}

static void check(int kernel, cnn__update with, size_t n)
{
    arrays want, got, before;

    fill(&before);
    fill(&want);
    for (int set = 0; cnn__simd_at(set) != NULL; set++) {
        arrays *a = set == 0 ? &want : &got;
        cnn__update u = update_of(a, n);

        fill(a);
        u.mu = with.mu;
        u.nesterov = with.nesterov;
        assert_true(cnn__simd_at(set)->updates[kernel](&u));
        assert_same_bits((float *)a, (float *)&want,
                         sizeof(arrays) / sizeof(float));
    }
    /* Something moved, and nothing beyond n. */
    assert_int_equal(memcmp(want.p, before.p, n * sizeof(float)) != 0, n > 0);
    assert_same_bits(want.p + n, before.p + n, ROOM - n);
    assert_same_bits(want.b + n, before.b + n, ROOM - n);
    assert_same_bits(want.v + n, before.v + n, ROOM - n);
    assert_same_bits(want.g, before.g, ROOM);
}

/* One number that makes a parameter infinite or NaN, or only its squares, is
 * noticed wherever it is. */
static void what_is_not_finite(void **state)
{
    const float bad[] = {NAN, INFINITY, -INFINITY, 1e25f};

    (void)state;
    for (int set = 0; cnn__simd_at(set) != NULL; set++)
        for (int kernel = 0; kernel < CNN__UPDATES; kernel++)
            for (size_t at = 0; at < MOST; at++)
                for (int i = 0; i < 4; i++) {
                    const bool squares = i == 3;
                    arrays a;

                    fill(&a);
                    a.g[at] = bad[i];
                    const cnn__update u = update_of(&a, MOST);
                    assert_int_equal(cnn__simd_at(set)->updates[kernel](&u),
                                     squares && kernel == CNN__SGD);
                }
}

static void same_bits_in_every_set(void **state)
{
    (void)state;
    for (size_t n = 0; n <= MOST; n++) {
        check(CNN__SGD, (cnn__update){.mu = 0.0f}, n);
        check(CNN__SGD, (cnn__update){.mu = 0.9f}, n);
        check(CNN__SGD, (cnn__update){.mu = 0.9f, .nesterov = true}, n);
        check(CNN__ADAM, (cnn__update){.mu = 0.9f}, n);
        check(CNN__RMSPROP, (cnn__update){.mu = 0.9f}, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_finite),
        cmocka_unit_test(same_bits_in_every_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
