/* Counter-based random numbers: Philox 4x32-10 (Salmon et al., 2011).
 *
 * A stream is named by seed, purpose, step and sample; its n-th number is a
 * function of these and n alone. So results depend neither on threads nor on
 * earlier draws, and a training resumes from its step number. */
#ifndef CNN_BASE_RANDOM_H
#define CNN_BASE_RANDOM_H

#include <stdint.h>

/* What a stream is for. A value is part of the meaning of a seed: values never
 * change, and new ones are added at the end. */
typedef enum cnn__purpose {
    CNN__RANDOM_INIT = 1,    /* step: layer; sample: 0 weights, 1 biases */
    CNN__RANDOM_SHUFFLE = 2, /* step: epoch */
    CNN__RANDOM_DROPOUT = 3, /* step: pass; sample: in the batch */
    CNN__RANDOM_AUGMENT = 4, /* step: of training; sample: in the batch */
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

/* Uniform in 0 .. n - 1, without bias; n is at least 1. */
uint32_t cnn__random_below(cnn__random *random, uint32_t n);

/* Uniform in [0, 1): a multiple of 2^-24, exact in float. */
float cnn__random_uniform(cnn__random *random);

/* Normal with mean 0 and deviation 1. */
float cnn__random_normal(cnn__random *random);

#endif
