#include "layers/conv2d/conv2d_im2col_columns.h"

#include "base/size.h"
#include "math/im2col.h"

int32_t cnn__conv_tile_samples(const cnn__conv_tiling *t, int32_t batch)
{
    return batch < t->samples ? batch : t->samples;
}

/* The most columns in a band of a tile of `samples` samples. */
static size_t band_columns(const cnn__conv *conv, const cnn__conv_tiling *t,
                           int32_t samples)
{
    return (size_t)samples * (size_t)(t->rows < conv->window.h.out
                                          ? t->rows * conv->window.w.out
                                          : conv->pixels);
}

/* Floats of each array of a tile. A tile of one sample uses y as its maps;
 * without lowering, x is the columns. */
static size_t col_floats(const cnn__conv *conv, const cnn__conv_tiling *t,
                         size_t S)
{
    return t->lowered ? cnn__size_mul3((size_t)t->run, (size_t)conv->area, S)
                      : 0;
}

static size_t maps_floats(const cnn__conv *conv, int32_t samples)
{
    return samples > 1 ? cnn__size_mul3((size_t)conv->filters, (size_t)samples,
                                        (size_t)conv->pixels)
                       : 0;
}

static size_t scratch_floats(const cnn__conv *conv, const cnn__conv_tiling *t)
{
    return t->lowered ? cnn__im2col_scratch(&conv->window, t->rows) : 0;
}

size_t cnn__conv_tile_floats(const cnn__conv *conv, const cnn__conv_tiling *t,
                             int32_t batch)
{
    const int32_t samples = cnn__conv_tile_samples(t, batch);
    const size_t S = band_columns(conv, t, samples);
    const size_t K =
        cnn__size_mul((size_t)conv->most_channels, (size_t)conv->area);
    size_t floats = cnn__size_add(
        cnn__size_add(col_floats(conv, t, S), maps_floats(conv, samples)),
        scratch_floats(conv, t));

    if (conv->table != NULL)
        floats = cnn__size_add(floats, cnn__size_mul((size_t)conv->most_filters,
                                                     cnn__size_add(S, K)));
    return floats;
}

cnn__conv_tile cnn__conv_tile_start(const cnn__conv_pass *pass,
                                    const cnn__conv_tiling *tiling,
                                    int64_t number, int32_t worker)
{
    const cnn__conv *c = pass->conv;
    const int32_t full = cnn__conv_tile_samples(tiling, pass->run->batch);
    const int32_t first = (int32_t)(number * full);
    const int32_t rest = pass->run->batch - first;
    cnn__conv_tile t = {.conv = c,
                        .tiling = tiling,
                        .first = first,
                        .samples = rest < full ? rest : full};
    const size_t S = band_columns(c, tiling, t.samples);

    t.row = (size_t)t.samples * (size_t)c->pixels;
    if (!tiling->lowered)
        return t; /* needs no workspace */
    t.scratch = cnn__run_scratch(pass->run, worker);
    t.col = t.scratch + scratch_floats(c, tiling);
    t.maps = t.col + col_floats(c, tiling, S);
    t.local_maps = t.maps + maps_floats(c, t.samples);
    t.gathered = t.local_maps + (size_t)c->most_filters * S;
    return t;
}

cnn__conv_band cnn__conv_band_at(const cnn__conv_tile *t, int32_t first)
{
    const cnn__window *w = &t->conv->window;
    const int32_t rest = w->h.out - first;
    const int32_t rows = rest < t->tiling->rows ? rest : t->tiling->rows;
    int32_t at = 0;
    cnn__conv_band band = {.window = *w,
                           .S = t->samples * rows * w->w.out,
                           .y = (size_t)first * (size_t)w->w.out};

    if (rows < w->h.out)
        band.window.h = cnn__axis_part(&w->h, first, rows, &at);
    band.x = (size_t)at * (size_t)w->w.in;
    return band;
}

size_t cnn__conv_channel_pixels(const cnn__conv_tile *t,
                                const cnn__conv_group *g, cnn__conv_channels c,
                                int32_t s)
{
    const cnn__window *w = &t->conv->window;
    const size_t plane = (size_t)w->h.in * (size_t)w->w.in;

    return ((size_t)(t->first + s) * (size_t)t->conv->channels +
            (size_t)(g->channel + c.first)) *
           plane;
}

cnn__conv_channels cnn__conv_channels_from(const cnn__conv_tile *t,
                                           const cnn__conv_group *g,
                                           int32_t first)
{
    const int32_t rest = g->channels - first;

    return (cnn__conv_channels){first,
                                rest < t->tiling->run ? rest : t->tiling->run};
}

static cnn__lowering lowering_of(const cnn__conv_tile *t,
                                 const cnn__conv_band *band,
                                 cnn__conv_channels c)
{
    const cnn__window *w = &t->conv->window;

    return (cnn__lowering){
        .window = &band->window,
        .channels = c.count,
        .plane = (size_t)w->h.in * (size_t)w->w.in,
        .stride = (size_t)band->S,
        .scratch = t->scratch,
    };
}

const float *cnn__conv_lower(const cnn__conv_tile *t,
                             const cnn__conv_band *band,
                             const cnn__conv_group *g, cnn__conv_channels c,
                             const float *x)
{
    const cnn__lowering l = lowering_of(t, band, c);

    if (!t->tiling->lowered)
        return x + cnn__conv_channel_pixels(t, g, c, 0);
    for (int32_t s = 0; s < t->samples; s++)
        cnn__im2col(&l, x + cnn__conv_channel_pixels(t, g, c, s) + band->x,
                    t->col + (size_t)s * (size_t)t->conv->pixels);
    return t->col;
}

void cnn__conv_raise(const cnn__conv_tile *t, const cnn__conv_band *band,
                     const cnn__conv_group *g, cnn__conv_channels c, float *dx)
{
    const cnn__lowering l = lowering_of(t, band, c);

    for (int32_t s = 0; s < t->samples; s++)
        cnn__col2im(&l, t->col + (size_t)s * (size_t)t->conv->pixels,
                    dx + cnn__conv_channel_pixels(t, g, c, s) + band->x);
}
