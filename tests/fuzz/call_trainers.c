/* Calls on optimisers, schedules, trainers and evaluations. */
#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz/call_world.h"

#define FLAG(field) (1u << (field))

static void make_optim(world *w)
{
    const int32_t i = take_below(&w->b, OPTIMS), kind = take_below(&w->b, 3);
    const float lr = take_float(&w->b);
    bool wild;
    void *o = kind == 0 ? take_options(&w->b, sizeof(cnn_sgd_options),
                                       FLAG(1) | FLAG(3), &wild)
              : kind == 1
                  ? take_options(&w->b, sizeof(cnn_adam_options),
                                 FLAG(1) | FLAG(2) | FLAG(3) | FLAG(4), &wild)
                  : take_options(&w->b, sizeof(cnn_rmsprop_options),
                                 FLAG(1) | FLAG(2) | FLAG(3), &wild);

    drop_optim(w, i);
    w->optims[i] = see_pointer(kind == 0   ? cnn_sgd_create(lr, o)
                               : kind == 1 ? cnn_adam_create(lr, o)
                                           : cnn_rmsprop_create(lr, o));
    free(o);
}

static void set_lr(world *w)
{
    cnn_optim *optim = w->optims[take_below(&w->b, OPTIMS)];
    const float before = cnn_optim_lr(optim), lr = take_float(&w->b);
    const cnn_status status = see(cnn_optim_set_lr(optim, lr));

    must(cnn_optim_lr(optim) == (status == CNN_OK ? lr : before),
         "another rate than that which was set");
}

static void make_trainer(world *w)
{
    const int32_t i = take_below(&w->b, TRAINERS);
    trainer_slot slot = {NULL, take_below(&w->b, NETS),
                         take_below(&w->b, OPTIMS),
                         take_below(&w->b, DATASETS)};
    bool wild;
    void *o = take_options(&w->b, sizeof(cnn_trainer_options), FLAG(3), &wild);

    drop_trainer(w, i);
    slot.trainer = see_pointer(
        cnn_trainer_create(w->nets[slot.net].net, w->optims[slot.optim],
                           w->datasets[slot.dataset].dataset, o));
    w->trainers[i] = slot;
    free(o);
}

/* A small number of its own as a validation, too. */
static void learn(world *w, cnn_trainer *trainer)
{
    cnn_best best = {.struct_size = sizeof(best)};
    bool wild;
    void *o = take_options(&w->b, sizeof(cnn_stopping_options), FLAG(3), &wild);

    see(cnn_trainer_set_average(trainer, take_float(&w->b)));
    const cnn_status status = see(cnn_trainer_set_stopping(trainer, o));
    const cnn_status judged =
        see(cnn_trainer_judge(trainer, (double)take_float(&w->b)));
    must(status != CNN_OK || o == NULL || judged == CNN_OK,
         "no judge after stopping was set");
    see(cnn_trainer_best(trainer, &best));
    must(best.waited >= 0 && best.step >= -1, "an impossible best");
    free(o);
}

static void set_up(world *w)
{
    cnn_trainer *trainer = w->trainers[take_below(&w->b, TRAINERS)].trainer;
    const uint8_t which = take_byte(&w->b);
    const bool schedule = which % 2;
    bool wild;

    if (which >= 192) {
        learn(w, trainer);
        return;
    }
    void *o =
        schedule
            ? take_options(&w->b, sizeof(cnn_schedule_options), FLAG(4), &wild)
            : take_options(&w->b, sizeof(cnn_augment_options), 0x7e, &wild);
    float lr;

    if (schedule) {
        see(cnn_trainer_set_schedule(trainer, take_float(&w->b), o));
        see(cnn_schedule_lr(o, take_float(&w->b), take_byte(&w->b), &lr));
    } else {
        see(cnn_trainer_set_augmentation(trainer, o));
    }
    free(o);
}

/* Three times a step of each trainer's batch, forward and backward. */
static bool afford_steps(world *w, const trainer_slot *slot, int64_t steps)
{
    if (slot->trainer == NULL)
        return true;
    cnn_net *net = w->nets[slot->net].net;
    return afford_net(w, net, 3 * steps * cnn_net_max_batch(net)) &&
           /* an elastic distortion smooths two fields of each image */
           afford(w, steps * 100 * (int64_t)net_inputs(net) *
                         cnn_net_max_batch(net));
}

static int32_t follow(void *user, const cnn_progress *progress)
{
    world *w = user;

    must(progress->step > 0 && progress->epoch >= 0 &&
             progress->metrics.count > 0,
         "step %lld", (long long)progress->step);
    return take_byte(&w->b) > 200;
}

static void step(world *w)
{
    const trainer_slot *slot = &w->trainers[take_below(&w->b, TRAINERS)];
    const int64_t steps = take_below(&w->b, 4) - 1;
    cnn_metrics metrics;

    if (!afford_steps(w, slot, steps > 0 ? steps : 1))
        return;
    const int64_t before = cnn_trainer_steps(slot->trainer);
    cnn_status status;
    if (steps == 1)
        status = cnn_trainer_step(slot->trainer, &metrics);
    else
        status = cnn_trainer_run(slot->trainer, steps,
                                 take_byte(&w->b) % 2 ? follow : NULL, w);
    see(status);
    must(status != CNN_OK || steps < 1 ||
             cnn_trainer_steps(slot->trainer) == before + steps,
         "not as many steps as asked for");
    must(cnn_trainer_epoch(slot->trainer) >= 0, "an epoch below 0");
    if (take_byte(&w->b) > 220 && slot->trainer != NULL)
        cnn_trainer_cancel(slot->trainer);
}

/* A file in memory if there is one of the system's, once or twice. */
static void save(world *w)
{
    const trainer_slot *from = &w->trainers[take_below(&w->b, TRAINERS)];
    const trainer_slot *to = &w->trainers[take_below(&w->b, TRAINERS)];
    char path[64];

    if (w->files-- <= 0)
        return;
    snprintf(path, sizeof(path), "/dev/shm/libcnn-calls-%d", (int)getpid());
    const cnn_status status = see(cnn_trainer_save(from->trainer, path));
    const cnn_status resumed = see(cnn_trainer_resume(to->trainer, path));
    must(from != to || status != CNN_OK || resumed == CNN_OK,
         "a training cannot be resumed: %s", cnn_last_error());
    unlink(path);
}

static void score(world *w, cnn_net *net, const cnn_dataset *d, size_t K)
{
    cnn_score_options o = {.struct_size = sizeof(o),
                           .threshold = (float)take_byte(&w->b) / 250.0f,
                           .top_k = take_byte(&w->b) % 20 - 1};
    cnn_scores scores = {.struct_size = sizeof(scores)};
    cnn_class_scores *classes = calloc(K + 1, sizeof(*classes));

    classes->struct_size = sizeof(*classes);
    const cnn_status status = see(cnn_net_score(
        net, d, o.top_k > 15 ? NULL : &o, &scores, K > 0 ? classes : NULL));
    must(status != CNN_OK || scores.count == cnn_dataset_count(d),
         "%lld samples were scored", (long long)scores.count);
    free(classes);
}

static void evaluate(world *w)
{
    cnn_net *net = w->nets[take_below(&w->b, NETS)].net;
    const cnn_dataset *d = w->datasets[take_below(&w->b, DATASETS)].dataset;
    const size_t K = net_outputs(net);
    cnn_metrics metrics;

    if (K > 64 || !afford_net(w, net, cnn_dataset_count(d)))
        return;
    int64_t *confusion = malloc(K * K * sizeof(*confusion));
    const bool nowhere = take_byte(&w->b) == 255;
    const uint8_t wanted = take_byte(&w->b);
    see(cnn_net_evaluate(net, d, nowhere ? NULL : &metrics,
                         wanted % 2 ? confusion : NULL));
    free(confusion);
    if (wanted & 4)
        score(w, net, d, K);
}

static void end(world *w)
{
    if (take_byte(&w->b) % 2)
        drop_trainer(w, take_below(&w->b, TRAINERS));
    else
        drop_optim(w, take_below(&w->b, OPTIMS));
}

call *const trainer_calls[] = {make_optim,   make_optim, set_lr,   make_trainer,
                               make_trainer, set_up,     step,     step,
                               save,         evaluate,   evaluate, end};
const int32_t trainer_call_count =
    sizeof(trainer_calls) / sizeof(trainer_calls[0]);
