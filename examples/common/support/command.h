/* The command line as a text. */
#ifndef EXAMPLES_COMMAND_H
#define EXAMPLES_COMMAND_H

#include <stdio.h>

/* Prints the arguments so that a shell takes them as they are, and
 * "--resume FILE" behind the options if `resume` is not NULL. */
void command_print(FILE *stream, char *const *argv, const char *resume);

#endif
