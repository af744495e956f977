#include <string.h>

#include "running/run_options.h"

enum {
    AS_PUBLISHED = 512,
    TUNED,
    STEPS,
    EPOCHS,
    BATCH,
    OPTIMIZER,
    LR,
    SCHEDULE,
    WEIGHT_DECAY,
    CLIP,
    AUGMENT,
    EVAL_EVERY
};

/* clang-format off */
static const struct argp_option table[] = {
    {"as-published", AS_PUBLISHED, 0, 0, "with the published settings "
     "(default)", 0},
    {"tuned", TUNED, 0, 0, "as one would train it today", 0},
    {"steps", STEPS, "N", 0, "steps to take", 0},
    {"epochs", EPOCHS, "N", 0, "or passes over the images", 0},
    {"batch", BATCH, "N", 0, "images in a step, over all ranks", 0},
    {"optimizer", OPTIMIZER, "NAME", 0, optimizer_names, 0},
    {"lr", LR, "RATE", 0, "learning rate, the largest if it changes", 0},
    {"schedule", SCHEDULE, "NAME", 0, schedule_names, 0},
    {"weight-decay", WEIGHT_DECAY, "RATE", 0, "pull the weights to zero", 0},
    {"clip", CLIP, "NORM", 0, "shorten gradients that are longer", 0},
    {"augment", AUGMENT, 0, 0, "shift, turn and scale the images a little, "
     "anew each time", 0},
    {"eval-every", EVAL_EVERY, "N", 0, "print the accuracy every N steps", 0},
    {0, 0, 0, 0, 0, 0}
};
/* clang-format on */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    recipe_options *o = state->input;
    recipe *change = &o->change;

    switch (key) {
    case AS_PUBLISHED:
        o->tuned = false;
        break;
    case TUNED:
        o->tuned = true;
        break;
    case STEPS:
        change->steps = option_whole(state, "steps", arg, 1, INT32_MAX);
        break;
    case EPOCHS:
        change->epochs = option_whole(state, "epochs", arg, 1, 1000000);
        break;
    case BATCH:
        change->batch = option_whole(state, "batch", arg, 1, 100000);
        break;
    case OPTIMIZER:
        if (!recipe_knows_optimizer(arg))
            argp_error(state, "--optimizer '%s': expected %s", arg,
                       optimizer_names);
        change->optimizer = arg;
        break;
    case LR:
        change->lr = option_rate(state, "lr", arg);
        break;
    case SCHEDULE:
        o->has_schedule = recipe_find_schedule(arg, &change->schedule);
        if (!o->has_schedule)
            argp_error(state, "--schedule '%s': expected %s", arg,
                       schedule_names);
        break;
    case WEIGHT_DECAY:
        change->weight_decay = option_rate(state, "weight-decay", arg);
        break;
    case CLIP:
        change->clip_norm = option_rate(state, "clip", arg);
        break;
    case AUGMENT:
        o->augment = true;
        break;
    case EVAL_EVERY:
        change->eval_every =
            option_whole(state, "eval-every", arg, 1, INT32_MAX);
        break;
    case ARGP_KEY_END:
        if (change->steps > 0 && change->epochs > 0)
            argp_error(state, "--steps and --epochs: give one of them");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp recipe_argp = {.options = table, .parser = parse};

recipe recipe_choose(const recipe_options *o, const recipe *as_published,
                     const recipe *tuned)
{
    const recipe *change = &o->change;
    recipe r = o->tuned ? *tuned : *as_published;

    if (o->augment) {
        r.augment = recipe_augment;
        if (r.augmented_epochs > 0)
            r.epochs = r.augmented_epochs;
    }
    if (change->steps > 0 || change->epochs > 0) {
        r.steps = change->steps;
        r.epochs = change->epochs;
    }
    if (change->batch > 0)
        r.batch = change->batch;
    if (change->optimizer != NULL)
        r.optimizer = change->optimizer;
    if (change->lr > 0)
        r.lr = change->lr;
    if (o->has_schedule)
        r.schedule = change->schedule;
    if (change->weight_decay > 0)
        r.weight_decay = change->weight_decay;
    if (change->clip_norm > 0)
        r.clip_norm = change->clip_norm;
    if (change->eval_every > 0)
        r.eval_every = change->eval_every;
    return r;
}
