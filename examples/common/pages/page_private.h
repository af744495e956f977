/* A page that is being written. For page.c and page_parts.c. */
#ifndef EXAMPLES_PAGE_PRIVATE_H
#define EXAMPLES_PAGE_PRIVATE_H

#include <stdbool.h>

#include <glib.h>

#include "pages/page.h"

/* What is between two tags and takes more of the same kind. */
enum page_list { NO_LIST, FIGURES, FACTS };

struct page {
    char *path;
    GString *html;
    enum page_list list;
    bool section;
    int code; /* not 0: that gnuplot does not work was told */
};

/* Goes on to what belongs to a list of that kind. */
void page_enter(page *p, enum page_list list);

/* A text, in which nothing means anything but itself. */
void page_put(page *p, const char *text);

/* The same between tags; nothing if there is no text. */
void page_element(page *p, const char *start, const char *text,
                  const char *end);

#endif
