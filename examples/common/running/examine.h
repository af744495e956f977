/* Testing a net on images that it was not trained on. */
#ifndef EXAMPLES_EXAMINE_H
#define EXAMPLES_EXAMINE_H

#include <cnn/cnn.h>

/* An image that was taken for another class. */
typedef struct mistake {
    int32_t image; /* its number in the dataset */
    int32_t label, answer;
    float margin; /* how much the answer won by, in units of the outputs */
} mistake;

typedef struct examination {
    int32_t classes;
    cnn_metrics metrics;
    double accuracy;
    int64_t *confusion; /* [label * classes + answer] */
    mistake *mistakes;  /* the worst first */
    int32_t mistake_count;
} examination;

void examine(cnn_net *net, const cnn_dataset *dataset, examination *e);
void examination_free(examination *e);

#endif
