/* All memory of the library: one allocator, 64-byte aligned blocks, and an
 * arena that lays arrays out in one block. */
#ifndef CNN_BASE_MEMORY_H
#define CNN_BASE_MEMORY_H

#include <stddef.h>

#include "base/size.h"
#include "base/status.h"

/* Alignment of every block, and of every array in an arena: a cache line, and
 * an AVX-512 register. */
#define CNN__ALIGNMENT 64

/* A block of `size` bytes, not cleared. NULL and a recorded CNN_ENOMEM, or
 * CNN_EOVERFLOW if size is near SIZE_MAX, as cnn__size_mul() saturates. */
void *cnn__alloc(size_t size);

/* The same, cleared. */
void *cnn__alloc_zero(size_t size);

/* Frees a block of these two functions; NULL does nothing. */
void cnn__free(void *pointer);

/* Lays arrays out in one block. A function that does so runs twice: with base =
 * NULL it only measures `used`, then it runs over a block of that size. */
typedef struct cnn__arena {
    char *base;
    size_t used;
} cnn__arena;

/* An array of count x size bytes; NULL while measuring, or if count is 0. */
void *cnn__arena_take(cnn__arena *arena, size_t count, size_t size);

/* An array of `count` floats; the same, cleared. */
float *cnn__arena_floats(cnn__arena *arena, size_t count);
float *cnn__arena_zeros(cnn__arena *arena, size_t count);

#endif
