/* How ranks meet: what each gives to the others, and what becomes of it. */
#include "train/ranks.h"

#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "data/dataset_impl.h"
#include "train/optim_impl.h"
#include "train/trainer_impl.h"

/* -------------------------------------------------- the program's calls --- */

/* What a function of the program returned. */
static cnn_status outcome(const cnn__ranks *r, int32_t code, const char *name)
{
    if (code == 0)
        return CNN_OK;
    if (!cnn__is_failure(code) || cnn_last_status() != (cnn_status)code)
        return cnn__fail(CNN_EIO, "rank %d: its %s failed with %d", r->o.rank,
                         name, code);
    cnn__fail_where("rank %d", r->o.rank);
    return (cnn_status)code;
}

cnn_status cnn__ranks_exchange(cnn__ranks *r, size_t bytes, const void *mine,
                               void *all)
{
    return outcome(r, r->o.exchange(r->o.user, (int64_t)bytes, mine, all),
                   "exchange");
}

cnn_status cnn__ranks_sum(cnn__ranks *r, size_t count, float *x)
{
    return outcome(r, r->o.sum(r->o.user, (int64_t)count, x), "sum");
}

cnn_status cnn__ranks_spread(cnn__ranks *r, size_t bytes, void *data)
{
    if (bytes == 0)
        return CNN_OK;
    return outcome(r, r->o.spread(r->o.user, (int64_t)bytes, data), "spread");
}

/* ------------------------------------------------------------- portions --- */

int32_t cnn__ranks_portions(const cnn__ranks *r)
{
    return r != NULL ? r->portions : 1;
}

int32_t cnn__portions_before(const cnn__ranks *r, int32_t rank)
{
    return (int32_t)((int64_t)r->portions * rank / r->o.size);
}

int32_t cnn__portion_begin(const cnn__ranks *r, int32_t B, int32_t p)
{
    return cnn__piece_begin(B, r->portions, p);
}

int32_t cnn__rank_samples(const cnn__ranks *r, int32_t B, int32_t rank)
{
    return cnn__portion_begin(r, B, cnn__portions_before(r, rank + 1)) -
           cnn__portion_begin(r, B, cnn__portions_before(r, rank));
}

int32_t cnn__ranks_begin(const cnn__ranks *r, int32_t B)
{
    return r != NULL ? cnn__portion_begin(r, B, r->first) : 0;
}

int32_t cnn__ranks_end(const cnn__ranks *r, int32_t B)
{
    return r != NULL ? cnn__portion_begin(r, B, r->first + r->count) : B;
}

/* --------------------------------------------------------------- create --- */

/* Settings of which not all go together. */
static cnn_status check_kind(const cnn_ranks *o)
{
    if (o->average_every < 0 || (o->flags & ~CNN_BATCHNORM_OVER_RANKS) != 0)
        return cnn__fail(CNN_EINVAL,
                         "ranks: average_every %d, flags 0x%x, expected at "
                         "least 0, and 0 or 0x%x",
                         o->average_every, (unsigned)o->flags,
                         CNN_BATCHNORM_OVER_RANKS);
    if (o->average_every > 0 && o->flags != 0)
        return cnn__fail(CNN_EINVAL,
                         "ranks: average_every %d with flags 0x%x: a rank that "
                         "steps by itself has statistics of its own",
                         o->average_every, (unsigned)o->flags);
    if (o->average_every > 0 && o->portions > 0)
        return cnn__fail(CNN_EINVAL,
                         "ranks: average_every %d with %d portions: steps of "
                         "one rank depend on the number of ranks",
                         o->average_every, o->portions);
    return CNN_OK;
}

static cnn_status check(const cnn_ranks *o)
{
    if (o->size < 1 || o->size > CNN_MAX_PORTIONS || o->rank < 0 ||
        o->rank >= o->size)
        return cnn__fail(CNN_EINVAL,
                         "ranks: rank %d of %d, expected 0 to below the size, "
                         "which is 1 to %d",
                         o->rank, o->size, CNN_MAX_PORTIONS);
    if (o->portions != 0 &&
        (o->portions < o->size || o->portions > CNN_MAX_PORTIONS))
        return cnn__fail(CNN_EINVAL,
                         "ranks: %d portions, expected 0, or %d, one for each "
                         "rank, to %d",
                         o->portions, o->size, CNN_MAX_PORTIONS);
    if (o->check_every < -1 || o->reserved != 0)
        return cnn__fail(
            CNN_EINVAL,
            "ranks: check_every %d, reserved %u, expected at least "
            "-1 and 0",
            o->check_every, o->reserved);
    if (o->exchange == NULL || o->sum == NULL || o->spread == NULL)
        return cnn__fail(CNN_EINVAL, "ranks: a function is NULL");
    return check_kind(o);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void cut(cnn__ranks *r, int32_t portions)
{
    r->portions = portions;
    r->first = cnn__portions_before(r, r->o.rank);
    r->count = cnn__portions_before(r, r->o.rank + 1) - r->first;
    r->most = (int32_t)(((int64_t)portions + r->o.size - 1) / r->o.size);
}

static cnn__ranks *take(const cnn_ranks *o)
{
    cnn__ranks *r = cnn__alloc_zero(sizeof(*r));

    if (r == NULL)
        return NULL;
    r->o = *o;
    if (o->check_every == 0)
        r->o.check_every = 100;
    cut(r, o->portions > 0 ? o->portions : o->size);
    r->heads = cnn__alloc(
        cnn__size_mul((size_t)o->size, larger(sizeof(cnn__head), CNN__TEXT)));
    if (r->heads != NULL)
        return r;
    cnn__ranks_free(r);
    return NULL;
}

/* What the ranks told each other first: how many refused what they were given,
 * and how many have no memory. All have the same status, and a rank that failed
 * its own text. */
static void fail_new(const cnn_ranks *o, const cnn__ranks *r, int32_t code,
                     const float failed[2])
{
    const bool refused = code == 0 && failed[0] > 0.0f;

    if (check(o) != CNN_OK) /* recorded again, after the sum */
        return;
    if (refused)
        cnn__fail(CNN_EINVAL, "ranks: %g of %d have settings that are refused",
                  (double)failed[0], o->size);
    else if (r != NULL && code != 0)
        outcome(r, code, "sum");
    else
        cnn__fail(CNN_ENOMEM, "no memory on %g of %d ranks", (double)failed[1],
                  o->size);
}

cnn__ranks *cnn__ranks_new(const cnn_ranks *ranks)
{
    cnn_ranks o;

    if (ranks == NULL) {
        cnn__fail(CNN_EINVAL, "ranks is NULL");
        return NULL;
    }
    if (cnn__options_read(&o, sizeof(o), ranks, "ranks") != CNN_OK)
        return NULL;
    const bool good = check(&o) == CNN_OK;
    if (!good && o.sum == NULL)
        return NULL;
    cnn__ranks *r = good ? take(&o) : NULL;
    /* Without a place among the ranks it can still say so in two floats. */
    float failed[] = {good ? 0.0f : 1.0f, good && r == NULL ? 1.0f : 0.0f};
    const int32_t code = o.sum(o.user, 2, failed);
    if (r != NULL && code == 0 && failed[0] == 0.0f && failed[1] == 0.0f)
        return r;
    fail_new(&o, r, code, failed);
    cnn__ranks_free(r);
    return NULL;
}

void cnn__ranks_free(cnn__ranks *r)
{
    if (r == NULL)
        return;
    cnn__free(r->heads);
    cnn__free(r->memory);
    cnn__free(r);
}

static void lay_out_rooms(cnn__ranks *r, const cnn_net *net, cnn__arena *arena)
{
    const size_t layers = (size_t)net->count, one = sizeof(double);
    size_t most = 0;

    r->rooms = cnn__arena_take(arena, layers, sizeof(*r->rooms));
    for (size_t i = 0; i < layers; i++) {
        const cnn_layer *layer = net->layers[i];
        const bool follows = (layer->ops->traits & CNN__FOLLOWS) != 0;
        const size_t room = follows ? 1 + 4 * (size_t)layer->in.c : 0;
        double *at = cnn__arena_take(arena, room, one);

        if (arena->base != NULL)
            r->rooms[i] = at;
        most = larger(most, room);
    }
    r->gathered =
        cnn__arena_take(arena, cnn__size_mul((size_t)r->o.size, most), one);
}

static void lay_out(cnn__ranks *r, const cnn_net *net, cnn__arena *arena)
{
    const cnn__params *p = &net->params;
    const size_t most = (size_t)r->most, size = (size_t)r->o.size;
    const bool ordered = r->o.portions > 0;
    const size_t chunk = ordered ? most * CNN__PARAMS_CHUNK : 0;

    r->mine = cnn__arena_take(arena, r->record, 1);
    r->all = cnn__arena_take(arena, size, r->record);
    r->updates =
        cnn__arena_take(arena, (size_t)net->count, sizeof(*r->updates));
    r->before = cnn__arena_floats(arena, r->follows ? p->fixed_count : 0);
    r->grads = cnn__arena_floats(
        arena, cnn__size_mul(ordered ? (size_t)r->count : 0, p->count));
    r->chunk = cnn__arena_floats(arena, chunk);
    r->chunks = cnn__arena_floats(arena, cnn__size_mul(size, chunk));
    if (r->joins)
        lay_out_rooms(r, net, arena);
}

bool cnn__ranks_follows(const cnn_net *net)
{
    bool follows = false;

    for (int32_t i = 0; i < net->count; i++)
        follows |= (net->layers[i]->ops->traits & CNN__FOLLOWS) != 0;
    return follows;
}

size_t cnn__ranks_record(const cnn_net *net, size_t portions)
{
    const size_t floats = cnn__ranks_follows(net) ? net->params.fixed_count : 0;

    return sizeof(cnn__head) + portions * sizeof(cnn__found) +
           (floats + 1) / 2 * 2 * sizeof(float);
}

cnn_status cnn__ranks_prepare(cnn__ranks *r, const cnn_net *net,
                              const cnn_dataset *dataset, int32_t accumulate)
{
    cnn__arena arena = {0};

    r->follows = cnn__ranks_follows(net);
    if (r->follows && r->o.portions > 0)
        return cnn__fail(CNN_EUNSUPPORTED,
                         "ranks: %d portions, and a net with running "
                         "statistics, which would be those of a portion",
                         r->o.portions);
    r->joins = r->follows && (r->o.flags & CNN_BATCHNORM_OVER_RANKS) != 0;
    r->dataset = cnn_dataset_fingerprint(dataset);
    cut(r, r->portions * accumulate); /* not more than the batch */
    r->record = cnn__ranks_record(net, (size_t)r->most);
    lay_out(r, net, &arena);
    r->memory = cnn__alloc(arena.used);
    if (r->memory == NULL)
        return cnn_last_status();
    arena = (cnn__arena){.base = r->memory};
    lay_out(r, net, &arena);
    memset(r->mine, 0, r->record);
    return CNN_OK;
}

static cnn_status spread_slots(cnn__ranks *r, const cnn_layer *layer)
{
    const cnn__rule *rule = layer->params.rule;

    for (int k = 0; rule != NULL && k < rule->slots; k++)
        CNN__TRY(cnn__ranks_spread(r, layer->params.count * sizeof(float),
                                   layer->params.slot[k]));
    return CNN_OK;
}

cnn_status cnn__ranks_start(cnn__ranks *r, cnn_trainer *t)
{
    const cnn__head head = {.call = CNN__CALL_CREATE,
                            .status = t != NULL ? CNN_OK : cnn_last_status()};

    CNN__TRY(cnn__ranks_meet(r, t, head));
    const cnn__params *p = &t->net->params;
    CNN__TRY(cnn__ranks_spread(r, p->count * sizeof(float), p->value));
    CNN__TRY(cnn__ranks_spread(r, p->fixed_count * sizeof(float), p->fixed));
    for (int32_t i = 0; i < t->net->count; i++)
        CNN__TRY(spread_slots(r, t->net->layers[i]));
    cnn__ranks_alike(t);
    return CNN_OK;
}

/* ----------------------------------------------------------------- meet --- */

static const char *const calls[] = {"create", "step",   "run",   "validate",
                                    "save",   "resume", "resume"};

static const char *call_name(int32_t call)
{
    const size_t count = sizeof(calls) / sizeof(calls[0]);

    return call >= 0 && (size_t)call < count ? calls[call] : "?";
}

const cnn__head *cnn__ranks_head(const cnn__ranks *r, int32_t rank)
{
    return (const cnn__head *)(void *)(r->heads +
                                       (size_t)rank * sizeof(cnn__head));
}

/* All ranks tell why they failed, and report the same one. */
static cnn_status fail_as(cnn__ranks *r, int32_t rank, cnn_status status)
{
    char text[CNN__TEXT] = "";

    if (cnn__ranks_head(r, r->o.rank)->status != CNN_OK)
        memcpy(text, cnn_last_error(), sizeof(text));
    CNN__TRY(cnn__ranks_exchange(r, sizeof(text), text, r->heads));
    memcpy(text, r->heads + (size_t)rank * sizeof(text), sizeof(text));
    text[CNN__TEXT - 1] = '\0';
    return cnn__fail(cnn__is_failure(status) ? status : CNN_EIO, "rank %d: %s",
                     rank, text);
}

/* Looks at the heads of all ranks. */
static cnn_status judge(cnn__ranks *r)
{
    const cnn__head *first = cnn__ranks_head(r, 0);

    for (int32_t i = 1; i < r->o.size; i++)
        r->strayed |= cnn__ranks_head(r, i)->call != first->call;
    for (int32_t i = 0; i < r->o.size; i++) {
        const cnn__head *head = cnn__ranks_head(r, i);

        if (head->status != CNN_OK)
            return fail_as(r, i, (cnn_status)head->status);
    }
    for (int32_t i = 1; i < r->o.size; i++) {
        const cnn__head *head = cnn__ranks_head(r, i);

        if (head->call != first->call)
            return cnn__fail(CNN_EINVAL,
                             "rank %d is at %s, and rank 0 at %s: all ranks "
                             "must make the same calls",
                             i, call_name(head->call), call_name(first->call));
        CNN__TRY(cnn__items_compare(&first->items, &head->items, i));
        if (head->call == CNN__CALL_VALIDATE && head->amount != first->amount)
            return cnn__fail(CNN_EINVAL,
                             "rank %d validates with %lld samples, and rank 0 "
                             "with %lld",
                             i, (long long)head->amount,
                             (long long)first->amount);
    }
    return CNN_OK;
}

cnn_status cnn__ranks_meet(cnn__ranks *r, const cnn_trainer *t, cnn__head head)
{
    if (head.status == CNN_OK && head.call != CNN__CALL_READ)
        cnn__items_of(t, &head.items);
    if (head.call == CNN__CALL_CREATE) { /* not all have a record */
        CNN__TRY(cnn__ranks_exchange(r, sizeof(head), &head, r->heads));
        return judge(r);
    }
    memcpy(r->mine, &head, sizeof(head));
    CNN__TRY(cnn__ranks_exchange(r, r->record, r->mine, r->all));
    for (size_t i = 0; i < (size_t)r->o.size; i++)
        memcpy(r->heads + i * sizeof(head), r->all + i * r->record,
               sizeof(head));
    return judge(r);
}
