/* Batch normalisation over the samples of all ranks. */
#include "train/ranks.h"
#include "train/trainer_impl.h"

/* In the order of the ranks, so that all have the same bits. Passes cannot
 * fail: the step does afterwards. */
static void sum(void *user, size_t n, double *x)
{
    cnn__ranks *r = ((cnn_trainer *)user)->ranks;

    if (r->lost != CNN_OK)
        return;
    r->lost = cnn__ranks_exchange(r, n * sizeof(*x), x, r->gathered);
    for (size_t i = 0; i < n && r->lost == CNN_OK; i++) {
        double all = r->gathered[i];

        for (size_t k = 1; k < (size_t)r->o.size; k++)
            all += r->gathered[k * n + i];
        x[i] = all;
    }
}

static cnn_status agree(void *user, cnn_status status)
{
    cnn_trainer *t = user;

    CNN__TRY(t->ranks->lost);
    return cnn__ranks_meet(
        t->ranks, t, (cnn__head){.call = CNN__CALL_STEP, .status = status});
}

cnn__over_ranks cnn__ranks_over(cnn_trainer *t)
{
    return (cnn__over_ranks){
        .sum = sum, .agree = agree, .user = t, .rooms = t->ranks->rooms};
}
