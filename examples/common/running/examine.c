#include "running/examine.h"

#include <math.h>
#include <stdlib.h>

#include "running/recognise.h"
#include "support/failure.h"

enum { BLOCK = 500 }; /* images at a time */

static int by_margin(const void *a, const void *b)
{
    const mistake *x = a, *y = b;

    if (x->margin != y->margin)
        return x->margin < y->margin ? 1 : -1;
    return x->image - y->image;
}

/* The class that the outputs of one image give, and how far the output of the
 * label is from the output of that class. With a NaN it is the first class, and
 * the margin is 0. */
static mistake judge(const float *y, int32_t classes, int32_t label,
                     bool smallest)
{
    const float sign = smallest ? -1 : 1;
    mistake m = {.label = label};

    for (int32_t k = 1; k < classes; k++)
        if (sign * y[k] > sign * y[m.answer])
            m.answer = k;
    m.margin = fabsf(y[m.answer] - y[label]);
    return m;
}

/* The images `first` .. `first + count - 1`. */
static void examine_block(cnn_net *net, const cnn_dataset *dataset,
                          int32_t first, int32_t count, float *x, float *y,
                          examination *e)
{
    int64_t index[BLOCK];
    int32_t labels[BLOCK];
    const bool smallest = smallest_wins(net);

    for (int32_t i = 0; i < count; i++)
        index[i] = first + i;
    check(cnn_dataset_read(dataset, count, index, x, labels), NULL);
    check(cnn_net_predict(net, count, x, y), NULL);
    for (int32_t i = 0; i < count; i++) {
        mistake m = judge(y + i * e->classes, e->classes, labels[i], smallest);

        m.image = first + i;
        if (m.answer != m.label)
            e->mistakes[e->mistake_count++] = m;
    }
}

void examine(cnn_net *net, const cnn_dataset *dataset, examination *e)
{
    const int32_t count = (int32_t)cnn_dataset_count(dataset);
    cnn_shape in, out;

    check(cnn_net_in_shape(net, &in), NULL);
    check(cnn_net_out_shape(net, &out), NULL);
    *e = (examination){.classes = out.c * out.h * out.w};
    const size_t classes = (size_t)e->classes;
    const size_t size = (size_t)in.c * (size_t)in.h * (size_t)in.w;
    e->confusion = allocate(classes * classes, sizeof(*e->confusion));
    check(cnn_net_evaluate(net, dataset, &e->metrics, e->confusion), NULL);
    e->accuracy = (double)e->metrics.correct / (double)e->metrics.count;

    float *x = allocate(BLOCK * size, sizeof(float));
    float *y = allocate(BLOCK * classes, sizeof(float));
    e->mistakes = allocate((size_t)count, sizeof(*e->mistakes));
    for (int32_t first = 0; first < count; first += BLOCK)
        examine_block(net, dataset, first,
                      count - first < BLOCK ? count - first : BLOCK, x, y, e);
    qsort(e->mistakes, (size_t)e->mistake_count, sizeof(*e->mistakes),
          by_margin);
    free(x);
    free(y);
}

void examination_free(examination *e)
{
    free(e->confusion);
    free(e->mistakes);
    *e = (examination){0};
}
