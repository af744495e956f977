#include "layers/conv2d_tile.h"

#include <string.h>

#include "base/size.h"
#include "layers/tail.h"
#include "math/gemm.h"
#include "math/im2col.h"
#include "math/sum.h"

/* A tile at work. Its samples stand side by side in the columns of every
 * matrix: S = samples x P columns. */
typedef struct tile {
    const cnn__conv *conv;
    int32_t first, samples; /* of the batch */
    int32_t S;
    float *col;     /* (K, S), a block at a time, if they are lowered */
    float *maps;    /* (F, S): y or dy */
    float *some;    /* (filters of a block, S), if it scatters */
    float *kernel;  /* (filters of a block, K), if it gathers */
    float *scratch; /* of im2col */
} tile;

static size_t columns(const cnn__conv *conv, int32_t samples)
{
    return (size_t)samples * (size_t)conv->pixels;
}

int32_t cnn__conv_tile_samples(const cnn__conv *conv, int32_t batch)
{
    return batch < conv->tile ? batch : conv->tile;
}

static bool is_lowered(const cnn__conv *conv)
{
    return conv->form == CNN__CONV_LOWERED;
}

static size_t block_rows(const cnn__conv *conv)
{
    return (size_t)conv->most_channels * (size_t)conv->kernel;
}

/* Floats of col and maps. A tile of points is a sample alone: its matrices are
 * x and y as they are. */
static size_t col_floats(const cnn__conv *conv, size_t S)
{
    return is_lowered(conv) ? cnn__size_mul(block_rows(conv), S) : 0;
}

static size_t maps_floats(const cnn__conv *conv, size_t S)
{
    return is_lowered(conv) ? cnn__size_mul((size_t)conv->filters, S) : 0;
}

size_t cnn__conv_tile_floats(const cnn__conv *conv, int32_t batch)
{
    const size_t S = columns(conv, cnn__conv_tile_samples(conv, batch));
    const size_t K = block_rows(conv), most = (size_t)conv->most_filters;
    size_t floats =
        cnn__size_add(cnn__size_add(col_floats(conv, S), maps_floats(conv, S)),
                      cnn__im2col_scratch(&conv->window));

    if (conv->blocks != NULL)
        floats =
            cnn__size_add(floats, cnn__size_mul(most, cnn__size_add(S, K)));
    return floats;
}

static tile tile_start(const cnn__conv_pass *pass, int64_t number, int32_t lane)
{
    const cnn__conv *c = pass->conv;
    const int32_t full = cnn__conv_tile_samples(c, pass->run->batch);
    const int32_t first = (int32_t)(number * full);
    const int32_t rest = pass->run->batch - first;
    tile t = {.conv = c, .first = first, .samples = rest < full ? rest : full};

    t.S = t.samples * c->pixels;
    if (!is_lowered(c))
        return t; /* without workspace */
    t.scratch = cnn__run_lane(pass->run, lane);
    t.col = t.scratch + cnn__im2col_scratch(&c->window);
    t.maps = t.col + col_floats(c, (size_t)t.S);
    t.some = t.maps + maps_floats(c, (size_t)t.S);
    t.kernel = t.some + (size_t)c->most_filters * (size_t)t.S;
    return t;
}

/* ------------------------------------------- samples and tiles, back and forth
 */

/* The matrix of a single sample is the sample itself. */
static int alone(const tile *t)
{
    return t->samples == 1;
}

static size_t map_floats(const cnn__conv *conv)
{
    return (size_t)conv->filters * (size_t)conv->pixels;
}

/* Of sample s of the tile; y as for the first. */
static float *sample_maps(const tile *t, const float *y, int32_t s)
{
    return (float *)y + (size_t)s * map_floats(t->conv);
}

/* y (T, F, P) <- (F, T, P) of the tile. */
static void store_maps(const tile *t, float *y)
{
    const size_t P = (size_t)t->conv->pixels;

    for (int32_t s = 0; s < t->samples; s++)
        for (int32_t f = 0; f < t->conv->filters; f++)
            memcpy(sample_maps(t, y, s) + (size_t)f * P,
                   t->maps + (size_t)f * (size_t)t->S + (size_t)s * P,
                   P * sizeof(float));
}

/* (F, T, P) of the tile <- dy (T, F, P). */
static void load_maps(const tile *t, const float *dy)
{
    const size_t P = (size_t)t->conv->pixels;

    for (int32_t s = 0; s < t->samples; s++)
        for (int32_t f = 0; f < t->conv->filters; f++)
            memcpy(t->maps + (size_t)f * (size_t)t->S + (size_t)s * P,
                   sample_maps(t, dy, s) + (size_t)f * P, P * sizeof(float));
}

/* A block's channels of a sample. */
static size_t block_pixels(const tile *t, const cnn__conv_block *b, int32_t s)
{
    const cnn__window *w = &t->conv->window;
    const size_t plane = (size_t)w->h.in * (size_t)w->w.in;

    return ((size_t)(t->first + s) * (size_t)t->conv->channels +
            (size_t)b->channel) *
           plane;
}

/* The columns of a block (K, S). */
static const float *lower(const tile *t, const cnn__conv_block *b,
                          const float *x)
{
    if (!is_lowered(t->conv))
        return x + block_pixels(t, b, 0);
    for (int32_t s = 0; s < t->samples; s++)
        cnn__im2col(&t->conv->window, b->channels, x + block_pixels(t, b, s),
                    t->scratch, t->col + (size_t)s * (size_t)t->conv->pixels,
                    (size_t)t->S);
    return t->col;
}

static void raise(const tile *t, const cnn__conv_block *b, float *dx)
{
    for (int32_t s = 0; s < t->samples; s++)
        cnn__col2im(&t->conv->window, b->channels,
                    t->col + (size_t)s * (size_t)t->conv->pixels, (size_t)t->S,
                    t->scratch, dx + block_pixels(t, b, s));
}

/* -------------------------------------------------- blocks that are scattered
 */

/* The weights of a block as a matrix (filters, K). */
static const float *block_weights(const tile *t, const cnn__conv_block *b,
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
static void scatter_maps(const tile *t, const cnn__conv_block *b)
{
    const size_t S = (size_t)t->S;

    for (int32_t i = 0; i < b->filters; i++)
        cnn__add(t->maps + (size_t)b->scatter[i] * S, t->some + (size_t)i * S,
                 S);
}

/* The rows of a block as a matrix (filters, S). */
static const float *block_maps(const tile *t, const cnn__conv_block *b,
                               const float *maps)
{
    const size_t S = (size_t)t->S;

    if (b->scatter == NULL)
        return maps + (size_t)b->filter * S;
    for (int32_t i = 0; i < b->filters; i++)
        memcpy(t->some + (size_t)i * S, maps + (size_t)b->scatter[i] * S,
               S * sizeof(float));
    return t->some;
}

/* ------------------------------------------------------------------- passes */

void cnn__conv_forward_tile(const cnn__conv_pass *pass, int64_t number,
                            int32_t lane)
{
    const cnn__conv *c = pass->conv;
    tile t = tile_start(pass, number, lane);
    const size_t S = (size_t)t.S;
    float *y =
        cnn__tail_place(pass->run, pass->y, map_floats(c), t.first, lane);

    if (alone(&t))
        t.maps = y;
    for (int32_t f = 0; f < c->filters; f++) {
        const float bias = pass->biases != NULL ? pass->biases[f] : 0.0f;
        for (size_t i = 0; i < S; i++)
            t.maps[(size_t)f * S + i] = bias;
    }
    for (int32_t i = 0; i < c->block_count; i++) {
        const cnn__conv_block block = cnn__conv_block_at(c, i), *b = &block;
        const int32_t K = b->channels * c->kernel;

        if (b->filters == 0)
            continue;
        cnn__gemm(&(cnn__product){
            .m = b->filters,
            .n = t.S,
            .k = K,
            .a = block_weights(&t, b, pass->weights, (size_t)K),
            .b = lower(&t, b, pass->x),
            .beta = b->scatter == NULL ? 1.0f : 0.0f,
            .c = b->scatter == NULL ? t.maps + (size_t)b->filter * S : t.some});
        if (b->scatter != NULL)
            scatter_maps(&t, b);
    }
    if (!alone(&t))
        store_maps(&t, y);
    cnn__tail_forward(pass->run, y, t.first, t.samples);
}

/* dW^T (K, filters) += col dY^T: in this form the BLAS packs its large operand
 * the cheap way. A block that gathers puts its kernels into their places. */
static void backward_weights(const tile *t, const cnn__conv_block *b,
                             const cnn__conv_pass *pass, const float *dmaps,
                             float *dW)
{
    const int32_t K = b->channels * t->conv->kernel;

    cnn__gemm(
        &(cnn__product){.m = K,
                        .n = b->filters,
                        .k = t->S,
                        .a = lower(t, b, pass->x),
                        .b = dmaps,
                        .transpose_b = true,
                        .beta = b->gather == NULL ? 1.0f : 0.0f,
                        .c = b->gather == NULL ? dW + b->weight : t->kernel});
    if (b->gather != NULL)
        for (int32_t i = 0; i < b->filters; i++)
            for (int32_t k = 0; k < K; k++)
                dW[b->gather[i] * K + k] += t->kernel[k * b->filters + i];
}

/* dx += col2im(W^T dY); points have no other block that adds to them. */
static void backward_input(const tile *t, const cnn__conv_block *b,
                           const cnn__conv_pass *pass, const float *dmaps)
{
    const int32_t K = b->channels * t->conv->kernel;

    cnn__gemm(&(cnn__product){
        .m = K,
        .n = t->S,
        .k = b->filters,
        .a = block_weights(t, b, pass->weights, (size_t)K),
        .transpose_a = true,
        .b = dmaps,
        .c = is_lowered(t->conv) ? t->col : pass->dx + block_pixels(t, b, 0)});
    if (is_lowered(t->conv))
        raise(t, b, pass->dx);
}

/* For what adds to dx. */
static void clear_input(const tile *t, float *dx)
{
    const cnn__window *w = &t->conv->window;
    const size_t size =
        (size_t)t->conv->channels * (size_t)w->h.in * (size_t)w->w.in;

    memset(dx + (size_t)t->first * size, 0,
           (size_t)t->samples * size * sizeof(float));
}

void cnn__conv_backward_tile(const cnn__conv_pass *pass, int64_t number,
                             int32_t lane, float *dW, float *db)
{
    const cnn__conv *c = pass->conv;
    const tile t = tile_start(pass, number, lane);
    const size_t S = (size_t)t.S;
    const float *dy = cnn__tail_backward(
        pass->run, pass->y, pass->dy, map_floats(c), t.first, t.samples, lane);
    const float *dmaps = alone(&t) ? dy : t.maps; /* (F, S) */

    if (!alone(&t))
        load_maps(&t, dy);
    if (db != NULL)
        for (int32_t f = 0; f < c->filters; f++)
            db[f] += cnn__sum(dmaps + (size_t)f * S, S);
    if (pass->dx != NULL && is_lowered(c))
        clear_input(&t, pass->dx);
    for (int32_t i = 0; i < c->block_count; i++) {
        const cnn__conv_block block = cnn__conv_block_at(c, i), *b = &block;
        const float *rows = block_maps(&t, b, dmaps); /* (filters, S) */

        /* The dx of a channel that no filter sees stays zero. */
        if (b->filters == 0)
            continue;
        backward_weights(&t, b, pass, rows, dW);
        if (pass->dx != NULL)
            backward_input(&t, b, pass, rows);
    }
}

void cnn__conv_add_weights(const cnn__conv *conv, const float *from, float *dW)
{
    for (int32_t i = 0; i < conv->block_count; i++) {
        const cnn__conv_block b = cnn__conv_block_at(conv, i);
        const size_t K = (size_t)b.channels * (size_t)conv->kernel;
        const size_t F = (size_t)b.filters;

        for (size_t f = 0; f < F && b.gather == NULL; f++)
            for (size_t k = 0; k < K; k++)
                dW[b.weight + f * K + k] += from[b.weight + k * F + f];
        for (size_t f = 0; f < F && b.gather != NULL; f++)
            cnn__add(dW + (size_t)b.gather[f] * K,
                     from + (size_t)b.gather[f] * K, K);
    }
}
