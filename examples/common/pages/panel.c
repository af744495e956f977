#include "pages/panel.h"

#include <math.h>
#include <stdlib.h>

#include "support/failure.h"

enum { FEW = 40 }; /* points that are shown one by one */

/* Colours that colour-blind people can tell apart, on white as well as on
 * black: the darker colours of Okabe and Ito, then those farthest from them. */
static const char *const palette[] = {"#0072b2", "#d55e00", "#009e73",
                                      "#c5679b", "#7466f0", "#a02828",
                                      "#3f6363", "#808080"};

typedef struct range {
    double low, top;
} range;

const char *panel_colour(int number)
{
    return palette[(unsigned)number % (sizeof(palette) / sizeof(*palette))];
}

void panel_look(GString *g)
{
    g_string_append(g, "set border 3 lc rgb '#909090'\n"
                       "set tics nomirror out scale 0.5 textcolor rgb 'black'\n"
                       "set grid lt 1 lw 1 lc rgb '#c8808080'\n"
                       "set format '%g'\nset format x '%.9g'\n"
                       "set key bmargin left Left reverse horizontal samplen "
                       "1.5 height 0.7\n"
                       "set rmargin 3.5\n");
}

static bool shown(const panel *p, const double point[2])
{
    return isfinite(point[0]) && isfinite(point[1]) &&
           (!p->log_y || point[1] > 0);
}

/* The range of the points on axis 0 or 1; low > top if there are no points. */
static range extent(const panel *p, int axis)
{
    range r = {HUGE_VAL, -HUGE_VAL};

    for (size_t i = 0; i < p->count; i++)
        for (size_t k = 0; k < p->curves[i].count; k++)
            if (shown(p, p->curves[i].points[k])) {
                r.low = fmin(r.low, p->curves[i].points[k][axis]);
                r.top = fmax(r.top, p->curves[i].points[k][axis]);
            }
    return r;
}

/* Gives a range a width that can be drawn, and adds `air` times that width at
 * both ends. A range without values below 0 does not get any by that. */
static range widen(range r, bool log, double air)
{
    if (r.low > r.top)
        return log ? (range){1, 10} : (range){0, 1};
    if (log) {
        const double factor = r.top > r.low ? pow(r.top / r.low, air) : 2;
        return (range){r.low / factor, r.top * factor};
    }
    const double least = 1e-6 * fmax(fabs(r.low), fabs(r.top));
    const double more = r.top - r.low > least ? air * (r.top - r.low)
                        : least > 0           ? 1e5 * least
                                              : 1;
    return (range){r.low >= 0 ? fmax(0, r.low - more) : r.low - more,
                   r.top + more};
}

/* 1, 2 or 5 times a power of ten that fits into `span` about `parts` times. */
static double step_of(double span, int parts)
{
    const double rough = span / parts;
    const double power = pow(10, floor(log10(rough)));
    const double part = rough / power;

    return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

/* gnuplot would choose more numbers than have room under a narrow panel. */
static void write_x_axis(GString *g, range r, const char *name)
{
    g_string_append_printf(g, "set xrange [%.9g:%.9g]\nset xtics %.9g\n", r.low,
                           r.top, step_of(r.top - r.low, 5));
    g_string_append(g, "set xlabel ");
    gnuplot_quote(g, name);
    g_string_append_c(g, '\n');
}

/* On a logarithmic axis gnuplot numbers powers of ten only. If the axis has few
 * of them, two and five times each are added; if it has hardly one, even steps
 * are used. */
static void write_y_axis(GString *g, range r, bool log, const char *name)
{
    const double ratio = r.top / r.low, step = step_of(r.top - r.low, 6);

    g_string_append_printf(
        g, "%s logscale y\nset yrange [%.9g:%.9g]\nset ytics autofreq\n",
        log ? "set" : "unset", r.low, r.top);
    if (log && ratio <= 5)
        g_string_append_printf(g, "set for [k=%.0f:%.0f] ytics add (k*%.9g)\n",
                               ceil(r.low / step), floor(r.top / step), step);
    else if (log && ratio < 1000)
        g_string_append_printf(
            g, "set for [e=%.0f:%.0f] for [m in '2 5'] ytics add (m*10.0**e)\n",
            floor(log10(r.low)), floor(log10(r.top)));
    g_string_append(g, "set ylabel ");
    gnuplot_quote(g, name);
    g_string_append_c(g, '\n');
}

/* Writes the points of curve `i`. Returns the number of visible points. */
static size_t write_points(GString *g, const panel *p, size_t i)
{
    const curve *c = &p->curves[i];
    size_t written = 0;

    g_string_append_printf(g, "$curve%zu << END\n", i);
    for (size_t k = 0; k < c->count; k++) {
        if (shown(p, c->points[k])) {
            g_string_append_printf(g, "%.9g %.9g\n", c->points[k][0],
                                   c->points[k][1]);
            written++;
        } else { /* a gap */
            g_string_append_c(g, '\n');
        }
    }
    g_string_append(g, "END\n");
    return written;
}

static void write_plot(GString *g, const panel *p, const size_t *points)
{
    g_string_append(g, "plot NaN notitle"); /* valid without any curve */
    for (size_t i = 0; i < p->count; i++) {
        const curve *c = &p->curves[i];
        if (points[i] == 0)
            continue;
        g_string_append_printf(
            g, ", $curve%zu with %s lc rgb '%s' %s title ", i,
            points[i] < FEW ? "linespoints pt 7 ps 0.6 lw 2" : "lines lw 2",
            panel_colour(c->colour), c->dashed ? "dt (8,5)" : "");
        gnuplot_quote(g, c->title);
    }
    g_string_append_c(g, '\n');
}

void panel_draw(GString *g, const panel *p, bool texts)
{
    const range x = widen(extent(p, 0), false, 0);
    size_t *points = allocate(p->count, sizeof(*points));

    write_x_axis(g, x, p->x);
    write_y_axis(g, widen(extent(p, 1), p->log_y, 0.05), p->log_y,
                 texts ? p->y : NULL);
    g_string_append_printf(g, "%s key\nset title ", texts ? "set" : "unset");
    gnuplot_quote(g, texts ? p->title : NULL);
    g_string_append(g, " font ',16'\n");
    for (size_t i = 0; i < p->count; i++)
        points[i] = write_points(g, p, i);
    write_plot(g, p, points);
    free(points);
}
