/* An example that fails prints a line on standard error that says what to do,
 * and exits with a code of <sysexits.h>:
 *
 *     1    anything else            66   input that is missing
 *     64   wrong usage              73   output that cannot be created
 *     65   damaged or wrong input   74   output that cannot be written
 *     130  stopped by Ctrl-C */
#ifndef EXAMPLES_FAILURE_H
#define EXAMPLES_FAILURE_H

#include <stddef.h>
#include <sysexits.h>

#include <cnn/cnn.h>

/* Prints "program: message" and exits. */
_Noreturn void fail(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints "program: message". */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first of two exit codes that is not 0. After a failure a program does the
 * rest of its work, and exits with the code of the first failure. */
int worse(int code, int next);

/* If `status` is a failure: exits with the text of libcnn. `input` is the file
 * or folder that was read, NULL if none was. */
void check(cnn_status status, const char *input);

/* malloc() of `count` times `size` bytes that never gives NULL. */
void *allocate(size_t count, size_t size);

#endif
