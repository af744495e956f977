/* Mutating model files and checkpoints so that most of them are read further
 * than their checksum. */
#ifndef TESTS_FUZZ_MUTATE_MODEL_H
#define TESTS_FUZZ_MUTATE_MODEL_H

#include <stddef.h>
#include <stdint.h>

/* Of each target: where in its input the model file begins. */
extern const size_t model_begins_at;

/* libFuzzer's, and what it calls. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
                               unsigned int seed);

/* A model file in its parts, in fixed room. */
#define MOST_MODEL ((size_t)1 << 16)
typedef struct parts {
    char header[MOST_MODEL];
    size_t header_size;
    uint8_t tensors[MOST_MODEL]; /* without the checksum */
    size_t tensors_size;
} parts;

/* Takes a file of at most MOST_MODEL bytes apart; of what is none, the whole is
 * the header. */
void take_apart(parts *p, const uint8_t *data, size_t size);

/* Makes the tensors those that the architecture asks for, of the old data,
 * again and again if need be. Does nothing if there is no architecture, or if
 * it asks for more than there is room for. */
void mend_tensors(parts *p);

/* Changes something in the text of the header; `r` is the state of a random
 * number generator. */
void mutate_header(parts *p, uint32_t *r);

/* The next random number below n. */
uint32_t draw_below(uint32_t *r, size_t n);

#endif
