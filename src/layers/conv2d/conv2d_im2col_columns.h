/* The columns of a tile, which conv2d_im2col_tile.c multiplies band by band. */
#ifndef CNN_LAYERS_CONV2D_IM2COL_COLUMNS_H
#define CNN_LAYERS_CONV2D_IM2COL_COLUMNS_H

#include "layers/conv2d/conv2d_im2col_tile.h"

/* A tile in work. Its samples are side by side in each matrix: a row of the
 * maps has samples x P floats. */
typedef struct cnn__conv_tile {
    const cnn__conv *conv;
    const cnn__conv_tiling *tiling;
    int32_t first, samples; /* of the batch */
    size_t row;             /* floats from one row of the maps to the next */
    float *col;             /* (K, S) of a band, if lowered */
    float *maps;            /* (F, samples x P): y or dy */
    float *local_maps;      /* (filters of a group, S), if it scatters */
    float *gathered;        /* (filters of a group, K), if it gathers */
    float *scratch;         /* scratch of im2col */
} cnn__conv_tile;

/* The columns in memory at a time: those of all samples, or of some rows of
 * outputs of a single sample. */
typedef struct cnn__conv_band {
    cnn__window window; /* of these rows, over the inputs that they look at */
    int32_t S;          /* columns */
    size_t x, y;        /* offset of the band in a channel, in a map */
} cnn__conv_band;

/* The channels of a group that are lowered at a time. */
typedef struct cnn__conv_channels {
    int32_t first, count; /* in the group */
} cnn__conv_channels;

/* Tile `number` of a pass, in the workspace of a worker. */
cnn__conv_tile cnn__conv_tile_start(const cnn__conv_pass *pass,
                                    const cnn__conv_tiling *tiling,
                                    int64_t number, int32_t worker);

/* The band that begins at row `first` of the outputs; the channels that begin
 * at channel `first` of a group. */
cnn__conv_band cnn__conv_band_at(const cnn__conv_tile *t, int32_t first);
cnn__conv_channels cnn__conv_channels_from(const cnn__conv_tile *t,
                                           const cnn__conv_group *g,
                                           int32_t first);

/* The offset of these channels of sample s of the tile in x or dx. */
size_t cnn__conv_channel_pixels(const cnn__conv_tile *t,
                                const cnn__conv_group *g, cnn__conv_channels c,
                                int32_t s);

/* The columns (K, S) of these channels. */
const float *cnn__conv_lower(const cnn__conv_tile *t,
                             const cnn__conv_band *band,
                             const cnn__conv_group *g, cnn__conv_channels c,
                             const float *x);

/* The adjoint: adds the columns to dx. */
void cnn__conv_raise(const cnn__conv_tile *t, const cnn__conv_band *band,
                     const cnn__conv_group *g, cnn__conv_channels c, float *dx);

#endif
