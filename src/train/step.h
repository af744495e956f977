/* What training steps, trainers and evaluation share. */
#ifndef CNN_TRAIN_STEP_H
#define CNN_TRAIN_STEP_H

#include "cnn/trainer.h"
#include "net/net_impl.h"
#include "train/loss.h"

/* What a pass over some samples found. */
typedef struct cnn__found {
    double loss;   /* of each sample, times its weight, added up */
    double weight; /* of all samples */
    int64_t count, correct;
} cnn__found;

/* The loss as the net reduces it. */
double cnn__found_loss(const cnn_net *net, const cnn__found *found);

void cnn__found_add(cnn__found *all, const cnn__found *found);

/* Where piece p of a batch of N, cut into `pieces`, begins; p may be one too
 * many. */
static inline int32_t cnn__piece_begin(int32_t N, int32_t pieces, int32_t p)
{
    return (int32_t)((int64_t)N * p / pieces);
}

/* Samples `first` to before `end` of a batch. */
cnn_batch cnn__batch_part(const cnn_net *net, const cnn_batch *b, int32_t first,
                          int32_t end);

/* The first half of a step: adds the gradients of a batch, which was checked,
 * over `share` to those there are. Its samples draw the random numbers of
 * samples `first`, ... of the pass. CNN_EDIVERGED if the loss is not finite. */
cnn_status cnn__net_gradients(cnn_net *net, const cnn_batch *b, double share,
                              uint32_t first, cnn__found *found);

/* CNN_EDIVERGED unless all gradients are finite. */
cnn_status cnn__net_check_gradients(const cnn_net *net);

/* The second half: gradients that were checked are clipped, and parameters
 * updated. N is the batch of the last pass. */
cnn_status cnn__net_finish(cnn_net *net, const cnn_optim *optim,
                           float clip_norm, int32_t N);

/* cnn_net_train_batch() with the gradients clipped to a norm, 0: no clipping;
 * the batch is run in so many pieces, none of which is above max_batch. */
cnn_status cnn__net_learn(cnn_net *net, const cnn_optim *optim, float clip_norm,
                          const cnn_batch *batch, int32_t pieces,
                          cnn_metrics *out);

/* Adds up what cnn_net_evaluate() reduces, over a dataset that was checked.
 * `confusion` may be NULL. */
cnn_status cnn__evaluate(cnn_net *net, const cnn_dataset *dataset,
                         int64_t *confusion, cnn__found *found);

/* Records the units of a watched net after a step of `batch` samples. */
void cnn__watch_step(cnn_net *net, int32_t batch);

/* The loss of a net, with its settings. */
cnn__criterion cnn__net_criterion(const cnn_net *net);

/* The sum of the weights, which the mean divides by; N if there are none. */
double cnn__total_weight(const float *weights, int32_t N);

/* The number of layers before the loss. A final layer can be part of it, as a
 * softmax is under cross-entropy. */
int32_t cnn__scored_layers(const cnn_net *net);

/* The input of the loss, after a pass over x through those layers. */
const float *cnn__scored(const cnn_net *net, const float *x);

/* What a pass over a batch, which was checked, gives to the loss. */
cnn__outcome cnn__net_outcome(const cnn_net *net, const cnn_batch *b);

/* What the sum of its losses is divided by. */
double cnn__net_share(const cnn_net *net, const cnn_batch *b);

/* CNN_ESTATE if the loss is the program's own, and none was set. */
cnn_status cnn__check_loss(const cnn_net *net);

/* CNN_EINVAL unless each label is the index of an output. `first` is the number
 * of the first sample, for the error text. */
cnn_status cnn__check_labels(const int32_t *labels, int64_t first,
                             int32_t count, size_t outputs);

/* CNN_EINVAL unless the net, which must be built, can learn from that batch. */
cnn_status cnn__check_batch_of(const cnn_net *net, const cnn_batch *batch);

/* Checks that the net is built, and that images and labels of the dataset fit
 * it. */
cnn_status cnn__check_dataset(const cnn_net *net, const cnn_dataset *dataset);

#endif
