/**
 * @file scores.h
 * How good a net is, in more numbers than loss and hits: precision, recall and
 * F1 of each class, errors of numbers, R2.
 *
 * All are those of scikit-learn, whose functions are named below, with
 * zero_division=0 and the weights of the samples as sample_weight: a sample of
 * weight w counts as w samples would, one of weight 0 as none.
 */
#ifndef CNN_SCORES_H
#define CNN_SCORES_H

#include "cnn/dataset.h"
#include "cnn/export.h"
#include "cnn/net.h"
#include "cnn/status.h"
#include "cnn/types.h"

CNN_BEGIN_DECLS

/** What is scored: what follows from the dataset and the loss of the net. */
enum {
    CNN_SCORE_CLASSES = 0, /**< one class of K for each sample: labels, or
                                targets with CNN_LOSS_SOFTMAX_CROSS_ENTROPY, of
                                which the largest is the class */
    CNN_SCORE_LABELS = 1,  /**< K labels, each there (a target above 1/2) or
                                not: CNN_LOSS_BINARY_CROSS_ENTROPY */
    CNN_SCORE_NUMBERS = 2  /**< K numbers: targets with any other loss */
};

/** Options of cnn_net_score(). Zero means the default in brackets. */
typedef struct cnn_score_options {
    uint32_t struct_size; /**< sizeof(cnn_score_options) */
    float threshold; /**< of CNN_SCORE_LABELS: a label is said to be there if
                          its probability is larger; above 0 and below 1 [0.5].
                          The probability is the sigmoid of the logit, whether
                          the net ends with a sigmoid, and predicts it, or not,
                          and predicts the logit: what is compared is the logit,
                          with log(threshold / (1 - threshold)), so that no
                          rounding of a probability decides */
    int32_t top_k;   /**< of CNN_SCORE_CLASSES: 1 to K [5, or K if that is
                          less] */
} cnn_score_options;

/**
 * The scores of a net over a dataset. What does not apply to what is scored is
 * NaN; so is an average over samples whose weights are all 0.
 *
 * With TP, FP and FN of cnn_class_scores, precision = TP / (TP + FP), recall =
 * TP / (TP + FN), F1 = 2 TP / (2 TP + FP + FN), each 0 for 0 / 0 (van
 * Rijsbergen, 1979). `micro_` is that of the sums over all classes, `macro_`
 * the mean of those of the classes (Sokolova and Lapalme, 2009;
 * precision_recall_fscore_support): of those that a sample has or was taken
 * for, or of all K labels.
 */
typedef struct cnn_scores {
    uint32_t struct_size; /**< sizeof(cnn_scores), set before the call */
    int32_t kind;         /**< CNN_SCORE_... */
    int32_t outputs;      /**< K */
    int32_t top_k;        /**< as used; 0 unless there are classes */
    double loss;          /**< as that of cnn_net_evaluate() */
    int64_t count;        /**< samples */
    int64_t correct; /**< samples that are right, whatever their weight: as that
                          of cnn_net_evaluate(), but at the threshold */
    double weight;   /**< the weights of all samples, added up */
    double accuracy; /**< share that is right; of labels, with all K of them
                          (accuracy_score) */
    double element_accuracy;  /**< labels: share of the N K labels that is right
                                   (1 - hamming_loss) */
    double top_k_accuracy;    /**< classes: share whose class is among the top_k
                                   best outputs; of equal ones the first counts,
                                   so that 1 gives the accuracy
                                   (top_k_accuracy_score) */
    double balanced_accuracy; /**< classes: mean recall of those that a sample
                                   has (balanced_accuracy_score; Brodersen et
                                   al., 2010) */
    double macro_precision, macro_recall, macro_f1; /**< not of numbers */
    double micro_precision, micro_recall, micro_f1; /**< not of numbers */
    double mae;  /**< numbers: mean of |y - t| (mean_absolute_error) */
    double mse;  /**< numbers: mean of (y - t)^2 (mean_squared_error) */
    double rmse; /**< numbers: root of the mean square of each output, and the
                      mean of these (root_mean_squared_error) */
    double r2;   /**< numbers: mean of the R2 of the outputs (r2_score,
                      "uniform_average") */
} cnn_scores;

/**
 * Those of one class, label or number; NaN if it does not apply.
 *
 * An output that is NaN says nothing: a class or label that is there is missed
 * (FN), and none is wrongly found (FP). With classes that holds for a sample
 * with any NaN, which is in no top_k either. A label is wrong if its output is
 * NaN, there or not. In numbers a NaN stays.
 */
typedef struct cnn_class_scores {
    uint32_t struct_size;  /**< sizeof(cnn_class_scores): set in the first entry
                                before the call, by libcnn in the others */
    uint32_t reserved;     /**< 0 */
    double support;        /**< weight of the samples that have it: TP + FN */
    double true_positives; /**< TP: weight of those that have it and were
                                taken to */
    double false_positives;       /**< FP: that were wrongly taken to */
    double false_negatives;       /**< FN: that have it and were not taken to */
    double precision, recall, f1; /**< as in cnn_scores */
    double mae, mse, rmse;        /**< as in cnn_scores, of this output */
    double r2; /**< 1 - sum of w (y - t)^2 / sum of w (t - mean of t)^2 (Draper
                    and Smith, 1998; r2_score); with equal targets 1 if each is
                    met, else 0; NaN with fewer than two samples */
} cnn_class_scores;

/**
 * Scores a net over a whole dataset, in batches of its max_batch; costs little
 * more than cnn_net_evaluate(). Sums are in double, in the order of the
 * samples: they depend on the outputs only, and not on threads and batches,
 * except for the loss, whose sum is by batches.
 *
 * @param options  NULL for the defaults
 * @param out      not NULL
 * @param classes  one for each output, K; NULL if not wanted
 * @return as cnn_net_evaluate(), and CNN_EINVAL for a threshold, a top_k or a
 *         struct_size that cannot be; nothing is written then
 */
CNN_API cnn_status cnn_net_score(cnn_net *net, const cnn_dataset *dataset,
                                 const cnn_score_options *options,
                                 cnn_scores *out, cnn_class_scores *classes);

CNN_END_DECLS

#endif
