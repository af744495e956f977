/* The transforms of a tile of samples: from x and dy to V and M, and back.
 * conv2d_winograd.c multiplies in between. */
#ifndef CNN_LAYERS_CONV2D_WINOGRAD_TILE_H
#define CNN_LAYERS_CONV2D_WINOGRAD_TILE_H

#include "layers/conv2d/conv2d_algorithm.h"
#include "layers/conv2d/conv2d_winograd_plan.h"

typedef struct cnn__winograd_tile {
    const cnn__conv_winograd_plan *plan;
    const cnn__conv_pass *pass;
    cnn__winograd_arrays arrays;
    size_t first, samples; /* of the batch */
    size_t T;              /* squares */
} cnn__winograd_tile;

/* Computes V from x. */
void cnn__winograd_load_x(const cnn__winograd_tile *tile);

/* Computes y of these samples from M and the biases. */
void cnn__winograd_store_y(const cnn__winograd_tile *tile, float *y);

/* Computes M from dy of these samples. */
void cnn__winograd_load_dy(const cnn__winograd_tile *tile, const float *dy);

/* Computes dx from V. */
void cnn__winograd_store_dx(const cnn__winograd_tile *tile);

/* db += sum of dy of these samples */
void cnn__winograd_add_biases(const cnn__winograd_tile *tile, const float *dy,
                              float *db);

#endif
