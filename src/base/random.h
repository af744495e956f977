/* Counter-based random numbers: Philox 4x32-10 (Salmon et al., 2011).
 *
 * A stream is named by seed, purpose, step and sample, and its n-th number is a
 * function of these and n alone. So nothing depends on threads or on what was
 * drawn before, and a training that resumes needs no state but its step. */
#ifndef CNN_BASE_RANDOM_H
#define CNN_BASE_RANDOM_H

#include <stdint.h>

/* What a stream is for. The values are part of the meaning of a seed: they
 * never change, and new ones go to the end. */
typedef enum cnn__purpose {
    CNN__RANDOM_INIT = 1,    /* step: layer, sample: 0 weights, 1 biases */
    CNN__RANDOM_SHUFFLE = 2, /* step: epoch */
    CNN__RANDOM_DROPOUT = 3, /* step: pass, sample: of the batch */
    CNN__RANDOM_AUGMENT = 4, /* step: of training, sample: of the batch */
} cnn__purpose;

typedef struct cnn__random {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4];
    int left; /* numbers of `block` not yet used */
} cnn__random;

void cnn__random_start(cnn__random *random, uint64_t seed, cnn__purpose purpose,
                       uint64_t step, uint32_t sample);

/* Uniform over all 2^32 values. */
uint32_t cnn__random_bits(cnn__random *random);

/* Uniform in 0 .. n - 1, n at least 1, without bias. */
uint32_t cnn__random_below(cnn__random *random, uint32_t n);

/* Uniform in [0, 1), a multiple of 2^-24, so that it is exact in float. */
float cnn__random_uniform(cnn__random *random);

/* Normal with mean 0 and deviation 1. */
float cnn__random_normal(cnn__random *random);

#endif
