/* Files that are written at once. */
#ifndef EXAMPLES_OUTPUT_FILE_H
#define EXAMPLES_OUTPUT_FILE_H

#include <stddef.h>

/* Puts `size` bytes into a file. A regular one appears, or changes, once all of
 * them are written; a link, a pipe or a device is written to as it is. Returns
 * 0, or, after a message, an exit code. */
int output_file(const char *path, const void *data, size_t size);

#endif
