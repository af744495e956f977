/* Scores of random data against their definitions, in plain loops; and the same
 * bits whatever the batches and the threads. */
#include <math.h>
#include <string.h>

#include "cnn/scores.h"
#include "support/draw.h"
#include "support/nets.h"

enum { MOST_K = 7, MOST_N = 40, CASES = 3000 };

typedef struct sample_set {
    int32_t kind, loss, K, N, top_k;
    float threshold;
    float y[MOST_N * MOST_K], t[MOST_N * MOST_K], w[MOST_N];
    int32_t labels[MOST_N];
} sample_set;

/* Few values, so that many are equal; a NaN now and then. */
static float draw_output(cnn__random *r, bool nans)
{
    return nans && draw_between(r, 0, 15) == 0
               ? NAN
               : (float)draw_between(r, -8, 8) / 4.0f;
}

static void draw_set(sample_set *s, cnn__random *r)
{
    static const int32_t losses[] = {
        CNN_LOSS_SOFTMAX_CROSS_ENTROPY, CNN_LOSS_LENET_MAP,
        CNN_LOSS_BINARY_CROSS_ENTROPY, CNN_LOSS_MSE, CNN_LOSS_MAE};
    const int32_t which = draw_between(r, 0, 4);
    const bool nans = draw_between(r, 0, 1), weighted = draw_between(r, 0, 1);

    s->loss = losses[which];
    s->kind = which < 2    ? CNN_SCORE_CLASSES
              : which == 2 ? CNN_SCORE_LABELS
                           : CNN_SCORE_NUMBERS;
    s->K = draw_between(r, 1, MOST_K);
    s->N = draw_between(r, 1, MOST_N);
    s->top_k = draw_between(r, 1, s->K);
    s->threshold = (float)draw_between(r, 1, 15) / 16.0f;
    for (int32_t i = 0; i < s->N * s->K; i++) {
        s->y[i] = draw_output(r, nans);
        s->t[i] = s->kind == CNN_SCORE_LABELS
                      ? (float)draw_between(r, 0, 3) / 3.0f
                      : 1000.0f + draw_output(r, false);
    }
    for (int32_t n = 0; n < s->N; n++) {
        s->labels[n] = draw_between(r, 0, s->K - 1);
        s->w[n] = weighted ? (float)draw_between(r, 0, 6) / 2.0f : 1.0f;
    }
    s->w[draw_between(r, 0, s->N - 1)] = 1.0f;
}

/* ---------------------------------------------------- the definitions --- */

/* Does y speak for k more than for l? */
static bool before(const sample_set *s, const float *y, int32_t k, int32_t l)
{
    const bool better =
        s->loss == CNN_LOSS_LENET_MAP ? y[k] < y[l] : y[k] > y[l];

    return better || (y[k] == y[l] && k < l);
}

/* The place of a class among the outputs; K if one is NaN. */
static int32_t place(const sample_set *s, int32_t n, int32_t class)
{
    const float *y = s->y + n * s->K;
    int32_t place = 0;

    for (int32_t k = 0; k < s->K; k++) {
        if (isnan(y[k]))
            return s->K;
        place += before(s, y, k, class);
    }
    return place;
}

/* Has sample n the class or label k, and is it said to? */
static bool has(const sample_set *s, int32_t n, int32_t k)
{
    return s->kind == CNN_SCORE_CLASSES ? s->labels[n] == k
                                        : s->t[n * s->K + k] > 0.5f;
}

static bool said(const sample_set *s, int32_t n, int32_t k)
{
    if (s->kind == CNN_SCORE_CLASSES)
        return place(s, n, k) == 0;
    const double p = 1.0 / (1.0 + exp(-(double)s->y[n * s->K + k]));
    return p > (double)s->threshold;
}

/* The weight of the samples that have k (or not) and are said to (or not). */
static double weigh(const sample_set *s, int32_t k, bool is, bool say)
{
    double sum = 0.0;

    for (int32_t n = 0; n < s->N; n++)
        if (has(s, n, k) == is && said(s, n, k) == say)
            sum += (double)s->w[n];
    return sum;
}

static double over(double a, double b)
{
    return b == 0.0 ? 0.0 : a / b;
}

static double total(const sample_set *s)
{
    double sum = 0.0;

    for (int32_t n = 0; n < s->N; n++)
        sum += (double)s->w[n];
    return sum;
}

static bool is_right(const sample_set *s, int32_t n)
{
    for (int32_t k = 0; k < s->K; k++)
        if (has(s, n, k) != said(s, n, k) || isnan(s->y[n * s->K + k]))
            return false;
    return true;
}

/* ------------------------------------------------------- the comparing --- */

/* Weights and their sums are exact, so that only quotients and means of them
 * are rounded; squares and R2 too, which `slack` is for. */
static void same(double got, double want, double slack)
{
    if (isnan(want) ? !isnan(got)
                    : !(fabs(got - want) <= slack * (1.0 + fabs(want))))
        fail_msg("%.17g, expected %.17g", got, want);
}

static void compare_counts(const sample_set *s, const cnn_scores *all,
                           const cnn_class_scores *classes)
{
    double tps = 0, fps = 0, fns = 0, p = 0, r = 0, f = 0, of = 0, had = 0;

    for (int32_t k = 0; k < s->K; k++) {
        const double tp = weigh(s, k, true, true);
        const double fp = weigh(s, k, false, true);
        const double fn = weigh(s, k, true, false);
        const double precision = over(tp, tp + fp), recall = over(tp, tp + fn);
        const double f1 = over(2 * precision * recall, precision + recall);

        assert_true(classes[k].true_positives == tp);
        assert_true(classes[k].false_positives == fp);
        assert_true(classes[k].false_negatives == fn);
        assert_true(classes[k].support == tp + fn);
        same(classes[k].precision, precision, 1e-15);
        same(classes[k].recall, recall, 1e-15);
        same(classes[k].f1, f1, 1e-15);
        tps += tp;
        fps += fp;
        fns += fn;
        p += precision;
        r += recall;
        f += f1;
        of += s->kind == CNN_SCORE_LABELS || tp + fp + fn > 0;
        had += tp + fn > 0;
    }
    same(all->macro_precision, over(p, of), 1e-14);
    same(all->macro_recall, over(r, of), 1e-14);
    same(all->macro_f1, over(f, of), 1e-14);
    same(all->micro_precision, over(tps, tps + fps), 1e-15);
    same(all->micro_recall, over(tps, tps + fns), 1e-15);
    same(all->micro_f1, over(2 * tps, 2 * tps + fps + fns), 1e-15);
    same(all->balanced_accuracy,
         s->kind == CNN_SCORE_CLASSES ? r / had : (double)NAN, 1e-14);
}

static void compare_shares(const sample_set *s, const cnn_scores *all)
{
    double right = 0, top = 0, elements = 0;
    int64_t hits = 0;

    for (int32_t n = 0; n < s->N; n++) {
        const double w = (double)s->w[n];

        hits += is_right(s, n);
        right += is_right(s, n) ? w : 0;
        if (s->kind == CNN_SCORE_CLASSES)
            top += place(s, n, s->labels[n]) < s->top_k ? w : 0;
        for (int32_t k = 0; k < s->K; k++)
            elements +=
                has(s, n, k) == said(s, n, k) && !isnan(s->y[n * s->K + k]) ? w
                                                                            : 0;
    }
    const bool classes = s->kind == CNN_SCORE_CLASSES;
    assert_int_equal(all->correct, hits);
    same(all->accuracy, right / total(s), 1e-15);
    same(all->top_k_accuracy, classes ? top / total(s) : (double)NAN, 1e-15);
    same(all->element_accuracy,
         classes ? (double)NAN : elements / total(s) / s->K, 1e-15);
}

static void compare_numbers(const sample_set *s, const cnn_scores *all,
                            const cnn_class_scores *classes)
{
    double mae = 0, mse = 0, rmse = 0, r2 = 0;
    const double W = total(s);

    for (int32_t k = 0; k < s->K; k++) {
        double mean = 0, distance = 0, square = 0, spread = 0;

        for (int32_t n = 0; n < s->N; n++)
            mean += (double)s->w[n] * (double)s->t[n * s->K + k] / W;
        for (int32_t n = 0; n < s->N; n++) {
            const double t = (double)s->t[n * s->K + k], w = (double)s->w[n];
            const double e = (double)s->y[n * s->K + k] - t;

            if (w == 0)
                continue;
            distance += w * fabs(e);
            square += w * e * e;
            spread += w * (t - mean) * (t - mean);
        }
        /* Targets are 1/4 apart, unless they are equal. */
        const double share = spread > 1e-3   ? 1 - square / spread
                             : isnan(square) ? (double)NAN
                                             : square == 0;
        same(classes[k].mae, distance / W, 1e-14);
        same(classes[k].mse, square / W, 1e-14);
        same(classes[k].rmse, sqrt(square / W), 1e-14);
        same(classes[k].r2, s->N < 2 ? (double)NAN : share, 1e-11);
        mae += classes[k].mae / s->K;
        mse += classes[k].mse / s->K;
        rmse += classes[k].rmse / s->K;
        r2 += classes[k].r2 / s->K;
    }
    same(all->mae, mae, 1e-14);
    same(all->mse, mse, 1e-14);
    same(all->rmse, rmse, 1e-14);
    same(all->r2, r2, 1e-14);
}

/* ----------------------------------------------------------- the cases --- */

typedef struct found {
    cnn_scores all;
    cnn_class_scores classes[MOST_K];
} found;

static found score(cnn_net *net, const cnn_dataset *data,
                   const cnn_score_options *options)
{
    found f;

    memset(&f, 0, sizeof(f));
    f.all.struct_size = sizeof(f.all);
    f.classes[0].struct_size = sizeof(f.classes[0]);
    if (cnn_net_score(net, data, options, &f.all, f.classes) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    return f;
}

static found score_set(const sample_set *s, int32_t batch)
{
    const bool labels = s->kind == CNN_SCORE_CLASSES;
    const cnn_dataset_source source = {
        .struct_size = sizeof(source),
        .count = s->N,
        .shape = {s->K, 1, 1},
        .floats = s->y,
        .labels = labels ? s->labels : NULL,
        .target_shape = {labels ? 0 : s->K, !labels, !labels},
        .target_floats = labels ? NULL : s->t,
        .weights = s->w};
    const cnn_score_options o = {
        .struct_size = sizeof(o), .threshold = s->threshold, .top_k = s->top_k};
    cnn_dataset *data = cnn_dataset_create(&source, NULL);
    cnn_net *net = echo_net(s->K, batch);

    assert_non_null(data);
    cnn_net_set_loss(net, s->loss, CNN_REDUCE_MEAN);
    const found f = score(net, data, &o);
    cnn_metrics m;
    assert_int_equal(cnn_net_evaluate(net, data, &m, NULL), CNN_OK);
    assert_memory_equal(&f.all.loss, &m.loss, sizeof(m.loss));
    assert_int_equal(f.all.count, m.count);
    if (s->kind != CNN_SCORE_LABELS || s->threshold == 0.5f)
        assert_int_equal(f.all.correct, m.correct);
    cnn_dataset_free(data);
    cnn_net_free(net);
    return f;
}

static void definitions(void **state)
{
    int seen[3] = {0};
    cnn__random r;

    (void)state;
    draw_start(&r, 1);
    for (int i = 0; i < CASES; i++) {
        sample_set s;

        draw_set(&s, &r);
        const found f = score_set(&s, draw_between(&r, 1, s.N));
        assert_int_equal(f.all.kind, s.kind);
        if (s.kind == CNN_SCORE_NUMBERS)
            compare_numbers(&s, &f.all, f.classes);
        else {
            compare_counts(&s, &f.all, f.classes);
            compare_shares(&s, &f.all);
        }
        seen[s.kind]++;
    }
    assert_true(seen[0] > 500 && seen[1] > 200 && seen[2] > 500);
}

/* The same outputs in other batches: the same bits, but of the loss. */
static void any_batches(void **state)
{
    cnn__random r;

    (void)state;
    draw_start(&r, 2);
    for (int i = 0; i < 300; i++) {
        sample_set s;

        draw_set(&s, &r);
        found one = score_set(&s, 1), other = score_set(&s, s.N);
        one.all.loss = other.all.loss = 0;
        assert_memory_equal(&one, &other, sizeof(one));
    }
}

static void any_threads(void **state)
{
    enum { N = 150 };
    cnn_net *net = conv_net(true);
    float *x = uniform(N * CONV_NET_INPUT, 3);
    int32_t labels[N];

    (void)state;
    fill_labels(labels, N, CONV_NET_CLASSES, 4);
    cnn_set_num_threads(4);
    build(net, &conv_net_shape, 50, 1);
    cnn_dataset *data =
        cnn_dataset_wrap_f32(&conv_net_shape, N, x, labels, NULL);
    const found four = score(net, data, NULL);
    cnn_set_num_threads(1);
    const found one = score(net, data, NULL);
    assert_memory_equal(&one, &four, sizeof(one));
    assert_true(one.all.accuracy > 0 && one.all.accuracy < 1);
    cnn_dataset_free(data);
    cnn_net_free(net);
    test_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(definitions),
        cmocka_unit_test(any_batches),
        cmocka_unit_test(any_threads),
    };

    return cmocka_run_group_tests_name("scores naive", tests, NULL, NULL);
}
