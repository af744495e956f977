#include "programs/example_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages/confusion.h"
#include "support/failure.h"

/* Keys of the options that have no short form. */
enum {
    HEAD = 1024,
    SIZE, /* and the next, for the second of them */
    FOLD = SIZE + 2,
    SUMMARY,
    PREDICT_SCALING,
    NO_TRAIN,
    LOAD,
    INIT_FROM,
    SAVE,
    CHECKPOINT,
    RESUME,
    LOG,
    LOG_EVERY,
    PLOT,
    COMPARE,
    CONFUSION,
    FILTERS,
    MISTAKES,
    REPORT,
    CLASSIFY,
    INVERT,
    DIGIT
};

/* clang-format off */
static const struct argp_option table[] = {
    {0, 0, 0, 0, "Models:", 2},
    {"load", LOAD, "FILE", 0, "start from a model file, layers and weights",
     0},
    {"init-from", INIT_FROM, "FILE", 0, "start from the weights of a model "
     "file, which must have this network's layers", 0},
    {"save", SAVE, "FILE", 0, "write the model", 0},
    {"no-train", NO_TRAIN, 0, 0, "use the model of --load as it is", 0},
    {"fold", FOLD, 0, 0, "test and classify with batch normalisations folded "
     "into the layers before them; what is saved is as it was trained", 0},
    {"checkpoint", CHECKPOINT, "FILE", 0, "save the training there after each "
     "epoch; without it, Ctrl-C saves it in PROGRAM.checkpoint", 0},
    {"resume", RESUME, "FILE", 0, "go on from a checkpoint, with "
     "the same network, data and settings", 0},

    {0, 0, 0, 0, "Results:", 3},
    {"summary", SUMMARY, "FORM", OPTION_ARG_OPTIONAL, "print the layers and "
     "their costs, as text or json, and exit", 0},
    {"predict-scaling", PREDICT_SCALING, 0, 0, "measure some steps, print what "
     "1 to 1,024 machines would make of them together, and exit", 0},
    {"report", REPORT, "FILE.html", 0, "write all of the following and more "
     "as one page", 0},
    {"plot", PLOT, "FILE", 0, "draw accuracy and loss, as .png or .svg", 0},
    {"compare", COMPARE, "FILE.csv", 0, "also draw the curves of that log, in "
     "plot and report; may be given several times", 0},
    {"confusion", CONFUSION, "FILE", 0, "write the confusion matrix, as .csv, "
     ".png or .svg", 0},
    {"filters", FILTERS, "FILE", 0, "draw the first layer's filters, as .png "
     "or .svg", 0},
    {"mistakes", MISTAKES, "FILE", 0, "draw the worst mistakes, as .png or "
     ".svg", 0},
    {"log", LOG, "FILE", 0, "write a line each step, as .csv or .jsonl; may be "
     "given several times", 0},
    {"log-every", LOG_EVERY, "N", 0, "or a line every N steps", 0},

    {0, 0, 0, 0, "Reading images:", 4},
    {"classify", CLASSIFY, "IMAGE", 0, "classify an image; as IMAGE alone", 0},
    {"invert", INVERT, 0, 0, "the images are dark on light", 0},
    {"digit", DIGIT, "FILE", 0, "write the first test image as PNG, and "
     "classify it", 0},
    {0, 0, 0, 0, 0, 0}
};

static const struct argp_option head_table[] = {
    {"head", HEAD, "NAME", 0, "the output layer: rbf (default) or softmax", 0},
    {0, 0, 0, 0, 0, 0}
};
/* clang-format on */

static error_t parse_head(int key, char *arg, struct argp_state *state)
{
    example_options *o = state->input;
    const head *heads = o->example->heads;

    if (key != HEAD)
        return ARGP_ERR_UNKNOWN;
    for (int i = 0; i < 2; i++)
        if (strcmp(heads[i].name, arg) == 0) {
            o->head = &heads[i];
            return 0;
        }
    argp_error(state, "--head '%s': expected %s or %s", arg, heads[0].name,
               heads[1].name);
    return 0;
}

static error_t parse_size(int key, char *arg, struct argp_state *state)
{
    const example_options *o = state->input;

    if (key != SIZE && key != SIZE + 1)
        return ARGP_ERR_UNKNOWN;
    const size_option *s = &o->example->sizes[key - SIZE];
    *s->value = option_whole(state, s->name, arg, s->least, s->most);
    return 0;
}

static int32_t summary_form(struct argp_state *state, const char *form)
{
    if (form == NULL || strcmp(form, "text") == 0)
        return CNN_SUMMARY_TEXT;
    if (strcmp(form, "json") != 0)
        argp_error(state, "--summary '%s': expected text or json", form);
    return CNN_SUMMARY_JSON;
}

/* Another name in a list. */
static void append(struct argp_state *state, const char *option,
                   const char *names[MOST_LOGS], const char *name)
{
    int count = 0;

    while (count < MOST_LOGS && names[count] != NULL)
        count++;
    if (count == MOST_LOGS)
        argp_error(state, "--%s: at most %d files", option, MOST_LOGS);
    names[count] = name;
}

static void finish(example_options *o, struct argp_state *state)
{
    if (!o->train && o->load == NULL)
        argp_error(state, "--no-train needs a model: give --load FILE too");
    if (!o->train &&
        (o->save != NULL || o->plot != NULL || o->checkpoint != NULL ||
         o->resume != NULL || o->logs[0] != NULL || o->compare[0] != NULL))
        argp_error(state, "--no-train leaves nothing to --save, --plot, "
                          "--compare, --log, --checkpoint or --resume");
    if (o->load != NULL && o->init_from != NULL)
        argp_error(state, "--load and --init-from: give one of them");
    if (o->compare[0] != NULL && o->plot == NULL && o->report == NULL)
        argp_error(state, "--compare is for --plot and --report");
    const example *e = o->example;
    o->recipe =
        recipe_choose(&o->changes, &e->as_published,
                      e->tuned.batch > 0 ? &e->tuned : &e->as_published);
}

/* The options that name a file to be written. */
static error_t parse_output(int key, char *arg, struct argp_state *state)
{
    example_options *o = state->input;

    switch (key) {
    case SAVE:
        o->save = arg;
        break;
    case CHECKPOINT:
        o->checkpoint = arg;
        break;
    case LOG:
        if (!log_knows(arg))
            argp_error(state, "--log '%s': expected a name in .csv or .jsonl",
                       arg);
        append(state, "log", o->logs, arg);
        break;
    case PLOT:
        o->plot = option_picture(state, "plot", arg);
        break;
    case FILTERS:
        o->filters = option_picture(state, "filters", arg);
        break;
    case MISTAKES:
        o->mistakes = option_picture(state, "mistakes", arg);
        break;
    case CONFUSION:
        if (!confusion_knows(arg))
            argp_error(state,
                       "--confusion '%s': expected a name in .csv, "
                       ".png or .svg",
                       arg);
        o->confusion = arg;
        break;
    case REPORT:
        o->report = option_page(state, "report", arg);
        break;
    case DIGIT:
        o->digit = arg;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    example_options *o = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->changes;
        state->child_inputs[1] = &o->run;
        state->child_inputs[2] = o;
        if (o->example->heads[0].name != NULL)
            state->child_inputs[3] = o;
        break;
    case SUMMARY:
        o->summary = summary_form(state, arg);
        break;
    case PREDICT_SCALING:
        o->predict_scaling = true;
        break;
    case LOG_EVERY:
        o->log_every = option_whole(state, "log-every", arg, 1, INT32_MAX);
        break;
    case LOAD:
        o->load = arg;
        break;
    case INIT_FROM:
        o->init_from = arg;
        break;
    case RESUME:
        o->resume = arg;
        break;
    case COMPARE:
        append(state, "compare", o->compare, arg);
        break;
    case INVERT:
        o->invert = true;
        break;
    case FOLD:
        o->fold = true;
        break;
    case NO_TRAIN:
        o->train = false;
        break;
    case CLASSIFY:
    case ARGP_KEY_ARG:
        o->images[o->image_count++] = arg;
        break;
    case ARGP_KEY_END:
        finish(o, state);
        break;
    default:
        return parse_output(key, arg, state);
    }
    return 0;
}

void example_parse(example_options *o, const example *e, int argc, char **argv)
{
    static const struct argp head_argp = {.options = head_table,
                                          .parser = parse_head};
    struct argp_option size_table[3] = {{0}};
    const struct argp size_argp = {.options = size_table, .parser = parse_size};
    const struct argp_child children[] = {
        {&recipe_argp, 0, "Training:", 1},
        {&run_argp, 0, "Running:", 5},
        {&size_argp, 0, e->sizes[0].name != NULL ? "Network:" : NULL, 0},
        {e->heads[0].name != NULL ? &head_argp : NULL, 0, "Network:", 0},
        {0}};
    const struct argp argp = {.options = table,
                              .parser = parse,
                              .args_doc = "[IMAGE...]",
                              .doc = e->about,
                              .children = children};

    for (int i = 0; i < 2 && e->sizes[i].name != NULL; i++)
        size_table[i] = (struct argp_option){
            .name = e->sizes[i].name,
            .key = SIZE + i,
            .arg = "N",
            .doc = e->sizes[i].about,
        };
    *o = (example_options){.example = e,
                           .head = &e->heads[0],
                           .summary = -1,
                           .train = true,
                           .log_every = 1};
    /* No more images than arguments. */
    o->images = allocate((size_t)argc, sizeof(char *));
    options_parse(&argp, &o->run, argc, argv, o);
}
