/* The words that JSON is made of: strings, numbers, signs. */
#ifndef CNN_FILES_JSON_SCAN_H
#define CNN_FILES_JSON_SCAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A text being read. */
typedef struct cnn__json_cursor {
    const char *start, *at, *end;
} cnn__json_cursor;

/* The next byte that is no space; 0 at the end. */
char cnn__json_peek(cnn__json_cursor *c);

/* Passes over `wanted`, if it is next. */
bool cnn__json_take(cnn__json_cursor *c, char wanted);

/* Passes over true, false or null. */
bool cnn__json_word(cnn__json_cursor *c, const char *word);

/* The string that begins here, as it stands in the text, passed over; NULL, and
 * nothing passed over, if it has an escape or is none. */
const char *cnn__json_plain_string(cnn__json_cursor *c, size_t *size);

/* The string that begins here, in a block of its own with a zero at its end.
 * NULL: recorded. */
char *cnn__json_string(cnn__json_cursor *c, size_t *size);

/* The number that begins here. NULL: recorded. */
json_t *cnn__json_number(cnn__json_cursor *c);

/* Record what is wrong here, or that there is no memory; false. */
bool cnn__json_fail(const cnn__json_cursor *c, const char *what);
bool cnn__json_fail_memory(void);

#endif
