/* A malloc that fails when it is told to, for LD_PRELOAD; see
 * test_every_malloc.c, which tells it.
 *
 * Whoever asks is counted, in any thread and any library: libcnn, jansson,
 * zlib, the C library. Left out is OpenBLAS, which tries for ever where memory
 * is short, and is outside of what libcnn promises: it is known by the address
 * that a call returns to. (Most of its memory is mapped, anyway.) What is taken
 * while this is armed is remembered until it is freed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "failing_malloc.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

#define EXPORT __attribute__((visibility("default")))

/* ------------------------------------------------------- who is asking --- */

enum { MOST_RANGES = 16 };
static struct {
    uintptr_t begin, end;
} excepted[MOST_RANGES];
static int ranges;

static int except(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    if (strstr(info->dlpi_name, "openblas") == NULL)
        return 0;
    for (int i = 0; i < info->dlpi_phnum && ranges < MOST_RANGES; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];

        if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
            continue;
        excepted[ranges].begin = info->dlpi_addr + part->p_vaddr;
        excepted[ranges].end = excepted[ranges].begin + part->p_memsz;
        ranges++;
    }
    return 0;
}

static bool is_excepted(const void *caller)
{
    for (int i = 0; i < ranges; i++)
        if ((uintptr_t)caller >= excepted[i].begin &&
            (uintptr_t)caller < excepted[i].end)
            return true;
    return false;
}

/* ------------------------------------------------------------- failing --- */

enum { MOST_BLOCKS = 1 << 16 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool armed, for_ever;
static size_t countdown, failures, live;
static void *blocks[MOST_BLOCKS]; /* taken while armed */

static int (*real_create)(pthread_t *, const pthread_attr_t *,
                          void *(*)(void *), void *);

EXPORT void failing_malloc_arm(size_t n, bool ever)
{
    if (ranges == 0)
        dl_iterate_phdr(except, NULL);
    pthread_mutex_lock(&lock);
    countdown = n;
    for_ever = ever;
    failures = 0;
    armed = true;
    pthread_mutex_unlock(&lock);
}

EXPORT size_t failing_malloc_disarm(void)
{
    pthread_mutex_lock(&lock);
    armed = false;
    pthread_mutex_unlock(&lock);
    return failures;
}

EXPORT size_t failing_malloc_live(void)
{
    return live;
}

/* Must this one fail? */
static bool fails(const void *caller)
{
    bool failed = false;

    if (!armed || is_excepted(caller))
        return false;
    pthread_mutex_lock(&lock);
    if (armed && countdown > 0 && --countdown == 0) {
        failed = true;
        failures++;
        countdown = for_ever;
    }
    pthread_mutex_unlock(&lock);
    if (failed)
        errno = ENOMEM;
    return failed;
}

static size_t slot_of(const void *block)
{
    size_t slot = ((uintptr_t)block >> 4) * 2654435761u % MOST_BLOCKS;

    while (blocks[slot] != NULL && blocks[slot] != block)
        slot = (slot + 1) % MOST_BLOCKS;
    return slot;
}

static void *remember(void *block, const void *caller)
{
    if (!armed || block == NULL || is_excepted(caller))
        return block;
    pthread_mutex_lock(&lock);
    if (live < MOST_BLOCKS / 2) {
        blocks[slot_of(block)] = block;
        live++;
    }
    pthread_mutex_unlock(&lock);
    return block;
}

/* Those that follow move up, so that each is found from its own place on. */
static void forget(const void *block)
{
    if (live == 0 || block == NULL)
        return;
    pthread_mutex_lock(&lock);
    size_t slot = slot_of(block);
    if (blocks[slot] == block) {
        blocks[slot] = NULL;
        live--;
        while (blocks[slot = (slot + 1) % MOST_BLOCKS] != NULL) {
            void *moved = blocks[slot];
            blocks[slot] = NULL;
            blocks[slot_of(moved)] = moved;
        }
    }
    pthread_mutex_unlock(&lock);
}

/* --------------------------------------------------- what is preloaded --- */

#define CALLER __builtin_return_address(0)

EXPORT void *malloc(size_t size)
{
    return fails(CALLER) ? NULL : remember(__libc_malloc(size), CALLER);
}

EXPORT void *calloc(size_t n, size_t size)
{
    return fails(CALLER) ? NULL : remember(__libc_calloc(n, size), CALLER);
}

EXPORT void *realloc(void *old, size_t size)
{
    if (fails(CALLER))
        return NULL;
    forget(old);
    return remember(__libc_realloc(old, size), CALLER);
}

EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
    if (fails(CALLER))
        return ENOMEM;
    *block = remember(__libc_memalign(alignment, size), CALLER);
    return *block != NULL ? 0 : ENOMEM;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(CALLER) ? NULL
                         : remember(__libc_memalign(alignment, size), CALLER);
}

/* A thread is memory too. */
EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *data)
{
    if (real_create == NULL)
        *(void **)&real_create = dlsym(RTLD_NEXT, "pthread_create");
    return fails(CALLER) ? EAGAIN : real_create(thread, attributes, run, data);
}

EXPORT void free(void *block)
{
    forget(block);
    __libc_free(block);
}
