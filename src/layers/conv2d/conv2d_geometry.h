/* The geometry of a convolution for a shape: its window, and which filters look
 * at which channels. */
#ifndef CNN_LAYERS_CONV2D_GEOMETRY_H
#define CNN_LAYERS_CONV2D_GEOMETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "math/window.h"

/* Consecutive channels and the filters that look at all of them: one group, or
 * one channel of a connection table. */
typedef struct cnn__conv_group {
    int32_t channel, channels;
    int32_t filters;
    int32_t filter;         /* the first filter; the others follow, ... */
    const int32_t *scatter; /* ... or if not NULL, the number of each */
    size_t weight; /* offset of the first kernel; the others follow, ... */
    const int32_t *gather; /* ... or if not NULL, the number of each kernel */
} cnn__conv_group;

/* Sizes: C H W in, F OH OW out, P = OH OW, K = channels of a group x KH KW. */
typedef struct cnn__conv {
    cnn__window window;
    int32_t channels, filters;
    int32_t pixels; /* P */
    int32_t area;   /* of a kernel: KH KW */
    size_t weights; /* floats of all weights */
    size_t params;  /* floats of weights and biases */
    int32_t group_count;
    const cnn__conv_group *table; /* groups of a table; NULL: equal groups */
    const int32_t *first; /* (F + 1), of a table: number of the first kernel of
                             each filter */
    const int32_t *sees; /* (kernels), of a table: the channel of each kernel */
    int32_t most_channels, most_filters; /* of any group */
} cnn__conv;

/* The settings that say what is connected. */
typedef struct cnn__conv_connections {
    int32_t filters, channels, groups;
    bool biased;
    const uint8_t *table; /* (filters, channels) of 0 and 1, or NULL */
} cnn__conv_connections;

/* CNN_EINVAL unless the table is possible. */
cnn_status cnn__conv_check_table(const cnn__conv_connections *with);

/* The number of kernels (KH x KW each). */
size_t cnn__conv_kernels(const cnn__conv_connections *with);

/* Sets the geometry for a window. Frees *memory and replaces it by the lists of
 * a table, or NULL; to be freed with cnn__free(). */
cnn_status cnn__conv_geometry(cnn__conv *conv, const cnn__window *window,
                              const cnn__conv_connections *with, void **memory);

/* Group i of group_count. */
cnn__conv_group cnn__conv_group_at(const cnn__conv *conv, int32_t i);

#endif
