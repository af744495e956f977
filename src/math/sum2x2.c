#include "math/sum2x2.h"

#include "math/vec4.h"

void cnn__sum2x2(const float *x, size_t OH, size_t OW, float weight, float bias,
                 float *y)
{
    for (size_t i = 0; i < OH; i++, x += 4 * OW, y += OW) {
        const float *upper = x, *lower = x + 2 * OW;
        size_t j = 0;

        for (; j + 4 <= OW; j += 4) {
            cnn__vec4 a, b, c, d;

            cnn__split4(upper + 2 * j, &a, &b);
            cnn__split4(lower + 2 * j, &c, &d);
            cnn__store4(y + j, weight * (a + b + c + d) + bias);
        }
        for (; j < OW; j++)
            y[j] = weight * (upper[2 * j] + upper[2 * j + 1] + lower[2 * j] +
                             lower[2 * j + 1]) +
                   bias;
    }
}

void cnn__spread2x2(float weight, const float *dy, size_t OH, size_t OW,
                    float *dx)
{
    for (size_t i = 0; i < OH; i++, dy += OW, dx += 4 * OW) {
        float *upper = dx, *lower = dx + 2 * OW;
        size_t j = 0;

        for (; j + 4 <= OW; j += 4) {
            const cnn__vec4 d = weight * cnn__load4(dy + j);

            cnn__join4(upper + 2 * j, d, d);
            cnn__join4(lower + 2 * j, d, d);
        }
        for (; j < OW; j++)
            upper[2 * j] = upper[2 * j + 1] = lower[2 * j] = lower[2 * j + 1] =
                weight * dy[j];
    }
}
