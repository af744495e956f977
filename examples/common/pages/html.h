/* Pieces of HTML. */
#ifndef EXAMPLES_HTML_H
#define EXAMPLES_HTML_H

#include <stdio.h>

/* A text, in which nothing means anything but itself. */
void html_text(FILE *page, const char *text);

/* Puts the first picture of what gnuplot has drawn as SVG into a page: without
 * a size of its own, in the page's colour where it is black, and with ids that
 * `number` keeps apart from those of the page's other pictures. Returns what
 * comes behind it, NULL if there is none. */
const char *html_svg(FILE *page, const char *svg, size_t number);

#endif
