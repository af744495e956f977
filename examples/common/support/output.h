/* Files that are read and written, and standard output. */
#ifndef EXAMPLES_OUTPUT_H
#define EXAMPLES_OUTPUT_H

#include <glib.h>

/* Each looks before work begins, and leaves with a message if the file cannot
 * be read, respectively written. */
void check_input(const char *path);
void check_output(const char *path);

/* The same, for what may also be a pipe or a device. */
void check_output_or_device(const char *path);

/* Puts all of `content` into a file, and frees it. A regular file appears, or
 * changes, once all is written; a link, a pipe or a device is written to as it
 * is. Returns 0, or, after a message, an exit code. */
int output_file(const char *path, GString *content);

/* Writes out what was printed; 0, or, after a message, an exit code. */
int close_output(void);

#endif
