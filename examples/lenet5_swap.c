/* The network of lenet5_sigmoid with ReLU instead of sigmoid; nothing else is
 * changed. With the learning rate of lenet5_sigmoid many units die, and the
 * accuracy stays at chance. ReLU needs a lower rate. */
#include <stdio.h>
#include <string.h>

#include "pages/curves.h"
#include "running/interrupt.h"
#include "running/trial.h"
#include "support/failure.h"
#include "support/output.h"
#include "support/ranks.h"

/* Convolutions are told to pad with zeros, so that they leave height and width
 * as they are; by default they do not pad (CNN_PAD_VALID). */
static cnn_net *network(const recipe *r)
{
    cnn_conv2d_options conv = recipe_conv2d(r);
    const cnn_dense_options dense = recipe_dense(r);
    cnn_net *net = cnn_net_create();

    conv.padding = CNN_PAD_SAME;

    /* 6 @ 14 x 14, 156 parameters */
    cnn_net_add(net, cnn_conv2d_create(6, 5, 5, &conv));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));

    /* 16 @ 7 x 7, 2,416 parameters */
    cnn_net_add(net, cnn_conv2d_create(16, 5, 5, &conv));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));

    /* 120 @ 7 x 7, 48,120 parameters */
    cnn_net_add(net, cnn_conv2d_create(120, 5, 5, &conv));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));

    /* 80 units, 470,480 parameters */
    cnn_net_add(net, cnn_dense_create(80, &dense));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));

    /* 10 classes, 810 parameters */
    cnn_net_add(net, cnn_dense_create(10, &dense));
    cnn_net_add(net, cnn_softmax_create());
    return net;
}

static const recipe as_published = {
    .weights = {CNN_INIT_TRUNCATED_NORMAL, 1},
    .biases = {CNN_INIT_TRUNCATED_NORMAL, 1},
    .reduction = CNN_REDUCE_SUM,
    .optimizer = "sgd",
    .batch = 200,
    .steps = 300,
    .hold_out = true,
};

/* With initial weights that suit ReLU, and with the mean of the losses, the
 * network learns at each of these rates. */
static const recipe tuned = {
    .weights = {CNN_INIT_HE_NORMAL, 0},
    .biases = {CNN_INIT_CONSTANT, 0},
    .reduction = CNN_REDUCE_MEAN,
    .optimizer = "adamw",
    .weight_decay = 0.1f,
    .schedule = ONE_CYCLE,
    .batch = 100,
    .epochs = 2,
};

enum { MOST_RATES = 16 };

typedef struct settings {
    run_options run;
    recipe_options changes;
    recipe recipe;
    float rates[MOST_RATES];
    int rate_count;
    const char *plot;
} settings;

enum { RATES = 2048, PLOT };

/* clang-format off */
static const struct argp_option options[] = {
    {0, 0, 0, 0, "Trying:", 2},
    {"rates", RATES, "A,B,...", 0,
     "the learning rates to try [1e-3,1e-5,1e-7; tuned: 1e-2,1e-3,1e-4]", 0},
    {"plot", PLOT, "FILE", 0, "draw the accuracies as .png or .svg", 0},
    {0, 0, 0, 0, 0, 0}
};
/* clang-format on */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    settings *s = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &s->changes;
        state->child_inputs[1] = &s->run;
        break;
    case RATES:
        s->rate_count = option_rates(state, "rates", arg, MOST_RATES, s->rates);
        break;
    case PLOT:
        s->plot = option_picture(state, "plot", arg);
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s': expected options only", arg);
        break;
    case ARGP_KEY_END:
        if (s->rate_count > 0 && s->changes.change.lr > 0)
            argp_error(state, "--rates and --lr: give one of them");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void choose(settings *s)
{
    static const float usual[2][3] = {{1e-3f, 1e-5f, 1e-7f},
                                      {1e-2f, 1e-3f, 1e-4f}};
    const float given = s->changes.change.lr;

    s->recipe = recipe_choose(&s->changes, &as_published, &tuned);
    if (given > 0)
        s->rates[s->rate_count++] = given;
    if (s->rate_count > 0)
        return;
    s->rate_count = 3;
    memcpy(s->rates, usual[s->changes.tuned], sizeof(usual[0]));
}

/* The share of units of each ReLU that were zero for every image. */
static void print_dead(cnn_net *net)
{
    const char *before = "";

    for (int32_t i = 0; i < cnn_net_layer_count(net); i++) {
        cnn_layer_stats stats = {.struct_size = sizeof(stats)};

        check(cnn_net_layer_stats(net, i, &stats), NULL);
        if (stats.dead < 0)
            continue;
        printf("%s%.1f %% of layer %d", before,
               100.0 * (double)stats.dead / (double)stats.units, (int)i);
        before = ", ";
    }
    putchar('\n');
}

static void print_trial(const trial *t)
{
    printf("%s: test accuracy %.4f after %lld steps\n", t->name, t->accuracy,
           (long long)t->steps);
    if (t->diverged)
        printf("  not finite: in step %lld, %s\n", (long long)t->steps,
               t->reason);
    else
        printf("  not finite: never\n");
    if (t->watched < t->steps) {
        printf("  dead in steps %lld to %lld: ", (long long)t->watched,
               (long long)t->steps);
        print_dead(t->net);
    } else {
        printf("  dead: not known, no step was watched\n");
    }
    fflush(stdout);
}

static int plot(const char *path, const trial *trials, int count)
{
    static const view views[] = {
        {NULL, STEPS, ACCURACY, .training = true, .held_out = false},
        {NULL, STEPS, LOSS, .training = true, .held_out = false}};
    run runs[MOST_RATES] = {{0}};
    curves c;

    for (int i = 0; i < count; i++)
        runs[i] = (run){trials[i].name, &trials[i].history, false};
    curves_create(&c, "lenet5_swap: training accuracy", runs, (size_t)count,
                  views, 2);
    const int code = chart_save(path, &c.chart);
    curves_free(&c);
    if (code == 0)
        printf("plot: %s\n", path);
    return code;
}

/* Returns 0 or an exit code. */
static int compare(const settings *s, const data *d)
{
    trial trials[MOST_RATES];
    int code = 0, count = 0;

    interrupt_waits(true);
    while (count < s->rate_count && code == 0) {
        trial *t = &trials[count];

        *t = (trial){.recipe = s->recipe, .net = network(&s->recipe)};
        t->recipe.lr = s->rates[count++];
        snprintf(t->name, sizeof(t->name), "learning rate %g",
                 (double)t->recipe.lr);
        trial_run(t, d, &s->run);
        print_trial(t);
        trial_free_net(t);
        if (interrupt_agreed() != 0) {
            warn("stopped %s %s", t->stopped ? "in" : "after", t->name);
            code = 128 + interrupt_signal();
        }
    }
    interrupt_waits(false);
    if (s->plot != NULL) {
        const int failed = plot(s->plot, trials, count);
        code = worse(code, failed);
    }
    while (count > 0)
        trial_free(&trials[--count]);
    return code;
}

int main(int argc, char **argv)
{
    const struct argp_child children[] = {
        {&recipe_argp, 0, "Training:", 1}, {&run_argp, 0, "Running:", 3}, {0}};
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Trains the network of lenet5_sigmoid with ReLU instead of "
               "sigmoid, at several learning rates, and shows how many of its "
               "units die.",
        .children = children};
    settings s = {0};
    data d;

    ranks_start(&argc, &argv);
    options_parse(&argp, &s.run, argc, argv, &s);
    if (!ranks_first())
        s.plot = NULL;
    choose(&s);
    if (s.plot != NULL)
        check_output(s.plot);
    options_start(&s.run);
    data_find(&d, s.run.data, &(pixels){0}, s.recipe.hold_out);
    data_print(&d);
    const int code = compare(&s, &d);
    data_free(&d);
    return worse(code, close_output());
}
