/* The tokens of JSON: strings, numbers, punctuation. */
#ifndef CNN_FILES_JSON_SCAN_H
#define CNN_FILES_JSON_SCAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A text being read. */
typedef struct cnn__json_cursor {
    const char *start, *at, *end;
} cnn__json_cursor;

/* The next byte that is not a space; 0 at the end. */
char cnn__json_peek(cnn__json_cursor *c);

/* Skips `wanted` if it is next. */
bool cnn__json_take(cnn__json_cursor *c, char wanted);

/* Skips true, false or null. */
bool cnn__json_word(cnn__json_cursor *c, const char *word);

/* Skips the string that begins here and returns its text. NULL, and nothing is
 * skipped, if it has an escape or is invalid. */
const char *cnn__json_plain_string(cnn__json_cursor *c, size_t *size);

/* The string that begins here, in a new zero-terminated block. NULL: an error
 * is recorded. */
char *cnn__json_string(cnn__json_cursor *c, size_t *size);

/* The number that begins here. NULL: an error is recorded. */
json_t *cnn__json_number(cnn__json_cursor *c);

/* Record an error at this place, or a lack of memory; return false. */
bool cnn__json_fail(const cnn__json_cursor *c, const char *what);
bool cnn__json_fail_memory(void);

#endif
