#include "fuzz/fuzz_support.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

const char *fuzz_input;

/* ----------------------------------------------------------- verdicts --- */

void must(bool holds, const char *format, ...)
{
    va_list args;

    if (holds)
        return;
    if (fuzz_input != NULL)
        fprintf(stderr, "%s: ", fuzz_input);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

static bool is_printable(const char *text)
{
    size_t left = strlen(text), size;
    uint32_t code = 0;

    for (; left > 0; text += size, left -= size) {
        size = cnn__utf8_read(text, left, &code);
        if (size == 0 || cnn__is_control(code))
            return false;
    }
    return true;
}

/* The error that is the last one, as far as was seen. */
static char last_text[512];

static void see_failure(cnn_status status)
{
    must(status <= CNN_EINVAL && status >= CNN_EDIVERGED,
         "%d is no status of a failure", status);
    must(status == cnn_last_status(), "status %d, but the last one is %d",
         status, cnn_last_status());
    must(cnn_last_error()[0] != '\0', "status %d without a text", status);
    must(is_printable(cnn_last_error()), "a text that does not print: %s",
         cnn_last_error());
    snprintf(last_text, sizeof(last_text), "%s", cnn_last_error());
}

cnn_status see(cnn_status status)
{
    if (status != CNN_OK)
        see_failure(status);
    else
        must(strcmp(last_text, cnn_last_error()) == 0,
             "a success left the error %s", cnn_last_error());
    return status;
}

void *see_pointer(void *pointer)
{
    see(pointer != NULL ? CNN_OK : cnn_last_status());
    must(pointer != NULL || cnn_last_status() != CNN_OK,
         "NULL without an error");
    return pointer;
}

/* ------------------------------------------------------------- memory --- */

static atomic_size_t blocks, bytes, peak;
static size_t most_bytes;

/* libcnn rounds what it gets up to the next multiple of 64, 8 bytes for a
 * pointer left free. What begins 57 bytes behind a multiple loses 63, so that
 * only one byte is left behind the array. */
#define SKIP 57

static void *take(size_t size, unsigned char junk)
{
    char *block = NULL;

    if (atomic_fetch_add(&bytes, size) + size > most_bytes ||
        posix_memalign((void **)&block, CNN__ALIGNMENT, SKIP + size) != 0) {
        atomic_fetch_sub(&bytes, size);
        return NULL;
    }
    memcpy(block, &size, sizeof(size));
    if (junk == 0)
        memset(block + SKIP, 0, size);
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
    junk = 0; /* it knows better what was never written */
#endif
#endif
    if (junk != 0)
        memset(block + SKIP, junk, size);
    atomic_fetch_add(&blocks, 1);
    size_t now = atomic_load(&bytes), old = atomic_load(&peak);
    while (now > old && !atomic_compare_exchange_weak(&peak, &old, now))
        continue;
    return block;
}

static void give_back(char *block)
{
    size_t size;

    memcpy(&size, block, sizeof(size));
    atomic_fetch_sub(&bytes, size);
    atomic_fetch_sub(&blocks, 1);
    free(block);
}

/* NaN, read as float. */
static void *allocate(size_t size, void *user)
{
    char *block = take(size, 0xff);

    (void)user;
    return block != NULL ? block + SKIP : NULL;
}

static void release(void *pointer, void *user)
{
    (void)user;
    give_back((char *)pointer - SKIP);
}

/* jansson relies on alignment. It is never instrumented, so its memory has to
 * be clean from the beginning for MemorySanitizer. */
static void *allocate_json(size_t size)
{
    const size_t shift = CNN__ALIGNMENT - SKIP;
    char *block = take(size + shift, 0);

    return block != NULL ? block + CNN__ALIGNMENT : NULL;
}

static void release_json(void *pointer)
{
    if (pointer != NULL)
        give_back((char *)pointer - CNN__ALIGNMENT);
}

void memory_watch(size_t most)
{
    const cnn_allocator allocator = {allocate, release, NULL};

    must(cnn_set_allocator(&allocator) == CNN_OK, "%s", cnn_last_error());
    json_set_alloc_funcs(allocate_json, release_json);
    must(blocks == 0, "%zu blocks were left", blocks);
    most_bytes = most;
    bytes = 0;
    peak = 0;
    snprintf(last_text, sizeof(last_text), "%s", cnn_last_error());
}

size_t memory_blocks(void)
{
    return atomic_load(&blocks);
}

size_t memory_bytes(void)
{
    return atomic_load(&bytes);
}

size_t memory_peak(void)
{
    return atomic_load(&peak);
}

void *exact_copy(const void *data, size_t size)
{
    void *copy = malloc(size + (size == 0));

    must(copy != NULL, "no memory for a copy of %zu bytes", size);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

float *exact_floats(size_t n)
{
    float *x = malloc(n * sizeof(*x));

    must(x != NULL, "no memory for %zu floats", n);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(int)(i * 37 % 129) / 64.0f - 1.0f;
    return x;
}
