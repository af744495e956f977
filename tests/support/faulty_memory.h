/* An allocator that counts, and that fails when it is told to.
 *
 *     faulty_memory_install();
 *     assert_survives_faults(load_and_free, &files);
 *     faulty_memory_remove();
 *
 * New blocks are full of junk, and blocks that were freed are too. */
#ifndef TESTS_SUPPORT_FAULTY_MEMORY_H
#define TESTS_SUPPORT_FAULTY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "cnn/cnn.h"

/* Makes it libcnn's allocator; no libcnn object may exist. Counts start at 0.
 */
void faulty_memory_install(void);

/* Counts what jansson takes too, which has an allocator of its own, and lets it
 * fail; until faulty_memory_remove(). */
void faulty_memory_watch_json(void);

/* Puts malloc back; the test fails if a block is still in use. */
void faulty_memory_remove(void);

/* Set-up and tear-down of a group of cmocka that counts all memory, that of
 * jansson too. */
int faulty_memory_open_group(void **state);
int faulty_memory_close_group(void **state);

/* Lets the n-th allocation from now fail, n = 1, 2, ...: that one only, or it
 * and all that follow. n = 0: none fails. */
void faulty_memory_fail(size_t n, bool for_ever);

/* Whether an allocation failed since then. */
bool faulty_memory_failed(void);

/* Blocks and bytes in use now. */
size_t faulty_memory_blocks(void);
size_t faulty_memory_bytes(void);

/* The most bytes in use at once, and the allocations asked for, since the last
 * faulty_memory_reset(). */
size_t faulty_memory_peak(void);
size_t faulty_memory_count(void);
void faulty_memory_reset(void);

/* Runs `scenario` with the n-th allocation failing, n = 1, 2, ..., once and for
 * ever, until it needs fewer than n. Each run that met a failure must return
 * CNN_ENOMEM, the last one CNN_OK, and none may leave a block behind. Returns
 * the number of allocations that were made to fail, one after the other. */
typedef cnn_status (*faulty_scenario)(void *data);
size_t assert_survives_faults(faulty_scenario scenario, void *data);

/* The same with something before and after each run for which no allocation
 * fails: making what the scenario works on; looking at what it left, which has
 * the status that it gave, and freeing it. */
typedef struct faulty_case {
    void (*before)(void *data);
    faulty_scenario scenario;
    void (*after)(void *data, cnn_status status);
} faulty_case;
size_t assert_case_survives_faults(const faulty_case *c, void *data);

#endif
