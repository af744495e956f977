#include "common/report.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/failure.h"
#include "common/picture.h"

static int32_t outputs(const cnn_net *net)
{
    cnn_shape out;

    check(cnn_net_out_shape(net, &out), NULL);
    return out.c * out.h * out.w;
}

static void print_matrix(const int64_t *matrix, int32_t classes)
{
    printf("confusion matrix (rows: label, columns: recognised as):\n   ");
    for (int32_t k = 0; k < classes; k++)
        printf(" %6d", (int)k);
    for (int32_t label = 0; label < classes; label++) {
        printf("\n%3d", (int)label);
        for (int32_t k = 0; k < classes; k++)
            printf(" %6lld", (long long)matrix[label * classes + k]);
    }
    printf("\n");
}

double report_accuracy(cnn_net *net, const cnn_dataset *dataset,
                       const char *what, bool matrix)
{
    const int32_t classes = outputs(net);
    const size_t square = (size_t)classes * (size_t)classes;
    int64_t *confusion = allocate(square, sizeof(*confusion));
    cnn_metrics m;

    check(cnn_net_evaluate(net, dataset, &m, confusion), NULL);
    const double accuracy = (double)m.correct / (double)m.count;
    printf("%s accuracy: %.4f (%lld of %lld images)\n", what, accuracy,
           (long long)m.correct, (long long)m.count);
    if (matrix)
        print_matrix(confusion, classes);
    free(confusion);
    return accuracy;
}

int report_picture(cnn_net *net, const char *path, bool invert)
{
    const int32_t classes = outputs(net);
    int32_t best = 0;
    cnn_shape in;

    check(cnn_net_in_shape(net, &in), NULL);
    float *x = allocate((size_t)in.h * (size_t)in.w, sizeof(float));
    float *y = allocate((size_t)classes, sizeof(float));
    const int code = picture_read(path, invert, in.w, in.h, x);
    if (code == 0) {
        check(cnn_net_predict(net, 1, x, y), NULL);
        for (int32_t k = 1; k < classes; k++)
            if (y[k] > y[best])
                best = k;
        printf("image: %s recognised as %d\n", path, (int)best);
        for (int32_t k = 0; k < classes; k++)
            printf("  %d  %.6f\n", (int)k, (double)y[k]);
    }
    free(x);
    free(y);
    return code;
}
