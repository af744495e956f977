#include "support/faulty_memory.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/near.h"

/* Before each block stands its size. libcnn does not rely on alignment and cuts
 * its own block, on a multiple of 64, from the end of this one: with this
 * address it leaves one byte behind it, so that a sanitizer sees a write beyond
 * it. */
#define HEAD      57
#define JSON_SKIP 7

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    size_t blocks, bytes, peak, count;
    size_t fail_at; /* counts down to 1; 0: never */
    bool for_ever, failed;
} memory;

/* Is it this allocation's turn to fail? */
static bool must_fail(void)
{
    if (memory.fail_at == 0)
        return false;
    if (memory.fail_at > 1) {
        memory.fail_at--;
        return false;
    }
    if (!memory.for_ever)
        memory.fail_at = 0;
    memory.failed = true;
    return true;
}

static void *allocate(size_t size, void *user)
{
    void *raw = NULL;

    (void)user;
    pthread_mutex_lock(&lock);
    memory.count++;
    if (!must_fail() && posix_memalign(&raw, 64, HEAD + size) == 0) {
        memcpy(raw, &size, sizeof(size));
        memset((char *)raw + HEAD, 0xa5, size);
        memory.blocks++;
        memory.bytes += size;
        if (memory.bytes > memory.peak)
            memory.peak = memory.bytes;
    }
    pthread_mutex_unlock(&lock);
    return raw != NULL ? (char *)raw + HEAD : NULL;
}

static void release(void *pointer, void *user)
{
    char *block = (char *)pointer - HEAD;
    size_t size;

    (void)user;
    pthread_mutex_lock(&lock);
    memcpy(&size, block, sizeof(size));
    memset(block, 0x5a, HEAD + size);
    memory.blocks--;
    memory.bytes -= size;
    pthread_mutex_unlock(&lock);
    free(block);
}

void faulty_memory_install(void)
{
    const cnn_allocator allocator = {allocate, release, NULL};

    memset(&memory, 0, sizeof(memory));
    if (cnn_set_allocator(&allocator) != CNN_OK)
        fail_msg("%s", cnn_last_error());
}

/* jansson does rely on alignment. */
static void *allocate_json(size_t size)
{
    char *block = allocate(JSON_SKIP + size, NULL);

    return block != NULL ? block + JSON_SKIP : NULL;
}

static void release_json(void *pointer)
{
    if (pointer != NULL)
        release((char *)pointer - JSON_SKIP, NULL);
}

void faulty_memory_watch_json(void)
{
    json_set_alloc_funcs(allocate_json, release_json);
}

void faulty_memory_remove(void)
{
    faulty_memory_fail(0, false);
    json_set_alloc_funcs(malloc, free);
    if (cnn_set_allocator(NULL) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    assert_int_equal(memory.blocks, 0);
}

void faulty_memory_fail(size_t n, bool for_ever)
{
    pthread_mutex_lock(&lock);
    memory.fail_at = n;
    memory.for_ever = for_ever;
    memory.failed = false;
    pthread_mutex_unlock(&lock);
}

static size_t locked_read(const size_t *value)
{
    pthread_mutex_lock(&lock);
    const size_t copy = *value;
    pthread_mutex_unlock(&lock);
    return copy;
}

bool faulty_memory_failed(void)
{
    pthread_mutex_lock(&lock);
    const bool copy = memory.failed;
    pthread_mutex_unlock(&lock);
    return copy;
}

size_t faulty_memory_blocks(void)
{
    return locked_read(&memory.blocks);
}

size_t faulty_memory_bytes(void)
{
    return locked_read(&memory.bytes);
}

size_t faulty_memory_peak(void)
{
    return locked_read(&memory.peak);
}

size_t faulty_memory_count(void)
{
    return locked_read(&memory.count);
}

void faulty_memory_reset(void)
{
    pthread_mutex_lock(&lock);
    memory.peak = memory.bytes;
    memory.count = 0;
    pthread_mutex_unlock(&lock);
}

/* One run with the n-th allocation failing; whether one did. */
static bool run_case(const faulty_case *c, void *data, size_t n, bool for_ever)
{
    const char *how = for_ever ? " for ever" : "";

    if (c->before != NULL)
        c->before(data);
    faulty_memory_fail(n, for_ever);
    const cnn_status status = c->scenario(data);
    const bool failed = faulty_memory_failed();

    faulty_memory_fail(0, false);
    if (status != (failed ? CNN_ENOMEM : CNN_OK))
        fail_msg("allocation %zu fails%s: status %d (%s)", n, how, status,
                 cnn_last_error());
    if (c->after != NULL)
        c->after(data, status);
    return failed;
}

static size_t survive(const faulty_case *c, void *data, bool for_ever)
{
    const size_t before = faulty_memory_blocks();

    for (size_t n = 1;; n++) {
        const bool failed = run_case(c, data, n, for_ever);

        if (faulty_memory_blocks() != before)
            fail_msg("allocation %zu fails%s: %zu blocks before, %zu after", n,
                     for_ever ? " for ever" : "", before,
                     faulty_memory_blocks());
        if (!failed)
            return n - 1;
    }
}

size_t assert_case_survives_faults(const faulty_case *c, void *data)
{
    const size_t once = survive(c, data, false);
    const size_t always = survive(c, data, true);

    assert_int_equal(once, always);
    return once + always;
}

size_t assert_survives_faults(faulty_scenario scenario, void *data)
{
    return assert_case_survives_faults(&(faulty_case){.scenario = scenario},
                                       data);
}

int faulty_memory_open_group(void **state)
{
    (void)state;
    faulty_memory_install();
    faulty_memory_watch_json();
    return 0;
}

int faulty_memory_close_group(void **state)
{
    (void)state;
    faulty_memory_remove();
    return 0;
}
