#include "pages/pictures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/failure.h"

static void make(pictures *p, const char *title, int width, int height,
                 size_t count)
{
    const size_t size = (size_t)width * (size_t)height;

    *p = (pictures){.list = allocate(count, sizeof(tile)),
                    .x = allocate(count * size, sizeof(float))};
    p->tiles = (tiles){.title = title,
                       .width = width,
                       .height = height,
                       .tiles = p->list,
                       .count = count};
    for (size_t i = 0; i < count; i++)
        p->list[i].x = p->x + i * size;
}

/* The edge of a convolution's kernels; 0 if they are not square, see only some
 * of the channels or have no biases. */
static int32_t kernel_edge(const cnn_layer *conv, int32_t *count)
{
    cnn_shape in, out;

    check(cnn_layer_in_shape(conv, &in), NULL);
    check(cnn_layer_out_shape(conv, &out), NULL);
    *count = in.c * out.c;
    const int32_t weights = (int32_t)cnn_layer_param_count(conv) - out.c;
    const int32_t edge = (int32_t)lround(sqrt((double)weights / *count));
    return edge * edge * *count == weights ? edge : 0;
}

bool pictures_of_filters(pictures *p, cnn_net *net)
{
    cnn_layer *conv = cnn_net_layer(net, 0);
    float top = 0;
    int32_t count;

    if (conv == NULL || strcmp(cnn_layer_kind(conv), "conv2d") != 0)
        return false;
    const int32_t edge = kernel_edge(conv, &count);
    if (edge == 0)
        return false;
    make(p, "filters of the first layer", edge, edge, (size_t)count);
    const float *w = cnn_layer_params(conv);
    const int32_t weights = count * edge * edge;
    for (int32_t i = 0; i < weights; i++)
        top = fmaxf(top, fabsf(w[i]));
    for (int32_t i = 0; i < weights; i++)
        p->x[i] = top > 0 ? 0.5f + 0.5f * w[i] / top : 0.5f;
    return true;
}

void pictures_of_mistakes(pictures *p, const cnn_dataset *dataset,
                          const pixels *as, const examination *e, int32_t most)
{
    const int32_t count = e->mistake_count < most ? e->mistake_count : most;
    const float low = pixels_value(as, 0), high = pixels_value(as, 1);
    cnn_shape shape;

    check(cnn_dataset_shape(dataset, &shape), NULL);
    make(p, "worst mistakes", shape.w, shape.h, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        const mistake *m = &e->mistakes[i];
        float *x = p->x + i * shape.h * shape.w;

        check(cnn_dataset_read(dataset, 1, &(int64_t){m->image}, x, NULL),
              NULL);
        for (int32_t k = 0; k < shape.h * shape.w; k++)
            x[k] = (x[k] - low) / (high - low);
        snprintf(p->list[i].caption, sizeof(p->list[i].caption),
                 "%d taken for %d", (int)m->label, (int)m->answer);
    }
}

void pictures_free(pictures *p)
{
    free(p->list);
    free(p->x);
    *p = (pictures){0};
}
