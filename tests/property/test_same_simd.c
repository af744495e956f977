/* Every instruction set gives the same bits, wherever in an array an element
 * stands. The build runs it with several values of CNN_KERNELS. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/simd.h"
#include "support/near.h"

static void the_one_that_was_asked_for(void **state)
{
    const char *asked = getenv("CNN_KERNELS");
    const cnn__simd *widest = NULL, *named = NULL, *at;
    char text[40];

    (void)state;
    assert_string_equal(cnn__simd_at(0)->name, "baseline");
    for (int i = 0; (at = cnn__simd_at(i)) != NULL; i++) {
        widest = at;
        if (asked != NULL && strcmp(asked, at->name) == 0)
            named = at;
    }
    assert_ptr_equal(cnn__simd_used(), named != NULL ? named : widest);
    snprintf(text, sizeof(text), "\"kernels\": \"%s\",",
             cnn__simd_used()->name);
    assert_non_null(strstr(cnn_build_info(), text));
}

/* The bits of a NaN are nobody's business. */
static void assert_same(const char *set, const cnn__map *map, const float *got,
                        const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&got[i], &want[i], sizeof(*got)) != 0 &&
            !(isnan(got[i]) && isnan(want[i])))
            fail_msg("%s, %s: element %zu of %zu is %a, not %a", set, map->name,
                     i, n, (double)got[i], (double)want[i]);
}

enum { N = 1 << 17 };

static float x[N], dy[N], y[N], dx[N], got[N];

static float alpha_of(const cnn__map *map)
{
    return map->alpha != 0.0f ? 0.3f : 0.0f;
}

/* What the slope is computed from. */
static const float *from_of(const cnn__map *map)
{
    return map->from_x ? x : y;
}

/* y and dx of the baseline, one element after the other. */
static void want(const cnn__map *map)
{
    for (int i = 0; i < N; i++) {
        map->forward(alpha_of(map), x + i, y + i, 1);
        map->backward(alpha_of(map), from_of(map) + i, dy + i, dx + i, 1);
    }
}

/* Whole arrays, then pieces of any length from any alignment. */
static void compare(const char *set, const cnn__map *map)
{
    const float alpha = alpha_of(map);
    const float *of = from_of(map);

    map->forward(alpha, x, got, N);
    assert_same(set, map, got, y, N);
    map->backward(alpha, of, dy, got, N);
    assert_same(set, map, got, dx, N);
    for (size_t n = 0; n <= 70; n++)
        for (size_t from = 0; from < 17; from++) {
            const size_t at = 1000 * n + from;

            map->forward(alpha, x + at, got + from, n);
            assert_same(set, map, got + from, y + at, n);
            map->backward(alpha, of + at, dy + at, got + n, n);
            assert_same(set, map, got + n, dx + at, n);
        }
}

/* x has all bits that there are, in even steps, in the first half, and what
 * layers see in the second. */
static void all_sets_agree(void **state)
{
    const cnn__simd *set;

    (void)state;
    fill_uniform(x, N, 1);
    fill_uniform(dy, N, 2);
    for (uint32_t i = 0; i < N; i++) {
        const uint32_t bits = i * (2 * (UINT32_MAX / N) + 1);

        if (i < N / 2)
            memcpy(&x[i], &bits, sizeof(bits));
        else
            x[i] *= 10.0f;
    }
    for (int k = 0; k < CNN__MAPS; k++) {
        want(&cnn__simd_at(0)->maps[k]);
        for (int i = 0; (set = cnn__simd_at(i)) != NULL; i++)
            compare(set->name, &set->maps[k]);
    }
}

/* ------------------------------------------- transforms of a Winograd --- */

enum { SIDE = 8, LANES = 2 * CNN__LANES, SQUARE = SIDE * SIDE * LANES };

static void transform(cnn__transform t, float *to)
{
    memcpy(to, dy, SQUARE * sizeof(*to));
    t(&(cnn__grid){x, SIDE * LANES, LANES},
      &(cnn__grid){to, SIDE * LANES, LANES}, LANES);
}

static void compare_transforms(const cnn__winograd *w,
                               const cnn__winograd *baseline)
{
    const cnn__transform all[] = {w->data,      w->data_back, w->maps,
                                  w->maps_back, w->filter,    w->filter_back};
    const cnn__transform base[] = {baseline->data,   baseline->data_back,
                                   baseline->maps,   baseline->maps_back,
                                   baseline->filter, baseline->filter_back};

    for (int i = 0; i < 6; i++) {
        transform(base[i], y);
        transform(all[i], got);
        assert_same_bits(got, y, SQUARE);
    }
}

static void all_sets_transform_alike(void **state)
{
    const cnn__simd *set;

    (void)state;
    fill_uniform(x, SQUARE, 3);
    fill_uniform(dy, SQUARE, 4);
    for (int i = 0; (set = cnn__simd_at(i)) != NULL; i++)
        for (int k = 0; k < CNN__WINOGRADS; k++)
            compare_transforms(&set->winograds[k],
                               &cnn__simd_at(0)->winograds[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_that_was_asked_for),
        cmocka_unit_test(all_sets_agree),
        cmocka_unit_test(all_sets_transform_alike),
    };

    return cmocka_run_group_tests_name("same kernels", tests, NULL, NULL);
}
