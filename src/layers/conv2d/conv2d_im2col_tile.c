#include "layers/conv2d/conv2d_im2col_tile.h"

#include <string.h>

#include "layers/conv2d/conv2d_gradients.h"
#include "layers/conv2d/conv2d_im2col_columns.h"
#include "layers/fused.h"
#include "math/gemm.h"
#include "math/sum.h"

/* ------------------------------------------------------- samples and tiles */

/* With one sample, the maps are y or dy itself. */
static int alone(const cnn__conv_tile *t)
{
    return t->samples == 1;
}

static size_t map_floats(const cnn__conv *conv)
{
    return (size_t)conv->filters * (size_t)conv->pixels;
}

/* Sample s of a tile whose first sample is at y. */
static float *sample_maps(const cnn__conv_tile *t, const float *y, int32_t s)
{
    return (float *)y + (size_t)s * map_floats(t->conv);
}

/* y (T, F, P) <- maps (F, T, P) */
static void store_maps(const cnn__conv_tile *t, float *y)
{
    const size_t P = (size_t)t->conv->pixels;

    for (int32_t s = 0; s < t->samples; s++)
        for (int32_t f = 0; f < t->conv->filters; f++)
            memcpy(sample_maps(t, y, s) + (size_t)f * P,
                   t->maps + (size_t)f * t->row + (size_t)s * P,
                   P * sizeof(float));
}

/* maps (F, T, P) <- dy (T, F, P) */
static void load_maps(const cnn__conv_tile *t, const float *dy)
{
    const size_t P = (size_t)t->conv->pixels;

    for (int32_t s = 0; s < t->samples; s++)
        for (int32_t f = 0; f < t->conv->filters; f++)
            memcpy(t->maps + (size_t)f * t->row + (size_t)s * P,
                   sample_maps(t, dy, s) + (size_t)f * P, P * sizeof(float));
}

/* -------------------------------------------------------- scattered groups */

/* The weights of a group as a matrix (filters, K). */
static const float *group_weights(const cnn__conv_tile *t,
                                  const cnn__conv_group *g,
                                  const float *weights, size_t K)
{
    if (g->gather == NULL)
        return weights + g->weight;
    for (int32_t i = 0; i < g->filters; i++)
        memcpy(t->gathered + (size_t)i * K, weights + (size_t)g->gather[i] * K,
               K * sizeof(float));
    return t->gathered;
}

/* maps[scatter[i]] += local_maps[i] */
static void scatter_maps(const cnn__conv_tile *t, const cnn__conv_band *band,
                         const cnn__conv_group *g)
{
    const size_t S = (size_t)band->S;

    for (int32_t i = 0; i < g->filters; i++)
        cnn__add(t->maps + (size_t)g->scatter[i] * t->row + band->y,
                 t->local_maps + (size_t)i * S, S);
}

/* The maps of a group as a matrix (filters, S); `apart` becomes its row stride.
 */
static const float *group_maps(const cnn__conv_tile *t,
                               const cnn__conv_band *band,
                               const cnn__conv_group *g, const float *maps,
                               size_t *apart)
{
    const size_t S = (size_t)band->S;

    *apart = g->scatter == NULL ? t->row : S;
    if (g->scatter == NULL)
        return maps + (size_t)g->filter * t->row + band->y;
    for (int32_t i = 0; i < g->filters; i++)
        memcpy(t->local_maps + (size_t)i * S,
               maps + (size_t)g->scatter[i] * t->row + band->y,
               S * sizeof(float));
    return t->local_maps;
}

/* ------------------------------------------------------------------- passes */

/* maps += product of a group's weights and columns */
static void forward_group(const cnn__conv_tile *t, const cnn__conv_band *band,
                          const cnn__conv_group *g, const cnn__conv_pass *pass)
{
    const int32_t area = t->conv->area, K = g->channels * area;
    const float *weights = group_weights(t, g, pass->weights, (size_t)K);
    const bool scatters = g->scatter != NULL;

    for (int32_t first = 0; first < g->channels; first += t->tiling->run) {
        const cnn__conv_channels c = cnn__conv_channels_from(t, g, first);

        cnn__gemm(&(cnn__product){
            .m = g->filters,
            .n = band->S,
            .k = c.count * area,
            .a = weights + (size_t)first * (size_t)area,
            .lda = K,
            .b = cnn__conv_lower(t, band, g, c, pass->x),
            .beta = scatters ? 0.0f : 1.0f,
            .c = scatters ? t->local_maps
                          : t->maps + (size_t)g->filter * t->row + band->y,
            .ldc = scatters ? band->S : (int32_t)t->row});
    }
    if (scatters)
        scatter_maps(t, band, g);
}

void cnn__conv_forward_tile(const cnn__conv_pass *pass,
                            const cnn__conv_tiling *tiling, int64_t number,
                            int32_t worker)
{
    const cnn__conv *c = pass->conv;
    cnn__conv_tile t = cnn__conv_tile_start(pass, tiling, number, worker);
    const cnn__span span = {t.first, t.samples, worker};
    float *y = cnn__fused_place(pass->run, &span, pass->y, map_floats(c));

    if (alone(&t))
        t.maps = y;
    for (int32_t f = 0; f < c->filters; f++) {
        const float bias = pass->biases != NULL ? pass->biases[f] : 0.0f;
        for (size_t i = 0; i < t.row; i++)
            t.maps[(size_t)f * t.row + i] = bias;
    }
    for (int32_t row = 0; row < c->window.h.out; row += tiling->rows) {
        const cnn__conv_band band = cnn__conv_band_at(&t, row);

        for (int32_t i = 0; i < c->group_count; i++) {
            const cnn__conv_group g = cnn__conv_group_at(c, i);

            if (g.filters > 0)
                forward_group(&t, &band, &g, pass);
        }
    }
    if (!alone(&t))
        store_maps(&t, y);
    cnn__fused_done(pass->run, &span, y);
}

/* The arguments of backward for a group. */
typedef struct group_gradient {
    const cnn__conv_pass *pass;
    const float *weights; /* (filters, K); set if dx is wanted */
    const float *dmaps;   /* (filters, S) */
    size_t apart;         /* floats from one row of dmaps to the next */
    float *dW;
} group_gradient;

/* dW^T (K, filters) += col dY^T. Transposed, because a BLAS then packs its
 * larger operand the cheap way. With a table, each kernel is added at its own
 * place. */
static void backward_weights(const cnn__conv_tile *t,
                             const cnn__conv_band *band,
                             const cnn__conv_group *g, cnn__conv_channels c,
                             const group_gradient *w)
{
    const int32_t area = t->conv->area, K = c.count * area;
    const size_t before = (size_t)c.first * (size_t)area;
    float *dW = w->dW + g->weight + before * (size_t)g->filters;

    cnn__gemm(&(cnn__product){.m = K,
                              .n = g->filters,
                              .k = band->S,
                              .a = cnn__conv_lower(t, band, g, c, w->pass->x),
                              .b = w->dmaps,
                              .ldb = (int32_t)w->apart,
                              .transpose_b = true,
                              .beta = g->gather == NULL ? 1.0f : 0.0f,
                              .c = g->gather == NULL ? dW : t->gathered});
    if (g->gather != NULL)
        for (int32_t i = 0; i < g->filters; i++)
            for (int32_t k = 0; k < K; k++)
                w->dW[g->gather[i] * K + k] += t->gathered[k * g->filters + i];
}

/* dx += col2im(W^T dY). Without lowering the product is dx itself, or is added
 * to its biases: no other group has these channels. */
static void backward_input(const cnn__conv_tile *t, const cnn__conv_band *band,
                           const cnn__conv_group *g, cnn__conv_channels c,
                           const group_gradient *w)
{
    const int32_t area = t->conv->area;
    float *dx = w->pass->dx;

    cnn__gemm(&(cnn__product){
        .m = c.count * area,
        .n = band->S,
        .k = g->filters,
        .a = w->weights + (size_t)c.first * (size_t)area,
        .lda = g->channels * area,
        .transpose_a = true,
        .b = w->dmaps,
        .ldb = (int32_t)w->apart,
        .beta = t->tiling->lowered || w->pass->dx_biases == NULL ? 0.0f : 1.0f,
        .c = t->tiling->lowered ? t->col
                                : dx + cnn__conv_channel_pixels(t, g, c, 0)});
    if (t->tiling->lowered)
        cnn__conv_raise(t, band, g, c, dx);
}

static void backward_group(const cnn__conv_tile *t, const cnn__conv_band *band,
                           const cnn__conv_group *g, group_gradient w)
{
    const size_t K = (size_t)g->channels * (size_t)t->conv->area;

    w.dmaps = group_maps(t, band, g, w.dmaps, &w.apart);
    for (int32_t first = 0; first < g->channels; first += t->tiling->run) {
        const cnn__conv_channels c = cnn__conv_channels_from(t, g, first);

        if (w.dW != NULL)
            backward_weights(t, band, g, c, &w);
        if (w.pass->dx == NULL)
            continue;
        /* Read again: with a table, backward_weights() overwrote t->gathered.
         */
        w.weights = group_weights(t, g, w.pass->weights, K);
        backward_input(t, band, g, c, &w);
    }
}

void cnn__conv_backward_tile(const cnn__conv_pass *pass,
                             const cnn__conv_tiling *tiling, int64_t number,
                             int32_t worker, float *dW, float *db)
{
    const cnn__conv *c = pass->conv;
    const cnn__conv_tile t = cnn__conv_tile_start(pass, tiling, number, worker);
    const cnn__span span = {t.first, t.samples, worker};
    const float *dy =
        cnn__fused_gradient(pass->run, &span, pass->dy, map_floats(c));
    const group_gradient w = {
        .pass = pass, .dmaps = alone(&t) ? dy : t.maps, .dW = dW};

    if (!alone(&t))
        load_maps(&t, dy);
    if (db != NULL)
        for (int32_t f = 0; f < c->filters; f++)
            db[f] += cnn__sum(w.dmaps + (size_t)f * t.row, t.row);
    if (pass->dx != NULL && (tiling->lowered || pass->dx_biases != NULL))
        cnn__conv_start_dx(pass, t.first, t.samples);
    for (int32_t row = 0; row < c->window.h.out; row += tiling->rows) {
        const cnn__conv_band band = cnn__conv_band_at(&t, row);

        for (int32_t i = 0; i < c->group_count; i++) {
            const cnn__conv_group g = cnn__conv_group_at(c, i);

            /* If no filter looks at a channel, its dx stays zero. */
            if (g.filters > 0)
                backward_group(&t, &band, &g, w);
        }
    }
}
