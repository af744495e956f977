/* Pictures of the filters of a net, and of its mistakes. */
#ifndef EXAMPLES_PICTURES_H
#define EXAMPLES_PICTURES_H

#include "images/data.h"
#include "pages/tiles.h"
#include "running/examine.h"

/* Tiles and their numbers, to be freed with pictures_free(). */
typedef struct pictures {
    tiles tiles;
    tile *list;
    float *x;
} pictures;

/* The kernels of the first layer, if that is a convolution with square ones:
 * black for the most negative weight, white for the most positive, grey for 0.
 * False, and nothing to be freed, if it is not. */
bool pictures_of_filters(pictures *p, cnn_net *net);

/* The worst mistakes, at most a given number, as "label taken for answer". */
void pictures_of_mistakes(pictures *p, const cnn_dataset *dataset,
                          const pixels *as, const examination *e, int32_t most);

void pictures_free(pictures *p);

#endif
