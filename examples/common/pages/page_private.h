/* A page that is being written. For page.c and page_parts.c. */
#ifndef EXAMPLES_PAGE_PRIVATE_H
#define EXAMPLES_PAGE_PRIVATE_H

#include <stdbool.h>

#include <glib.h>

#include "pages/page.h"

/* An open list between two tags, to which parts of the same kind are added. */
enum page_list { NO_LIST, FIGURES, FACTS };

struct page {
    char *path;
    GString *html;
    enum page_list list;
    bool section;
    int code; /* not 0: gnuplot failed, and a message was printed */
};

/* Opens a list of that kind, if it is not open, and closes another one. */
void page_enter(page *p, enum page_list list);

/* A text, with the characters that have a meaning in HTML escaped. */
void page_put(page *p, const char *text);

/* The same between tags; nothing if there is no text. */
void page_element(page *p, const char *start, const char *text,
                  const char *end);

#endif
