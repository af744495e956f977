#include "base/status.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define TEXT_SIZE 512

/* Of each thread. */
static _Thread_local cnn_status last_status;
static _Thread_local char last_text[TEXT_SIZE];

const char *cnn_status_string(cnn_status status)
{
    switch (status) {
#define STATUS_CASE(name, value, text) \
    case CNN_##name:                   \
        return text;
        CNN_STATUS_MAP(STATUS_CASE)
#undef STATUS_CASE
    case CNN_STATUS_FORCE_INT:
        break;
    }
    return "unknown status";
}

const char *cnn_last_error(void)
{
    return last_text;
}

cnn_status cnn_last_status(void)
{
    return last_status;
}

/* A text may quote a file, which may be anybody's: what a terminal would take
 * for a command, or for the end of a line, is shown as a question mark, as is
 * what is no UTF-8. */
static void make_printable(char *text)
{
    size_t left = strlen(text), size;
    uint32_t code = 0;

    for (char *at = text; left > 0; at += size, left -= size) {
        size = cnn__utf8_read(at, left, &code);
        if (size > 0 && !cnn__is_control(code))
            continue;
        size = size > 0 ? size : 1;
        memset(at, '?', size);
    }
}

/* Remembers a text of TEXT_SIZE bytes. */
static void keep(char *text)
{
    make_printable(text);
    memcpy(last_text, text, TEXT_SIZE);
}

cnn_status cnn__fail(cnn_status status, const char *format, ...)
{
    /* Formatted aside first: an argument may be the last text itself. */
    char text[TEXT_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    keep(text);
    last_status = status;
    return status;
}

void cnn__fail_where(const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n < 0 || n >= TEXT_SIZE)
        return;
    snprintf(text + n, sizeof(text) - (size_t)n, ": %.*s",
             TEXT_SIZE - n - (int)sizeof(": "), last_text);
    keep(text);
}

cnn_status cnn__fail_errno(int error_number, const char *format, ...)
{
    char text[TEXT_SIZE];
    char reason[128];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    /* The XSI form, which <string.h> gives without _GNU_SOURCE. */
    if (strerror_r(error_number, reason, sizeof(reason)) != 0)
        snprintf(reason, sizeof(reason), "error %d", error_number);
    return cnn__fail(CNN_EIO, "%s: %s", text, reason);
}
