/* How pages look. */
#ifndef EXAMPLES_PAGE_STYLE_H
#define EXAMPLES_PAGE_STYLE_H

/* The style sheet of a page, in parts; the last is NULL. */
extern const char *const page_style[];

/* And of the picture of a panel, which a page does not reach into. */
extern const char panel_style[];

#endif
