/* Looking at files before work begins, and at standard output when it ends. */
#ifndef EXAMPLES_PATHS_H
#define EXAMPLES_PATHS_H

/* Each leaves with a message if the file cannot be read, respectively
 * written. */
void check_input(const char *path);
void check_output(const char *path);

/* The same, for what is written as it comes: may be a pipe or a device. */
void check_output_or_device(const char *path);

/* Writes out what was printed; 0, or, after a message, an exit code. */
int close_output(void);

#endif
