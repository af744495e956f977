/* How pages look. */
#ifndef EXAMPLES_PAGE_STYLE_H
#define EXAMPLES_PAGE_STYLE_H

#include <stdio.h>

/* Writes the style sheet. */
void page_style(FILE *html);

#endif
