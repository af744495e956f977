/* Reads JSON text into jansson's values.
 *
 * jansson's own reader is not used, because if memory is short in the middle of
 * a word it ends the process (an assertion of its lexer, 2.14), and because for
 * a short time it takes up to three times the longest string. */
#ifndef CNN_FILES_JSON_READ_H
#define CNN_FILES_JSON_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The most levels of nested objects and arrays. */
#define CNN__JSON_DEPTH 1024

/* Parses `text`; the value is to be freed with json_decref(). RFC 8259 in
 * UTF-8; no duplicate keys; no U+0000 in strings; integers of 64 bits, other
 * numbers as double, of at most 127 characters each. NULL with CNN_EFORMAT and
 * the place, or CNN_ENOMEM. */
json_t *cnn__json_read(const char *text, size_t size);

/* Gets a whole number, or any number, from an object; false if there is none.
 * jansson's json_unpack() allocates, and does not distinguish a lack of memory
 * from a wrong value. */
bool cnn__json_get_integer(const json_t *object, const char *key,
                           json_int_t *to);
bool cnn__json_get_real(const json_t *object, const char *key, double *to);

#endif
