#include "math/max2x2.h"

#include <stdbool.h>
#include <string.h>

#include "math/vec4.h"

/* Does x replace `best`, which comes before it? NaN replaces numbers. */
static inline bool beats(float x, float best)
{
    return !(best >= x) && best == best;
}

static inline cnn__mask4 beats4(cnn__vec4 x, cnn__vec4 best)
{
    return ~(best >= x) & (best == best);
}

/* Four windows: their values, the largest, and its place, by comparing left and
 * right in each row, then the rows. */
typedef struct four {
    cnn__vec4 a, b, c, d, best;
    cnn__mask4 right, lower_right, down;
} four;

static inline four load_four(const float *x, size_t W)
{
    four q;

    cnn__split4(x, &q.a, &q.b);
    cnn__split4(x + W, &q.c, &q.d);
    return q;
}

static inline void find_best(four *q)
{
    q->right = beats4(q->b, q->a);
    q->lower_right = beats4(q->d, q->c);
    const cnn__vec4 upper = cnn__select4(q->right, q->b, q->a);
    const cnn__vec4 lower = cnn__select4(q->lower_right, q->d, q->c);
    q->down = beats4(lower, upper);
    q->best = cnn__select4(q->down, lower, upper);
}

/* Finds the place of a known largest value: the first element with its bits. An
 * equal element before it, number or NaN, would have been chosen itself. */
static inline void find_winners(four *q)
{
    const cnn__mask4 best = (cnn__mask4)q->best;

    q->right = (cnn__mask4)q->a != best;
    q->lower_right = (cnn__mask4)q->c != best;
    q->down = q->right & ((cnn__mask4)q->b != best);
}

static inline void store_slopes(const four *q, const float *dy, float *dx,
                                size_t W)
{
    const cnn__mask4 slope = (cnn__mask4)cnn__load4(dy);
    const cnn__mask4 above = slope & ~q->down, below = slope & q->down;

    cnn__join4(dx, (cnn__vec4)(above & ~q->right),
               (cnn__vec4)(above & q->right));
    cnn__join4(dx + W, (cnn__vec4)(below & ~q->lower_right),
               (cnn__vec4)(below & q->lower_right));
}

/* Converts four lanes with numbers 0 to 3 to four bytes: each lane is
 * multiplied into its byte of one word. Narrowing lanes is slow without an
 * instruction for it. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ONES                        \
    {                               \
        1, 1 << 8, 1 << 16, 1 << 24 \
    }
#else
#define ONES                        \
    {                               \
        1 << 24, 1 << 16, 1 << 8, 1 \
    }
#endif

static inline void store_winners(const four *q, uint8_t *to)
{
    const cnn__mask4 ones = ONES;
    const cnn__mask4 above = q->right & ~q->down;
    const cnn__mask4 below = q->lower_right & q->down;
    cnn__mask4 v = ((above | below) & ones) | (q->down & 2 * ones);

    v |= __builtin_shufflevector(v, v, 2, 3, 0, 1);
    v |= __builtin_shufflevector(v, v, 1, 0, 3, 2);
    memcpy(to, &v, 4);
}

static inline void load_winners(const uint8_t *from, four *q)
{
    const cnn__mask4 ones = ONES;
    int32_t bytes;

    memcpy(&bytes, from, 4);
    const cnn__mask4 v = bytes - (cnn__mask4){0};
    q->right = q->lower_right = (v & ones) != 0;
    q->down = (v & 2 * ones) != 0;
}

/* The larger of two floats, by the same rule. */
static float larger(float best, float x)
{
    return beats(x, best) ? x : best;
}

static float best_of(const float *x, size_t W)
{
    return larger(larger(x[0], x[1]), larger(x[W], x[W + 1]));
}

static uint8_t winner_of(const float *x, size_t W, float best)
{
    const float value[] = {x[0], x[1], x[W]};
    uint8_t k = 0;

    while (k < 3 && memcmp(&value[k], &best, sizeof(best)) != 0)
        k++;
    return k;
}

static void store_slope(uint8_t winner, float dy, float *dx, size_t W)
{
    for (uint8_t k = 0; k < 4; k++)
        dx[k / 2 * W + k % 2] = k == winner ? dy : 0.0f;
}

/* ---------------------------------------------------------------- planes */

/* Offsets of the outputs at column j of row i, four or one at a time, and of
 * the windows under them. */
typedef struct place {
    size_t y, x;
} place;

static inline place place_at(size_t i, size_t j, size_t step, size_t OW)
{
    const size_t k = cnn__block_at(j, step, OW);

    return (place){OW * i + k, 4 * OW * i + 2 * k};
}

void cnn__max2x2(const float *x, size_t OH, size_t OW, float *y,
                 uint8_t *argmax)
{
    const size_t W = 2 * OW, step = OW < 4 ? 1 : 4;

    for (size_t i = 0; i < OH; i++)
        for (size_t j = 0; j < OW; j += step) {
            const place at = place_at(i, j, step, OW);

            if (step == 4) {
                four q = load_four(x + at.x, W);

                find_best(&q);
                cnn__store4(y + at.y, q.best);
                if (argmax != NULL)
                    store_winners(&q, argmax + at.y);
            } else {
                y[at.y] = best_of(x + at.x, W);
                if (argmax != NULL)
                    argmax[at.y] = winner_of(x + at.x, W, y[at.y]);
            }
        }
}

/* The winners at a place, for four windows or one. */
static inline four winners_at(const cnn__max2x2_winners *w, place at, size_t W)
{
    four q = {0};

    if (w->argmax != NULL) {
        load_winners(w->argmax + at.y, &q);
        return q;
    }
    q = load_four(w->x + at.x, W);
    q.best = cnn__load4(w->y + at.y);
    find_winners(&q);
    return q;
}

static uint8_t winner_at(const cnn__max2x2_winners *w, place at, size_t W)
{
    return w->argmax != NULL ? w->argmax[at.y]
                             : winner_of(w->x + at.x, W, w->y[at.y]);
}

void cnn__max2x2_back(const cnn__max2x2_winners *winners, size_t OH, size_t OW,
                      const float *dy, float *dx)
{
    const cnn__max2x2_winners w = *winners;
    const size_t W = 2 * OW, step = OW < 4 ? 1 : 4;

    for (size_t i = 0; i < OH; i++)
        for (size_t j = 0; j < OW; j += step) {
            const place at = place_at(i, j, step, OW);

            if (step == 4) {
                const four q = winners_at(&w, at, W);

                store_slopes(&q, dy + at.y, dx + at.x, W);
            } else {
                store_slope(winner_at(&w, at, W), dy[at.y], dx + at.x, W);
            }
        }
}
