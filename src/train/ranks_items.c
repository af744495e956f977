/* What ranks must have alike. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cnn/version.h"
#include "train/optim_impl.h"
#include "train/ranks.h"
#include "train/trainer_impl.h"

/* ---------------------------------------------------------------- hashes ---
 */

/* Eight bytes at a time, each step one that can be undone: so two arrays that
 * differ in one place only never have the same hash. */
static uint64_t stir(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */
    return hash ^ (hash >> 32);
}

static uint64_t add_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const char *at = bytes;
    uint64_t word;

    for (; size >= sizeof(word); size -= sizeof(word), at += sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        hash = stir(hash, word);
    }
    if (size == 0)
        return hash;
    word = size;
    memcpy(&word, at, size);
    return stir(hash, word);
}

/* The settings of an options struct, without its size. */
static uint64_t add_options(uint64_t hash, const void *options, size_t size)
{
    return add_bytes(hash, (const char *)options + sizeof(uint32_t),
                     size - sizeof(uint32_t));
}

static uint64_t bits(float x)
{
    uint32_t word;

    memcpy(&word, &x, sizeof(word));
    return word;
}

static uint64_t add_layer(uint64_t hash, const cnn_layer *layer)
{
    const cnn__layer_ops *ops = layer->ops;
    const cnn__rule *rule = layer->params.rule;

    hash = add_bytes(hash, ops->kind, strlen(ops->kind));
    for (int32_t i = 0; i < ops->field_count; i++)
        if (ops->fields[i].type != CNN__UNSTORED)
            hash =
                add_bytes(hash, (const char *)layer + ops->fields[i].offset, 4);
    hash = add_bytes(hash, layer->from,
                     (size_t)layer->from_count * sizeof(layer->from[0]));
    hash = add_bytes(hash, &layer->out, sizeof(layer->out));
    hash = stir(hash, layer->params.count);
    hash = stir(hash, layer->params.fixed_count);
    hash = stir(hash, (uint64_t)layer->params.steps);
    if (rule != NULL) /* whose memory it has */
        hash = add_bytes(hash, rule->name, strlen(rule->name));
    hash = stir(hash, (uint64_t)layer->frozen);
    return stir(hash, bits(layer->lr_factor));
}

static uint64_t hash_net(const cnn_net *net)
{
    uint64_t hash = stir(0, (uint64_t)net->count);

    hash = add_bytes(hash, &net->in, sizeof(net->in));
    for (int32_t i = 0; i < net->count; i++)
        hash = add_layer(hash, net->layers[i]);
    return hash;
}

static uint64_t hash_loss(const cnn_net *net)
{
    const cnn_loss_options *o = &net->loss_options;
    const uint64_t hash = stir((uint64_t)net->loss, (uint64_t)net->reduction);

    return add_options(hash, o, sizeof(*o));
}

static uint64_t hash_optimizer(const cnn_optim *optim)
{
    const uint64_t hash =
        add_bytes(0, optim->rule->name, strlen(optim->rule->name));

    return add_bytes(hash, optim->settings, sizeof(optim->settings));
}

/* Settings and state. */
static uint64_t hash_schedule(const cnn_trainer *t)
{
    const cnn__schedule *s = &t->schedule;
    const double state[] = {(double)s->base,   s->loss,
                            s->samples,        s->best,
                            (double)s->waited, (double)s->scale};

    if (!t->scheduled)
        return 0;
    return add_bytes(add_options(0, &s->o, sizeof(s->o)), state, sizeof(state));
}

static uint64_t hash_stopping(const cnn_trainer *t)
{
    const cnn__stopping *s = &t->stopping;

    if (!s->on)
        return 0;
    uint64_t hash = add_options(0, &s->o, sizeof(s->o));
    hash = add_bytes(hash, &s->value, sizeof(s->value));
    return stir(stir(hash, (uint64_t)s->step), (uint64_t)s->waited);
}

static uint64_t hash_params(const cnn_net *net)
{
    const cnn__params *p = &net->params;
    const uint64_t hash = add_bytes(0, p->value, p->count * sizeof(float));

    return add_bytes(hash, p->fixed, p->fixed_count * sizeof(float));
}

/* Is this a step after which parameters are compared? At least so many steps
 * lie between two of them, at the end of which all ranks are alike. */
static bool is_checked(const cnn_trainer *t)
{
    const cnn__ranks *r = t->ranks;
    const int64_t every = r->o.check_every;
    const int64_t alone = cnn__ranks_steps_alone(r) ? r->o.average_every : 1;

    return every > 0 && !r->apart && t->step >= alone &&
           t->step / every != (t->step - alone) / every;
}

void cnn__items_of(const cnn_trainer *t, cnn__items *items)
{
    const cnn__ranks *r = t->ranks;

    *items = (cnn__items){
        .version = cnn_version_number(),
        .net = hash_net(t->net),
        .loss = hash_loss(t->net),
        .dataset = r->dataset,
        .optimizer = hash_optimizer(t->optim),
        .lr = bits(t->optim->lr),
        .batch = (uint64_t)t->o.batch,
        .accumulate = (uint64_t)t->o.accumulate,
        .average_every = (uint64_t)r->o.average_every,
        .portions = (uint64_t)r->portions,
        .seed = t->o.seed,
        .flags = t->o.flags,
        .joins = r->o.flags,
        .clip_norm = bits(t->o.clip_norm),
        .schedule = hash_schedule(t),
        .augmentation =
            t->augmented ? add_options(1, &t->augment, sizeof(t->augment)) : 0,
        .average = bits(t->average.decay),
        .stopping = hash_stopping(t),
        .net_seed = t->net->pass.run.seed,
        .passes = t->net->pass.run.step,
        .step = (uint64_t)t->step,
        .epoch = (uint64_t)t->epoch,
        .position = (uint64_t)t->position,
    };
    if (is_checked(t))
        items->params = hash_params(t->net);
}

/* --------------------------------------------------------------- compare ---
 */

/* How the text of a difference shows an item. */
typedef enum form { NUMBER, REAL, HASH } form;

typedef struct entry {
    size_t at;
    const char *name;
    form form;
} entry;

#define ITEM(field, name, form)                  \
    {                                            \
        offsetof(cnn__items, field), name, form, \
    }

static const entry all_items[] = {
    ITEM(version, "version of libcnn", NUMBER),
    ITEM(net, "net", HASH),
    ITEM(loss, "loss", HASH),
    ITEM(dataset, "dataset", HASH),
    ITEM(optimizer, "optimiser", HASH),
    ITEM(lr, "learning rate", REAL),
    ITEM(accumulate, "accumulate", NUMBER),
    ITEM(batch, "batch", NUMBER),
    ITEM(average_every, "average_every", NUMBER),
    ITEM(portions, "portions", NUMBER),
    ITEM(seed, "seed", NUMBER),
    ITEM(flags, "flags", NUMBER),
    ITEM(joins, "flags of the ranks", NUMBER),
    ITEM(clip_norm, "clip_norm", REAL),
    ITEM(schedule, "schedule", HASH),
    ITEM(augmentation, "augmentation", HASH),
    ITEM(average, "decay of the average", REAL),
    ITEM(stopping, "stopping", HASH),
    ITEM(net_seed, "seed of the net", NUMBER),
    ITEM(passes, "training passes", NUMBER),
    ITEM(step, "step", NUMBER),
    ITEM(epoch, "epoch", NUMBER),
    ITEM(position, "position", NUMBER),
    ITEM(params, "parameters", HASH),
};

#define VALUE_TEXT 32

static void show(const entry *item, uint64_t value, char text[VALUE_TEXT])
{
    const uint32_t word = (uint32_t)value;
    float real;

    memcpy(&real, &word, sizeof(real));
    if (item->form == REAL)
        snprintf(text, VALUE_TEXT, "%.9g", (double)real);
    else if (item->form == HASH)
        snprintf(text, VALUE_TEXT, "%016llx", (unsigned long long)value);
    else
        snprintf(text, VALUE_TEXT, "%llu", (unsigned long long)value);
}

static uint64_t value_of(const cnn__items *items, const entry *item)
{
    uint64_t value;

    memcpy(&value, (const char *)items + item->at, sizeof(value));
    return value;
}

cnn_status cnn__items_compare(const cnn__items *first, const cnn__items *other,
                              int32_t rank)
{
    for (size_t i = 0; i < sizeof(all_items) / sizeof(all_items[0]); i++) {
        const entry *item = &all_items[i];
        const uint64_t want = value_of(first, item),
                       got = value_of(other, item);
        char got_text[VALUE_TEXT], want_text[VALUE_TEXT];

        if (got == want)
            continue;
        show(item, got, got_text);
        show(item, want, want_text);
        return cnn__fail(CNN_EINVAL,
                         "after step %llu rank %d differs from rank 0: %s %s, "
                         "not %s",
                         (unsigned long long)first->step, rank, item->name,
                         got_text, want_text);
    }
    return CNN_OK;
}
