/* A page that is being written. For page.c and page_parts.c. */
#ifndef EXAMPLES_PAGE_PRIVATE_H
#define EXAMPLES_PAGE_PRIVATE_H

#include <stdio.h>

#include "pages/gnuplot.h"
#include "pages/page.h"

/* What is between two tags and takes more of the same kind. */
enum page_list { NO_LIST, FIGURES, FACTS };

struct page {
    char *path;
    FILE *html;
    char *text; /* of html, once it is closed */
    size_t length;
    enum page_list list;
    bool section;
    /* Starting gnuplot takes longer than a chart: it draws all panels at once
     * when the page is closed; then they are put where they belong. */
    gnuplot panels;
    long *places; /* in html, one for each panel */
    size_t count, capacity;
};

/* Goes on to what belongs to a list of that kind. */
void page_enter(page *p, enum page_list list);

/* Leaves a place for the panel that is drawn next. */
void page_leave_place(page *p);

#endif
