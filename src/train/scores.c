/* Scores of a net over a dataset. */
#include "cnn/scores.h"

#include <math.h>

#include "base/options.h"
#include "data/dataset_impl.h"
#include "train/score_sums.h"

/* ----------------------------------------------------- from the sums --- */

/* What does not apply. */
#define NONE ((double)NAN)

/* 0 for 0 / 0 */
static double ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

/* The counts of a class, or of all together. */
typedef struct counts {
    double tp, fp, fn;
} counts;

static double precision_of(const counts *c)
{
    return ratio(c->tp, c->tp + c->fp);
}

static double recall_of(const counts *c)
{
    return ratio(c->tp, c->tp + c->fn);
}

static double f1_of(const counts *c)
{
    return ratio(2.0 * c->tp, 2.0 * c->tp + c->fp + c->fn);
}

static counts counts_of(const cnn__score_sums *s, size_t k)
{
    return (counts){s->true_positives[k], s->false_positives[k],
                    s->false_negatives[k]};
}

/* Equal targets leave nothing to explain. */
static double r2_of(double square, double spread)
{
    if (spread > 0.0 || isnan(square))
        return 1.0 - square / spread;
    return square > 0.0 ? 0.0 : 1.0;
}

static cnn_class_scores class_scores(const cnn__score_sums *s, size_t k,
                                     int64_t samples)
{
    cnn_class_scores c = {.support = NONE,
                          .true_positives = NONE,
                          .false_positives = NONE,
                          .false_negatives = NONE,
                          .precision = NONE,
                          .recall = NONE,
                          .f1 = NONE,
                          .mae = NONE,
                          .mse = NONE,
                          .rmse = NONE,
                          .r2 = NONE};

    if (s->kind != CNN_SCORE_NUMBERS) {
        const counts n = counts_of(s, k);

        c.support = n.tp + n.fn;
        c.true_positives = n.tp;
        c.false_positives = n.fp;
        c.false_negatives = n.fn;
        c.precision = precision_of(&n);
        c.recall = recall_of(&n);
        c.f1 = f1_of(&n);
    } else if (s->weight > 0.0) {
        c.mae = s->distance[k] / s->weight;
        c.mse = s->square[k] / s->weight;
        c.rmse = sqrt(c.mse);
        if (samples > 1)
            c.r2 = r2_of(s->square[k], s->spread[k]);
    }
    return c;
}

/* Averages over classes or labels. */
static void average_counts(const cnn__score_sums *s, cnn_scores *out)
{
    double precision = 0.0, recall = 0.0, f1 = 0.0, of = 0.0, supported = 0.0;
    counts all = {0};

    for (size_t k = 0; k < s->K; k++) {
        const counts c = counts_of(s, k);

        all.tp += c.tp;
        all.fp += c.fp;
        all.fn += c.fn;
        precision += precision_of(&c);
        recall += recall_of(&c);
        f1 += f1_of(&c);
        of += s->kind == CNN_SCORE_LABELS || c.tp + c.fp + c.fn > 0.0;
        supported += c.tp + c.fn > 0.0;
    }
    out->macro_precision = ratio(precision, of);
    out->macro_recall = ratio(recall, of);
    out->macro_f1 = ratio(f1, of);
    out->micro_precision = precision_of(&all);
    out->micro_recall = recall_of(&all);
    out->micro_f1 = f1_of(&all);
    /* 0 / 0, a NaN, if all weights are 0 */
    out->accuracy = s->right / s->weight;
    if (s->kind == CNN_SCORE_LABELS)
        out->element_accuracy = s->elements / s->weight / (double)s->K;
    else {
        out->top_k = (int32_t)s->top_k;
        out->top_k_accuracy = s->top / s->weight;
        out->balanced_accuracy = recall / supported;
    }
}

/* Averages over numbers. */
static void average_numbers(const cnn__score_sums *s, cnn_scores *out)
{
    const double K = (double)s->K;
    cnn_class_scores sum = {0};

    for (size_t k = 0; k < s->K; k++) {
        const cnn_class_scores c = class_scores(s, k, out->count);

        sum.mae += c.mae;
        sum.mse += c.mse;
        sum.rmse += c.rmse;
        sum.r2 += c.r2;
    }
    out->mae = sum.mae / K;
    out->mse = sum.mse / K;
    out->rmse = sum.rmse / K;
    out->r2 = sum.r2 / K;
}

static cnn_scores scores_of(const cnn__score_sums *s, const cnn__walk *walk)
{
    cnn_scores out = {.kind = s->kind,
                      .outputs = (int32_t)s->K,
                      .loss = cnn__walk_loss(walk),
                      .count = cnn_dataset_count(walk->dataset),
                      .correct = s->correct,
                      .weight = s->weight,
                      .accuracy = NONE,
                      .element_accuracy = NONE,
                      .top_k_accuracy = NONE,
                      .balanced_accuracy = NONE,
                      .macro_precision = NONE,
                      .macro_recall = NONE,
                      .macro_f1 = NONE,
                      .micro_precision = NONE,
                      .micro_recall = NONE,
                      .micro_f1 = NONE,
                      .mae = NONE,
                      .mse = NONE,
                      .rmse = NONE,
                      .r2 = NONE};

    if (s->kind == CNN_SCORE_NUMBERS)
        average_numbers(s, &out);
    else
        average_counts(s, &out);
    return out;
}

/* ----------------------------------------------------------- the call --- */

enum { DEFAULT_TOP_K = 5 };

static int32_t kind_of(const cnn_net *net, const cnn_dataset *dataset)
{
    if (cnn__walk_of_classes(net, dataset))
        return CNN_SCORE_CLASSES;
    return net->loss == CNN_LOSS_BINARY_CROSS_ENTROPY ? CNN_SCORE_LABELS
                                                      : CNN_SCORE_NUMBERS;
}

/* Reads the options into empty sums. */
static cnn_status read_options(cnn__score_sums *s,
                               const cnn_score_options *options)
{
    const int32_t K = (int32_t)s->K;
    cnn_score_options o;

    CNN__TRY(cnn__options_read(&o, sizeof(o), options, "net_score"));
    const double threshold = (double)cnn__or_default(o.threshold, 0.5f);
    if (!(threshold > 0.0 && threshold < 1.0))
        return cnn__fail(CNN_EINVAL,
                         "net_score: threshold %g, expected above 0 and below "
                         "1",
                         cnn__plain_zero((float)threshold));
    if (o.top_k < 0 || o.top_k > K)
        return cnn__fail(CNN_EINVAL, "net_score: top_k %d, expected 1 to %d",
                         o.top_k, K);
    s->bound = log(threshold / (1.0 - threshold));
    s->top_k = (size_t)(o.top_k > 0         ? o.top_k
                        : K < DEFAULT_TOP_K ? K
                                            : DEFAULT_TOP_K);
    return CNN_OK;
}

static cnn_status check_results(const cnn_scores *out,
                                const cnn_class_scores *classes)
{
    CNN__TRY(cnn__result_check(out, sizeof(*out),
                               CNN__SIZE_UP_TO(cnn_scores, r2), "net_score"));
    if (classes == NULL)
        return CNN_OK;
    return cnn__result_check(classes, sizeof(*classes),
                             CNN__SIZE_UP_TO(cnn_class_scores, r2),
                             "net_score: classes");
}

/* Entries are as far apart as the caller's struct is long. */
static cnn_status write_classes(const cnn__score_sums *s, int64_t samples,
                                cnn_class_scores *classes)
{
    const uint32_t size = classes->struct_size;

    for (size_t k = 0; k < s->K; k++) {
        void *to = (char *)classes + k * size;
        const cnn_class_scores found = class_scores(s, k, samples);

        memcpy(to, &size, sizeof(size));
        CNN__TRY(cnn__result_write(to, &found, sizeof(found),
                                   CNN__SIZE_UP_TO(cnn_class_scores, r2),
                                   "net_score: classes"));
    }
    return CNN_OK;
}

static cnn_status walk_and_write(cnn__walk *walk, cnn__score_sums *s,
                                 cnn_scores *out, cnn_class_scores *classes)
{
    CNN__TRY(cnn__walk_run(walk, cnn__score_sums_add, s));
    const cnn_scores found = scores_of(s, walk);
    if (classes != NULL)
        CNN__TRY(write_classes(s, found.count, classes));
    return cnn__result_write(out, &found, sizeof(found),
                             CNN__SIZE_UP_TO(cnn_scores, r2), "net_score");
}

cnn_status cnn_net_score(cnn_net *net, const cnn_dataset *dataset,
                         const cnn_score_options *options, cnn_scores *out,
                         cnn_class_scores *classes)
{
    cnn__arena arena = {0};
    cnn__walk walk;

    CNN__TRY(cnn__walk_check(net, dataset, out, "net_score"));
    cnn__score_sums sums = {.kind = kind_of(net, dataset),
                            .K = cnn__shape_size(&net->out)};
    CNN__TRY(read_options(&sums, options));
    CNN__TRY(check_results(out, classes));
    cnn__score_sums_lay_out(&sums, &arena);
    void *memory = cnn__alloc(arena.used);
    if (memory == NULL)
        return cnn_last_status();
    memset(memory, 0, arena.used);
    arena = (cnn__arena){.base = memory};
    cnn__score_sums_lay_out(&sums, &arena);
    cnn_status status = cnn__walk_open(&walk, net, dataset);
    if (status == CNN_OK) {
        status = walk_and_write(&walk, &sums, out, classes);
        cnn__walk_close(&walk);
    }
    cnn__free(memory);
    return status;
}
