#include "programs/task.h"

#include <stdio.h>
#include <stdlib.h>

#include "running/interrupt.h"
#include "running/progress.h"
#include "support/failure.h"
#include "support/output.h"
#include "support/ranks.h"

enum { EPOCHS = 512, SAVE, PICTURE };

/* clang-format off */
static const struct argp_option table[] = {
    {"epochs", EPOCHS, "N", 0, "passes over the images", 0},
    {"save", SAVE, "FILE", 0, "write the trained model", 0},
    {0, 0, 0, 0, 0, 0}
};
/* clang-format on */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    task *t = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &t->run;
        if (t->shown != NULL)
            state->child_inputs[1] = t;
        break;
    case EPOCHS:
        t->recipe.epochs = option_whole(state, "epochs", arg, 1, 1000000);
        break;
    case SAVE:
        t->save = arg;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option picture_table[] = {
    {"picture", PICTURE, "FILE", 0, "draw", 0}, {0, 0, 0, 0, 0, 0}};

static error_t parse_picture(int key, char *arg, struct argp_state *state)
{
    task *t = state->input;

    if (key != PICTURE)
        return ARGP_ERR_UNKNOWN;
    t->picture = option_picture(state, "picture", arg);
    return 0;
}

/* --help says what this program draws. */
static char *picture_help(int key, const char *text, void *input)
{
    const task *t = input;

    if (key != PICTURE)
        return (char *)text;
    return g_strdup_printf("%s %s (.png or .svg)", text, t->shown);
}

static const struct argp picture_argp = {.options = picture_table,
                                         .parser = parse_picture,
                                         .help_filter = picture_help};

void task_start(task *t, int argc, char **argv)
{
    const struct argp_child children[] = {
        {&run_argp, 0, NULL, 0},
        {t->shown != NULL ? &picture_argp : NULL, 0, NULL, 0},
        {0}};
    const struct argp argp = {.options = table,
                              .parser = parse,
                              .doc = t->about,
                              .children = children};

    ranks_start(&argc, &argv);
    options_parse(&argp, &t->run, argc, argv, t);
    if (!ranks_first())
        t->save = t->picture = NULL;
    if (t->save != NULL)
        check_output(t->save);
    if (t->picture != NULL)
        check_output(t->picture);
    options_start(&t->run);
}

/* ---------------------------------------------------------- training --- */

typedef struct state {
    const task *t;
    const char *name;
    progress progress;
    double told; /* when the last line was printed */
} state;

static int32_t after_step(void *user, const cnn_progress *now)
{
    state *s = user;

    progress_step(&s->progress, now, recipe_loss(&s->t->recipe, &now->metrics));
    return 0;
}

/* A line for an epoch, but at most one a second. */
static int32_t after_epoch(void *user, const cnn_epoch *e)
{
    state *s = user;
    const double now = seconds();

    if (e->step < s->progress.steps && now - s->told < 1)
        return 0;
    progress_line(&s->progress, "%s%sepoch %lld: loss %.4g, after %.1f s",
                  s->name != NULL ? s->name : "", s->name != NULL ? ": " : "",
                  (long long)e->epoch + 1,
                  recipe_loss(&s->t->recipe, &e->training), e->seconds);
    s->told = now;
    return 0;
}

void task_train(const task *t, const char *name, cnn_net *net,
                const cnn_dataset *data)
{
    const recipe *r = &t->recipe;
    const int64_t steps = recipe_steps(r, cnn_dataset_count(data));
    const cnn_schedule_options rate = recipe_schedule(r, steps);
    const cnn_trainer_options options = {.struct_size = sizeof(options),
                                         .batch = r->batch,
                                         .seed = t->run.seed,
                                         .clip_norm = r->clip_norm};
    cnn_optim *optim = made(recipe_optimizer(r));
    cnn_trainer *trainer = made(ranks_trainer(net, optim, data, &options));
    state s = {.t = t, .name = name, .told = seconds()};

    check(cnn_trainer_set_schedule(trainer, r->lr, &rate), NULL);
    if (r->augment.struct_size != 0)
        check(cnn_trainer_set_augmentation(trainer, &r->augment), NULL);
    const cnn_fit_options until = {.struct_size = sizeof(until),
                                   .steps = steps,
                                   .callback = after_step,
                                   .epoch_callback = after_epoch,
                                   .user = &s};
    progress_start(&s.progress, name, steps, t->run.quiet);
    interrupt_stops(trainer);
    const cnn_status status =
        interrupt_agreed() == 0 ? cnn_trainer_fit(trainer, &until) : CNN_OK;
    interrupt_stops(NULL);
    interrupt_agreed();
    progress_clear(&s.progress);
    if (status == CNN_ECANCELED)
        warn("stopped after step %lld of %lld",
             (long long)cnn_trainer_steps(trainer), (long long)steps);
    else
        check(status, NULL);
    cnn_trainer_free(trainer);
    cnn_optim_free(optim);
}

int task_end(const task *t, const cnn_net *net, int code)
{
    if (interrupt_signal() != 0)
        code = worse(code, 128 + interrupt_signal());
    if (t->save != NULL && cnn_net_save(net, t->save) != CNN_OK) {
        warn("the model is not saved: %s", cnn_last_error());
        code = worse(code, EX_IOERR);
    } else if (t->save != NULL) {
        printf("model: %s\n", t->save);
    }
    return worse(code, close_output());
}

void *made(void *object)
{
    if (object == NULL)
        check(cnn_last_status(), NULL);
    return object;
}
