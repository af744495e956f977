#include "common/training.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/failure.h"
#include "common/interrupt.h"
#include "common/progress.h"

typedef struct training {
    cnn_net *net;
    cnn_optim *optim;
    cnn_trainer *trainer;
    const data *d;
    const options *o;
    history *history;
    progress progress;
    int64_t steps;       /* of the whole training */
    int64_t point_every; /* steps from one point of the curve to the next */
    cnn_metrics point;   /* since the last point of the curve */
    cnn_metrics epoch;   /* since the last line about an epoch */
    int64_t epoch_steps;
    double line_time; /* when the last line was printed */
} training;

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

/* Every eval_every steps. The number of a step is how many came before it. */
static void print_step(training *t, const cnn_progress *now)
{
    const double time = seconds();

    progress_clear(&t->progress);
    printf("step %lld, training accuracy %g\ntime: %.3f\n",
           (long long)now->step - 1, accuracy(&now->metrics),
           time - t->line_time);
    fflush(stdout);
    t->line_time = time;
    curve_add(&t->history->training, (double)(now->step - 1),
              accuracy(&now->metrics));
}

/* Where there are no such lines the curve has the mean over many batches. */
static void add_point(training *t, const cnn_progress *now)
{
    add(&t->point, &now->metrics);
    if (now->step % t->point_every != 0 && now->step != t->steps)
        return;
    curve_add(&t->history->training, (double)now->step, accuracy(&t->point));
    t->point = (cnn_metrics){0};
}

static void end_epoch(training *t, const cnn_progress *now)
{
    const int64_t before = (now->step - 1) * t->o->recipe.batch;
    const int64_t count = cnn_dataset_count(t->d->train);
    cnn_metrics test;

    if (t->o->checkpoint != NULL &&
        cnn_trainer_save(t->trainer, t->o->checkpoint) != CNN_OK) {
        progress_clear(&t->progress);
        warn("no checkpoint: %s", cnn_last_error());
    }
    if (t->o->recipe.eval_every > 0)
        return;
    check(cnn_net_evaluate(t->net, t->d->test, &test, NULL), NULL);
    curve_add(&t->history->test, (double)now->step, accuracy(&test));
    progress_line(&t->progress,
                  "epoch %lld: loss %.4g, training accuracy %.4f, test "
                  "accuracy %.4f, %.1f s",
                  (long long)(before / count + 1),
                  t->epoch.loss / (double)t->epoch_steps, accuracy(&t->epoch),
                  accuracy(&test), seconds() - t->line_time);
    t->epoch = (cnn_metrics){0};
    t->epoch_steps = 0;
    t->line_time = seconds();
}

static int32_t after_step(void *user, const cnn_progress *now)
{
    training *t = user;
    const recipe *r = &t->o->recipe;
    const int64_t count = cnn_dataset_count(t->d->train);
    const int64_t seen = now->step * r->batch;

    progress_step(&t->progress, now);
    add(&t->epoch, &now->metrics);
    t->epoch_steps++;
    if (r->eval_every == 0)
        add_point(t, now);
    else if ((now->step - 1) % r->eval_every == 0)
        print_step(t, now);
    if (seen / count > (seen - r->batch) / count || now->step == t->steps)
        end_epoch(t, now);
    return 0;
}

/* An argument, so that a shell takes it as it is. */
static void print_argument(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";

    if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
        fprintf(stderr, " %s", text);
        return;
    }
    fputs(" '", stderr);
    for (; *text != '\0'; text++)
        fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, stderr);
    fputc('\'', stderr);
}

/* After Ctrl-C: keeps what there is, says how to go on, and leaves. */
_Noreturn static void leave(training *t)
{
    char file[256];
    const char *checkpoint = t->o->checkpoint;

    if (checkpoint == NULL) {
        snprintf(file, sizeof(file), "%s.checkpoint", t->o->program);
        checkpoint = file;
    }
    if (cnn_trainer_save(t->trainer, checkpoint) != CNN_OK)
        fail(EX_CANTCREAT, "stopped, and nothing saved: %s", cnn_last_error());
    warn("stopped after step %lld of %lld, saved in %s; to go on:",
         (long long)cnn_trainer_steps(t->trainer), (long long)t->steps,
         checkpoint);
    for (char **argument = t->o->argv; *argument != NULL; argument++)
        print_argument(*argument);
    if (t->o->resume == NULL || strcmp(t->o->resume, checkpoint) != 0) {
        fputs(" --resume", stderr);
        print_argument(checkpoint);
    }
    fputc('\n', stderr);
    exit(128 + interrupt_signal());
}

static void start(training *t)
{
    const recipe *r = &t->o->recipe;

    t->optim = recipe_optimizer(r);
    if (t->optim == NULL)
        check(cnn_last_status(), NULL);
    t->trainer = cnn_trainer_create(
        t->net, t->optim, t->d->train,
        &(cnn_trainer_options){.struct_size = sizeof(cnn_trainer_options),
                               .batch = r->batch,
                               .seed = t->o->seed});
    if (t->trainer == NULL)
        check(cnn_last_status(), t->d->source);
    t->steps = recipe_steps(r, cnn_dataset_count(t->d->train));
    const cnn_schedule_options rate = recipe_schedule(r, t->steps);
    check(cnn_trainer_set_schedule(t->trainer, r->lr, &rate), NULL);
    if (t->o->resume != NULL)
        check(cnn_trainer_resume(t->trainer, t->o->resume), t->o->resume);
    t->point_every = t->steps > 200 ? t->steps / 200 : 1;
    t->history->training.title = "training";
    t->history->test.title = "test";
}

void training_run(cnn_net *net, const data *d, const options *o, history *h)
{
    training t = {.net = net, .d = d, .o = o, .history = h};

    start(&t);
    const int64_t done = cnn_trainer_steps(t.trainer);
    const int64_t left = t.steps > done ? t.steps - done : 0;
    progress_start(&t.progress, t.steps, o->quiet);
    t.line_time = seconds();
    interrupt_stops(t.trainer);
    const cnn_status status = cnn_trainer_run(t.trainer, left, after_step, &t);
    interrupt_stops(NULL);
    progress_clear(&t.progress);

    if (status == CNN_ECANCELED)
        leave(&t);
    if (status == CNN_EDIVERGED)
        fail(EXIT_FAILURE, "%s; a smaller learning rate (--lr) may help",
             cnn_last_error());
    check(status, NULL);
    cnn_trainer_free(t.trainer);
    cnn_optim_free(t.optim);
}
