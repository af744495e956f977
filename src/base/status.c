#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 512

/* The only state that libcnn keeps per thread. */
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

cnn_status cnn__fail(cnn_status status, const char *format, ...)
{
    /* Formatted aside first: an argument may be the last text itself. */
    char text[TEXT_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    memcpy(last_text, text, sizeof(text));
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
    memcpy(last_text, text, sizeof(text));
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
