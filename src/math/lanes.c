#include "math/lanes.h"

#include "math/vec4.h"

/* Transposes four vectors of four. */
static inline void transpose4(cnn__vec4 v[4])
{
    const cnn__vec4 a = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5);
    const cnn__vec4 b = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7);
    const cnn__vec4 c = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5);
    const cnn__vec4 d = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);

    v[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    v[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    v[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    v[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

/* Four columns of four rows, `from` to `to` transposed, plus add to each row of
 * `from` or each column. */
static inline void move4(const float *from, size_t from_stride, float *to,
                         size_t to_stride, cnn__vec4 add)
{
    cnn__vec4 v[4];

    for (size_t k = 0; k < 4; k++)
        v[k] = cnn__load4(from + k * from_stride) + add;
    transpose4(v);
    for (size_t k = 0; k < 4; k++)
        cnn__store4(to + k * to_stride, v[k]);
}

void cnn__planes_to_lanes(const cnn__planes *from, const cnn__grid *to)
{
    const size_t W = from->columns, S = from->stride;
    const size_t whole = W < 4 ? 0 : from->channels & ~(size_t)3;

    for (size_t i = 0; i < from->rows; i++) {
        const float *x = from->at + i * W;
        float *y = to->at + i * to->row;

        for (size_t c = 0; c < whole; c += 4)
            for (size_t j = 0; j < W; j += 4) {
                const size_t k = cnn__block_at(j, 4, W);
                move4(x + c * S + k, S, y + k * to->column + c, to->column,
                      (cnn__vec4){0});
            }
        for (size_t c = whole; c < from->channels; c++)
            for (size_t j = 0; j < W; j++)
                y[j * to->column + c] = x[c * S + j];
    }
}

void cnn__lanes_to_planes(const cnn__grid *from, const cnn__planes *to,
                          const float *add)
{
    const size_t W = to->columns, S = to->stride;
    const size_t whole = W < 4 ? 0 : to->channels & ~(size_t)3;

    for (size_t i = 0; i < to->rows; i++) {
        const float *x = from->at + i * from->row;
        float *y = to->at + i * W;

        for (size_t c = 0; c < whole; c += 4) {
            const cnn__vec4 more =
                add != NULL ? cnn__load4(add + c) : (cnn__vec4){0};
            for (size_t j = 0; j < W; j += 4) {
                const size_t k = cnn__block_at(j, 4, W);
                move4(x + k * from->column + c, from->column, y + c * S + k, S,
                      more);
            }
        }
        for (size_t c = whole; c < to->channels; c++)
            for (size_t j = 0; j < W; j++)
                y[c * S + j] =
                    x[j * from->column + c] + (add != NULL ? add[c] : 0.0f);
    }
}
