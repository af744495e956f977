#include "layers/conv2d/conv2d_winograd_tile.h"

#include <string.h>

#include "math/lanes.h"
#include "math/sum.h"

/* Sample s of x or dx, and its place in the image. */
static cnn__planes image_planes(const cnn__winograd_tile *t, const float *x,
                                size_t s)
{
    const cnn__window *w = &t->pass->conv->window;
    const size_t H = (size_t)w->h.in, W = (size_t)w->w.in;
    const size_t C = t->plan->channels;

    return (cnn__planes){(float *)x + (t->first + s) * C * H * W, H * W, C, H,
                         W};
}

static cnn__grid whole_image(const cnn__winograd_tile *t)
{
    const cnn__conv_winograd_plan *w = t->plan;

    return (cnn__grid){t->arrays.image, w->WP * w->CL, w->CL};
}

static cnn__grid inside_image(const cnn__winograd_tile *t)
{
    const cnn__window *w = &t->pass->conv->window;
    cnn__grid g = whole_image(t);

    g.at += (size_t)w->h.before * g.row + (size_t)w->w.before * g.column;
    return g;
}

/* Sample s of y or dy, which begin at the tile's first sample, and its place in
 * the maps. */
static cnn__planes maps_planes(const cnn__winograd_tile *t, const float *y,
                               size_t s)
{
    const cnn__window *w = &t->pass->conv->window;
    const size_t OH = (size_t)w->h.out, OW = (size_t)w->w.out;
    const size_t F = t->plan->filters;

    return (cnn__planes){(float *)y + s * F * OH * OW, OH * OW, F, OH, OW};
}

static cnn__grid whole_maps(const cnn__winograd_tile *t)
{
    const cnn__conv_winograd_plan *w = t->plan;
    const size_t side = w->columns * (size_t)w->transforms->outputs;

    return (cnn__grid){t->arrays.maps, side * w->FL, w->FL};
}

/* The transform of all squares of a sample, between image or maps (`squares`)
 * and V or M (`at`). */
typedef struct transfer {
    cnn__transform transform;
    cnn__grid squares;
    float *at;
    size_t lanes;
    bool to_points;
} transfer;

static void each_square(const cnn__winograd_tile *t, size_t s,
                        const transfer *k)
{
    const cnn__conv_winograd_plan *w = t->plan;
    const size_t n = (size_t)w->transforms->points;
    const size_t m = (size_t)w->transforms->outputs;
    const size_t step = cnn__winograd_step(t->T, k->lanes);
    cnn__grid square = k->squares;
    cnn__grid points = {k->at + s * w->rows * w->columns * k->lanes, n * step,
                        step};

    for (size_t i = 0; i < w->rows; i++)
        for (size_t j = 0; j < w->columns; j++, points.at += k->lanes) {
            square.at =
                k->squares.at + i * m * square.row + j * m * square.column;
            if (k->to_points)
                k->transform(&square, &points, k->lanes);
            else
                k->transform(&points, &square, k->lanes);
        }
}

void cnn__winograd_load_x(const cnn__winograd_tile *t)
{
    const cnn__conv_winograd_plan *w = t->plan;
    const transfer k = {w->transforms->data, whole_image(t), t->arrays.V, w->CL,
                        true};
    const cnn__grid inside = inside_image(t);

    /* The border stays zero; each sample overwrites only the inside. */
    memset(t->arrays.image, 0, w->image * sizeof(float));
    for (size_t s = 0; s < t->samples; s++) {
        const cnn__planes x = image_planes(t, t->pass->x, s);

        cnn__planes_to_lanes(&x, &inside);
        each_square(t, s, &k);
    }
}

void cnn__winograd_store_y(const cnn__winograd_tile *t, float *y)
{
    const cnn__conv_winograd_plan *w = t->plan;
    const transfer k = {w->transforms->maps, whole_maps(t), t->arrays.M, w->FL,
                        false};

    for (size_t s = 0; s < t->samples; s++) {
        const cnn__planes to = maps_planes(t, y, s);

        each_square(t, s, &k);
        cnn__lanes_to_planes(&k.squares, &to, t->pass->biases);
    }
}

void cnn__winograd_load_dy(const cnn__winograd_tile *t, const float *dy)
{
    const cnn__conv_winograd_plan *w = t->plan;
    const transfer k = {w->transforms->maps_back, whole_maps(t), t->arrays.M,
                        w->FL, true};

    /* Outputs beyond the right and bottom edges have no gradient. */
    memset(t->arrays.maps, 0, w->maps * sizeof(float));
    for (size_t s = 0; s < t->samples; s++) {
        const cnn__planes from = maps_planes(t, dy, s);

        cnn__planes_to_lanes(&from, &k.squares);
        each_square(t, s, &k);
    }
}

void cnn__winograd_store_dx(const cnn__winograd_tile *t)
{
    const cnn__conv_winograd_plan *w = t->plan;
    const transfer k = {w->transforms->data_back, whole_image(t), t->arrays.V,
                        w->CL, false};
    const cnn__grid inside = inside_image(t);

    for (size_t s = 0; s < t->samples; s++) {
        const cnn__planes dx = image_planes(t, t->pass->dx, s);

        memset(t->arrays.image, 0, w->image * sizeof(float));
        each_square(t, s, &k);
        cnn__lanes_to_planes(&inside, &dx, t->pass->dx_biases);
    }
}

void cnn__winograd_add_biases(const cnn__winograd_tile *t, const float *dy,
                              float *db)
{
    for (size_t s = 0; s < t->samples; s++) {
        const cnn__planes from = maps_planes(t, dy, s);

        for (size_t f = 0; f < from.channels; f++)
            db[f] += cnn__sum(from.at + f * from.stride, from.stride);
    }
}
