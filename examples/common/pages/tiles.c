#include "pages/tiles.h"

#include <math.h>
#include <string.h>

#include "images/picture.h"
#include "pages/gnuplot.h"

/* All in pixels of the picture. */
enum {
    EDGE = 84, /* about the size to which a tile is enlarged */
    GAP = 14,
    LETTER = 7, /* about the width of a letter */
    LINE = 18,  /* under a tile, for its caption */
    HEAD = 48,  /* for the title */
    TITLE = 320 /* the least width of the picture, for the title */
};

/* How the tiles are laid out. */
typedef struct grid {
    int scale;                   /* an element is a square of that size */
    int repeat;                  /* and consists of so many points in a row */
    int cell_width, cell_height; /* of a tile with frame and caption */
    int columns, rows;
} grid;

static int max(int a, int b)
{
    return a > b ? a : b;
}

/* As the caller says, or about as wide as high, or somewhat wider. */
static grid lay_out(const tiles *t)
{
    const int edge = max(max(t->width, t->height), 1);
    /* gnuplot has no images of a single row or column. */
    grid r = {.scale = max((EDGE + edge / 2) / edge, 1),
              .repeat = t->width > 1 && t->height > 1 ? 1 : 2};
    size_t letters = 0;

    for (size_t i = 0; i < t->count; i++)
        if (letters < strlen(t->tiles[i].caption))
            letters = strlen(t->tiles[i].caption);
    r.cell_width = max(r.scale * t->width, LETTER * (int)letters) + GAP;
    r.cell_height = r.scale * t->height + GAP + (letters > 0 ? LINE : 0);

    const double square = sqrt((double)t->count * r.cell_height / r.cell_width);
    r.columns = t->columns > 0 ? t->columns : max((int)ceil(1.15 * square), 1);
    r.rows = max(((int)t->count + r.columns - 1) / r.columns, 1);
    return r;
}

/* Where the upper left corner of a tile is. */
static void place(const tiles *t, const grid *r, size_t i, int *x, int *y)
{
    const int column = (int)i % r->columns, row = (int)i / r->columns;
    const int spare = r->cell_width - r->scale * t->width;

    *x = GAP / 2 + column * r->cell_width + spare / 2;
    *y = HEAD + row * r->cell_height;
}

/* Its elements, a frame and the caption. */
static void write_tile(GString *g, const tiles *t, const grid *r, size_t i)
{
    int left, top;

    g_string_append_printf(g, "$tile%zu << END\n", i);
    for (int y = 0; y < r->repeat * t->height; y++) {
        const float *row = t->tiles[i].x + y / r->repeat * t->width;
        for (int x = 0; x < r->repeat * t->width; x++)
            g_string_append_printf(g, " %.3g",
                                   (double)picture_grey(row[x / r->repeat]));
        g_string_append_c(g, '\n');
    }
    place(t, r, i, &left, &top);
    const int right = left + r->scale * t->width;
    const int bottom = top + r->scale * t->height;
    g_string_append_printf(
        g,
        "END\nset object rectangle from %d,%d to %d,%d front fillstyle empty "
        "border lc rgb '#c0c0c0'\nset label ",
        left, top, right, bottom);
    gnuplot_quote(g, t->tiles[i].caption);
    g_string_append_printf(g, " at %g,%d center textcolor rgb '#404040'\n",
                           (left + right) / 2.0, bottom + LINE / 2 + 2);
}

static void write_script(GString *g, const tiles *t, const grid *r, int width,
                         int height)
{
    const double size = (double)r->scale / r->repeat;
    int x, y;

    g_string_append_printf(
        g,
        "set lmargin at screen 0\nset rmargin at screen 1\n"
        "set bmargin at screen 0\nset tmargin at screen 1\n"
        "set xrange [0:%d]\nset yrange [%d:0]\nset cbrange [0:1]\n"
        "set palette gray gamma 1\nunset colorbox\nunset border\n"
        "unset tics\nunset key\nset label ",
        width, height);
    gnuplot_quote(g, t->title);
    g_string_append_printf(g, " at %g,%d center font ',16'\n", width / 2.0,
                           HEAD / 2);
    for (size_t i = 0; i < t->count; i++)
        write_tile(g, t, r, i);
    g_string_append(g, "plot NaN"); /* valid without any tile */
    for (size_t i = 0; i < t->count; i++) {
        place(t, r, i, &x, &y);
        /* An element is drawn around its point, not from there on. */
        g_string_append_printf(
            g, ", $tile%zu matrix using (%g*$1+%g):(%g*$2+%g):3 with image", i,
            size, x + size / 2, size, y + size / 2);
    }
    g_string_append_c(g, '\n');
}

int tiles_save(const char *path, const tiles *t)
{
    const grid r = lay_out(t);
    const int width = max(GAP + r.columns * r.cell_width, TITLE);
    const int height = HEAD + r.rows * r.cell_height;
    GString *script = gnuplot_script(path, width, height, 12);

    write_script(script, t, &r, width, height);
    /* They stay made of squares when they are enlarged. */
    return gnuplot_save(script, "image{image-rendering:pixelated}", path);
}
