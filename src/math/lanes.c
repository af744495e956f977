/* Compiled once for each instruction set (math/simd.h): squares as large as a
 * register are transposed at a time, so that whole lines of the cache are
 * written. */
#include "math/lanes.h"

#include "math/simd.h"
#include "math/vector.h"

/* ------------------------------------------------- whole registers --- */

/* Swaps, in squares of 2 h x 2 h, the right upper and the left lower square of
 * h x h; doing so for all h, from the largest on, transposes. */
#if WIDTH == 16
#define HALF(a, b, h)                                                           \
    ((h) == 8   ? __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, \
                                          18, 19, 20, 21, 22, 23)               \
     : (h) == 4 ? __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8,  \
                                          9, 10, 11, 24, 25, 26, 27)            \
     : (h) == 2 ? __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8,  \
                                          9, 24, 25, 12, 13, 28, 29)            \
                : __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8,  \
                                          24, 10, 26, 12, 28, 14, 30))
#define OTHER(a, b, h)                                                         \
    ((h) == 8   ? __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15,  \
                                          24, 25, 26, 27, 28, 29, 30, 31)      \
     : (h) == 4 ? __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23,    \
                                          12, 13, 14, 15, 28, 29, 30, 31)      \
     : (h) == 2 ? __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23,    \
                                          10, 11, 26, 27, 14, 15, 30, 31)      \
                : __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, \
                                          25, 11, 27, 13, 29, 15, 31))
#elif WIDTH == 8
#define HALF(a, b, h)                                                     \
    ((h) == 4   ? __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) \
     : (h) == 2 ? __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) \
                : __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14))
#define OTHER(a, b, h)                                                      \
    ((h) == 4   ? __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15) \
     : (h) == 2 ? __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15) \
                : __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15))
#endif

#if WIDTH > 4

INLINE void swap(vec v[WIDTH], size_t h)
{
    for (size_t i = 0; i < WIDTH; i++)
        if ((i & h) == 0) {
            const vec a = v[i], b = v[i + h];

            v[i] = HALF(a, b, h);
            v[i + h] = OTHER(a, b, h);
        }
}

/* WIDTH columns of WIDTH rows, like move4(). */
INLINE void move_square(const float *from, size_t from_stride, float *to,
                        size_t to_stride, vec add)
{
    vec v[WIDTH];

    for (size_t k = 0; k < WIDTH; k++)
        v[k] = load(from + k * from_stride) + add;
    if (WIDTH == 16)
        swap(v, 8 % WIDTH);
    swap(v, 4);
    swap(v, 2);
    swap(v, 1);
    for (size_t k = 0; k < WIDTH; k++)
        store(to + k * to_stride, v[k]);
}

#endif

/* ------------------------------------------------------- four by four --- */

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

/* Channels that are moved a register at a time, in rows of W. */
static size_t wide_channels(size_t channels, size_t W)
{
    return WIDTH > 4 && W >= WIDTH ? channels / WIDTH * WIDTH : 0;
}

static size_t whole_channels(size_t channels, size_t W)
{
    return W < 4 ? 0 : channels & ~(size_t)3;
}

/* Rows without gaps between them are one row. */
static void join_rows(cnn__planes *p, const cnn__grid *g)
{
    if (g->row == p->columns * g->column) {
        p->columns *= p->rows;
        p->rows = 1;
    }
}

static void to_lanes(const cnn__planes *planes, const cnn__grid *to)
{
    cnn__planes from = *planes;

    join_rows(&from, to);
    const size_t W = from.columns, S = from.stride;
    const size_t wide = wide_channels(from.channels, W);
    const size_t whole = whole_channels(from.channels, W);

    for (size_t i = 0; i < from.rows; i++) {
        const float *x = from.at + i * W;
        float *y = to->at + i * to->row;

#if WIDTH > 4
        for (size_t c = 0; c < wide; c += WIDTH)
            for (size_t j = 0; j < W; j += WIDTH) {
                const size_t k = cnn__block_at(j, WIDTH, W);
                move_square(x + c * S + k, S, y + k * to->column + c,
                            to->column, (vec){0});
            }
#endif
        for (size_t c = wide; c < whole; c += 4)
            for (size_t j = 0; j < W; j += 4) {
                const size_t k = cnn__block_at(j, 4, W);
                move4(x + c * S + k, S, y + k * to->column + c, to->column,
                      (cnn__vec4){0});
            }
        for (size_t c = whole; c < from.channels; c++)
            for (size_t j = 0; j < W; j++)
                y[j * to->column + c] = x[c * S + j];
    }
}

static void to_planes(const cnn__grid *from, const cnn__planes *planes,
                      const float *add)
{
    cnn__planes to = *planes;

    join_rows(&to, from);
    const size_t W = to.columns, S = to.stride;
    const size_t wide = wide_channels(to.channels, W);
    const size_t whole = whole_channels(to.channels, W);

    for (size_t i = 0; i < to.rows; i++) {
        const float *x = from->at + i * from->row;
        float *y = to.at + i * W;

#if WIDTH > 4
        for (size_t c = 0; c < wide; c += WIDTH) {
            const vec more = add != NULL ? load(add + c) : (vec){0};
            for (size_t j = 0; j < W; j += WIDTH) {
                const size_t k = cnn__block_at(j, WIDTH, W);
                move_square(x + k * from->column + c, from->column,
                            y + c * S + k, S, more);
            }
        }
#endif
        for (size_t c = wide; c < whole; c += 4) {
            const cnn__vec4 more =
                add != NULL ? cnn__load4(add + c) : (cnn__vec4){0};
            for (size_t j = 0; j < W; j += 4) {
                const size_t k = cnn__block_at(j, 4, W);
                move4(x + k * from->column + c, from->column, y + c * S + k, S,
                      more);
            }
        }
        for (size_t c = whole; c < to.channels; c++)
            for (size_t j = 0; j < W; j++)
                y[c * S + j] =
                    x[j * from->column + c] + (add != NULL ? add[c] : 0.0f);
    }
}

const cnn__lane_copies CNN__OF_SET(cnn__lane_copies) = {to_lanes, to_planes};
