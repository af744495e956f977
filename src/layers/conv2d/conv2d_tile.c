#include "layers/conv2d/conv2d_tile.h"

#include <string.h>

#include "layers/conv2d/conv2d_columns.h"
#include "layers/fused.h"
#include "math/gemm.h"
#include "math/sum.h"

/* ------------------------------------------- samples and tiles, back and forth
 */

/* The matrix of a single sample is the sample itself. */
static int alone(const cnn__conv_tile *t)
{
    return t->samples == 1;
}

static size_t map_floats(const cnn__conv *conv)
{
    return (size_t)conv->filters * (size_t)conv->pixels;
}

/* Of sample s of the tile; y as for the first. */
static float *sample_maps(const cnn__conv_tile *t, const float *y, int32_t s)
{
    return (float *)y + (size_t)s * map_floats(t->conv);
}

/* y (T, F, P) <- (F, T, P) of the tile. */
static void store_maps(const cnn__conv_tile *t, float *y)
{
    const size_t P = (size_t)t->conv->pixels;

    for (int32_t s = 0; s < t->samples; s++)
        for (int32_t f = 0; f < t->conv->filters; f++)
            memcpy(sample_maps(t, y, s) + (size_t)f * P,
                   t->maps + (size_t)f * t->row + (size_t)s * P,
                   P * sizeof(float));
}

/* (F, T, P) of the tile <- dy (T, F, P). */
static void load_maps(const cnn__conv_tile *t, const float *dy)
{
    const size_t P = (size_t)t->conv->pixels;

    for (int32_t s = 0; s < t->samples; s++)
        for (int32_t f = 0; f < t->conv->filters; f++)
            memcpy(t->maps + (size_t)f * t->row + (size_t)s * P,
                   sample_maps(t, dy, s) + (size_t)f * P, P * sizeof(float));
}

/* -------------------------------------------------- blocks that are scattered
 */

/* The weights of a block as a matrix (filters, K). */
static const float *block_weights(const cnn__conv_tile *t,
                                  const cnn__conv_block *b,
                                  const float *weights, size_t K)
{
    if (b->gather == NULL)
        return weights + b->weight;
    for (int32_t i = 0; i < b->filters; i++)
        memcpy(t->kernel + (size_t)i * K, weights + (size_t)b->gather[i] * K,
               K * sizeof(float));
    return t->kernel;
}

/* maps[scatter[i]] += some[i] */
static void scatter_maps(const cnn__conv_tile *t, const cnn__conv_band *band,
                         const cnn__conv_block *b)
{
    const size_t S = (size_t)band->S;

    for (int32_t i = 0; i < b->filters; i++)
        cnn__add(t->maps + (size_t)b->scatter[i] * t->row + band->y,
                 t->some + (size_t)i * S, S);
}

/* The rows of a block as a matrix (filters, S), and how far these are apart. */
static const float *block_maps(const cnn__conv_tile *t,
                               const cnn__conv_band *band,
                               const cnn__conv_block *b, const float *maps,
                               size_t *apart)
{
    const size_t S = (size_t)band->S;

    *apart = b->scatter == NULL ? t->row : S;
    if (b->scatter == NULL)
        return maps + (size_t)b->filter * t->row + band->y;
    for (int32_t i = 0; i < b->filters; i++)
        memcpy(t->some + (size_t)i * S,
               maps + (size_t)b->scatter[i] * t->row + band->y,
               S * sizeof(float));
    return t->some;
}

/* ------------------------------------------------------------------- passes */

/* Adds what the block's filters see of a part to the maps. */
static void forward_block(const cnn__conv_tile *t, const cnn__conv_band *band,
                          const cnn__conv_block *b, const cnn__conv_pass *pass)
{
    const int32_t kernel = t->conv->kernel, K = b->channels * kernel;
    const float *weights = block_weights(t, b, pass->weights, (size_t)K);
    const bool some = b->scatter != NULL;

    for (int32_t first = 0; first < b->channels; first += t->tiling->run) {
        const cnn__conv_channels c = cnn__conv_channels_from(t, b, first);

        cnn__gemm(&(cnn__product){
            .m = b->filters,
            .n = band->S,
            .k = c.count * kernel,
            .a = weights + (size_t)first * (size_t)kernel,
            .lda = K,
            .b = cnn__conv_lower(t, band, b, c, pass->x),
            .beta = some ? 0.0f : 1.0f,
            .c =
                some ? t->some : t->maps + (size_t)b->filter * t->row + band->y,
            .ldc = some ? band->S : (int32_t)t->row});
    }
    if (some)
        scatter_maps(t, band, b);
}

void cnn__conv_forward_tile(const cnn__conv_pass *pass,
                            const cnn__conv_tiling *tiling, int64_t number,
                            int32_t worker)
{
    const cnn__conv *c = pass->conv;
    cnn__conv_tile t = cnn__conv_tile_start(pass, tiling, number, worker);
    const cnn__some some = {t.first, t.samples, worker};
    float *y = cnn__fused_place(pass->run, &some, pass->y, map_floats(c));

    if (alone(&t))
        t.maps = y;
    for (int32_t f = 0; f < c->filters; f++) {
        const float bias = pass->biases != NULL ? pass->biases[f] : 0.0f;
        for (size_t i = 0; i < t.row; i++)
            t.maps[(size_t)f * t.row + i] = bias;
    }
    for (int32_t row = 0; row < c->window.h.out; row += tiling->rows) {
        const cnn__conv_band band = cnn__conv_band_at(&t, row);

        for (int32_t i = 0; i < c->block_count; i++) {
            const cnn__conv_block b = cnn__conv_block_at(c, i);

            if (b.filters > 0)
                forward_block(&t, &band, &b, pass);
        }
    }
    if (!alone(&t))
        store_maps(&t, y);
    cnn__fused_done(pass->run, &some, y);
}

/* What going back needs of a block and a part. */
typedef struct way_back {
    const cnn__conv_pass *pass;
    const float *weights; /* (filters, K), if there is a dx */
    const float *dmaps;   /* (filters, S) */
    size_t apart;         /* floats from one of its rows to the next */
    float *dW;
} way_back;

/* dW^T (K, filters) += col dY^T: in this form the BLAS packs its large operand
 * the cheap way. A block that gathers puts its kernels into their places. */
static void backward_weights(const cnn__conv_tile *t,
                             const cnn__conv_band *band,
                             const cnn__conv_block *b, cnn__conv_channels c,
                             const way_back *w)
{
    const int32_t kernel = t->conv->kernel, K = c.count * kernel;
    const size_t before = (size_t)c.first * (size_t)kernel;
    float *dW = w->dW + b->weight + before * (size_t)b->filters;

    cnn__gemm(&(cnn__product){.m = K,
                              .n = b->filters,
                              .k = band->S,
                              .a = cnn__conv_lower(t, band, b, c, w->pass->x),
                              .b = w->dmaps,
                              .ldb = (int32_t)w->apart,
                              .transpose_b = true,
                              .beta = b->gather == NULL ? 1.0f : 0.0f,
                              .c = b->gather == NULL ? dW : t->kernel});
    if (b->gather != NULL)
        for (int32_t i = 0; i < b->filters; i++)
            for (int32_t k = 0; k < K; k++)
                w->dW[b->gather[i] * K + k] += t->kernel[k * b->filters + i];
}

/* dx += col2im(W^T dY); points have no other block that adds to them. */
static void backward_input(const cnn__conv_tile *t, const cnn__conv_band *band,
                           const cnn__conv_block *b, cnn__conv_channels c,
                           const way_back *w)
{
    const int32_t kernel = t->conv->kernel;
    float *dx = w->pass->dx;

    cnn__gemm(&(cnn__product){
        .m = c.count * kernel,
        .n = band->S,
        .k = b->filters,
        .a = w->weights + (size_t)c.first * (size_t)kernel,
        .lda = b->channels * kernel,
        .transpose_a = true,
        .b = w->dmaps,
        .ldb = (int32_t)w->apart,
        .c = t->tiling->lowered ? t->col
                                : dx + cnn__conv_channel_pixels(t, b, c, 0)});
    if (t->tiling->lowered)
        cnn__conv_raise(t, band, b, c, dx);
}

static void backward_block(const cnn__conv_tile *t, const cnn__conv_band *band,
                           const cnn__conv_block *b, way_back w)
{
    const size_t K = (size_t)b->channels * (size_t)t->conv->kernel;

    w.dmaps = block_maps(t, band, b, w.dmaps, &w.apart);
    for (int32_t first = 0; first < b->channels; first += t->tiling->run) {
        const cnn__conv_channels c = cnn__conv_channels_from(t, b, first);

        backward_weights(t, band, b, c, &w);
        if (w.pass->dx == NULL)
            continue;
        /* A block that gathers has one channel, and used this place. */
        w.weights = block_weights(t, b, w.pass->weights, K);
        backward_input(t, band, b, c, &w);
    }
}

/* For what adds to dx. */
static void clear_input(const cnn__conv_tile *t, float *dx)
{
    const cnn__window *w = &t->conv->window;
    const size_t size =
        (size_t)t->conv->channels * (size_t)w->h.in * (size_t)w->w.in;

    memset(dx + (size_t)t->first * size, 0,
           (size_t)t->samples * size * sizeof(float));
}

void cnn__conv_backward_tile(const cnn__conv_pass *pass,
                             const cnn__conv_tiling *tiling, int64_t number,
                             int32_t worker, float *dW, float *db)
{
    const cnn__conv *c = pass->conv;
    const cnn__conv_tile t = cnn__conv_tile_start(pass, tiling, number, worker);
    const cnn__some some = {t.first, t.samples, worker};
    const float *dy =
        cnn__fused_gradient(pass->run, &some, pass->dy, map_floats(c));
    const way_back w = {
        .pass = pass, .dmaps = alone(&t) ? dy : t.maps, .dW = dW};

    if (!alone(&t))
        load_maps(&t, dy);
    if (db != NULL)
        for (int32_t f = 0; f < c->filters; f++)
            db[f] += cnn__sum(w.dmaps + (size_t)f * t.row, t.row);
    if (pass->dx != NULL && tiling->lowered)
        clear_input(&t, pass->dx);
    for (int32_t row = 0; row < c->window.h.out; row += tiling->rows) {
        const cnn__conv_band band = cnn__conv_band_at(&t, row);

        for (int32_t i = 0; i < c->block_count; i++) {
            const cnn__conv_block b = cnn__conv_block_at(c, i);

            /* The dx of a channel that no filter sees stays zero. */
            if (b.filters > 0)
                backward_block(&t, &band, &b, w);
        }
    }
}
