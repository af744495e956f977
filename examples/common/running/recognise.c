#include "running/recognise.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "images/picture.h"
#include "support/failure.h"
#include "support/text.h"

int32_t output_count(const cnn_net *net)
{
    cnn_shape out;

    check(cnn_net_out_shape(net, &out), NULL);
    return out.c * out.h * out.w;
}

bool smallest_wins(cnn_net *net)
{
    const cnn_layer *top = cnn_net_layer(net, cnn_net_layer_count(net) - 1);

    return strcmp(cnn_layer_kind(top), "rbf") == 0;
}

/* Puts the picture x of c x h x w in the middle of what the net takes. */
static void frame(const cnn_shape *in, const cnn_shape *picture,
                  const pixels *p, const float *x, float *framed)
{
    const int32_t m = p->margin;
    const size_t size = (size_t)in->c * (size_t)in->h * (size_t)in->w;

    for (size_t i = 0; i < size; i++)
        framed[i] = pixels_value(p, 0);
    for (int32_t c = 0; c < picture->c; c++)
        for (int32_t i = 0; i < picture->h; i++)
            for (int32_t j = 0; j < picture->w; j++)
                framed[(c * in->h + i + m) * in->w + j + m] =
                    pixels_value(p, *x++);
}

int recognise(cnn_net *net, const char *path, const reading *r, float *y,
              int32_t *answer)
{
    const int32_t classes = output_count(net), m = r->pixels.margin;
    const float sign = smallest_wins(net) ? -1 : 1;
    cnn_shape in;

    check(cnn_net_in_shape(net, &in), NULL);
    const cnn_shape inner = {in.c, in.h - 2 * m, in.w - 2 * m};
    const size_t size = (size_t)in.c * (size_t)in.h * (size_t)in.w;
    float *x = allocate(2 * size, sizeof(float));
    int code = picture_read(path, r->invert, &inner, x + size);
    if (code == 0) {
        frame(&in, &inner, &r->pixels, x + size, x);
        check(cnn_net_normalise(net, 1, x), NULL);
        check(cnn_net_predict(net, 1, x, y), NULL);
        *answer = 0;
        for (int32_t k = 1; k < classes; k++)
            if (sign * y[k] > sign * y[*answer])
                *answer = k;
        if (isnan(y[*answer])) {
            warn("%s: the model's outputs are no numbers", path);
            code = EX_DATAERR;
        }
    }
    free(x);
    return code;
}

int recognise_print(cnn_net *net, const char *path, const reading *r)
{
    const int32_t classes = output_count(net);
    float *y = allocate((size_t)classes, sizeof(float));
    int32_t answer;

    const int code = recognise(net, path, r, y, &answer);
    if (code == 0) {
        char *name = printable(path);

        printf("image: %s recognised as %d\n", name, (int)answer);
        g_free(name);
        for (int32_t k = 0; k < classes; k++)
            printf("  %d  %.6f\n", (int)k, (double)y[k]);
    }
    free(y);
    return code;
}
