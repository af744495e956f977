#include "pages/confusion.h"

#include <math.h>
#include <stdio.h>

#include "pages/gnuplot.h"
#include "support/csv.h"
#include "support/output.h"
#include "support/text.h"

enum {
    MOST_EDGE = 1040, /* of the matrix in a picture, in pixels */
    CELL = 52,        /* the edge of a cell, if the matrix has room for it */
    LEGIBLE = 30,     /* smaller cells stay without a number */
    MARGIN = 90
};

static int64_t count(const confusion *c, int32_t label, int32_t answer)
{
    return c->counts[(size_t)label * (size_t)c->classes + (size_t)answer];
}

static double share(const confusion *c, int32_t label, int32_t answer)
{
    int64_t all = 0;

    for (int32_t k = 0; k < c->classes; k++)
        all += count(c, label, k);
    return all > 0 ? (double)count(c, label, answer) / (double)all : 0;
}

double confusion_scale(const confusion *c)
{
    double scale = 0.005; /* so that a smaller share stays pale */

    for (int32_t label = 0; label < c->classes; label++)
        for (int32_t k = 0; k < c->classes; k++)
            if (k != label)
                scale = fmax(scale, share(c, label, k));
    return scale;
}

double confusion_heat(const confusion *c, double scale, int32_t label,
                      int32_t answer)
{
    /* The root makes single mistakes visible, too. */
    return label == answer ? 0 : sqrt(share(c, label, answer) / scale);
}

void confusion_print(const confusion *c)
{
    printf("confusion matrix (rows: label, columns: recognised as):\n   ");
    for (int32_t k = 0; k < c->classes; k++)
        printf(" %6d", (int)k);
    for (int32_t label = 0; label < c->classes; label++) {
        printf("\n%3d", (int)label);
        for (int32_t k = 0; k < c->classes; k++)
            printf(" %6lld", (long long)count(c, label, k));
    }
    printf("\n");
}

bool confusion_knows(const char *path)
{
    return ends_with(path, ".csv") || ends_with(path, ".png") ||
           ends_with(path, ".svg");
}

static int save_table(const char *path, const confusion *c)
{
    GString *table = g_string_new("label");

    for (int32_t k = 0; k < c->classes; k++)
        csv_field(table, "%d", (int)k);
    csv_end(table);
    for (int32_t label = 0; label < c->classes; label++) {
        csv_field(table, "%d", (int)label);
        for (int32_t k = 0; k < c->classes; k++)
            csv_field(table, "%lld", (long long)count(c, label, k));
        csv_end(table);
    }
    return output_file(path, table);
}

/* A colour on the way from white to vermilion. */
static unsigned heat_colour(double heat)
{
    static const int hot[] = {0xd5, 0x5e, 0x00};
    unsigned colour = 0;

    for (int i = 0; i < 3; i++)
        colour = colour << 8 | (unsigned)lrint(255 - heat * (255 - hot[i]));
    return colour;
}

/* The cells: where, of which colour, the number and its colour. */
static void write_cells(GString *g, const confusion *c)
{
    const double scale = confusion_scale(c);

    g_string_append_printf(g, "$cells << END\n");
    for (int32_t label = 0; label < c->classes; label++)
        for (int32_t k = 0; k < c->classes; k++) {
            const double heat = confusion_heat(c, scale, label, k);
            const bool zero = count(c, label, k) == 0;
            const unsigned colour = label == k ? 0xd3e4f0
                                    : zero     ? 0xf4f6f8
                                               : heat_colour(heat);
            const unsigned ink = zero         ? 0xa8b0b8
                                 : heat > 0.8 ? 0xffffff
                                              : 0x1a1f24;
            g_string_append_printf(g, "%d %d %u %lld %u\n", (int)k, (int)label,
                                   colour, (long long)count(c, label, k), ink);
        }
    g_string_append_printf(g, "END\n");
}

static int save_picture(const char *path, const confusion *c)
{
    const int classes = c->classes > 0 ? c->classes : 1;
    const int cell = CELL * classes <= MOST_EDGE ? CELL
                     : classes < MOST_EDGE / 4   ? MOST_EDGE / classes
                                                 : 4;
    const int edge = cell * classes + 2 * MARGIN;
    const double margin = (double)MARGIN / edge;
    const int every = (LEGIBLE + cell - 1) / cell; /* classes to a number */
    GString *g = gnuplot_script(path, edge, edge, 14);

    g_string_append_printf(
        g,
        "set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
        "set bmargin at screen %.6f\nset tmargin at screen %.6f\n"
        "set xrange [-0.5:%d.5]\nset yrange [%d.5:-0.5]\n"
        "unset border\nunset key\nset tics scale 0\n"
        "set xtics 0,%d\nset ytics 0,%d\n"
        "set xlabel 'recognised as'\nset ylabel 'label'\nset title ",
        margin, 1 - margin, margin, 1 - margin, classes - 1, classes - 1, every,
        every);
    gnuplot_quote(g, c->title);
    g_string_append_printf(g, " font ',16'\n");
    write_cells(g, c);
    g_string_append_printf(
        g,
        "plot NaN, $cells using 1:2:(0.5):(0.5):3 with boxxyerror "
        "fs solid border rgb '#ffffff' lc rgb variable%s\n",
        cell >= LEGIBLE ? ", '' using 1:2:4:5 with labels tc rgb variable"
                        : "");
    return gnuplot_save(g, NULL, path);
}

int confusion_save(const char *path, const confusion *c)
{
    return ends_with(path, ".csv") ? save_table(path, c)
                                   : save_picture(path, c);
}
