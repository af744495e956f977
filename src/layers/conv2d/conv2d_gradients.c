#include "layers/conv2d/conv2d_gradients.h"

#include <string.h>

#include "math/sum.h"

/* A side of the squares that are transposed at a time. */
#define SQUARE 16

void cnn__conv_start_dx(const cnn__conv_pass *pass, int32_t first,
                        int32_t count)
{
    const cnn__window *w = &pass->conv->window;
    const size_t area = (size_t)w->h.in * (size_t)w->w.in;
    const size_t C = (size_t)pass->conv->channels;
    const size_t planes = (size_t)count * C;
    float *dx = pass->dx + (size_t)first * C * area;

    if (pass->dx_biases == NULL)
        memset(dx, 0, planes * area * sizeof(float));
    for (size_t p = 0; p < planes && pass->dx_biases != NULL; p++)
        for (size_t i = 0; i < area; i++)
            dx[p * area + i] = pass->dx_biases[p % C];
}

/* In squares whose lines stay in the cache. */
void cnn__conv_add_turned(float *dw, const float *from, size_t F, size_t K,
                          size_t lanes)
{
    for (size_t k = 0; k < K; k += SQUARE)
        for (size_t f = 0; f < F; f += SQUARE)
            for (size_t i = f; i < F && i < f + SQUARE; i++)
                for (size_t c = k; c < K && c < k + SQUARE; c++)
                    dw[i * K + c] += from[c * lanes + i];
}

/* dW += `from`, in which each group is transposed: (K, filters). */
static void add_turned(const cnn__conv *conv, const float *from, float *dW)
{
    for (int32_t i = 0; i < conv->group_count; i++) {
        const cnn__conv_group g = cnn__conv_group_at(conv, i);
        const size_t K = (size_t)g.channels * (size_t)conv->area;
        const size_t F = (size_t)g.filters;

        if (g.gather == NULL)
            cnn__conv_add_turned(dW + g.weight, from + g.weight, F, K, F);
        for (size_t f = 0; f < F && g.gather != NULL; f++)
            cnn__add(dW + (size_t)g.gather[f] * K,
                     from + (size_t)g.gather[f] * K, K);
    }
}

void cnn__conv_add_sum(const cnn__conv_pass *pass, const float *sum,
                       bool turned)
{
    const cnn__conv *conv = pass->conv;

    if (pass->dW == NULL)
        return;
    if (turned)
        add_turned(conv, sum, pass->dW);
    else
        cnn__add(pass->dW, sum, conv->weights);
    if (pass->db != NULL)
        cnn__add(pass->db, sum + conv->weights, (size_t)conv->filters);
}
