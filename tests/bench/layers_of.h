/* Single convolutions: those that known families of networks are made of. */
#ifndef BENCH_LAYERS_OF_H
#define BENCH_LAYERS_OF_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/times.h"

/* A convolution with padding (K - 1) / 2 on each side. */
typedef struct conv_shape {
    const char *family;
    int32_t channels, filters;
    int32_t kernel_h, kernel_w, stride, groups;
    int32_t side;  /* of the images */
    int32_t batch; /* in training */
    bool stem;     /* reads images: nobody asks for their gradient */
} conv_shape;

extern const conv_shape conv_shapes[];
extern const int conv_shape_count;

/* What is measured of a shape. `both` is forward and backward; the squares are
 * sums over all elements, for who computes the same. */
typedef struct conv_row {
    const conv_shape *shape;
    int32_t batch;
    const char *algorithm;
    double forward_flop, both_flop;
    times forward, both;
    double y_squares, dw_squares, dx_squares;
} conv_row;

/* Element i of x (seed 1), the weights (2) and dy (3), from -0.5 to 0.5. */
float conv_element(uint32_t i, uint32_t seed);

void conv_row_measure(conv_row *row, int rounds);

/* Measures the shapes in whose name, as in "resnet 64-128 3x3 stride 2 at 56",
 * words begin with one of the texts, a list with commas: with one image and
 * with their batch; prints a table, and writes JSON to `path` unless that is
 * NULL. False if there is no such shape. */
bool layers_of(const char *texts, int rounds, const char *path);

#endif
