/* Reading UTF-8 that may be none. */
#ifndef CNN_BASE_UTF8_H
#define CNN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that `text` begins with, of which `size` bytes are
 * there, and its code; 0 if that is no UTF-8: cut short, longer than it need
 * be, a surrogate, or past U+10FFFF. */
size_t cnn__utf8_read(const char *text, size_t size, uint32_t *code);

/* Is it one of U+0000 to U+001F, U+007F to U+009F? */
static inline bool cnn__is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

#endif
