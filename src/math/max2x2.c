#include "math/max2x2.h"

#include "math/vec4.h"

/* Does x win over `best`, which stands in front of it? NaN wins over numbers.
 */
static inline int beats(float x, float best)
{
    return (x > best) | ((x != x) & (best == best));
}

static inline cnn__mask4 beats4(cnn__vec4 x, cnn__vec4 best)
{
    return (x > best) | ((x != x) & (best == best));
}

static inline float larger(float best, float x)
{
    return beats(x, best) ? x : best;
}

static inline cnn__vec4 larger4(cnn__vec4 best, cnn__vec4 x)
{
    return cnn__select4(beats4(x, best), x, best);
}

/* One row of outputs from two rows of inputs. */
static void max_row(const float *upper, const float *lower, size_t OW, float *y)
{
    for (size_t j = 0; j < OW && OW >= 4; j += 4) {
        const size_t k = cnn__block_at(j, 4, OW);
        cnn__vec4 a, b, c, d;

        cnn__split4(upper + 2 * k, &a, &b);
        cnn__split4(lower + 2 * k, &c, &d);
        cnn__store4(y + k, larger4(larger4(a, b), larger4(c, d)));
    }
    for (size_t j = 0; j < OW && OW < 4; j++)
        y[j] = larger(larger(upper[2 * j], upper[2 * j + 1]),
                      larger(lower[2 * j], lower[2 * j + 1]));
}

void cnn__max2x2(const float *x, size_t OH, size_t OW, float *y)
{
    for (size_t i = 0; i < OH; i++)
        max_row(x + 4 * OW * i, x + 4 * OW * i + 2 * OW, OW, y + OW * i);
}

/* Each 2 x 2 is decided row against row, and within a row left against right.
 */
static void back_row4(const float *upper, const float *lower, cnn__vec4 dy,
                      float *dupper, float *dlower)
{
    const cnn__vec4 zero = {0};
    cnn__vec4 a, b, c, d;

    cnn__split4(upper, &a, &b);
    cnn__split4(lower, &c, &d);
    const cnn__mask4 right = beats4(b, a), lower_right = beats4(d, c);
    const cnn__mask4 down =
        beats4(cnn__select4(lower_right, d, c), cnn__select4(right, b, a));
    cnn__join4(dupper, cnn__select4(down | right, zero, dy),
               cnn__select4(down | ~right, zero, dy));
    cnn__join4(dlower, cnn__select4(~down | lower_right, zero, dy),
               cnn__select4(~down | ~lower_right, zero, dy));
}

static void back_row1(const float *upper, const float *lower, float dy,
                      float *dupper, float *dlower)
{
    const int right = beats(upper[1], upper[0]);
    const int lower_right = beats(lower[1], lower[0]);
    const int down = beats(lower[lower_right], upper[right]);

    dupper[0] = dupper[1] = dlower[0] = dlower[1] = 0.0f;
    if (down)
        dlower[lower_right] = dy;
    else
        dupper[right] = dy;
}

void cnn__max2x2_back(const float *x, size_t OH, size_t OW, const float *dy,
                      float *dx)
{
    const size_t W = 2 * OW;

    for (size_t i = 0; i < OH; i++, x += 2 * W, dx += 2 * W, dy += OW) {
        for (size_t j = 0; j < OW && OW >= 4; j += 4) {
            const size_t k = cnn__block_at(j, 4, OW);

            back_row4(x + 2 * k, x + W + 2 * k, cnn__load4(dy + k), dx + 2 * k,
                      dx + W + 2 * k);
        }
        for (size_t j = 0; j < OW && OW < 4; j++)
            back_row1(x + 2 * j, x + W + 2 * j, dy[j], dx + 2 * j,
                      dx + W + 2 * j);
    }
}
