/* The least that a program with libcnn does: reads a model, predicts one image
 * of zeros, and ends. first_prediction.py says how long that takes. */
#include <stdio.h>
#include <stdlib.h>

#include "cnn/cnn.h"

int main(int argc, char **argv)
{
    cnn_net *net = argc == 2 ? cnn_net_load(argv[1], 1) : NULL;
    cnn_shape in, out;

    if (net == NULL || cnn_net_in_shape(net, &in) != CNN_OK ||
        cnn_net_out_shape(net, &out) != CNN_OK) {
        fprintf(stderr, "first: a model is needed: %s\n", cnn_last_error());
        return 1;
    }
    float *x = calloc((size_t)(in.c * in.h * in.w), sizeof(float));
    float *y = calloc((size_t)(out.c * out.h * out.w), sizeof(float));
    const int done =
        x != NULL && y != NULL && cnn_net_predict(net, 1, x, y) == CNN_OK;
    if (done)
        printf("%g\n", (double)y[0]);
    free(x);
    free(y);
    cnn_net_free(net);
    return done ? 0 : 1;
}
