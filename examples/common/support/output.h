/* Files that are read and written, and standard output. */
#ifndef EXAMPLES_OUTPUT_H
#define EXAMPLES_OUTPUT_H

#include <glib.h>

/* To be called before work begins: exits with a message if the file cannot be
 * read (input) or written (output). */
void check_input(const char *path);
void check_output(const char *path);

/* The same for a file that may also be a pipe or a device. */
void check_output_or_device(const char *path);

/* Writes `content` into a file, and frees it. A regular file appears, or
 * changes, only when all is written. A link, a pipe or a device is written to
 * directly. Returns 0, or, after a message, an exit code. */
int output_file(const char *path, GString *content);

/* Flushes standard output. Returns 0, or, after a message, an exit code. */
int close_output(void);

#endif
