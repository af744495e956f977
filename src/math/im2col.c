#include "math/im2col.h"

#include <string.h>

#include "base/size.h"
#include "math/sum.h"
#include "math/vec4.h"

/* A channel is copied once into the scratch, with its padding. Each kernel
 * position is then a loop without border cases. */
typedef struct plane {
    size_t H, W;      /* of the image */
    size_t top, left; /* padding */
    size_t HP, WP;    /* with padding */
} plane;

static plane plane_of(const cnn__window *g)
{
    return (plane){
        .H = (size_t)g->h.in,
        .W = (size_t)g->w.in,
        .top = (size_t)g->h.before,
        .left = (size_t)g->w.before,
        .HP = (size_t)g->h.before + (size_t)g->h.in + (size_t)g->h.after,
        .WP = (size_t)g->w.before + (size_t)g->w.in + (size_t)g->w.after,
    };
}

static int is_padded(const plane *p)
{
    return p->HP > p->H || p->WP > p->W;
}

size_t cnn__im2col_scratch(const cnn__window *window, int32_t rows)
{
    const plane p = plane_of(window);
    const cnn__axis *h = &window->h;
    const size_t between = cnn__size_mul((size_t)rows - 1, (size_t)h->stride);
    const size_t kernel =
        cnn__size_mul((size_t)h->kernel - 1, (size_t)h->dilation);
    const size_t seen = cnn__size_add(cnn__size_add(between, kernel), 1);

    if (!is_padded(&p))
        return 0;
    return cnn__size_mul(rows < h->out ? seen : p.HP, p.WP);
}

/* The rows of one kernel position. `image` points to its pixel for output (0,
 * 0). */
static void lower(const cnn__window *g, const plane *p, const float *image,
                  float *col)
{
    const size_t OW = (size_t)g->w.out, SW = (size_t)g->w.stride;
    const size_t step = (size_t)g->h.stride * p->WP;

    for (int32_t i = 0; i < g->h.out; i++, image += step, col += OW)
        if (SW == 1)
            cnn__copy4(col, image, OW);
        else
            for (size_t j = 0; j < OW; j++)
                col[j] = image[j * SW];
}

static void raise(const cnn__window *g, const plane *p, const float *col,
                  float *image)
{
    const size_t OW = (size_t)g->w.out, SW = (size_t)g->w.stride;
    const size_t step = (size_t)g->h.stride * p->WP;

    for (int32_t i = 0; i < g->h.out; i++, image += step, col += OW)
        if (SW == 1)
            cnn__add(image, col, OW);
        else
            for (size_t j = 0; j < OW; j++)
                image[j * SW] += col[j];
}

/* The offset of the pixel under kernel position (u, v) for output (0, 0). */
static size_t origin(const cnn__window *g, const plane *p, int32_t u, int32_t v)
{
    return (size_t)u * (size_t)g->h.dilation * p->WP +
           (size_t)v * (size_t)g->w.dilation;
}

void cnn__im2col(const cnn__lowering *l, const float *x, float *col)
{
    const cnn__window *g = l->window;
    const plane p = plane_of(g);
    const int padded = is_padded(&p);

    /* The border stays zero; each channel overwrites only the inside. */
    if (padded)
        memset(l->scratch, 0, p.HP * p.WP * sizeof(float));
    for (int32_t c = 0; c < l->channels; c++, x += l->plane) {
        const float *image = padded ? l->scratch : x;

        for (size_t r = 0; r < p.H && padded; r++)
            memcpy(l->scratch + (p.top + r) * p.WP + p.left, x + r * p.W,
                   p.W * sizeof(float));
        for (int32_t u = 0; u < g->h.kernel; u++)
            for (int32_t v = 0; v < g->w.kernel; v++, col += l->stride)
                lower(g, &p, image + origin(g, &p, u, v), col);
    }
}

void cnn__col2im(const cnn__lowering *l, const float *col, float *dx)
{
    const cnn__window *g = l->window;
    const plane p = plane_of(g);
    const int padded = is_padded(&p);

    for (int32_t c = 0; c < l->channels; c++, dx += l->plane) {
        float *image = padded ? l->scratch : dx;

        if (padded)
            memset(l->scratch, 0, p.HP * p.WP * sizeof(float));
        for (int32_t u = 0; u < g->h.kernel; u++)
            for (int32_t v = 0; v < g->w.kernel; v++, col += l->stride)
                raise(g, &p, col, image + origin(g, &p, u, v));
        for (size_t r = 0; r < p.H && padded; r++)
            cnn__add(dx + r * p.W, l->scratch + (p.top + r) * p.WP + p.left,
                     p.W);
    }
}
