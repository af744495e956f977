/* How pages look. */
#ifndef EXAMPLES_PAGE_STYLE_H
#define EXAMPLES_PAGE_STYLE_H

/* The style sheet of a page, in parts; the last is NULL. */
extern const char *const page_style[];

/* The style sheet of the picture of a panel; that of the page does not apply
 * there. */
extern const char panel_style[];

#endif
