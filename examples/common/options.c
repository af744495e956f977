#include "common/options.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/failure.h"

/* Keys of the options that have no short form. */
enum {
    AS_PUBLISHED = 256,
    TUNED,
    STEPS,
    EPOCHS,
    BATCH,
    OPTIMIZER,
    LR,
    SEED,
    EVAL_EVERY,
    DATA,
    LOAD,
    SAVE,
    PLOT,
    CHECKPOINT,
    RESUME,
    NO_TRAIN,
    CLASSIFY,
    DIGIT,
    INVERT,
    THREADS
};

/* clang-format off */
static const struct argp_option table[] = {
    {0, 0, 0, 0, "Training:", 1},
    {"as-published", AS_PUBLISHED, 0, 0, "with the published settings "
     "(default)", 0},
    {"tuned", TUNED, 0, 0, "as one would train it today", 0},
    {"steps", STEPS, "N", 0, "steps to take", 0},
    {"epochs", EPOCHS, "N", 0, "or passes over the images", 0},
    {"batch", BATCH, "N", 0, "images in a step", 0},
    {"optimizer", OPTIMIZER, "NAME", 0, optimizer_names, 0},
    {"lr", LR, "RATE", 0, "learning rate", 0},
    {"seed", SEED, "N", 0, "of the initial weights and the shuffling [1]", 0},
    {"eval-every", EVAL_EVERY, "N", 0, "print the accuracy every N steps", 0},
    {"checkpoint", CHECKPOINT, "FILE", 0, "save the training there after each "
     "epoch; without it, Ctrl-C saves it in PROGRAM.checkpoint", 0},
    {"resume", RESUME, "FILE", 0, "go on from a checkpoint", 0},
    {"no-train", NO_TRAIN, 0, 0, "use the model of --load as it is", 0},

    {0, 0, 0, 0, "Files:", 2},
    {"data", DATA, "DIR", 0, "folder of the four IDX files, raw or .gz; "
     "'drawn' for digits that the program draws", 0},
    {"load", LOAD, "FILE", 0, "start from a model file", 0},
    {"save", SAVE, "FILE", 0, "write the model", 0},
    {"plot", PLOT, "FILE", 0, "write the accuracy curve as PNG", 0},

    {0, 0, 0, 0, "Reading images:", 3},
    {"classify", CLASSIFY, "IMAGE", 0, "classify an image; as IMAGE alone", 0},
    {"invert", INVERT, 0, 0, "the images are dark on light", 0},
    {"digit", DIGIT, "FILE", 0, "write the first test image as PNG, and "
     "classify it", 0},

    {0, 0, 0, 0, "Running:", 4},
    {"threads", THREADS, "N", 0, "threads to use [all cores]", 0},
    {"quiet", 'q', 0, 0, "show no progress", 0},
    {0, 0, 0, 0, 0, 0}
};
/* clang-format on */

/* What parse() fills. What is 0 or NULL in `change` was not given. */
typedef struct line {
    options *o;
    const recipe *base;
    const recipe *as_published, *tuned;
    recipe change;
} line;

static int32_t whole(struct argp_state *state, const char *option,
                     const char *text, int32_t least, int32_t most)
{
    char *end;

    errno = 0;
    const long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < least ||
        value > most)
        argp_error(state, "--%s '%s': expected a whole number from %d to %d",
                   option, text, least, most);
    return (int32_t)value;
}

static float rate(struct argp_state *state, const char *text)
{
    char *end;
    const float value = strtof(text, &end);

    if (end == text || *end != '\0' || !isfinite(value) || value <= 0)
        argp_error(state, "--lr '%s': expected a number above 0, as 0.001",
                   text);
    return value;
}

/* The options that change the recipe. */
static error_t parse_recipe(int key, char *arg, struct argp_state *state)
{
    line *l = state->input;

    switch (key) {
    case AS_PUBLISHED:
        l->base = l->as_published;
        break;
    case TUNED:
        l->base = l->tuned;
        break;
    case STEPS:
        l->change.steps = whole(state, "steps", arg, 1, INT32_MAX);
        break;
    case EPOCHS:
        l->change.epochs = whole(state, "epochs", arg, 1, 1000000);
        break;
    case BATCH:
        l->change.batch = whole(state, "batch", arg, 1, 100000);
        break;
    case OPTIMIZER:
        if (!recipe_knows_optimizer(arg))
            argp_error(state, "--optimizer '%s': expected %s", arg,
                       optimizer_names);
        l->change.optimizer = arg;
        break;
    case LR:
        l->change.lr = rate(state, arg);
        break;
    case EVAL_EVERY:
        l->change.eval_every = whole(state, "eval-every", arg, 1, INT32_MAX);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void finish(line *l, struct argp_state *state)
{
    recipe *r = &l->o->recipe;

    if (l->change.steps > 0 && l->change.epochs > 0)
        argp_error(state, "--steps and --epochs: give one of them");
    if (!l->o->train && l->o->load == NULL)
        argp_error(state, "--no-train needs a model: give --load FILE too");
    if (!l->o->train && (l->o->save != NULL || l->o->plot != NULL ||
                         l->o->checkpoint != NULL || l->o->resume != NULL))
        argp_error(state, "--no-train leaves nothing to --save, --plot, "
                          "--checkpoint or --resume");
    if (l->o->load != NULL && l->o->resume != NULL)
        argp_error(state, "--load and --resume: give one of them");

    *r = *l->base;
    if (l->change.steps > 0 || l->change.epochs > 0) {
        r->steps = l->change.steps;
        r->epochs = l->change.epochs;
    }
    if (l->change.batch > 0)
        r->batch = l->change.batch;
    if (l->change.optimizer != NULL)
        r->optimizer = l->change.optimizer;
    if (l->change.lr > 0)
        r->lr = l->change.lr;
    if (l->change.eval_every > 0)
        r->eval_every = l->change.eval_every;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    line *l = state->input;
    options *o = l->o;

    switch (key) {
    case SEED:
        o->seed = (uint32_t)whole(state, "seed", arg, 0, INT32_MAX);
        break;
    case THREADS:
        o->threads = whole(state, "threads", arg, 1, CNN_MAX_THREADS);
        break;
    case DATA:
        o->data = arg;
        break;
    case LOAD:
        o->load = arg;
        break;
    case SAVE:
        o->save = arg;
        break;
    case PLOT:
        o->plot = arg;
        break;
    case CHECKPOINT:
        o->checkpoint = arg;
        break;
    case RESUME:
        o->resume = arg;
        break;
    case DIGIT:
        o->digit = arg;
        break;
    case INVERT:
        o->invert = true;
        break;
    case NO_TRAIN:
        o->train = false;
        break;
    case 'q':
        o->quiet = true;
        break;
    case CLASSIFY:
    case ARGP_KEY_ARG:
        o->images[o->image_count++] = arg;
        break;
    case ARGP_KEY_END:
        finish(l, state);
        break;
    default:
        return parse_recipe(key, arg, state);
    }
    return 0;
}

static void print_version(FILE *stream, struct argp_state *state)
{
    fprintf(stream, "%s (libcnn) %s\n", state->name, cnn_version_string());
}

void options_parse(options *o, const char *name, const char *about,
                   const recipe *as_published, const recipe *tuned, int argc,
                   char **argv)
{
    const struct argp argp = {
        .options = table,
        .parser = parse,
        .args_doc = "[IMAGE...]",
        .doc = about,
    };
    line l = {.o = o,
              .base = as_published,
              .as_published = as_published,
              .tuned = tuned};

    *o = (options){.program = name, .argv = argv, .seed = 1, .train = true};
    /* No more images than arguments. */
    o->images = allocate((size_t)argc, sizeof(char *));
    argp_err_exit_status = EX_USAGE;
    argp_program_version_hook = print_version;
    argp_parse(&argp, argc, argv, 0, NULL, &l);
}
