#include "common/example.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/failure.h"
#include "common/picture.h"
#include "common/report.h"
#include "common/training.h"

static const cnn_shape image = {1, 28, 28};

/* Better told now than after the training. */
static void check_input(const char *path)
{
    if (access(path, R_OK) != 0)
        fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
}

static void check_output(const char *path)
{
    struct stat old;

    if (path == NULL)
        return;
    char *copy = strdup(path);
    if (copy == NULL)
        fail(EXIT_FAILURE, "out of memory");
    const char *folder = dirname(copy);
    if (access(folder, W_OK | X_OK) != 0)
        fail(EX_CANTCREAT, "%s cannot be written: folder %s: %s", path, folder,
             strerror(errno));
    if (stat(path, &old) == 0 && !S_ISREG(old.st_mode))
        fail(EX_CANTCREAT, "%s cannot be written: it is no regular file", path);
    free(copy);
}

static cnn_net *make_net(const example *e, const options *o)
{
    cnn_shape in, out;

    if (o->load == NULL) {
        cnn_net *net = network_create(e->network, &o->recipe);
        check(cnn_net_build(net, &image, o->recipe.batch, o->seed), NULL);
        return net;
    }
    cnn_net *net = cnn_net_load(o->load, o->recipe.batch);
    if (net == NULL)
        check(cnn_last_status(), o->load);
    check(cnn_net_in_shape(net, &in), NULL);
    check(cnn_net_out_shape(net, &out), NULL);
    if (memcmp(&in, &image, sizeof(in)) != 0 || out.c * out.h * out.w != 10)
        fail(EX_DATAERR, "%s: not a net from 1 x 28 x 28 images to 10 classes",
             o->load);
    return net;
}

/* The first test image as a file that can be classified, for a start. */
static int show_digit(cnn_net *net, const data *d, const char *path)
{
    float x[28 * 28];

    check(cnn_dataset_read(d->test, 1, NULL, x, NULL), NULL);
    const int code = picture_write(path, image.w, image.h, x);
    return code != 0 ? code : report_picture(net, path, false);
}

static int train(cnn_net *net, const data *d, const options *o, history *h)
{
    int code = 0;

    check(cnn_net_set_loss(net, CNN_LOSS_SOFTMAX_CROSS_ENTROPY,
                           o->recipe.reduction),
          NULL);
    training_run(net, d, o, h);
    if (o->save != NULL && cnn_net_save(net, o->save) != CNN_OK) {
        warn("the model is not saved: %s", cnn_last_error());
        code = EX_IOERR;
    } else if (o->save != NULL) {
        printf("model: %s\n", o->save);
    }
    if (d->validation != NULL)
        report_accuracy(net, d->validation, "validation", false);
    return code;
}

static int plot(const options *o, const history *h, double accuracy)
{
    const curve curves[] = {h->training, h->test};
    char title[80];

    snprintf(title, sizeof(title), "%s: test accuracy %.4f", o->program,
             accuracy);
    const int code = plot_accuracy(o->plot, title, curves, 2);
    if (code == 0)
        printf("plot: %s\n", o->plot);
    return code;
}

/* One failure does not keep the rest from being done; the first is told. */
static int worse(int code, int next)
{
    return code != 0 ? code : next;
}

/* Trains and tests. Returns 0 or an exit code. */
static int work_on_data(cnn_net *net, const options *o)
{
    history h = {0};
    int code = 0;
    data d;

    data_find(&d, o->data, o->recipe.hold_out);
    printf("data: %s (%lld images to train on, %lld to test)\n", d.source,
           (long long)cnn_dataset_count(d.train),
           (long long)cnn_dataset_count(d.test));
    fflush(stdout);
    if (o->train)
        code = train(net, &d, o, &h);
    const double accuracy = report_accuracy(net, d.test, "test", true);
    if (o->plot != NULL)
        code = worse(code, plot(o, &h, accuracy));
    if (o->digit != NULL)
        code = worse(code, show_digit(net, &d, o->digit));
    curve_free(&h.training);
    curve_free(&h.test);
    data_free(&d);
    return code;
}

int example_main(const example *e, int argc, char **argv)
{
    options o;
    int code = 0;

    options_parse(&o, e->name, e->about, &e->as_published, &e->tuned, argc,
                  argv);
    for (int32_t i = 0; i < o.image_count; i++)
        check_input(o.images[i]);
    check_output(o.save);
    check_output(o.plot);
    check_output(o.digit);
    check_output(o.checkpoint);
    check(cnn_set_num_threads(o.threads), NULL);
    printf("%s: libcnn %s, threads %d, seed %u\n", e->name,
           cnn_version_string(), (int)cnn_num_threads(), (unsigned)o.seed);

    cnn_net *net = make_net(e, &o);
    if (o.train || o.digit != NULL || o.image_count == 0)
        code = work_on_data(net, &o);
    for (int32_t i = 0; i < o.image_count; i++)
        code = worse(code, report_picture(net, o.images[i], o.invert));
    cnn_net_free(net);
    free(o.images);
    if (fflush(stdout) != 0 || ferror(stdout))
        fail(EX_IOERR, "standard output cannot be written: %s",
             strerror(errno));
    return code;
}
