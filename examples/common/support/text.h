/* Names and texts from users and files, which may contain any bytes. */
#ifndef EXAMPLES_TEXT_H
#define EXAMPLES_TEXT_H

#include <stdbool.h>

/* Does a name have that ending, in small or capital letters? */
bool ends_with(const char *name, const char *end);

/* A copy for a terminal, to be freed with g_free(). It has a question mark for
 * each byte that is not UTF-8, and for each byte of a control character, which
 * a terminal may take for a command (U+0000 to U+001F, U+007F to U+009F). */
char *printable(const char *text);

#endif
