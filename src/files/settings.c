#include "files/settings.h"

#include <stdio.h>

#include "base/status.h"
#include "files/differences.h"
#include "train/optim_impl.h"

static json_t *describe_optimizer(const cnn_optim *optim)
{
    const cnn__rule *rule = optim->rule;
    json_t *json = json_object();
    int bad = json == NULL;

    for (int i = 0; i < CNN__MAX_SETTINGS && rule->names[i] != NULL; i++)
        bad |= json_object_set_new(json, rule->names[i],
                                   json_real((double)optim->settings[i]));
    if (bad == 0)
        return json;
    json_decref(json);
    return NULL;
}

/* Null if the learning rate follows no schedule. */
static json_t *describe_schedule(const cnn_trainer *t)
{
    const cnn_schedule_options *o = &t->schedule.o;

    if (!t->scheduled)
        return json_null();
    return json_pack("{s:i, s:i, s:i, s:f, s:f}", "kind", o->kind, "steps",
                     o->steps, "warmup", o->warmup, "factor", (double)o->factor,
                     "base", (double)t->schedule.base);
}

/* Null if images are not changed. */
static json_t *describe_augmentation(const cnn_trainer *t)
{
    const cnn_augment_options *o = &t->augment;

    if (!t->augmented)
        return json_null();
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:i}", "shift",
                     (double)o->shift, "rotation", (double)o->rotation, "scale",
                     (double)o->scale, "shear", (double)o->shear, "elastic",
                     (double)o->elastic, "elastic_sigma",
                     (double)o->elastic_sigma, "mirror", o->mirror);
}

/* Null if validations are not judged. */
static json_t *describe_stopping(const cnn_trainer *t)
{
    const cnn_stopping_options *o = &t->stopping.o;

    if (!t->stopping.on)
        return json_null();
    return json_pack("{s:i, s:i, s:f}", "watch", o->watch, "patience",
                     o->patience, "min_delta", (double)o->min_delta);
}

/* A number, unless that is more than many readers of JSON keep exactly. */
static json_t *describe_seed(uint64_t seed)
{
    char digits[24];

    if (seed <= (uint64_t)1 << 53)
        return json_integer((json_int_t)seed);
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)seed);
    return json_string(digits);
}

json_t *cnn__settings_describe(const cnn_trainer *t)
{
    json_t *json = json_pack(
        "{s:s, s:o, s:I, s:o, s:I, s:f, s:I, s:I, s:o, s:o, s:f, s:o}",
        "optimizer", t->optim->rule->name, "optimizer_settings",
        describe_optimizer(t->optim), "batch", (json_int_t)t->o.batch, "seed",
        describe_seed(t->o.seed), "flags", (json_int_t)t->o.flags, "clip_norm",
        (double)t->o.clip_norm, "samples", (json_int_t)t->count, "dataset",
        (json_int_t)cnn_dataset_fingerprint(t->dataset), "schedule",
        describe_schedule(t), "augmentation", describe_augmentation(t),
        "average", (double)t->average.decay, "stopping", describe_stopping(t));

    if (json == NULL)
        cnn__fail(CNN_ENOMEM, "no memory to describe the training");
    return json;
}

/* Files of before there was an average, a best, and a mirror, were made
 * without. */
static void forgive_older(json_t *ours, const json_t *saved)
{
    const json_t *moved = json_object_get(saved, "augmentation");
    json_t *moves = json_object_get(ours, "augmentation");

    if (json_object_get(moved, "mirror") == NULL &&
        json_integer_value(json_object_get(moves, "mirror")) == 0)
        json_object_del(moves, "mirror");
    if (json_object_get(saved, "average") == NULL &&
        json_number_value(json_object_get(ours, "average")) == 0.0)
        json_object_del(ours, "average");
    if (json_object_get(saved, "stopping") == NULL &&
        json_is_null(json_object_get(ours, "stopping")))
        json_object_del(ours, "stopping");
}

cnn_status cnn__settings_compare(json_t *ours, json_t *saved)
{
    cnn__differences d = {0};

    forgive_older(ours, saved);
    if (json_equal(ours, saved))
        return CNN_OK;
    /* Settings of different optimisers have different names. */
    if (json_equal(json_object_get(ours, "optimizer"),
                   json_object_get(saved, "optimizer")))
        cnn__differ(&d, "", json_object_get(ours, "optimizer_settings"),
                    json_object_get(saved, "optimizer_settings"));
    json_object_del(ours, "optimizer_settings");
    cnn__differ(&d, "", ours, saved);
    if (d.count == 0)
        return CNN_OK; /* a later version may save more settings */
    return cnn__fail(CNN_EINVAL, "the training was begun %s", d.text);
}
