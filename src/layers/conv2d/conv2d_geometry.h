/* The geometry of a convolution for a shape: its window, and which filters look
 * at which channels. */
#ifndef CNN_LAYERS_CONV2D_GEOMETRY_H
#define CNN_LAYERS_CONV2D_GEOMETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "math/window.h"

/* A run of channels and the filters that look at all of it: one group, or one
 * channel of a connection table. */
typedef struct cnn__conv_group {
    int32_t channel, channels;
    int32_t filters;
    int32_t filter;         /* the first; the others follow it, ... */
    const int32_t *scatter; /* ... or, if not NULL, the number of each */
    size_t weight;          /* of the first filter; the others follow it, ... */
    const int32_t *gather;  /* ... or, if not NULL, the number of each kernel */
} cnn__conv_group;

/* Sizes: C H W in, F OH OW out, P = OH OW, K = channels of a group x KH KW. */
typedef struct cnn__conv {
    cnn__window window;
    int32_t channels, filters;
    int32_t pixels; /* P */
    int32_t area;   /* of a kernel: KH KW */
    size_t weights; /* floats: K for each filter of each group */
    size_t params;  /* weights, and biases if there are any */
    int32_t group_count;
    const cnn__conv_group *table; /* its groups; NULL: no table, equal groups */
    const int32_t *first; /* (F + 1) of a table: kernels before filter f */
    const int32_t *sees;  /* (kernels): the channel of each */
    int32_t most_channels, most_filters; /* over the groups */
} cnn__conv;

/* What that is made from. */
typedef struct cnn__conv_connections {
    int32_t filters, channels, groups;
    bool biased;
    const uint8_t *table; /* (filters, channels) of 0 and 1, or NULL */
} cnn__conv_connections;

/* Is the table possible? */
cnn_status cnn__conv_check_table(const cnn__conv_connections *with);

/* Kernels (KH x KW) that there are. */
size_t cnn__conv_kernels(const cnn__conv_connections *with);

/* The geometry with that window. *memory holds the groups of a table; it is
 * freed first, and is to be freed with cnn__free(). */
cnn_status cnn__conv_geometry(cnn__conv *conv, const cnn__window *window,
                              const cnn__conv_connections *with, void **memory);

/* Block i of group_count. */
cnn__conv_group cnn__conv_group_at(const cnn__conv *conv, int32_t i);

#endif
