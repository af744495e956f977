#include "support/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "support/text.h"

__attribute__((format(printf, 1, 0))) static void say(const char *format,
                                                      va_list args)
{
    char *text = g_strdup_vprintf(format, args);
    char *shown = printable(text);

    fflush(stdout);
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, shown);
    g_free(shown);
    g_free(text);
}

void warn(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
}

void fail(int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
    exit(code);
}

int worse(int code, int next)
{
    return code != 0 ? code : next;
}

void check(cnn_status status, const char *input)
{
    if (status == CNN_OK)
        return;
    if (input == NULL || status == CNN_ENOMEM)
        fail(EXIT_FAILURE, "%s", cnn_last_error());
    /* Most texts begin with the file's name, printable. */
    char *name = printable(input);
    const bool named = strncmp(cnn_last_error(), name, strlen(name)) == 0;
    g_free(name);
    fail(status == CNN_EIO ? EX_NOINPUT : EX_DATAERR, "%s%s%s",
         named ? "" : input, named ? "" : ": ", cnn_last_error());
}

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);

    if (memory == NULL)
        fail(EXIT_FAILURE, "out of memory");
    return memory;
}
