#include "running/training_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "running/interrupt.h"
#include "running/progress.h"
#include "running/statistics.h"
#include "support/failure.h"
#include "support/ranks.h"

/* A training while it runs. */
typedef struct state {
    training *t;
    cnn_optim *optim;
    cnn_trainer *trainer;
    progress progress;
    const cnn_dataset *held_out;
    int64_t point_every; /* steps from one point of the curve to the next */
    int64_t look_every;  /* steps between two tests on the held-out images */
    int64_t watch_from;  /* the step from which on the units are watched */
    cnn_metrics point, epoch; /* sums since the last point, and epoch */
    int64_t point_steps, epoch_steps;
    double line_time; /* when the last line was printed */
    double step_time; /* when the step began */
} state;

static double accuracy(const cnn_metrics *m)
{
    return (double)m->correct / (double)m->count;
}

static void add(cnn_metrics *sum, const cnn_metrics *m)
{
    sum->loss += m->loss;
    sum->count += m->count;
    sum->correct += m->correct;
}

static double loss(const state *s, const cnn_metrics *sum, int64_t steps)
{
    cnn_metrics mean = *sum;

    if (s->t->recipe->reduction == CNN_REDUCE_MEAN)
        mean.loss /= (double)steps;
    return recipe_loss(s->t->recipe, &mean);
}

static double epochs(const state *s, int64_t steps)
{
    return (double)steps * s->t->recipe->batch /
           (double)cnn_dataset_count(s->t->data->train);
}

/* Every eval_every steps. The number of a step is how many came before it. */
static void print_step(state *s, const cnn_progress *now)
{
    const double time = seconds();

    progress_clear(&s->progress);
    printf("step %lld, training accuracy %g\ntime: %.3f\n",
           (long long)now->step - 1, accuracy(&now->metrics),
           time - s->line_time);
    fflush(stdout);
    s->line_time = time;
}

/* The curve has means over batches. */
static void add_point(state *s, const cnn_progress *now)
{
    add(&s->point, &now->metrics);
    s->point_steps++;
    if (now->step % s->point_every != 0 && now->step != s->t->steps)
        return;
    series_add(&s->t->history.training,
               &(point){(double)now->step, s->t->seconds,
                        loss(s, &s->point, s->point_steps),
                        accuracy(&s->point)});
    s->point = (cnn_metrics){0};
    s->point_steps = 0;
}

static void write_log(state *s, const char *set, int64_t step, double loss,
                      const cnn_metrics *m)
{
    const log_entry e = {.set = set,
                         .step = step,
                         .epoch = epochs(s, step),
                         .seconds = s->t->seconds,
                         .lr = (double)cnn_optim_lr(s->optim),
                         .loss = loss,
                         .accuracy = accuracy(m)};

    if (s->t->log != NULL)
        log_write(s->t->log, &e);
}

/* The accuracy on images that are not trained on. */
static double look(state *s, const cnn_progress *now)
{
    history *h = &s->t->history;
    cnn_metrics m;

    check(cnn_trainer_validate(s->trainer, s->held_out, &m), NULL);
    const double mean = recipe_loss(s->t->recipe, &m);
    series_add(&h->held_out,
               &(point){(double)now->step, s->t->seconds, mean, accuracy(&m)});
    write_log(s, h->held_out_name, now->step, mean, &m);
    return accuracy(&m);
}

/* Starts the watch again: from now on a unit that is zero for every image is
 * dead, also if it was alive before. */
static void watch(state *s, int64_t step)
{
    check(cnn_net_watch(s->t->net, 1), NULL);
    s->t->watched = step;
}

static void end_epoch(state *s, int64_t number, const char *held_out)
{
    const training *t = s->t;

    if (t->checkpoint != NULL &&
        cnn_trainer_save(s->trainer, t->checkpoint) != CNN_OK) {
        progress_clear(&s->progress);
        warn("no checkpoint: %s", cnn_last_error());
    }
    if (!t->lines) {
        progress_line(&s->progress,
                      "%s%sepoch %lld: loss %.4g, training accuracy %.4f%s, "
                      "%.1f s",
                      t->name != NULL ? t->name : "",
                      t->name != NULL ? ": " : "", (long long)number,
                      loss(s, &s->epoch, s->epoch_steps), accuracy(&s->epoch),
                      held_out, seconds() - s->line_time);
        s->line_time = seconds();
    }
    if (t->run->verbose) {
        progress_clear(&s->progress);
        statistics_print(t->net, stderr);
    }
    s->epoch = (cnn_metrics){0};
    s->epoch_steps = 0;
}

static int32_t after_step(void *user, const cnn_progress *now)
{
    state *s = user;
    training *t = s->t;
    const recipe *r = t->recipe;
    const int64_t count = cnn_dataset_count(t->data->train);
    const int64_t seen = now->step * r->batch;
    const bool last = now->step == t->steps;
    const bool epoch = seen / count > (seen - r->batch) / count || last;
    const double time = seconds() - s->step_time;
    char held_out[64] = "";

    t->seconds += time;
    t->done = now->step;
    history_add_step(&t->history, time);
    progress_step(&s->progress, now, recipe_loss(r, &now->metrics));
    add(&s->epoch, &now->metrics);
    s->epoch_steps++;
    add_point(s, now);
    if (t->log != NULL && (now->step - 1) % t->log->every == 0)
        write_log(s, "training", now->step - 1, recipe_loss(r, &now->metrics),
                  &now->metrics);
    if (t->lines && (now->step - 1) % r->eval_every == 0)
        print_step(s, now);
    if (s->held_out != NULL && (now->step % s->look_every == 0 || last))
        snprintf(held_out, sizeof(held_out), ", %s accuracy %.4f",
                 t->history.held_out_name, look(s, now));
    if (epoch)
        end_epoch(s, (seen - r->batch) / count + 1, held_out);
    if (!last && ((t->watch && now->step == s->watch_from) ||
                  (t->run->verbose && epoch)))
        watch(s, now->step);
    s->step_time = seconds();
    return 0;
}

/* A test on the held-out images takes the time of a few steps. So there are at
 * most 25 in a long training, otherwise one for each epoch. */
static void choose_looks(state *s)
{
    training *t = s->t;
    const data *d = t->data;
    const int64_t count = cnn_dataset_count(d->train);
    const int64_t epoch = (count + t->recipe->batch - 1) / t->recipe->batch;
    const int64_t share = (t->steps + 24) / 25;

    t->history.held_out_name = d->validation != NULL ? "validation" : "test";
    if (t->held_out)
        s->held_out = d->validation != NULL ? d->validation : d->test;
    s->look_every = epoch > share ? epoch : share;
    s->watch_from = t->steps - (epoch < t->steps / 2 ? epoch : t->steps / 2);
    s->point_every = t->steps > 200 ? t->steps / 200 : 1;
    if (s->point_every < t->recipe->eval_every)
        s->point_every = t->recipe->eval_every;
}

static void start(state *s)
{
    training *t = s->t;
    const recipe *r = t->recipe;

    s->optim = recipe_optimizer(r);
    if (s->optim == NULL)
        check(cnn_last_status(), NULL);
    s->trainer = ranks_trainer(
        t->net, s->optim, t->data->train,
        &(cnn_trainer_options){.struct_size = sizeof(cnn_trainer_options),
                               .batch = r->batch,
                               .seed = t->run->seed,
                               .clip_norm = r->clip_norm});
    if (s->trainer == NULL)
        check(cnn_last_status(), t->data->source);
    t->steps = recipe_steps(r, cnn_dataset_count(t->data->train));
    const cnn_schedule_options rate = recipe_schedule(r, t->steps);
    check(cnn_trainer_set_schedule(s->trainer, r->lr, &rate), NULL);
    if (r->augment.struct_size != 0)
        check(cnn_trainer_set_augmentation(s->trainer, &r->augment), NULL);
    if (t->resume != NULL)
        check(cnn_trainer_resume(s->trainer, t->resume), t->resume);
    if (t->run->verbose || t->watch)
        watch(s, 0);
    choose_looks(s);
}

cnn_status training_run(training *t)
{
    state s = {.t = t};

    start(&s);
    t->done = cnn_trainer_steps(s.trainer);
    const int64_t left = t->steps > t->done ? t->steps - t->done : 0;
    progress_start(&s.progress, t->name, t->steps, t->run->quiet);
    interrupt_stops(s.trainer);
    s.line_time = s.step_time = seconds();
    const cnn_status status = cnn_trainer_run(s.trainer, left, after_step, &s);
    interrupt_stops(NULL);
    progress_clear(&s.progress);

    if (status == CNN_ECANCELED)
        interrupt_agreed();
    if (status == CNN_ECANCELED && t->emergency != NULL &&
        cnn_trainer_save(s.trainer, t->emergency) != CNN_OK)
        fail(EX_CANTCREAT, "stopped, and nothing saved: %s", cnn_last_error());
    if (status != CNN_ECANCELED && status != CNN_EDIVERGED)
        check(status, NULL);
    cnn_trainer_free(s.trainer);
    cnn_optim_free(s.optim);
    return status;
}
