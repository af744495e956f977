/* Saving and resuming a training: a model file with more in it.
 *
 * The metadata entry "trainer" holds the settings that must be equal to resume,
 * and the position of the training. Tensor "N.slotK" is slot K of the optimiser
 * for layer N. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "files/architecture.h"
#include "files/atomic_file.h"
#include "files/checkpoint.h"
#include "files/differences.h"
#include "files/json_read.h"
#include "files/learning.h"
#include "files/model_impl.h"
#include "files/settings.h"
#include "train/optim_impl.h"

/* ------------------------------------------------------------ saving --- */

/* Does the layer have slots of this trainer's optimiser? */
static bool has_slots(const cnn_trainer *t, const cnn_layer *layer)
{
    return layer->params.count > 0 && layer->params.rule == t->optim->rule;
}

static void slot_name(char name[CNN__MAX_NAME], int32_t layer, int slot)
{
    char part[16];

    snprintf(part, sizeof(part), "slot%d", slot);
    cnn__model_name(name, layer, part);
}

/* Slots other than the momentum are means of squares, so not negative. */
static cnn__tensor slot_shape(const cnn_layer *layer, const cnn__rule *rule,
                              int slot)
{
    return (cnn__tensor){.rank = 1,
                         .dims = {(int32_t)layer->params.count},
                         .positive = slot != rule->momentum};
}

static cnn_status write_slots(const cnn_trainer *t, cnn__writer *w)
{
    for (int32_t i = 0; i < t->net->count; i++) {
        const cnn_layer *layer = t->net->layers[i];
        const cnn__rule *rule = t->optim->rule;

        for (int k = 0; k < rule->slots && has_slots(t, layer); k++) {
            const cnn__tensor shape = slot_shape(layer, rule, k);
            char name[CNN__MAX_NAME];

            slot_name(name, i, k);
            CNN__TRY(cnn__check_elements(name, &shape, layer->params.slot[k]));
            cnn__writer_tensor(w, name, &shape, layer->params.slot[k]);
        }
    }
    return w->status;
}

/* The state of a plateau. Before the first epoch `best` is infinite, which JSON
 * cannot express: a negative number stands for it. */
static json_t *describe_plateau(const cnn__schedule *s)
{
    return json_pack("{s:f, s:f, s:f, s:i, s:f}", "loss", s->loss, "samples",
                     s->samples, "best", isinf(s->best) ? -1.0 : s->best,
                     "waited", s->waited, "scale", (double)s->scale);
}

/* The position of the training. "net_seed" is the seed of the build as a signed
 * number; "updates" is 0 for a layer without slots. */
static json_t *describe_position(const cnn_trainer *t)
{
    json_t *updates = json_array();
    int bad = 0;

    for (int32_t i = 0; i < t->net->count; i++) {
        const cnn_layer *layer = t->net->layers[i];
        const json_int_t steps = has_slots(t, layer) ? layer->params.steps : 0;
        bad |= json_array_append_new(updates, json_integer(steps));
    }
    json_t *json = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:f, s:o, s:o}", "step", (json_int_t)t->step,
        "passes", (json_int_t)t->net->pass.run.step, "net_seed",
        (json_int_t)t->net->pass.run.seed, "epoch", (json_int_t)t->epoch,
        "position", (json_int_t)t->position, "lr", (double)t->optim->lr,
        "updates", updates, "plateau", describe_plateau(&t->schedule));
    if (json != NULL && bad == 0 && cnn__learning_describe(t, json))
        return json;
    json_decref(json);
    cnn__fail(CNN_ENOMEM, "no memory to describe the training");
    return NULL;
}

static cnn_status pack(const cnn_trainer *t, void **data, size_t *size)
{
    const cnn_net *net = t->net;
    cnn__writer w;

    cnn__writer_start(&w, cnn__model_tensors(net) +
                              net->count * CNN__MAX_SLOTS +
                              cnn__learning_tensors(t));
    if (w.status == CNN_OK)
        w.status = cnn__model_write(net, &w);
    cnn__writer_metadata(&w, "trainer", cnn__settings_describe(t));
    cnn__writer_metadata(&w, "position", describe_position(t));
    if (w.status == CNN_OK)
        w.status = write_slots(t, &w);
    if (w.status == CNN_OK)
        w.status = cnn__learning_write(t, &w);
    return cnn__writer_end(&w, data, size);
}

cnn_status cnn__checkpoint_save(const cnn_trainer *t, const char *path)
{
    void *data;
    size_t size;

    CNN__TRY(cnn__trainer_check_idle(t, "trainer_save"));
    if (path == NULL)
        return cnn__fail(CNN_EINVAL, "trainer_save: path is NULL");
    CNN__TRY(pack(t, &data, &size));
    const cnn_status status = cnn__file_replace(path, data, size);
    cnn__free(data);
    return status;
}

cnn_status cnn_trainer_save(const cnn_trainer *t, const char *path)
{
    if (t == NULL)
        return cnn__fail_null(CNN__TRAINER, "trainer_save");
    return t->ranks != NULL ? cnn__checkpoint_save_all(t, path)
                            : cnn__checkpoint_save(t, path);
}

/* ---------------------------------------------------------- resuming --- */

/* The position read from a file. */
typedef struct position {
    json_t *json; /* owns `updates` */
    json_t *updates;
    json_int_t step, passes, net_seed, epoch, sample;
    double lr;
    cnn__schedule plateau;  /* only the state of a plateau */
    cnn__metadata metadata; /* owned */
} position;

static bool is_count(json_int_t n, json_int_t most)
{
    return n >= 0 && n <= most;
}

/* Returns -1 for anything but a number. */
static json_int_t updates_of(const position *p, int32_t layer)
{
    const json_t *updates = json_array_get(p->updates, (size_t)layer);

    return json_is_integer(updates) ? json_integer_value(updates) : -1;
}

/* Reads the state of a plateau with these options. Its count of epochs without
 * progress must be below the patience. */
static bool read_plateau(const json_t *json, const cnn_schedule_options *o,
                         cnn__schedule *s)
{
    const int32_t most = o->kind == CNN_SCHEDULE_PLATEAU ? o->steps - 1 : 0;
    json_int_t waited;
    double scale;

    if (!cnn__json_get_real(json, "loss", &s->loss) ||
        !cnn__json_get_real(json, "samples", &s->samples) ||
        !cnn__json_get_real(json, "best", &s->best) ||
        !cnn__json_get_integer(json, "waited", &waited) ||
        !cnn__json_get_real(json, "scale", &scale) || !(s->samples >= 0.0) ||
        !is_count(waited, most) || !(scale >= 0.0) || scale > 1.0)
        return false;
    s->waited = (int32_t)waited;
    s->scale = (float)scale;
    if (s->best < 0.0)
        s->best = (double)INFINITY;
    return true;
}

static bool read_counts(position *p)
{
    p->updates = json_object_get(p->json, "updates");
    return cnn__json_get_integer(p->json, "step", &p->step) &&
           cnn__json_get_integer(p->json, "passes", &p->passes) &&
           cnn__json_get_integer(p->json, "net_seed", &p->net_seed) &&
           cnn__json_get_integer(p->json, "epoch", &p->epoch) &&
           cnn__json_get_integer(p->json, "position", &p->sample) &&
           cnn__json_get_real(p->json, "lr", &p->lr);
}

static cnn_status read_position(const cnn__reader *r, const cnn_trainer *t,
                                position *p)
{
    p->json = cnn__reader_metadata(r, "position");
    if (p->json == NULL)
        return cnn_last_status();
    if (!read_counts(p) ||
        !read_plateau(json_object_get(p->json, "plateau"), &t->schedule.o,
                      &p->plateau) ||
        json_array_size(p->updates) != (size_t)t->net->count ||
        !is_count(p->step, CNN__MOST_COUNT) ||
        !is_count(p->passes, CNN__LAST_PASS) ||
        !is_count(p->epoch, CNN__MOST_COUNT) ||
        !is_count(p->sample, t->count - 1) || !(p->lr >= 0.0) ||
        p->lr > (double)FLT_MAX)
        return cnn__fail(CNN_EFORMAT, "the position is not described well");
    for (int32_t i = 0; i < t->net->count; i++)
        if (!is_count(updates_of(p, i), CNN__MOST_COUNT))
            return cnn__fail(CNN_EFORMAT,
                             "the updates of layer %d are no count", i);
    return cnn__learning_check(r, p->json, t);
}

/* Reads the slots; with `check_only`, only checks that they exist. */
static cnn_status read_slots(const cnn__reader *r, const cnn_trainer *t,
                             const position *p, bool check_only)
{
    const cnn__rule *rule = t->optim->rule;

    for (int32_t i = 0; i < t->net->count; i++) {
        cnn_layer *layer = t->net->layers[i];
        const json_int_t updates = updates_of(p, i);

        for (int k = 0; k < rule->slots && updates > 0; k++) {
            const cnn__tensor shape = slot_shape(layer, rule, k);
            char name[CNN__MAX_NAME];

            slot_name(name, i, k);
            CNN__TRY(cnn__reader_tensor(
                r, name, &shape, check_only ? NULL : layer->params.slot[k]));
        }
        if (!check_only) {
            layer->params.rule = updates > 0 ? rule : NULL;
            layer->params.steps = updates;
        }
    }
    return CNN_OK;
}

static cnn_status fail_other_net(json_t *ours, json_t *saved)
{
    cnn__differences d = {0};

    cnn__differ_in_list(&d, "layer", json_object_get(ours, "layers"),
                        json_object_get(saved, "layers"));
    json_object_del(ours, "layers");
    cnn__differ(&d, "", ours, saved);
    return cnn__fail(CNN_ESHAPE, "the training was of another net, %s",
                     d.count > 0 ? d.text : "with other members");
}

static cnn_status compare_nets(const cnn__reader *r, const cnn_net *net)
{
    json_t *saved = NULL;
    json_t *ours = cnn__architecture_describe(net);
    cnn_status status =
        ours != NULL ? cnn__model_check(r, &saved) : cnn_last_status();

    if (status == CNN_OK && !json_equal(saved, ours))
        status = fail_other_net(ours, saved);
    json_decref(saved);
    json_decref(ours);
    return status;
}

static cnn_status compare_trainers(const cnn__reader *r, const cnn_trainer *t)
{
    json_t *saved = cnn__reader_metadata(r, "trainer");
    json_t *ours = saved != NULL ? cnn__settings_describe(t) : NULL;
    const cnn_status status =
        ours != NULL ? cnn__settings_compare(ours, saved) : cnn_last_status();

    json_decref(saved);
    json_decref(ours);
    return status;
}

/* Everything that may fail, before anything is changed. */
static cnn_status check_all(const cnn__reader *r, const cnn_trainer *t,
                            position *p)
{
    CNN__TRY(compare_nets(r, t->net));
    CNN__TRY(compare_trainers(r, t));
    CNN__TRY(read_position(r, t, p));
    CNN__TRY(cnn__model_read(r, t->net, true));
    CNN__TRY(read_slots(r, t, p, true));
    return cnn__model_metadata(r, &p->metadata);
}

static cnn_status take_over(const cnn__reader *r, cnn_trainer *t, position *p)
{
    CNN__TRY(cnn_optim_set_lr(t->optim, (float)p->lr));
    CNN__TRY(cnn__model_read(r, t->net, false));
    CNN__TRY(read_slots(r, t, p, false));
    t->schedule.loss = p->plateau.loss;
    t->schedule.samples = p->plateau.samples;
    t->schedule.best = p->plateau.best;
    t->schedule.waited = p->plateau.waited;
    t->schedule.scale = p->plateau.scale;
    /* Dropout is a function of these two. */
    t->net->pass.run.step = (uint64_t)p->passes;
    t->net->pass.run.seed = (uint64_t)p->net_seed;
    cnn__trainer_go(t, p->step, p->epoch, (int32_t)p->sample);
    cnn__learning_restore(r, p->json, t);
    /* Swapped: the net's old metadata are freed with the position. */
    const cnn__metadata before = t->net->metadata;
    t->net->metadata = p->metadata;
    p->metadata = before;
    return CNN_OK;
}

cnn_status cnn__checkpoint_resume(cnn_trainer *t, const char *path,
                                  const void *data, size_t size)
{
    cnn__reader r;
    position p = {0};
    cnn_status status = cnn__reader_open(&r, data, size);
    const bool open = status == CNN_OK;

    if (open)
        status = check_all(&r, t, &p);
    if (status != CNN_OK)
        cnn__fail_where("%s",
                        path != NULL ? cnn__path_end(path) : "the checkpoint");
    if (t->ranks != NULL) /* all of them, or none */
        status = cnn__ranks_meet(
            t->ranks, NULL,
            (cnn__head){.call = CNN__CALL_READ, .status = status});
    if (status == CNN_OK)
        status = take_over(&r, t, &p);
    if (open) {
        json_decref(p.json);
        cnn__metadata_free(&p.metadata);
        cnn__reader_close(&r);
    }
    return status;
}

cnn_status cnn_trainer_resume(cnn_trainer *t, const char *path)
{
    void *data;
    size_t size;

    CNN__TRY(cnn__trainer_check_idle(t, "trainer_resume"));
    if (t->ranks != NULL)
        return cnn__checkpoint_resume_all(t, path);
    if (path == NULL)
        return cnn__fail(CNN_EINVAL, "trainer_resume: path is NULL");
    CNN__TRY(cnn__file_read(path, &data, &size));
    const cnn_status status = cnn__checkpoint_resume(t, path, data, size);
    cnn__free(data);
    return status;
}
