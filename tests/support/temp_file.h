/* Files of a test, in a folder of its own that is gone when the test ends. */
#ifndef TESTS_SUPPORT_TEMP_FILE_H
#define TESTS_SUPPORT_TEMP_FILE_H

#include <stddef.h>

/* The path of `name` in that folder; the text belongs to this module and holds
 * until the program ends. */
const char *temp_path(const char *name);

/* Writes a file there and returns its path. */
const char *temp_write(const char *name, const void *data, size_t size);

/* The whole of a file, in a block of just that size, to be freed. */
unsigned char *temp_read(const char *path, size_t *size);

#endif
