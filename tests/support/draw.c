#include "support/draw.h"

void draw_start(cnn__random *random, uint64_t seed)
{
    cnn__random_start(random, seed, TEST_PURPOSE, 2, 0);
}

int32_t draw_between(cnn__random *random, int32_t least, int32_t most)
{
    return least +
           (int32_t)cnn__random_below(random, (uint32_t)(most - least) + 1);
}

void fill_distinct(float *x, size_t n, float gap, uint64_t seed)
{
    cnn__random random;

    draw_start(&random, seed);
    for (size_t i = 0; i < n; i++)
        x[i] = ((float)i - (float)n / 2.0f) * gap;
    for (size_t i = n; i > 1; i--) {
        const size_t k = cnn__random_below(&random, (uint32_t)i);
        const float swapped = x[k];
        x[k] = x[i - 1];
        x[i - 1] = swapped;
    }
}
