/* Loss, correct guesses and confusion matrix over a dataset. */
#include <string.h>

#include "cnn/trainer.h"
#include "data/dataset_impl.h"
#include "train/step.h"
#include "train/walk.h"

/* What an evaluation counts. */
typedef struct counts {
    bool of_classes;
    int64_t correct;
    int64_t *confusion; /* NULL: not wanted */
} counts;

static void count_guesses(counts *c, const cnn_net *net, const cnn__outcome *o)
{
    for (int32_t n = 0; n < o->N; n++) {
        const int32_t guess = cnn__walk_guess(net, o, n);
        const int32_t class = cnn__walk_class(net, o, n);

        c->correct += guess == class;
        if (c->confusion != NULL && guess >= 0)
            c->confusion[(size_t) class * o->K + (size_t)guess]++;
    }
}

static void visit(void *data, const cnn_net *net, const cnn__outcome *o)
{
    const cnn__criterion criterion = cnn__net_criterion(net);
    counts *c = data;

    if (c->of_classes)
        count_guesses(c, net, o);
    else
        c->correct += cnn__hits(&criterion, o);
}

cnn_status cnn__evaluate(cnn_net *net, const cnn_dataset *dataset,
                         int64_t *confusion, cnn__found *found)
{
    cnn__walk walk;

    CNN__TRY(cnn__walk_open(&walk, net, dataset));
    const size_t K = cnn__shape_size(&net->out);
    if (confusion != NULL)
        memset(confusion, 0, K * K * sizeof(*confusion));
    counts c = {.of_classes = cnn__walk_of_classes(net, dataset),
                .confusion = confusion};
    const cnn_status status = cnn__walk_run(&walk, visit, &c);
    cnn__walk_close(&walk);
    if (status != CNN_OK) {
        if (confusion != NULL) /* the counts of a part are of no use */
            memset(confusion, 0, K * K * sizeof(*confusion));
        return status;
    }
    *found = (cnn__found){walk.loss, walk.weight, cnn_dataset_count(dataset),
                          c.correct};
    return CNN_OK;
}

cnn_status cnn_net_evaluate(cnn_net *net, const cnn_dataset *dataset,
                            cnn_metrics *out, int64_t *confusion)
{
    cnn__found found;

    CNN__TRY(cnn__walk_check(net, dataset, out, "net_evaluate"));
    if (confusion != NULL && cnn__dataset_target_floats(dataset) > 0)
        return cnn__fail(CNN_EINVAL, "net_evaluate: a confusion matrix is of "
                                     "labels, the dataset has targets");
    CNN__TRY(cnn__evaluate(net, dataset, confusion, &found));
    *out =
        (cnn_metrics){cnn__found_loss(net, &found), found.count, found.correct};
    return CNN_OK;
}
