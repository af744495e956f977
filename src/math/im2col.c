#include "math/im2col.h"

#include <string.h>

/* Four floats, a register of the smallest machine that matters. memcpy of a few
 * floats whose number is not known costs a call; these loops do not. */
typedef float vec4 __attribute__((vector_size(16)));

static inline void copy4(float *to, const float *from)
{
    vec4 v;

    memcpy(&v, from, sizeof(v));
    memcpy(to, &v, sizeof(v));
}

/* to[0 .. n) = from[0 .. n); the last four overlap those before them. */
static inline void copy_run(float *restrict to, const float *restrict from,
                            int32_t n)
{
    if (n < 4) {
        for (int32_t i = 0; i < n; i++)
            to[i] = from[i];
        return;
    }
    for (int32_t i = 0; i < n - 4; i += 4)
        copy4(to + i, from + i);
    copy4(to + n - 4, from + n - 4);
}

static inline void add_run(float *restrict to, const float *restrict from,
                           int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        to[i] += from[i];
}

static inline void zero_run(float *to, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        to[i] = 0.0f;
}

/* One kernel position over one channel: its inside, as ranges of outputs. */
typedef struct tap {
    int32_t row, row_end; /* of i */
    int32_t col, col_end; /* of j */
    ptrdiff_t origin;     /* pixel of output (0, 0), maybe outside */
} tap;

static tap tap_at(const cnn__window *g, int32_t u, int32_t v)
{
    tap t;

    cnn__axis_inside(&g->h, u, &t.row, &t.row_end);
    cnn__axis_inside(&g->w, v, &t.col, &t.col_end);
    t.origin = ((ptrdiff_t)u * g->h.dilation - g->h.before) * g->w.in +
               (ptrdiff_t)v * g->w.dilation - g->w.before;
    return t;
}

static void lower_tap(const cnn__window *g, const tap *t, const float *x,
                      float *col)
{
    const int32_t OW = g->w.out, SW = g->w.stride;
    const int32_t n = t->col_end - t->col;

    zero_run(col, t->row * OW);
    for (int32_t i = t->row; i < t->row_end; i++) {
        const float *from =
            x + t->origin + (ptrdiff_t)i * g->h.stride * g->w.in;
        float *to = col + (ptrdiff_t)i * OW;

        zero_run(to, t->col);
        if (SW == 1)
            copy_run(to + t->col, from + t->col, n);
        else
            for (int32_t j = t->col; j < t->col_end; j++)
                to[j] = from[(ptrdiff_t)j * SW];
        zero_run(to + t->col_end, OW - t->col_end);
    }
    zero_run(col + (ptrdiff_t)t->row_end * OW, (g->h.out - t->row_end) * OW);
}

static void raise_tap(const cnn__window *g, const tap *t, const float *col,
                      float *dx)
{
    const int32_t OW = g->w.out, SW = g->w.stride;
    const int32_t n = t->col_end - t->col;

    for (int32_t i = t->row; i < t->row_end; i++) {
        float *to = dx + t->origin + (ptrdiff_t)i * g->h.stride * g->w.in;
        const float *from = col + (ptrdiff_t)i * OW;

        if (SW == 1)
            add_run(to + t->col, from + t->col, n);
        else
            for (int32_t j = t->col; j < t->col_end; j++)
                to[(ptrdiff_t)j * SW] += from[j];
    }
}

void cnn__im2col(const cnn__window *g, int32_t channels, const float *x,
                 float *col, size_t stride)
{
    const size_t plane = (size_t)g->h.in * (size_t)g->w.in;

    for (int32_t c = 0; c < channels; c++, x += plane)
        for (int32_t u = 0; u < g->h.kernel; u++)
            for (int32_t v = 0; v < g->w.kernel; v++, col += stride) {
                const tap t = tap_at(g, u, v);
                lower_tap(g, &t, x, col);
            }
}

void cnn__col2im(const cnn__window *g, int32_t channels, const float *col,
                 size_t stride, float *dx)
{
    const size_t plane = (size_t)g->h.in * (size_t)g->w.in;

    for (int32_t c = 0; c < channels; c++, dx += plane)
        for (int32_t u = 0; u < g->h.kernel; u++)
            for (int32_t v = 0; v < g->w.kernel; v++, col += stride) {
                const tap t = tap_at(g, u, v);
                raise_tap(g, &t, col, dx);
            }
}
