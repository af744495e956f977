#include "programs/example.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "images/picture.h"
#include "pages/confusion.h"
#include "programs/command_line.h"
#include "programs/outcome.h"
#include "programs/scaling_table.h"
#include "running/interrupt.h"
#include "running/recognise.h"
#include "running/statistics.h"
#include "support/failure.h"
#include "support/output.h"
#include "support/ranks.h"

/* These are checked before the training, not after it. */
static void check_paths(const example_options *o)
{
    const char *const outputs[] = {
        o->save,    o->checkpoint, o->plot,   o->confusion,
        o->filters, o->mistakes,   o->report, o->digit,
    };

    for (int32_t i = 0; i < o->image_count; i++)
        check_input(o->images[i]);
    for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++)
        if (outputs[i] != NULL)
            check_output(outputs[i]);
    for (int i = 0; i < MOST_LOGS; i++)
        if (o->logs[i] != NULL)
            check_output_or_device(o->logs[i]);
}

static bool same_shape(const cnn_shape *a, const cnn_shape *b)
{
    return a->c == b->c && a->h == b->h && a->w == b->w;
}

static cnn_net *load(const example_options *o, const char *path)
{
    const cnn_shape image = pixels_shape(&o->example->pixels);
    cnn_net *net = cnn_net_load(path, o->recipe.batch);
    cnn_shape in;

    if (net == NULL)
        check(cnn_last_status(), path);
    check(cnn_net_in_shape(net, &in), NULL);
    if (!same_shape(&in, &image) || output_count(net) != 10)
        fail(EX_DATAERR,
             "%s: a net from %d x %d x %d to %d outputs, expected one from "
             "1 x %d x %d images to 10 classes",
             path, (int)in.c, (int)in.h, (int)in.w, (int)output_count(net),
             (int)image.h, (int)image.w);
    return net;
}

/* Copies the weights of a model file into a net of the same layers. */
static void take_weights(cnn_net *net, const example_options *o)
{
    cnn_net *from = load(o, o->init_from);
    const int32_t count = cnn_net_layer_count(net);

    if (cnn_net_layer_count(from) != count)
        fail(EX_DATAERR, "%s: a net of %d layers, expected %d", o->init_from,
             (int)cnn_net_layer_count(from), (int)count);
    for (int32_t i = 0; i < count; i++) {
        const cnn_layer *a = cnn_net_layer(from, i), *b = cnn_net_layer(net, i);

        if (strcmp(cnn_layer_kind(a), cnn_layer_kind(b)) != 0 ||
            cnn_layer_param_count(a) != cnn_layer_param_count(b))
            fail(EX_DATAERR,
                 "%s: layer %d is a %s of %zu parameters, expected a %s of %zu",
                 o->init_from, (int)i, cnn_layer_kind(a),
                 cnn_layer_param_count(a), cnn_layer_kind(b),
                 cnn_layer_param_count(b));
    }
    memcpy(cnn_net_params(net), cnn_net_params(from),
           cnn_net_param_count(net) * sizeof(float));
    cnn_net_free(from);
}

static cnn_net *make_net(const example_options *o)
{
    const cnn_shape image = pixels_shape(&o->example->pixels);

    if (o->load != NULL) {
        cnn_net *net = load(o, o->load);
        pixels_keep(&o->example->pixels, net);
        return net;
    }
    cnn_net *net = o->example->network(&o->recipe);
    if (o->head->add != NULL)
        o->head->add(net, &o->recipe);
    check(cnn_net_build(net, &image, o->recipe.batch, o->run.seed), NULL);
    if (o->init_from != NULL)
        take_weights(net, o);
    pixels_keep(&o->example->pixels, net);
    return net;
}

static void print_summary(const cnn_net *net, int32_t form)
{
    char *text = summary_text(net, form);

    fputs(text, stdout);
    free(text);
}

/* Writes the first test image as a file that can be classified. */
static int show_digit(cnn_net *net, const data *d, const example_options *o)
{
    const pixels *as = &o->example->pixels;
    const int32_t edge = 28, m = as->margin;
    const cnn_shape image = pixels_shape(as);
    const float low = pixels_value(as, 0), high = pixels_value(as, 1);
    float x[28 * 28], *framed = allocate((size_t)image.h * (size_t)image.w, 4);

    check(cnn_dataset_read(d->test, 1, NULL, framed, NULL), NULL);
    for (int32_t i = 0; i < edge; i++)
        for (int32_t j = 0; j < edge; j++)
            x[i * edge + j] =
                (framed[(i + m) * image.w + j + m] - low) / (high - low);
    free(framed);
    const int code = output_file(o->digit, picture_png(edge, edge, x));
    return code != 0 ? code
                     : recognise_print(net, o->digit, &(reading){*as, false});
}

/* An output layer whose smallest value says the class needs another loss. */
static void check_output_layer(const example_options *o, cnn_net *net)
{
    const bool smallest = o->head->loss == CNN_LOSS_LENET_MAP;

    if (o->load != NULL && smallest_wins(net) != smallest)
        fail(EX_DATAERR,
             "%s: ends with a layer of kind %s, which cannot be trained as "
             "this network%s",
             o->load,
             cnn_layer_kind(cnn_net_layer(net, cnn_net_layer_count(net) - 1)),
             o->example->heads[0].name != NULL ? "; give another --head" : "");
}

/* After Ctrl-C: says how to go on, and leaves. */
_Noreturn static void leave(const example_options *o, const training *t)
{
    warn("stopped after step %lld of %lld, saved in %s; to go on:",
         (long long)t->done, (long long)t->steps, t->emergency);
    GString *line = command_line(
        o->run.argv, o->resume == NULL || strcmp(o->resume, t->emergency) != 0
                         ? t->emergency
                         : NULL);
    fputc(' ', stderr);
    if (ranks_size() > 1)
        fprintf(stderr, "mpiexec -n %d ", (int)ranks_size());
    fprintf(stderr, "%s\n", line->str);
    g_string_free(line, TRUE);
    exit(128 + interrupt_signal());
}

static void set_loss(const example_options *o, cnn_net *net)
{
    check(cnn_net_set_loss(net, o->head->loss, o->recipe.reduction), NULL);
}

/* Trains and saves the model. Returns 0 or an exit code. */
static int train(const example_options *o, training *t)
{
    char file[256];

    snprintf(file, sizeof(file), "%s.checkpoint", o->example->name);
    t->emergency = o->checkpoint != NULL ? o->checkpoint : file;
    set_loss(o, t->net);
    const cnn_status status = training_run(t);
    const int code = log_close(t->log);
    if (status == CNN_ECANCELED)
        leave(o, t);
    if (status == CNN_EDIVERGED)
        fail(EXIT_FAILURE, "%s; a smaller learning rate (--lr) may help",
             cnn_last_error());
    if (o->save == NULL || !ranks_first())
        return code;
    if (cnn_net_save(t->net, o->save) != CNN_OK) {
        warn("the model is not saved: %s", cnn_last_error());
        return EX_IOERR;
    }
    printf("model: %s\n", o->save);
    return code;
}

static int train_on(const example_options *o, cnn_net *net, const data *d,
                    training *t)
{
    run_log log = {.every = o->log_every};
    examination e;

    for (int i = 0; i < MOST_LOGS && o->logs[i] != NULL && ranks_first(); i++)
        log_open(&log, o->logs[i], o->resume != NULL);
    *t = (training){.net = net,
                    .data = d,
                    .recipe = &o->recipe,
                    .run = &o->run,
                    .resume = o->resume,
                    .checkpoint = o->checkpoint,
                    .lines = o->recipe.eval_every > 0,
                    .log = &log};
    t->held_out =
        !t->lines || o->logs[0] != NULL || o->plot != NULL || o->report != NULL;
    const int code = train(o, t);
    t->log = NULL;
    if (d->validation != NULL && ranks_first()) {
        examine(net, d->validation, &e);
        outcome_print(&e, "validation");
        examination_free(&e);
    }
    return code;
}

/* With --fold: the net for predicting, in place of that which was trained. */
static void fold(cnn_net **net, const example_options *o)
{
    cnn_net *folded = cnn_net_fold(*net, o->recipe.batch);

    if (folded == NULL)
        check(cnn_last_status(), NULL);
    printf("folded: %d layers instead of %d\n",
           (int)cnn_net_layer_count(folded), (int)cnn_net_layer_count(*net));
    cnn_net_free(*net);
    *net = folded;
}

/* Tests, which rank 0 does alone, and shows the results. */
static int show(outcome *r)
{
    const example_options *o = r->o;
    int code = 0;

    examine(r->net, r->data->test, &r->test);
    outcome_print(&r->test, "test");
    confusion_print(&(confusion){NULL, r->test.classes, r->test.confusion});
    code = outcome_save(r);
    if (o->digit != NULL)
        code = worse(code, show_digit(r->net, r->data, o));
    examination_free(&r->test);
    return code;
}

/* Trains and tests. Returns 0 or an exit code. */
static int work_on_data(cnn_net **net, const example_options *o)
{
    outcome r = {.o = o};
    training t = {0};
    int code = 0;
    data d;

    for (int i = 0; i < MOST_LOGS && o->compare[i] != NULL && ranks_first();
         i++)
        log_read(o->compare[i], &r.compare[i]);
    data_find(&d, o->run.data != NULL ? o->run.data : o->example->data,
              &o->example->pixels, o->recipe.hold_out);
    r.data = &d;
    data_print(&d);
    if (o->train) {
        code = train_on(o, *net, &d, &t);
        r.training = &t;
    }
    if (o->fold)
        fold(net, o);
    r.net = t.net = *net;
    if (ranks_first())
        code = worse(code, show(&r));
    for (int i = 0; i < MOST_LOGS; i++)
        history_free(&r.compare[i]);
    history_free(&t.history);
    data_free(&d);
    return code;
}

/* Without training: do the options ask for more than to classify images? */
static bool wants_data(const example_options *o)
{
    return o->confusion != NULL || o->filters != NULL || o->mistakes != NULL ||
           o->report != NULL || o->digit != NULL;
}

int example_main(const example *e, int argc, char **argv)
{
    example_options o;
    int code = 0;

    ranks_start(&argc, &argv);
    example_parse(&o, e, argc, argv);
    if (ranks_first())
        check_paths(&o);
    cnn_net *net = make_net(&o);
    if (o.train && o.summary < 0)
        check_output_layer(&o, net);
    if (o.summary >= 0) {
        print_summary(net, o.summary);
    } else if (o.predict_scaling) {
        options_start(&o.run);
        set_loss(&o, net);
        scaling_table(net, &o.recipe);
    } else {
        options_start(&o.run);
        if (o.train || o.image_count == 0 || wants_data(&o))
            code = work_on_data(&net, &o);
        else if (o.fold)
            fold(&net, &o);
        for (int32_t i = 0; i < o.image_count && ranks_first(); i++)
            code = worse(
                code, recognise_print(net, o.images[i],
                                      &(reading){o.example->pixels, o.invert}));
    }
    cnn_net_free(net);
    free(o.images);
    return worse(code, close_output());
}
