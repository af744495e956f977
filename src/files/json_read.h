/* From JSON as text to jansson's values.
 *
 * jansson would read it too, but ends the process when memory is short in the
 * middle of a word (an assertion of its lexer, 2.14), and takes up to three
 * times the longest string for a moment. */
#ifndef CNN_FILES_JSON_READ_H
#define CNN_FILES_JSON_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* How deep objects and arrays may be nested. */
#define CNN__JSON_DEPTH 1024

/* The value that `text` is, to be given back with json_decref(): RFC 8259 in
 * UTF-8; no key twice in an object; no U+0000 in strings; integers of 64 bits,
 * other numbers as double, of at most 127 characters each. NULL with
 * CNN_EFORMAT, saying where, or CNN_ENOMEM. */
json_t *cnn__json_read(const char *text, size_t size);

/* The whole number, or the number, under a key of an object; false if there is
 * none. jansson's json_unpack() takes memory, and tells its lack from a wrong
 * value by nothing. */
bool cnn__json_get_integer(const json_t *object, const char *key,
                           json_int_t *to);
bool cnn__json_get_real(const json_t *object, const char *key, double *to);

#endif
