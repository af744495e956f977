#include "support/command.h"

#include <string.h>

static void print_argument(FILE *stream, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";

    if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
        fprintf(stream, " %s", text);
        return;
    }
    fputs(" '", stream);
    for (; *text != '\0'; text++)
        fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, stream);
    fputc('\'', stream);
}

/* Once. */
static void print_resume(FILE *stream, const char **resume)
{
    if (*resume == NULL)
        return;
    fputs(" --resume", stream);
    print_argument(stream, *resume);
    *resume = NULL;
}

void command_print(FILE *stream, char *const *argv, const char *resume)
{
    for (; *argv != NULL; argv++) {
        /* Behind this there are no options. */
        if (strcmp(*argv, "--") == 0)
            print_resume(stream, &resume);
        print_argument(stream, *argv);
    }
    print_resume(stream, &resume);
    fputc('\n', stream);
}
