/* How a convolution is cut up: the geometry, and which filters look at which
 * channels. */
#ifndef CNN_LAYERS_CONV2D_PLAN_H
#define CNN_LAYERS_CONV2D_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "math/window.h"

/* A run of channels and the filters that look at all of it: one group, or one
 * channel of a connection table. */
typedef struct cnn__conv_block {
    int32_t channel, channels;
    int32_t filters;
    int32_t filter;         /* the first; the others follow it, ... */
    const int32_t *scatter; /* ... or, if not NULL, the number of each */
    size_t weight;          /* of the first filter; the others follow it, ... */
    const int32_t *gather;  /* ... or, if not NULL, the number of each kernel */
} cnn__conv_block;

/* Where the columns come from, K x P for a sample; a table's are lowered. */
typedef enum cnn__conv_form {
    CNN__CONV_LOWERED, /* im2col writes them */
    CNN__CONV_POINTS,  /* kernels of one pixel: they are the channels of x */
    CNN__CONV_WHOLE    /* kernels as large as the image: one column, all of x */
} cnn__conv_form;

/* A convolution as planned for a shape. Sizes: C H W in, F OH OW out, P = OH
 * OW, K = channels of a block x KH KW, T samples in a tile. */
typedef struct cnn__conv {
    cnn__window window;
    int32_t channels, filters;
    int32_t pixels; /* P */
    int32_t kernel; /* KH KW */
    size_t weights; /* floats: K for each filter of each block */
    cnn__conv_form form;
    int32_t tile; /* T; depends on the shape only, as do the next two */
    int32_t rows; /* of outputs that are lowered at a time; below OH: T is 1 */
    int32_t run;  /* channels of a block that are lowered at a time */
    int32_t block_count;
    const cnn__conv_block *blocks; /* of a table; NULL for groups */
    const int32_t *first; /* (F + 1) of a table: kernels before filter f */
    const int32_t *sees;  /* (kernels): the channel of each */
    int32_t most_channels, most_filters; /* over the blocks */
} cnn__conv;

/* What a plan is made from. */
typedef struct cnn__conv_connections {
    int32_t filters, channels, groups;
    const uint8_t *table; /* (filters, channels) of 0 and 1, or NULL */
} cnn__conv_connections;

/* Partial sums of the gradients of the parameters: a fixed number, whatever the
 * number of threads, and no more than there are chunks to sum up. */
#define CNN__CONV_SLOTS 8

static inline int32_t cnn__conv_slots(int64_t chunks)
{
    return chunks < CNN__CONV_SLOTS ? (int32_t)chunks : CNN__CONV_SLOTS;
}

/* Is the table possible? */
cnn_status cnn__conv_check_table(const cnn__conv_connections *with);

/* Kernels (KH x KW) that there are. */
size_t cnn__conv_kernels(const cnn__conv_connections *with);

/* Plans for that window. *memory holds the blocks of a table; it is freed
 * first, and is to be freed with cnn__free(). */
cnn_status cnn__conv_plan(cnn__conv *plan, const cnn__window *window,
                          const cnn__conv_connections *with, void **memory);

/* Block i of block_count. */
cnn__conv_block cnn__conv_block_at(const cnn__conv *plan, int32_t i);

#endif
