/* What all fuzz targets need: a verdict, and memory that is watched.
 *
 * They do without cmocka: libFuzzer wants a process that ends. */
#ifndef TESTS_FUZZ_FUZZ_SUPPORT_H
#define TESTS_FUZZ_FUZZ_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cnn/cnn.h"

/* What libFuzzer, or replay.c, calls with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file that is replayed; NULL under libFuzzer. */
extern const char *fuzz_input;

/* ----------------------------------------------------------- verdicts --- */

/* Ends the process with a text unless it holds. */
void must(bool holds, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What holds for every call that gives a status, and for one that gives a
 * pointer: a failure has a status of the list and a text that prints, and a
 * success leaves both alone. Every call must be seen, one after the other. */
cnn_status see(cnn_status status);
void *see_pointer(void *pointer);

/* ------------------------------------------------------------- memory --- */

/* From now on libcnn's memory and jansson's is counted, and refused beyond
 * `most` bytes; counts start at 0. Nothing of libcnn may exist. A block ends
 * where its array does, so that AddressSanitizer sees who goes beyond. */
void memory_watch(size_t most);

size_t memory_blocks(void);
size_t memory_bytes(void);

/* The most bytes in use at once since memory_watch(). */
size_t memory_peak(void);

/* A block of just that size, which free() takes. */
void *exact_copy(const void *data, size_t size);

/* A block of n floats from -1 to 1. */
float *exact_floats(size_t n);

#endif
