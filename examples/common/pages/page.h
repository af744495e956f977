/* A page of results: one HTML file that needs no other, light or dark as the
 * reader has it, for wide and narrow windows and for paper. */
#ifndef EXAMPLES_PAGE_H
#define EXAMPLES_PAGE_H

#include <stddef.h>

#include "pages/chart.h"
#include "pages/confusion.h"
#include "pages/tiles.h"

typedef struct page page;

/* Starts the page, which appears under its name when it is closed. All texts
 * are plain: characters with a meaning in HTML are escaped. Exits with a
 * message if memory is short. */
page *page_open(const char *path, const char *title, const char *subtitle);

/* A heading for the parts that follow. */
void page_section(page *p, const char *title);

void page_text(page *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A figure of special interest, in large print. */
void page_figure(page *p, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A line of a list of names and values. */
void page_fact(page *p, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A table, row by row, cells in the order of reading; the first row is its
 * head. A cell that starts with a digit, sign or point is set as a number. */
void page_table(page *p, size_t columns, size_t rows, const char *const *cells);

/* Text as it is, in a fixed width; a long one scrolls. */
void page_listing(page *p, const char *text);

/* Each panel has its own picture. The pictures are drawn when the page is
 * closed; the points may be freed before that. If gnuplot cannot draw them, the
 * page says so and page_close() fails. */
void page_chart(page *p, const char *caption, const chart *c);
void page_tiles(page *p, const char *caption, const tiles *t);
void page_confusion(page *p, const confusion *c);

/* Ends the page and frees it. Returns 0, or, after a message, an exit code. */
int page_close(page *p);

#endif
