/* What a net looks like inside, and what it takes for something else. */
#ifndef EXAMPLES_PICTURES_H
#define EXAMPLES_PICTURES_H

#include "images/data.h"
#include "pages/tiles.h"
#include "running/examine.h"

/* Tiles and the numbers behind them, to be freed with pictures_free(). */
typedef struct pictures {
    tiles tiles;
    tile *list;
    float *x;
} pictures;

/* The kernels of the first layer, if that is a convolution with square ones:
 * black for the most negative weight, white for the most positive, grey for 0.
 * False, and nothing to be freed, if it is not. */
bool pictures_of_filters(pictures *p, cnn_net *net);

/* The worst of the mistakes, at most so many, as "label taken for answer". */
void pictures_of_mistakes(pictures *p, const cnn_dataset *dataset,
                          const pixels *as, const examination *e, int32_t most);

void pictures_free(pictures *p);

#endif
