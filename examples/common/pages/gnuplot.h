/* Pictures drawn by gnuplot, from scripts that are written for it. */
#ifndef EXAMPLES_GNUPLOT_H
#define EXAMPLES_GNUPLOT_H

#include <glib.h>

/* A script that draws into a file, .png or else .svg, as its name ends, on
 * white; without a name as SVG, on nothing. Sizes are in pixels. */
GString *gnuplot_script(const char *path, int width, int height, int font);

/* A text as a word of the script, whatever is in it; NULL as an empty one. */
void gnuplot_quote(GString *script, const char *text);

/* Draws the picture and frees the script. An SVG gets rules of CSS, if `style`
 * is not NULL. NULL after a message and with an exit code if it cannot be
 * drawn. */
GString *gnuplot_draw(GString *script, const char *style, int *code);

/* The same, into a file. Returns 0, or, after a message, an exit code. */
int gnuplot_save(GString *script, const char *style, const char *path);

#endif
