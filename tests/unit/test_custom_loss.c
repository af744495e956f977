/* Losses that a program wrote. The one here is the focal loss of Lin et al.
 * (2017), -(1 - p)^g log p, p = softmax(y)_l; g = 0 makes it the cross-entropy.
 */
#include <math.h>
#include <string.h>

#include "support/model_bytes.h"
#include "support/training.h"

enum { N = 8, DENSE = 80 /* where the parameters of that layer begin */ };

static double log_sum_exp(const float *y, size_t K)
{
    double top = (double)y[0], sum = 0.0;

    for (size_t k = 0; k < K; k++)
        top = fmax(top, (double)y[k]);
    for (size_t k = 0; k < K; k++)
        sum += exp((double)y[k] - top);
    return top + log(sum);
}

static double focal(void *user, const cnn_loss_sample *s, float *dy)
{
    const double g = *(const double *)user;
    const double all = log_sum_exp(s->y, s->count);
    const double log_p = (double)s->y[s->label] - all, p = exp(log_p);
    const double slope =
        (g > 0.0 ? g * pow(1.0 - p, g - 1.0) * p * log_p : 0.0) -
        pow(1.0 - p, g);

    assert_int_equal(s->struct_size, sizeof(*s));
    assert_null(s->targets);
    for (size_t k = 0; k < s->count && dy != NULL; k++) {
        const double t = k == (size_t)s->label ? 1.0 : 0.0;

        dy[k] = (float)(slope * (t - exp((double)s->y[k] - all)));
    }
    return -pow(1.0 - p, g) * log_p;
}

/* The mean squared error, of targets. */
static double squares(void *user, const cnn_loss_sample *s, float *dy)
{
    double sum = 0.0;

    (void)user;
    assert_int_equal(s->label, -1);
    for (size_t k = 0; k < s->count; k++) {
        const float e = s->y[k] - s->targets[k];

        sum += (double)e * (double)e;
        if (dy != NULL)
            dy[k] = 2.0f * e / (float)s->count;
    }
    return sum / (double)s->count;
}

static cnn_net *built(cnn_loss_fn loss, void *user)
{
    cnn_net *net = tiny_net();

    if (loss != NULL)
        assert_int_equal(cnn_net_set_custom_loss(net, loss, user), CNN_OK);
    build(net, &tiny_shape, N, 5);
    return net;
}

/* A batch, and the optimiser of a step. */
typedef struct world {
    float *x;
    int32_t labels[N];
    float weights[N], targets[N * TINY_CLASSES];
    cnn_optim *sgd;
    cnn_batch batch;
} world;

static int open_world(void **state)
{
    static world w;

    w.x = uniform(N * TINY_INPUT, 1);
    fill_labels(w.labels, N, TINY_CLASSES, 2);
    fill_uniform(w.targets, N * TINY_CLASSES, 3);
    for (int n = 0; n < N; n++)
        w.weights[n] = (float)n / 4.0f;
    w.sgd = cnn_sgd_create(0.1f, NULL);
    w.batch = (cnn_batch){.struct_size = sizeof(cnn_batch),
                          .count = N,
                          .x = w.x,
                          .labels = w.labels,
                          .weights = w.weights};
    *state = &w;
    return 0;
}

static int close_world(void **state)
{
    world *w = *state;

    cnn_optim_free(w->sgd);
    test_free(w->x);
    return 0;
}

/* One step of both nets on a batch has the same outcome. */
static void assert_same_step(cnn_net *a, cnn_net *b, const world *w)
{
    cnn_metrics m, n;

    assert_int_equal(cnn_net_train_batch(a, w->sgd, &w->batch, &m), CNN_OK);
    assert_int_equal(cnn_net_train_batch(b, w->sgd, &w->batch, &n), CNN_OK);
    assert_true(fabs(m.loss - n.loss) <= 1e-6 * n.loss);
    assert_int_equal(m.correct, n.correct);
    assert_near(cnn_net_params(a), cnn_net_params(b), TINY_PARAMS, 1e-6, 1e-6);
    cnn_net_free(a);
    cnn_net_free(b);
}

/* With weights, and both reductions. */
static void as_the_built_in_ones(void **state)
{
    world w = **(world **)state;
    double zero = 0.0;

    for (int32_t reduction = 0; reduction < 2; reduction++) {
        cnn_net *own = built(focal, &zero), *theirs = built(NULL, NULL);

        cnn_net_set_loss(own, CNN_LOSS_CUSTOM, reduction);
        cnn_net_set_loss(theirs, CNN_LOSS_SOFTMAX_CROSS_ENTROPY, reduction);
        assert_int_equal(cnn_net_loss(own), CNN_LOSS_CUSTOM);
        assert_same_step(own, theirs, &w);
    }
    w.batch.labels = NULL;
    w.batch.targets = w.targets;
    cnn_net *theirs = built(NULL, NULL);
    cnn_net_set_loss(theirs, CNN_LOSS_MSE, CNN_REDUCE_MEAN);
    assert_same_step(built(squares, NULL), theirs, &w);
}

/* The slopes along parameters of the dense layer, above which nothing has a
 * kink, by central differences. A float output near 1 is off by some 2^-24,
 * which the two steps turn into 4e-6 of slopes near 0.05; the truncation,
 * step^2 / 6 times the third derivative over the first, is below 1e-4. */
static void gradient_is_the_slope(void **state)
{
    const world *w = *state;
    const float step = 0x1p-6f;
    double gamma = 2.0, got[TINY_PARAMS];
    cnn_optim *none = cnn_sgd_create(0.0f, NULL);
    cnn_net *net = built(focal, &gamma);
    float *p = cnn_net_params(net);
    double off = 0.0, length = 0.0;

    assert_int_equal(cnn_net_train_batch(net, none, &w->batch, NULL), CNN_OK);
    for (int i = 0; i < TINY_PARAMS; i++)
        got[i] = (double)cnn_net_grads(net)[i];
    for (int i = DENSE; i < TINY_PARAMS; i++) {
        const float at = p[i];
        cnn_metrics up, down;

        p[i] = at + step;
        assert_int_equal(cnn_net_train_batch(net, none, &w->batch, &up),
                         CNN_OK);
        const float wide = p[i];
        p[i] = at - step;
        assert_int_equal(cnn_net_train_batch(net, none, &w->batch, &down),
                         CNN_OK);
        const double slope =
            (up.loss - down.loss) / ((double)wide - (double)p[i]);
        p[i] = at;
        off += pow(slope - got[i], 2.0);
        length += slope * slope;
    }
    assert_true(length > 0.0);
    assert_true(sqrt(off) <= 5e-4 * sqrt(length));
    cnn_optim_free(none);
    cnn_net_free(net);
}

static void trained_and_evaluated(void **state)
{
    double gamma = 2.0;
    training t = {.net = built(focal, &gamma)};
    cnn_metrics before, after;

    (void)state;
    training_open(&t, 1);
    assert_int_equal(cnn_net_evaluate(t.net, t.dataset, &before, NULL), CNN_OK);
    training_run(&t, 200);
    assert_int_equal(cnn_net_evaluate(t.net, t.dataset, &after, NULL), CNN_OK);
    assert_true(after.loss < 0.2 * before.loss);
    training_close(&t);
}

static void files_do_not_keep_it(void **state)
{
    const world *w = *state;
    double gamma = 2.0;
    cnn_net *net = built(focal, &gamma);
    training t = {0};
    cnn_metrics a, b;
    model_bytes m;

    cnn_net_set_loss(net, CNN_LOSS_CUSTOM, CNN_REDUCE_SUM);
    model_of(&m, net);
    assert_true(model_holds(&m, "`loss`:6,`reduction`:1"));
    cnn_net *loaded = cnn_net_load_memory(m.data, m.size, N);
    assert_non_null(loaded);
    assert_int_equal(cnn_net_loss(loaded), CNN_LOSS_CUSTOM);
    assert_failed(cnn_net_train_batch(loaded, w->sgd, &w->batch, NULL),
                  CNN_ESTATE, "cnn_net_set_custom_loss() has to set it first");
    training_open(&t, 1);
    assert_failed(cnn_net_evaluate(loaded, t.dataset, &a, NULL), CNN_ESTATE,
                  "cnn_net_set_custom_loss()");
    training_close(&t);
    assert_int_equal(cnn_net_set_custom_loss(loaded, focal, &gamma), CNN_OK);
    assert_int_equal(cnn_net_train_batch(loaded, w->sgd, &w->batch, &a),
                     CNN_OK);
    assert_int_equal(cnn_net_train_batch(net, w->sgd, &w->batch, &b), CNN_OK);
    assert_true(a.loss == b.loss);
    cnn_net_free(loaded);
    cnn_net_free(net);
    model_free(&m);
}

static double infinite(void *user, const cnn_loss_sample *s, float *dy)
{
    (void)user;
    for (size_t k = 0; k < s->count && dy != NULL; k++)
        dy[k] = 0.0f;
    return (double)INFINITY;
}

static double of_infinite_slope(void *user, const cnn_loss_sample *s, float *dy)
{
    (void)user;
    for (size_t k = 0; k < s->count && dy != NULL; k++)
        dy[k] = INFINITY;
    return 1.0;
}

static void refused(void **state)
{
    const world *w = *state;
    cnn_net *net = built(infinite, NULL);
    float *before = copy_params(net);

    assert_failed(cnn_net_set_custom_loss(NULL, focal, NULL), CNN_EINVAL,
                  "net_set_custom_loss: net is NULL");
    assert_failed(cnn_net_set_custom_loss(net, NULL, NULL), CNN_EINVAL,
                  "net_set_custom_loss: loss is NULL");
    assert_failed(cnn_net_train_batch(net, w->sgd, &w->batch, NULL),
                  CNN_EDIVERGED, "though every output is finite");
    cnn_net_set_custom_loss(net, of_infinite_slope, NULL);
    assert_failed(cnn_net_train_batch(net, w->sgd, &w->batch, NULL),
                  CNN_EDIVERGED, "the gradient of layer");
    assert_same_bits(cnn_net_params(net), before, TINY_PARAMS);
    cnn_net_free(net);
    test_free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_built_in_ones),
        cmocka_unit_test(gradient_is_the_slope),
        cmocka_unit_test(trained_and_evaluated),
        cmocka_unit_test(files_do_not_keep_it),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests_name("custom_loss", tests, open_world,
                                       close_world);
}
