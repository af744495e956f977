#include "support/printable.h"

#include <stddef.h>
#include <string.h>

#include "support/failure.h"

/* Bytes of the character that begins here; 0 if none does. */
static size_t length(const unsigned char *at)
{
    const size_t more = *at < 0x80   ? 0
                        : *at < 0xc2 ? 4
                        : *at < 0xe0 ? 1
                        : *at < 0xf0 ? 2
                        : *at < 0xf5 ? 3
                                     : 4;

    for (size_t i = 1; i <= more; i++)
        if (more == 4 || (at[i] & 0xc0) != 0x80)
            return 0;
    return 1 + more;
}

char *make_printable(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0';) {
        const size_t size = length(at);

        if (size == 0 || *at < 0x20 || *at == 0x7f)
            *at++ = '?';
        else if (*at == 0xc2 && at[1] < 0xa0) {
            *at++ = '?';
            *at++ = '?';
        } else
            at += size;
    }
    return text;
}

char *printable(const char *text)
{
    const size_t size = strlen(text) + 1;

    return make_printable(memcpy(allocate(size, 1), text, size));
}
