#include "images/drawn_digits.h"

#include <math.h>
#include <stdlib.h>

#include "support/failure.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, TRAIN = 36000, TEST = 6000 };

/* A stroke is an arc of an ellipse: its centre, its radii, and the angles in
 * degrees, clockwise from the right, between which it is drawn. A straight one
 * has from = to: it goes from (x, y) to (x + rx, y + ry). The digits fill the
 * unit square, y going down. */
typedef struct stroke {
    int digit;
    double x, y, rx, ry, from, to;
} stroke;

/* clang-format off */
static const stroke strokes[] = {
    {0, 0.50, 0.50, 0.30, 0.44,    0, 360},
    {1, 0.52, 0.06, 0.00, 0.88,    0,   0}, {1, 0.52, 0.06, -0.18, 0.16, 0, 0},
    {2, 0.50, 0.30, 0.28, 0.24, -170,  40}, {2, 0.71, 0.46, -0.48, 0.46, 0, 0},
    {2, 0.23, 0.92, 0.56, 0.00,    0,   0},
    {3, 0.47, 0.28, 0.26, 0.22, -160,  90},
    {3, 0.47, 0.71, 0.30, 0.22,  -90, 155},
    {4, 0.60, 0.06, -0.42, 0.56,   0,   0}, {4, 0.18, 0.62, 0.66, 0.00, 0, 0},
    {4, 0.64, 0.36, 0.00, 0.58,    0,   0},
    {5, 0.74, 0.07, -0.42, 0.00,   0,   0}, {5, 0.32, 0.07, -0.04, 0.38, 0, 0},
    {5, 0.46, 0.67, 0.30, 0.26, -130, 150},
    {6, 0.50, 0.69, 0.26, 0.24,    0, 360},
    {6, 0.72, 0.66, 0.48, 0.60, -180, -100},
    {7, 0.20, 0.08, 0.60, 0.00,    0,   0}, {7, 0.80, 0.08, -0.38, 0.86, 0, 0},
    {8, 0.50, 0.28, 0.22, 0.21,    0, 360}, {8, 0.50, 0.71, 0.27, 0.22, 0, 360},
    {9, 0.50, 0.31, 0.26, 0.24,    0, 360}, {9, 0.76, 0.31, -0.08, 0.62, 0, 0},
};
/* clang-format on */

enum { STROKES = sizeof(strokes) / sizeof(strokes[0]) };

/* How one digit is written. */
typedef struct hand {
    double xx, xy, yx, yy, x, y; /* from the unit square to pixels */
    double width, ink;
} hand;

/* Uniform in [low, high): splitmix64 (Steele, Lea and Flood, 2014). */
static double between(uint64_t *state, double low, double high)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return low + (high - low) * (double)(z >> 11) * 0x1p-53;
}

static hand take_hand(uint64_t *random)
{
    const double height = between(random, 15, 21);
    const double wide = height * between(random, 0.75, 1.15);
    const double slant = between(random, -0.15, 0.45);
    const double turn = between(random, -0.15, 0.15);

    hand h = {.xx = wide * cos(turn),
              .xy = -height * (sin(turn) + slant * cos(turn)),
              .yx = wide * sin(turn),
              .yy = height * cos(turn),
              .width = between(random, 1.6, 3.6),
              .ink = between(random, 0.75, 1)};
    /* The middle of the digit goes to the middle of the image, about. */
    const double middle = SIDE / 2.0 - 0.5;
    h.x = middle + between(random, -2.5, 2.5) - (h.xx + h.xy) / 2;
    h.y = middle + between(random, -2.5, 2.5) - (h.yx + h.yy) / 2;
    return h;
}

/* The part of a pixel that a line (x0, y0) to (x1, y1) covers, for all pixels
 * near it. Where lines meet, the larger part counts. */
static void draw_line(double *image, const hand *h, const double from[2],
                      const double to[2])
{
    const double reach = h->width / 2 + 0.5;
    const double dx = to[0] - from[0], dy = to[1] - from[1];
    const double square = fmax(dx * dx + dy * dy, 1e-9);
    const int left = (int)fmax(fmin(from[0], to[0]) - reach, 0);
    const int top = (int)fmax(fmin(from[1], to[1]) - reach, 0);
    const int right = (int)fmin(fmax(from[0], to[0]) + reach, SIDE - 1);
    const int bottom = (int)fmin(fmax(from[1], to[1]) + reach, SIDE - 1);

    for (int i = top; i <= bottom; i++)
        for (int j = left; j <= right; j++) {
            const double x = j - from[0], y = i - from[1];
            const double t = fmin(fmax((x * dx + y * dy) / square, 0), 1);
            const double part = reach - hypot(x - t * dx, y - t * dy);
            double *pixel = &image[i * SIDE + j];
            *pixel = fmax(*pixel, fmin(part, 1));
        }
}

/* A point of a stroke, t from 0 to 1, in pixels. */
static void point(const stroke *s, const hand *h, double t, double at[2])
{
    const double angle = (s->from + t * (s->to - s->from)) * acos(-1) / 180;
    const int straight = s->from == s->to;
    const double x = s->x + s->rx * (straight ? t : cos(angle));
    const double y = s->y + s->ry * (straight ? t : sin(angle));

    at[0] = h->xx * x + h->xy * y + h->x;
    at[1] = h->yx * x + h->yy * y + h->y;
}

static void draw_digit(int digit, uint64_t *random, uint8_t *pixels)
{
    enum { PIECES = 14 };
    double image[PIXELS] = {0};
    const hand h = take_hand(random);

    for (const stroke *s = strokes; s < strokes + STROKES; s++) {
        double from[2], to[2];
        if (s->digit != digit)
            continue;
        /* As in handwriting, an arc is a little off in size and place. */
        stroke mine = *s;
        mine.x += between(random, -0.03, 0.03);
        mine.y += between(random, -0.03, 0.03);
        mine.rx *= between(random, 0.9, 1.1);
        mine.ry *= between(random, 0.9, 1.1);
        point(&mine, &h, 0, from);
        for (int i = 1; i <= PIECES; i++) {
            point(&mine, &h, (double)i / PIECES, to);
            draw_line(image, &h, from, to);
            from[0] = to[0];
            from[1] = to[1];
        }
    }
    for (int i = 0; i < PIXELS; i++) {
        const double noise = between(random, -0.08, 0.08);
        const double v = fmin(fmax(h.ink * image[i] + noise, 0), 1);
        pixels[i] = (uint8_t)lrint(255 * v);
    }
}

void *drawn_digits(cnn_dataset **train, cnn_dataset **test,
                   const cnn_dataset_options *options)
{
    const cnn_shape shape = {1, SIDE, SIDE};
    int32_t *labels =
        allocate(TRAIN + TEST, sizeof(int32_t) + PIXELS * sizeof(uint8_t));
    uint8_t *images = (uint8_t *)(labels + TRAIN + TEST);
    uint64_t random = 1998;

    for (int32_t i = 0; i < TRAIN + TEST; i++) {
        labels[i] = i % 10;
        draw_digit(labels[i], &random, images + (size_t)i * PIXELS);
    }
    *train = cnn_dataset_wrap_u8(&shape, TRAIN, images, labels, options);
    *test = cnn_dataset_wrap_u8(&shape, TEST, images + (size_t)TRAIN * PIXELS,
                                labels + TRAIN, options);
    if (*train == NULL || *test == NULL)
        check(cnn_last_status(), NULL);
    return labels;
}
