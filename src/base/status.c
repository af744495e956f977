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
/* The kinds of objects (cnn__object) that callers have NULL for because of the
 * last failure or of those right before it; the same before the last one. */
static _Thread_local unsigned lost, lost_before;

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
    lost_before = lost;
    lost = 0;
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

/* ---------------------------------------------------- NULL for objects --- */

static const char *name_of(cnn__object object)
{
    switch (object) {
    case CNN__NET:
        return "net";
    case CNN__LAYER:
        return "layer";
    case CNN__OPTIM:
        return "optim";
    case CNN__DATASET:
        return "dataset";
    case CNN__TRAINER:
        return "trainer";
    case CNN__SESSION:
        break;
    }
    return "session";
}

/* A program that checks once, at the end, may have lost several objects one
 * after the other; for each of them the last reason is as good as its own. */
void *cnn__lost(cnn__object object)
{
    lost |= lost_before | (unsigned)object;
    lost_before = 0;
    return NULL;
}

void *cnn__lost_with(cnn__object whole, cnn__object part)
{
    if ((lost & (unsigned)whole) != 0)
        lost |= (unsigned)part;
    return NULL;
}

cnn_status cnn__fail_null(cnn__object object, const char *who)
{
    if ((lost & (unsigned)object) != 0)
        return last_status;
    return cnn__fail(CNN_EINVAL, "%s%s%s is NULL", who != NULL ? who : "",
                     who != NULL ? ": " : "", name_of(object));
}
