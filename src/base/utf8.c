#include "base/utf8.h"

size_t cnn__utf8_read(const char *text, size_t size, uint32_t *code)
{
    const unsigned char *s = (const unsigned char *)text;

    if (size == 0)
        return 0;
    const size_t length = s[0] < 0x80 ? 1
                          : s[0] < 0xc2
                              ? 0 /* a continuation byte, or overlong */
                          : s[0] < 0xe0 ? 2
                          : s[0] < 0xf0 ? 3
                          : s[0] < 0xf5 ? 4
                                        : 0;
    uint32_t c = length < 2 ? s[0] : s[0] & (0x7fu >> length);

    if (length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    *code = c;
    if ((length == 3 && c < 0x800) || (length == 4 && c < 0x10000) ||
        (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
        return 0;
    return length;
}
