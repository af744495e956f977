#include "layers/conv2d/conv2d_gradients.h"

#include "math/sum.h"

/* dW += `from`, in which each group is transposed: (K, filters). */
static void add_turned(const cnn__conv *conv, const float *from, float *dW)
{
    for (int32_t i = 0; i < conv->group_count; i++) {
        const cnn__conv_group g = cnn__conv_group_at(conv, i);
        const size_t K = (size_t)g.channels * (size_t)conv->area;
        const size_t F = (size_t)g.filters;

        for (size_t f = 0; f < F && g.gather == NULL; f++)
            for (size_t k = 0; k < K; k++)
                dW[g.weight + f * K + k] += from[g.weight + k * F + f];
        for (size_t f = 0; f < F && g.gather != NULL; f++)
            cnn__add(dW + (size_t)g.gather[f] * K,
                     from + (size_t)g.gather[f] * K, K);
    }
}

void cnn__conv_add_sum(const cnn__conv_pass *pass, const float *sum,
                       bool turned)
{
    const cnn__conv *conv = pass->conv;

    if (turned)
        add_turned(conv, sum, pass->dW);
    else
        cnn__add(pass->dW, sum, conv->weights);
    if (pass->db != NULL)
        cnn__add(pass->db, sum + conv->weights, (size_t)conv->filters);
}
