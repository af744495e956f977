/* One walk over a dataset, in order, in batches: what evaluation and scores
 * share. */
#ifndef CNN_TRAIN_WALK_H
#define CNN_TRAIN_WALK_H

#include "net/net_impl.h"
#include "train/feed.h"
#include "train/loss.h"

typedef struct cnn__walk {
    cnn_net *net;
    const cnn_dataset *dataset;
    cnn__feed feed;
    int64_t listed; /* samples that are listed for batches so far */
    void *memory;   /* of the feed */
    double loss;    /* of all samples so far, times their weights, added up */
    double weight;  /* of all samples so far */
} cnn__walk;

/* Looks at what the net made of a batch. */
typedef void cnn__walk_fn(void *data, const cnn_net *net,
                          const cnn__outcome *outcome);

/* Checks what is needed for a walk, and that there is an `out`. `caller` is for
 * the texts of errors. */
cnn_status cnn__walk_check(const cnn_net *net, const cnn_dataset *dataset,
                           const void *out, const char *caller);

/* Takes memory and looks at all labels. A walk that was opened is closed, and
 * does not move until then. */
cnn_status cnn__walk_open(cnn__walk *walk, cnn_net *net,
                          const cnn_dataset *dataset);
void cnn__walk_close(cnn__walk *walk);

/* Runs the net, and calls `visit` for each batch. */
cnn_status cnn__walk_run(cnn__walk *walk, cnn__walk_fn *visit, void *data);

/* The loss of the whole walk, reduced as the net says. */
double cnn__walk_loss(const cnn__walk *walk);

/* Is a sample of one class, by its label or by the targets of cross-entropy? */
bool cnn__walk_of_classes(const cnn_net *net, const cnn_dataset *dataset);

/* That class of sample n. */
int32_t cnn__walk_class(const cnn_net *net, const cnn__outcome *outcome,
                        int32_t n);

/* The class that the outputs of sample n speak for; -1 if one of them is NaN.
 */
int32_t cnn__walk_guess(const cnn_net *net, const cnn__outcome *outcome,
                        int32_t n);

#endif
