#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cnn/runtime.h"

static void *allocate_malloc(size_t size, void *user)
{
    (void)user;
    return malloc(size);
}

static void release_free(void *pointer, void *user)
{
    (void)user;
    free(pointer);
}

/* The allocator may change only while `live` is 0, so that each block is
 * released by the allocator that it came from. */
static cnn_allocator allocator = {allocate_malloc, release_free, NULL};
static atomic_size_t live;

cnn_status cnn_set_allocator(const cnn_allocator *a)
{
    const size_t blocks = atomic_load(&live);

    if (blocks > 0)
        return cnn__fail(CNN_ESTATE,
                         "the allocator cannot change while %zu blocks of "
                         "memory are in use",
                         blocks);
    if (a != NULL && (a->allocate == NULL || a->release == NULL))
        return cnn__fail(CNN_EINVAL, "allocator: allocate or release is NULL");
    if (a != NULL)
        allocator = *a;
    else
        allocator = (cnn_allocator){allocate_malloc, release_free, NULL};
    return CNN_OK;
}

/* The caller's allocator need not align: each block is part of a larger one,
 * whose address is stored just before it. */
void *cnn__alloc(size_t size)
{
    const size_t extra = CNN__ALIGNMENT + sizeof(void *);

    if (size > PTRDIFF_MAX - extra) {
        cnn__fail(CNN_EOVERFLOW, "more memory than can be addressed is needed");
        return NULL;
    }
    char *raw = allocator.allocate(size + extra, allocator.user);
    if (raw == NULL) {
        cnn__fail(CNN_ENOMEM, "no memory for %zu bytes", size);
        return NULL;
    }
    const uintptr_t start = (uintptr_t)raw + sizeof(void *);
    const size_t skip = (size_t)(-start & (CNN__ALIGNMENT - 1));
    char *block = raw + sizeof(void *) + skip;
    memcpy(block - sizeof(void *), &raw, sizeof(raw));
    atomic_fetch_add(&live, 1);
    return block;
}

void *cnn__alloc_zero(size_t size)
{
    void *block = cnn__alloc(size);

    if (block != NULL)
        memset(block, 0, size);
    return block;
}

void cnn__free(void *pointer)
{
    void *raw;

    if (pointer == NULL)
        return;
    memcpy(&raw, (char *)pointer - sizeof(void *), sizeof(raw));
    allocator.release(raw, allocator.user);
    atomic_fetch_sub(&live, 1);
}

void *cnn__arena_take(cnn__arena *arena, size_t count, size_t size)
{
    const size_t bytes =
        cnn__size_round_up(cnn__size_mul(count, size), CNN__ALIGNMENT);
    void *array =
        arena->base != NULL && count > 0 ? arena->base + arena->used : NULL;

    arena->used = cnn__size_add(arena->used, bytes);
    return array;
}

float *cnn__arena_floats(cnn__arena *arena, size_t count)
{
    return cnn__arena_take(arena, count, sizeof(float));
}

float *cnn__arena_zeros(cnn__arena *arena, size_t count)
{
    float *array = cnn__arena_floats(arena, count);

    if (array != NULL)
        memset(array, 0, count * sizeof(float));
    return array;
}
