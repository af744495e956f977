/* Pictures drawn by gnuplot from scripts. */
#ifndef EXAMPLES_GNUPLOT_H
#define EXAMPLES_GNUPLOT_H

#include <glib.h>

/* A script that draws on white into a file: PNG if its name ends with .png, SVG
 * otherwise. Without a name it draws an SVG without a background. Sizes are in
 * pixels. */
GString *gnuplot_script(const char *path, int width, int height, int font);

/* Adds a text as a quoted word, whatever it contains; NULL as an empty word. */
void gnuplot_quote(GString *script, const char *text);

/* Draws the picture and frees the script. An SVG gets rules of CSS, if `style`
 * is not NULL. If it fails: NULL, after a message, with an exit code. */
GString *gnuplot_draw(GString *script, const char *style, int *code);

/* The same, into a file. Returns 0, or, after a message, an exit code. */
int gnuplot_save(GString *script, const char *style, const char *path);

#endif
