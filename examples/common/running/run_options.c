#include "running/run_options.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/failure.h"
#include "support/ranks.h"
#include "support/text.h"

enum { DATA = 256, SEED, THREADS };

/* clang-format off */
static const struct argp_option run_table[] = {
    {"data", DATA, "DIR", 0, "folder of the four IDX files, raw or .gz; "
     "'drawn' for digits that the program draws, 'fashion' for the clothes of "
     "Debian's dataset-fashion-mnist", 0},
    {"seed", SEED, "N", 0, "of the initial weights and the shuffling [1]", 0},
    {"threads", THREADS, "N", 0, "threads to use, in each rank if there are "
     "several [all cores]", 0},
    {"quiet", 'q', 0, 0, "show no progress", 0},
    {"verbose", 'v', 0, 0, "show more: kernels in use, and after each epoch "
     "the units that are dead or saturated, norms of weights and gradients", 0},
    {0, 0, 0, 0, 0, 0}
};
/* clang-format on */

int32_t option_whole(struct argp_state *state, const char *option,
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

float option_rate(struct argp_state *state, const char *option,
                  const char *text)
{
    char *end;
    const float value = strtof(text, &end);

    if (end == text || *end != '\0' || !isfinite(value) || value <= 0)
        argp_error(state, "--%s '%s': expected a number above 0, as 0.001",
                   option, text);
    return value;
}

const char *option_picture(struct argp_state *state, const char *option,
                           const char *name)
{
    if (!ends_with(name, ".png") && !ends_with(name, ".svg"))
        argp_error(state, "--%s '%s': expected a name in .png or .svg", option,
                   name);
    return name;
}

const char *option_page(struct argp_state *state, const char *option,
                        const char *name)
{
    if (!ends_with(name, ".html"))
        argp_error(state, "--%s '%s': expected a name in .html", option, name);
    return name;
}

int option_rates(struct argp_state *state, const char *option, char *text,
                 int most, float *values)
{
    int count = 0;

    for (char *item; (item = strsep(&text, ",")) != NULL; count++) {
        if (count == most)
            argp_error(state, "--%s: at most %d values", option, most);
        values[count] = option_rate(state, option, item);
    }
    return count;
}

static error_t parse_run(int key, char *arg, struct argp_state *state)
{
    run_options *o = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        o->seed = 1;
        break;
    case DATA:
        o->data = arg;
        break;
    case SEED:
        o->seed = (uint32_t)option_whole(state, "seed", arg, 0, INT32_MAX);
        break;
    case THREADS:
        o->threads = option_whole(state, "threads", arg, 1, CNN_MAX_THREADS);
        break;
    case 'q':
        o->quiet = true;
        break;
    case 'v':
        o->verbose = true;
        break;
    case ARGP_KEY_END:
        if (o->quiet && o->verbose)
            argp_error(state, "--quiet and --verbose: give one of them");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp run_argp = {.options = run_table, .parser = parse_run};

static void print_version(FILE *stream, struct argp_state *state)
{
    fprintf(stream, "%s (libcnn) %s\n", state->name, cnn_version_string());
}

void options_parse(const struct argp *argp, run_options *run, int argc,
                   char **argv, void *input)
{
    argp_err_exit_status = EX_USAGE;
    argp_program_version_hook = print_version;
    run->argv = argv;
    run->program =
        strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
    argp_parse(argp, argc, argv, 0, NULL, input);
    /* Here, because a net uses no more threads than were set when it was built.
     */
    check(
        cnn_set_num_threads(run->threads > 0 ? run->threads : ranks_threads()),
        NULL);
    if (!ranks_first()) {
        run->quiet = true;
        run->verbose = false;
    }
}

void options_start(const run_options *run)
{
    printf("%s: libcnn %s, ", run->program, cnn_version_string());
    if (ranks_size() > 1)
        printf("ranks %d, each with ", (int)ranks_size());
    printf("threads %d, seed %u\n", (int)cnn_num_threads(),
           (unsigned)run->seed);
    fflush(stdout);
    if (run->verbose)
        fprintf(stderr, "build: %s\n", cnn_build_info());
}
