#include "support/text.h"

#include <string.h>

#include <glib.h>

bool ends_with(const char *name, const char *end)
{
    const size_t length = strlen(name), tail = strlen(end);

    return length > tail && g_ascii_strcasecmp(name + length - tail, end) == 0;
}

char *printable(const char *text)
{
    char *copy = g_strdup(text);

    for (char *at = copy; *at != '\0';) {
        const gunichar c = g_utf8_get_char_validated(at, -1);
        const bool valid = c <= 0x10ffff; /* larger: an error code of GLib */
        const size_t size = valid ? (size_t)g_unichar_to_utf8(c, NULL) : 1;

        if (!valid || g_unichar_iscntrl(c))
            memset(at, '?', size);
        at += size;
    }
    return copy;
}
