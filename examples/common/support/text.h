/* Names and texts, which may be anybody's. */
#ifndef EXAMPLES_TEXT_H
#define EXAMPLES_TEXT_H

#include <stdbool.h>

/* Does a name end so, in small or capital letters? */
bool ends_with(const char *name, const char *end);

/* A copy for a terminal, to be given to g_free(): each byte that is no UTF-8,
 * or of what a terminal takes for a command or the end of a line (U+0000 to
 * U+001F, U+007F to U+009F), is a question mark. */
char *printable(const char *text);

#endif
