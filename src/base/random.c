#include "base/random.h"

/* Random123 asserts unless NDEBUG is set; the library must not. */
#define R123_ASSERT(x) ((void)0)
#include <Random123/philox.h>
#include <math.h>
#include <string.h>

/* Counter words: block number, sample, step, purpose and the top of the step.
 * Purposes are 8 bits, so steps have 56. */
void cnn__random_start(cnn__random *random, uint64_t seed, cnn__purpose purpose,
                       uint64_t step, uint32_t sample)
{
    random->key[0] = (uint32_t)seed;
    random->key[1] = (uint32_t)(seed >> 32);
    random->counter[0] = 0;
    random->counter[1] = sample;
    random->counter[2] = (uint32_t)step;
    random->counter[3] =
        (uint32_t)purpose << 24 | ((uint32_t)(step >> 32) & 0xffffff);
    random->left = 0;
}

uint32_t cnn__random_bits(cnn__random *random)
{
    if (random->left == 0) {
        philox4x32_ctr_t counter;
        philox4x32_key_t key;

        memcpy(counter.v, random->counter, sizeof(random->counter));
        memcpy(key.v, random->key, sizeof(random->key));
        counter = philox4x32(counter, key);
        memcpy(random->block, counter.v, sizeof(random->block));
        random->counter[0]++;
        random->left = 4;
    }
    return random->block[4 - random->left--];
}

uint32_t cnn__random_below(cnn__random *random, uint32_t n)
{
    /* Lemire (2019): the high half of a product. It is drawn again if the low
     * half shows that this value would be too frequent. */
    const uint32_t excess = (0u - n) % n;
    uint64_t product;

    do
        product = (uint64_t)cnn__random_bits(random) * n;
    while ((uint32_t)product < excess);
    return (uint32_t)(product >> 32);
}

float cnn__random_uniform(cnn__random *random)
{
    return (float)(cnn__random_bits(random) >> 8) * 0x1p-24f;
}

float cnn__random_normal(cnn__random *random)
{
    /* Box and Muller (1958). Their second number is not used, so that a stream
     * has no state but its counter. u is in (0, 1]. */
    const double u = ((double)cnn__random_bits(random) + 1.0) * 0x1p-32;
    const double v = (double)cnn__random_bits(random) * 0x1p-32;

    return (float)(sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v));
}
