#include "layers/conv2d/conv2d_partials.h"

#include <string.h>

#include "base/threads.h"
#include "math/sum.h"

/* The most partial sums; their number does not depend on the threads. */
#define PARTIALS 8

static int32_t partials_of(int64_t chunks)
{
    return chunks < PARTIALS ? (int32_t)chunks : PARTIALS;
}

size_t cnn__conv_partials_floats(int64_t chunks, size_t floats)
{
    return cnn__size_mul((size_t)partials_of(chunks), floats);
}

static void add_range(void *data, int64_t number, int32_t worker)
{
    const cnn__conv_partials *p = data;
    const int32_t partials = partials_of(p->chunks);
    const cnn__conv_partial one = {
        .first = number * p->chunks / partials,
        .end = (number + 1) * p->chunks / partials,
        .worker = worker,
        .sum = p->sums + (size_t)number * p->floats,
    };

    memset(one.sum, 0, p->floats * sizeof(float));
    p->add(p->data, &one);
}

/* Floats that one chunk adds up. */
#define PIECE 16384

static void add_up_piece(void *data, int64_t piece, int32_t worker)
{
    const cnn__conv_partials *p = data;
    const size_t at = (size_t)piece * PIECE, rest = p->floats - at;

    (void)worker;
    for (int32_t i = 1; i < partials_of(p->chunks); i++)
        cnn__add(p->sums + at, p->sums + (size_t)i * p->floats + at,
                 rest < PIECE ? rest : PIECE);
}

void cnn__conv_sum(const cnn__conv_partials *p, int32_t workers)
{
    cnn__parallel(partials_of(p->chunks), workers, add_range, (void *)p);
    if (partials_of(p->chunks) > 1)
        cnn__parallel(cnn__chunks((int64_t)p->floats, PIECE),
                      cnn__worth(workers, p->floats), add_up_piece, (void *)p);
}

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
