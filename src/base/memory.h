/* All memory of the library: one allocator, 64-byte aligned blocks, and an
 * arena that deals a flat block out. */
#ifndef CNN_BASE_MEMORY_H
#define CNN_BASE_MEMORY_H

#include <stddef.h>

#include "base/size.h"
#include "base/status.h"

/* Of every block and of every array in an arena: one cache line, one AVX-512
 * register. */
#define CNN__ALIGNMENT 64

/* `size` bytes, not cleared. NULL and a recorded CNN_ENOMEM or CNN_EOVERFLOW
 * (size near SIZE_MAX, as cnn__size_mul() leaves it) if there are none. */
void *cnn__alloc(size_t size);

/* The same, cleared. */
void *cnn__alloc_zero(size_t size);

/* Takes back what the two above gave; NULL is fine. */
void cnn__free(void *pointer);

/* Deals arrays out of one block. A function that lays arrays out runs twice:
 * with base = NULL it only measures `used`, then with a block of that size. */
typedef struct cnn__arena {
    char *base;
    size_t used;
} cnn__arena;

/* Room for count x size bytes; NULL while measuring, or if count is 0. */
void *cnn__arena_take(cnn__arena *arena, size_t count, size_t size);

/* Room for `count` floats; the same, cleared. */
float *cnn__arena_floats(cnn__arena *arena, size_t count);
float *cnn__arena_zeros(cnn__arena *arena, size_t count);

#endif
