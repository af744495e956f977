#include "support/near.h"

#include <math.h>
#include <string.h>

#include "support/draw.h"

void assert_near(const float *got, const float *want, size_t n, double absolute,
                 double relative)
{
    for (size_t i = 0; i < n; i++) {
        const double g = (double)got[i], w = (double)want[i];

        if (g == w || (isnan(g) && isnan(w))) /* infinities too */
            continue;
        if (!(fabs(g - w) <= absolute + relative * fabs(w)))
            fail_msg("element %zu of %zu: got %.9g, want %.9g", i, n, g, w);
    }
}

void assert_same_bits(const float *got, const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&got[i], &want[i], sizeof(float)) != 0)
            fail_msg("element %zu of %zu: got %a, want %a", i, n,
                     (double)got[i], (double)want[i]);
}

void assert_error(cnn_status want, const char *part)
{
    assert_int_equal(cnn_last_status(), want);
    if (strstr(cnn_last_error(), part) == NULL)
        fail_msg("the error text \"%s\" does not hold \"%s\"", cnn_last_error(),
                 part);
}

void fill_uniform(float *x, size_t n, uint64_t seed)
{
    cnn__random random;

    cnn__random_start(&random, seed, TEST_PURPOSE, 0, 0);
    for (size_t i = 0; i < n; i++)
        x[i] = 2.0f * cnn__random_uniform(&random) - 1.0f;
}

void fill_integers(float *x, size_t n, int most, uint64_t seed)
{
    cnn__random random;

    cnn__random_start(&random, seed, TEST_PURPOSE, 1, 0);
    for (size_t i = 0; i < n; i++)
        x[i] =
            (float)((int)cnn__random_below(&random, 2u * (unsigned)most + 1) -
                    most);
}
