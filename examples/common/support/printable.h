/* Texts of files and file names, which may be anybody's, on a terminal. */
#ifndef EXAMPLES_PRINTABLE_H
#define EXAMPLES_PRINTABLE_H

/* Makes question marks of what a terminal would take for a command or for the
 * end of a line (U+0000 to U+001F, U+007F to U+009F), and of what is no UTF-8.
 * Returns the text. */
char *make_printable(char *text);

/* A printable copy, to be freed. */
char *printable(const char *text);

#endif
