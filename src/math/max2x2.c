#include "math/max2x2.h"

#include "math/vec4.h"

/* x, if it wins over `best`, which stands in front of it: NaN wins over
 * numbers. */
static inline float larger(float best, float x)
{
    return !(best >= x) && best == best ? x : best;
}

static inline cnn__vec4 larger4(cnn__vec4 best, cnn__vec4 x)
{
    return cnn__select4(~(best >= x) & (best == best), x, best);
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

/* The winner is the first that has the bits of y: an equal one before it, be it
 * a number or NaN, would have won itself. */
static void back4(const float *const x[2], const float *y, const float *dy,
                  float *const dx[2])
{
    const cnn__mask4 best = (cnn__mask4)cnn__load4(y);
    const cnn__mask4 slope = (cnn__mask4)cnn__load4(dy);
    cnn__vec4 a, b, c, d;

    cnn__split4(x[0], &a, &b);
    cnn__split4(x[1], &c, &d);
    const cnn__mask4 is_a = (cnn__mask4)a == best;
    const cnn__mask4 is_b = ((cnn__mask4)b == best) & ~is_a;
    const cnn__mask4 upper = is_a | is_b;
    const cnn__mask4 is_c = ((cnn__mask4)c == best) & ~upper;
    cnn__join4(dx[0], (cnn__vec4)(slope & is_a), (cnn__vec4)(slope & is_b));
    cnn__join4(dx[1], (cnn__vec4)(slope & is_c),
               (cnn__vec4)(slope & ~(upper | is_c)));
}

static void back1(const float *const x[2], const float *y, const float *dy,
                  float *const dx[2])
{
    size_t winner = 0;

    while (winner < 3 && memcmp(&x[winner / 2][winner % 2], y, sizeof(*y)) != 0)
        winner++;
    for (size_t k = 0; k < 4; k++)
        dx[k / 2][k % 2] = k == winner ? *dy : 0.0f;
}

void cnn__max2x2_back(const float *x, size_t OH, size_t OW, const float *y,
                      const float *dy, float *dx)
{
    const size_t step = OW < 4 ? 1 : 4;

    for (size_t i = 0; i < OH; i++, y += OW, dy += OW)
        for (size_t j = 0; j < OW; j += step) {
            const size_t k = cnn__block_at(j, step, OW);
            const size_t at = 4 * OW * i + 2 * k, below = at + 2 * OW;
            const float *const xs[] = {x + at, x + below};
            float *const dxs[] = {dx + at, dx + below};

            if (step == 4)
                back4(xs, y + k, dy + k, dxs);
            else
                back1(xs, y + k, dy + k, dxs);
        }
}
