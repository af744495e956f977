/* Averages over ranks: of running statistics after each step; of all that a
 * training changes, where ranks take steps by themselves (local SGD). */
#include <string.h>

#include "train/optim_impl.h"
#include "train/ranks.h"
#include "train/trainer_impl.h"

/* -------------------------------------------------- running statistics --- */

/* They stand at the end of a record. */
static float *fixed_of(const cnn__ranks *r, char *record)
{
    return (float *)(void *)(record + sizeof(cnn__head) +
                             (size_t)r->most * sizeof(cnn__found));
}

void cnn__ranks_give_fixed(const cnn_trainer *t)
{
    const cnn__params *params = &t->net->params;

    if (t->ranks->follows)
        memcpy(fixed_of(t->ranks, t->ranks->mine), params->fixed,
               params->fixed_count * sizeof(float));
}

void cnn__ranks_average_fixed(const cnn_trainer *t)
{
    const cnn__ranks *r = t->ranks;
    const cnn__params *params = &t->net->params;

    for (size_t k = 0; r->follows && k < params->fixed_count; k++) {
        double sum = 0.0;

        for (int32_t i = 0; i < r->o.size; i++)
            sum += (double)cnn__rank_samples(r, t->o.batch, i) *
                   (double)fixed_of(r, r->all + (size_t)i * r->record)[k];
        params->fixed[k] = (float)(sum / (double)t->o.batch);
    }
}

/* --------------------------------------------------------- parameters --- */

bool cnn__ranks_steps_alone(const cnn__ranks *r)
{
    return r != NULL && r->o.average_every > 0;
}

/* Updates of a layer by this optimiser, whose first sets those of another to
 * zero. */
static int64_t updates_of(const cnn_trainer *t, int32_t layer)
{
    const cnn__params *params = &t->net->layers[layer]->params;

    return params->rule == t->optim->rule ? params->steps : 0;
}

/* From here on, all ranks have the same parameters. */
void cnn__ranks_alike(const cnn_trainer *t)
{
    cnn__ranks *r = t->ranks;

    r->apart = false;
    for (int32_t i = 0; i < t->net->count; i++)
        r->updates[i] = updates_of(t, i);
}

/* Does a layer differ from rank to rank? What did not move is left alone: its
 * average could be rounded. */
static bool differs(const cnn_trainer *t, int32_t layer)
{
    return updates_of(t, layer) != t->ranks->updates[layer];
}

static cnn_status average(cnn__ranks *r, float share, size_t n, float *x)
{
    if (r->o.size == 1)
        return CNN_OK;
    for (size_t i = 0; i < n; i++)
        x[i] *= share;
    return cnn__ranks_sum(r, n, x);
}

/* Parameters and the optimiser's memory of layers `first` to before `end`,
 * which follow each other. */
static cnn_status average_layers(const cnn_trainer *t, int32_t first,
                                 int32_t end)
{
    cnn__ranks *r = t->ranks;
    const cnn__params *params = &t->net->layers[first]->params;
    const float share =
        (float)((double)cnn__rank_samples(r, t->o.batch, r->o.rank) /
                (double)t->o.batch);
    size_t n = 0;

    for (int32_t i = first; i < end; i++)
        n += t->net->layers[i]->params.count;
    CNN__TRY(average(r, share, n, params->value));
    for (int k = 0; k < t->optim->rule->slots; k++)
        CNN__TRY(average(r, share, n, params->slot[k]));
    return CNN_OK;
}

cnn_status cnn__ranks_average(const cnn_trainer *t, int32_t call,
                              cnn_status status)
{
    const int32_t count = t->net->count;
    int32_t first = 0;

    cnn__ranks_give_fixed(t);
    CNN__TRY(cnn__ranks_meet(t->ranks, t,
                             (cnn__head){.call = call, .status = status}));
    cnn__ranks_average_fixed(t);
    for (int32_t i = 0; i <= count; i++) {
        if (i < count && differs(t, i))
            continue;
        if (first < i)
            CNN__TRY(average_layers(t, first, i));
        first = i + 1;
    }
    cnn__ranks_alike(t);
    return CNN_OK;
}

cnn_status cnn__ranks_together(const cnn_trainer *t, int32_t call)
{
    if (t->ranks == NULL || !t->ranks->apart)
        return CNN_OK;
    /* What an update of this rank alone made infinite, nobody was told of. */
    return cnn__ranks_average(t, call, cnn__net_check_finite(t->net));
}

cnn_status cnn__ranks_moved(const cnn_trainer *t, cnn_status status)
{
    cnn__ranks *r = t->ranks;

    r->apart = true;
    if ((t->step + 1) % r->o.average_every == 0)
        return cnn__ranks_average(t, CNN__CALL_STEP, status);
    return status == CNN_EDIVERGED ? CNN_OK : status;
}
