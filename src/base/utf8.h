/* Reading text that may be invalid UTF-8. */
#ifndef CNN_BASE_UTF8_H
#define CNN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads the first character of `text`, which has `size` bytes left: its length
 * in bytes, and its code. 0 if that is not valid UTF-8: cut short, overlong, a
 * surrogate, or beyond U+10FFFF. */
size_t cnn__utf8_read(const char *text, size_t size, uint32_t *code);

/* Is it in U+0000 .. U+001F or U+007F .. U+009F? */
static inline bool cnn__is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

#endif
