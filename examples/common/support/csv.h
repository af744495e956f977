/* Tables with commas: as RFC 4180, but a row ends with a newline alone. */
#ifndef EXAMPLES_CSV_H
#define EXAMPLES_CSV_H

#include <glib.h>

/* Adds a field to the last row, in quotes if it needs them. */
void csv_field(GString *csv, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends the row. */
void csv_end(GString *csv);

#endif
