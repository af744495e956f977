#include "layers/partials.h"

#include <string.h>

#include "base/size.h"
#include "base/threads.h"
#include "layers/layer_impl.h"
#include "math/sum.h"

/* The most partial sums; their number does not depend on the threads. */
#define PARTIALS 8

static int32_t partials_of(int64_t chunks)
{
    return chunks < PARTIALS ? (int32_t)chunks : PARTIALS;
}

size_t cnn__partials_floats(int64_t chunks, size_t floats)
{
    return cnn__size_mul((size_t)partials_of(chunks), floats);
}

/* The ranges that the batch is cut into. */
static int64_t ranges_of(const cnn__partials *p)
{
    return p->floats > 0 ? partials_of(p->chunks) : p->chunks;
}

int64_t cnn__partial_most(int64_t chunks)
{
    return (chunks + PARTIALS - 1) / PARTIALS;
}

static void add_range(void *data, int64_t number, int32_t worker)
{
    const cnn__partials *p = data;
    const int64_t ranges = ranges_of(p);
    const cnn__partial one = {
        .first = number * p->chunks / ranges,
        .end = (number + 1) * p->chunks / ranges,
        .worker = worker,
        .sum = p->floats > 0 ? p->sums + (size_t)number * p->floats : NULL,
    };

    if (p->floats > 0)
        memset(one.sum, 0, p->floats * sizeof(float));
    p->add(p->data, &one);
}

/* Floats that one chunk adds up. */
#define PIECE 16384

static void add_up_piece(void *data, int64_t piece, int32_t worker)
{
    const cnn__partials *p = data;
    const size_t at = (size_t)piece * PIECE, rest = p->floats - at;

    (void)worker;
    for (int32_t i = 1; i < partials_of(p->chunks); i++)
        cnn__add(p->sums + at, p->sums + (size_t)i * p->floats + at,
                 rest < PIECE ? rest : PIECE);
}

void cnn__sum_partials(const cnn__partials *p, int32_t workers)
{
    cnn__parallel(ranges_of(p), workers, add_range, (void *)p);
    if (partials_of(p->chunks) > 1)
        cnn__parallel(cnn__chunks((int64_t)p->floats, PIECE),
                      cnn__worth(workers, p->floats), add_up_piece, (void *)p);
}
