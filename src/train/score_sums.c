#include "train/score_sums.h"

#include <math.h>

static double *take(cnn__arena *arena, bool wanted, size_t K)
{
    return cnn__arena_take(arena, wanted ? K : 0, sizeof(double));
}

void cnn__score_sums_lay_out(cnn__score_sums *s, cnn__arena *arena)
{
    const bool numbers = s->kind == CNN_SCORE_NUMBERS;

    s->true_positives = take(arena, !numbers, s->K);
    s->false_positives = take(arena, !numbers, s->K);
    s->false_negatives = take(arena, !numbers, s->K);
    s->distance = take(arena, numbers, s->K);
    s->square = take(arena, numbers, s->K);
    s->mean = take(arena, numbers, s->K);
    s->spread = take(arena, numbers, s->K);
}

/* Is the class right? */
static bool add_class(cnn__score_sums *s, const cnn_net *net,
                      const cnn__outcome *o, int32_t n, double w)
{
    const int32_t class = cnn__walk_class(net, o, n);
    const int32_t guess = cnn__walk_guess(net, o, n);
    const float *y = o->y + (size_t)n * o->K;

    if (guess == class)
        s->true_positives[class] += w;
    else
        s->false_negatives[class] += w;
    if (guess >= 0 && guess != class)
        s->false_positives[guess] += w;
    if (guess >= 0 && cnn__rank(net->loss, y, o->K, class) < s->top_k)
        s->top += w;
    return guess == class;
}

/* Are all labels right? */
static bool add_labels(cnn__score_sums *s, const float *y, const float *t,
                       double w)
{
    size_t right = 0;

    for (size_t k = 0; k < s->K; k++) {
        const bool there = t[k] > 0.5f, said = (double)y[k] > s->bound;

        s->true_positives[k] += there && said ? w : 0.0;
        s->false_positives[k] += !there && said ? w : 0.0;
        s->false_negatives[k] += there && !said ? w : 0.0;
        right += there == said && !isnan(y[k]);
    }
    s->elements += w * (double)right;
    return right == s->K;
}

/* The squares around the mean are updated with it (West, 1979): the difference
 * of two sums would lose what targets far from 0 differ by. */
static void add_numbers(cnn__score_sums *s, const float *y, const float *t,
                        double w)
{
    const double share = w / s->weight; /* which has w already */

    for (size_t k = 0; k < s->K; k++) {
        const double e = (double)y[k] - (double)t[k];
        const double off = (double)t[k] - s->mean[k];

        s->distance[k] += w * fabs(e);
        s->square[k] += w * e * e;
        s->mean[k] += share * off;
        s->spread[k] += w * off * ((double)t[k] - s->mean[k]);
    }
}

/* Is the sample right? */
static bool add_sample(cnn__score_sums *s, const cnn_net *net,
                       const cnn__outcome *o, int32_t n, double w)
{
    const size_t at = (size_t)n * o->K;

    if (s->kind == CNN_SCORE_CLASSES)
        return add_class(s, net, o, n, w);
    if (s->kind == CNN_SCORE_LABELS)
        return add_labels(s, o->y + at, o->targets + at, w);
    if (w > 0.0)
        add_numbers(s, o->y + at, o->targets + at, w);
    return false;
}

void cnn__score_sums_add(void *sums, const cnn_net *net, const cnn__outcome *o)
{
    cnn__score_sums *s = sums;

    for (int32_t n = 0; n < o->N; n++) {
        const double w = o->weights != NULL ? (double)o->weights[n] : 1.0;

        s->weight += w;
        const bool right = add_sample(s, net, o, n, w);
        s->correct += right;
        s->right += right ? w : 0.0;
    }
}
