#include "base/status.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* The last error of each thread. */
static _Thread_local cnn_status last_status;
static _Thread_local char last_text[CNN__TEXT];
/* Kinds of objects (cnn__object, as bits) that the last failure left NULL, or
 * the failures right before it; the same before the last failure. */
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

/* Replaces control characters and invalid UTF-8 by question marks: a text may
 * quote an untrusted file, and must neither command a terminal nor end a line.
 */
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

/* Sets the last text from one of CNN__TEXT bytes. */
static void set_last_text(char *text)
{
    make_printable(text);
    memcpy(last_text, text, CNN__TEXT);
}

cnn_status cnn__fail(cnn_status status, const char *format, ...)
{
    /* Not formatted in place: an argument may be the last text itself. */
    char text[CNN__TEXT];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    set_last_text(text);
    last_status = status;
    lost_before = lost;
    lost = 0;
    return status;
}

bool cnn__is_failure(int32_t code)
{
    switch ((cnn_status)code) {
#define STATUS_CASE(name, value, text) case CNN_##name:
        CNN_STATUS_MAP(STATUS_CASE)
#undef STATUS_CASE
        return code != CNN_OK;
    case CNN_STATUS_FORCE_INT:
        break;
    }
    return false;
}

cnn_status cnn_set_last_error(cnn_status status, const char *text)
{
    const cnn_status known = cnn__is_failure(status) ? status : CNN_EINVAL;

    return cnn__fail(known, "%s",
                     text != NULL ? text : cnn_status_string(known));
}

void cnn__fail_where(const char *format, ...)
{
    char text[CNN__TEXT];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n < 0 || n >= CNN__TEXT)
        return;
    snprintf(text + n, sizeof(text) - (size_t)n, ": %.*s",
             CNN__TEXT - n - (int)sizeof(": "), last_text);
    set_last_text(text);
}

cnn_status cnn__fail_errno(int error_number, const char *format, ...)
{
    char text[CNN__TEXT];
    char reason[128];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    /* The XSI form, which <string.h> declares without _GNU_SOURCE. */
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

/* A program that checks only at the end may have failed to create several
 * objects in a row. Each of them counts as lost to the last failure. */
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

cnn_status cnn__fail_null(cnn__object object, const char *caller)
{
    if ((lost & (unsigned)object) != 0)
        return last_status;
    return cnn__fail(CNN_EINVAL, "%s%s%s is NULL", caller != NULL ? caller : "",
                     caller != NULL ? ": " : "", name_of(object));
}
