#include "files/learning.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "files/json_read.h"
#include "files/model_impl.h"
#include "train/optim_impl.h"

/* ------------------------------------------------------------ saving --- */

static json_t *describe_layers(const cnn_net *net,
                               json_t *(*describe)(const cnn_layer *layer))
{
    json_t *list = json_array();
    int bad = list == NULL;

    for (int32_t i = 0; i < net->count; i++)
        bad |= json_array_append_new(list, describe(net->layers[i]));
    if (bad == 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *frozen_of(const cnn_layer *layer)
{
    return json_integer(layer->frozen);
}

static json_t *factor_of(const cnn_layer *layer)
{
    return json_real((double)layer->lr_factor);
}

/* Without a best, `step` is -1. */
static json_t *describe_best(const cnn__stopping *s)
{
    if (!s->on)
        return json_null();
    return json_pack("{s:I, s:f, s:i}", "step", (json_int_t)s->step, "value",
                     s->value, "waited", s->waited);
}

bool cnn__learning_describe(const cnn_trainer *t, json_t *position)
{
    const cnn_net *net = t->net;
    const cnn__sums *s = &t->sums;
    int bad = 0;

    bad |= json_object_set_new(position, "frozen",
                               describe_layers(net, frozen_of));
    bad |= json_object_set_new(position, "lr_factors",
                               describe_layers(net, factor_of));
    bad |= json_object_set_new(position, "sums",
                               json_pack("{s:I, s:f, s:I, s:I}", "epoch",
                                         (json_int_t)s->epoch, "loss", s->loss,
                                         "count", (json_int_t)s->count,
                                         "correct", (json_int_t)s->correct));
    bad |= json_object_set_new(position, "settled", json_integer(t->settled));
    bad |= json_object_set_new(position, "averaged",
                               json_integer(t->average.count));
    bad |= json_object_set_new(position, "best", describe_best(&t->stopping));
    return bad == 0;
}

/* ----------------------------------------------------------- tensors --- */

#define AVERAGE "average"
#define BEST    "best"

static void shadow_name(char name[CNN__MAX_NAME], int32_t layer, const char *of,
                        const char *part)
{
    snprintf(name, CNN__MAX_NAME, "%d.%s.%s", layer, of, part);
}

bool cnn__learning_names(const char *name)
{
    return strstr(name, "." AVERAGE ".") != NULL ||
           strstr(name, "." BEST ".") != NULL;
}

static bool has_best(const cnn__stopping *s)
{
    return s->on && s->step >= 0;
}

int32_t cnn__learning_tensors(const cnn_trainer *t)
{
    const int32_t shadows = (t->average.count > 0) + has_best(&t->stopping);

    return shadows * cnn__model_tensors(t->net);
}

static cnn_status write_shadow(const cnn_net *net, const cnn__shadow *s,
                               const char *of, cnn__writer *w)
{
    for (int32_t i = 0; i < net->count; i++) {
        const cnn_layer *layer = net->layers[i];

        for (int32_t t = 0; t < layer->tensor_count; t++) {
            const float *data = cnn__shadow_tensor(s, net, layer, t);
            char name[CNN__MAX_NAME];

            shadow_name(name, i, of, layer->tensors[t].name);
            CNN__TRY(cnn__check_elements(name, &layer->tensors[t], data));
            cnn__writer_tensor(w, name, &layer->tensors[t], data);
        }
    }
    return w->status;
}

cnn_status cnn__learning_write(const cnn_trainer *t, cnn__writer *w)
{
    if (t->average.count > 0)
        CNN__TRY(write_shadow(t->net, &t->average.shadow, AVERAGE, w));
    if (has_best(&t->stopping))
        CNN__TRY(write_shadow(t->net, &t->stopping.best, BEST, w));
    return w->status;
}

/* Reads a shadow; with NULL for it, only checks that it is there. */
static cnn_status read_shadow(const cnn__reader *r, const cnn_net *net,
                              const char *of, const cnn__shadow *s)
{
    for (int32_t i = 0; i < net->count; i++) {
        const cnn_layer *layer = net->layers[i];

        for (int32_t t = 0; t < layer->tensor_count; t++) {
            char name[CNN__MAX_NAME];

            shadow_name(name, i, of, layer->tensors[t].name);
            CNN__TRY(cnn__reader_tensor(
                r, name, &layer->tensors[t],
                s != NULL ? cnn__shadow_tensor(s, net, layer, t) : NULL));
        }
    }
    return CNN_OK;
}

/* ---------------------------------------------------------- resuming --- */

/* Is there a list of numbers of at least 0, one for each layer, or none? */
static bool is_list(const json_t *list, const cnn_net *net, double most,
                    bool whole)
{
    if (list == NULL)
        return true;
    for (int32_t i = 0; i < net->count; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        const double x = json_number_value(item);

        if (!json_is_number(item) || (whole && !json_is_integer(item)) ||
            !(x >= 0.0 && x <= most))
            return false;
    }
    return json_array_size(list) == (size_t)net->count;
}

static bool is_within(json_int_t n, json_int_t least, json_int_t most)
{
    return n >= least && n <= most;
}

static json_int_t integer_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* Reads what the epoch gave so far: nothing, if there is no such member. */
static bool read_sums(const json_t *position, cnn__sums *s)
{
    const json_t *json = json_object_get(position, "sums");
    const json_int_t now = integer_of(position, "epoch");
    json_int_t epoch, count, correct;

    *s = (cnn__sums){.epoch = now};
    if (json == NULL)
        return true;
    if (!cnn__json_get_integer(json, "epoch", &epoch) ||
        !cnn__json_get_real(json, "loss", &s->loss) ||
        !cnn__json_get_integer(json, "count", &count) ||
        !cnn__json_get_integer(json, "correct", &correct) ||
        !is_within(epoch, 0, now) || !isfinite(s->loss) ||
        !is_within(count, epoch < now, CNN__MOST_COUNT) || /* it had steps */
        !is_within(correct, 0, count))
        return false;
    s->epoch = epoch;
    s->count = count;
    s->correct = correct;
    return true;
}

/* A count of steps; what it is without that member. */
static bool read_steps(const json_t *position, const char *name,
                       json_int_t without, int64_t *to)
{
    const json_t *json = json_object_get(position, name);

    *to = json != NULL ? json_integer_value(json) : without;
    return (json == NULL || json_is_integer(json)) &&
           is_within(*to, 0, integer_of(position, "step"));
}

/* Reads step, value and waited; they are there if validations are judged. */
static bool read_best(const json_t *position, cnn__stopping *s)
{
    const json_t *json = json_object_get(position, BEST);
    json_int_t step, waited;

    if (!s->on)
        return true;
    if (!cnn__json_get_integer(json, "step", &step) ||
        !cnn__json_get_real(json, "value", &s->value) ||
        !cnn__json_get_integer(json, "waited", &waited) ||
        !is_within(step, -1, integer_of(position, "step")) ||
        !isfinite(s->value) || !is_within(waited, 0, INT32_MAX))
        return false;
    s->step = step;
    s->waited = (int32_t)waited;
    return true;
}

/* Reads all but lists and tensors, with the trainer's settings. */
static bool read_counts(const json_t *position, const cnn_trainer *t,
                        cnn_trainer *to)
{
    to->average.decay = t->average.decay;
    to->stopping = t->stopping;
    if (!read_sums(position, &to->sums) ||
        !read_steps(position, "settled", integer_of(position, "step"),
                    &to->settled) ||
        !read_steps(position, "averaged", 0, &to->average.count) ||
        !read_best(position, &to->stopping))
        return false;
    return to->average.decay > 0.0f || to->average.count == 0;
}

cnn_status cnn__learning_check(const cnn__reader *r, const json_t *position,
                               const cnn_trainer *t)
{
    const int32_t count = t->net->count;
    cnn_trainer read = {0};

    if (!is_list(json_object_get(position, "frozen"), t->net, CNN_FROZEN_PARAMS,
                 true))
        return cnn__fail(CNN_EFORMAT,
                         "which of the %d layers are frozen is not described "
                         "well",
                         count);
    if (!is_list(json_object_get(position, "lr_factors"), t->net,
                 (double)FLT_MAX, false))
        return cnn__fail(CNN_EFORMAT,
                         "the learning rates of %d layers are not described "
                         "well",
                         count);
    if (!read_counts(position, t, &read))
        return cnn__fail(CNN_EFORMAT, "sums, average or best of the training "
                                      "are not described well");
    if (read.average.count > 0)
        CNN__TRY(read_shadow(r, t->net, AVERAGE, NULL));
    return has_best(&read.stopping) ? read_shadow(r, t->net, BEST, NULL)
                                    : CNN_OK;
}

static void restore_layers(const json_t *position, cnn_net *net)
{
    const json_t *frozen = json_object_get(position, "frozen");
    const json_t *factors = json_object_get(position, "lr_factors");

    for (int32_t i = 0; i < net->count; i++) {
        cnn_layer *layer = net->layers[i];
        const json_t *how = json_array_get(frozen, (size_t)i);
        const json_t *factor = json_array_get(factors, (size_t)i);

        if (how != NULL)
            layer->frozen = (int32_t)json_integer_value(how);
        if (factor != NULL)
            layer->lr_factor = (float)json_number_value(factor);
    }
}

void cnn__learning_restore(const cnn__reader *r, const json_t *position,
                           cnn_trainer *t)
{
    cnn_trainer read = {0};

    restore_layers(position, t->net);
    read_counts(position, t, &read);
    t->sums = read.sums;
    t->settled = read.settled;
    t->average.count = read.average.count;
    t->stopping.step = read.stopping.step;
    t->stopping.value = read.stopping.value;
    t->stopping.waited = read.stopping.waited;
    if (t->average.count > 0)
        read_shadow(r, t->net, AVERAGE, &t->average.shadow);
    if (has_best(&t->stopping))
        read_shadow(r, t->net, BEST, &t->stopping.best);
}
