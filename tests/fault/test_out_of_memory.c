/* Memory that runs out while nets, sessions, trainers and datasets are made and
 * evaluated. The files have test_out_of_memory_files.c. */
#include <string.h>

#include "support/faulty_memory.h"
#include "support/own_layer.h"
#include "support/training.h"

static cnn_status status_of(const void *made)
{
    return made != NULL ? CNN_OK : cnn_last_status();
}

static cnn_status create_net(void *data)
{
    cnn_net *net = cnn_net_create();
    const cnn_status status = status_of(net);

    (void)data;
    cnn_net_free(net);
    return status;
}

/* ------------------------------------------------------------- layers --- */

static cnn_layer *conv(void)
{
    return cnn_conv2d_create(3, 2, 2, NULL);
}

static cnn_layer *dense(void)
{
    return cnn_dense_create(3, NULL);
}

static cnn_layer *maxpool(void)
{
    return cnn_maxpool2d_create(2, 2, NULL);
}

static cnn_layer *avgpool(void)
{
    return cnn_avgpool2d_create(2, 2, NULL);
}

static cnn_layer *relu(void)
{
    return cnn_activation_create(CNN_RELU, NULL);
}

static cnn_layer *gelu(void)
{
    return cnn_activation_create(CNN_GELU, NULL);
}

static cnn_layer *subsample(void)
{
    return cnn_subsample2d_create(2, 2, NULL);
}

static cnn_layer *dropout(void)
{
    return cnn_dropout_create(0.5f);
}

static cnn_layer *batchnorm(void)
{
    return cnn_batchnorm_create(NULL);
}

static cnn_layer *rbf(void)
{
    static const float codes[2 * 16];

    return cnn_rbf_create(2, codes);
}

static cnn_layer *own_kind(void)
{
    return own_layer(1.0f, CNN_BY_SAMPLES, NULL);
}

static cnn_layer *(*const kinds[])(void) = {
    conv,      dense,   maxpool,   avgpool, relu,     gelu, cnn_softmax_create,
    subsample, dropout, batchnorm, rbf,     own_kind,
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* Built by itself, and again if that failed. */
static cnn_status build_layer(void *data)
{
    cnn_layer *layer = (*(cnn_layer * (*const *)(void)) data)();
    const cnn_shape in = {1, 4, 4};
    const cnn_status status =
        layer != NULL ? cnn_layer_build(layer, &in, 2, 1) : cnn_last_status();

    if (layer != NULL && status != CNN_OK)
        assert_int_equal(cnn_layer_param_count(layer), 0);
    cnn_layer_free(layer);
    return status;
}

/* On a net that has to grow for it, which the error sticks to. */
static cnn_status add_layer(void *data)
{
    cnn_net *net = cnn_net_create();
    cnn_status first = status_of(net);

    if (net == NULL)
        return first;
    for (int i = 0; i < 17; i++) {
        cnn_layer *layer = (*(cnn_layer * (*const *)(void)) data)();
        const cnn_status status = cnn_net_add(net, layer);

        if (first == CNN_OK)
            first = status;
    }
    if (first != CNN_OK)
        assert_int_equal(cnn_net_build(net, &tiny_shape, 1, 1), first);
    cnn_net_free(net);
    return first;
}

static void layers(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        cnn_layer *(*kind)(void) = kinds[i];

        /* The layer and its memory; twice. */
        assert_true(assert_survives_faults(build_layer, &kind) >= 4);
        assert_true(assert_survives_faults(add_layer, &kind) >= 2 * 20);
    }
}

static cnn_status set_table(void *data)
{
    const uint8_t *table = data;
    cnn_layer *layer = conv();
    cnn_status status = status_of(layer);

    if (layer != NULL)
        status = cnn_conv2d_set_table(layer, 3, 2, table);
    /* Once more over it; building then plans with it. */
    if (status == CNN_OK)
        status = cnn_conv2d_set_table(layer, 3, 2, table);
    if (status == CNN_OK)
        status = cnn_layer_build(layer, &(cnn_shape){2, 3, 3}, 1, 1);
    cnn_layer_free(layer);
    return status;
}

static void tables(void **state)
{
    uint8_t table[] = {1, 0, 0, 1, 1, 1};

    (void)state;
    /* The layer, two tables, the plan, the lists of a table, the arrays. */
    assert_int_equal(assert_survives_faults(set_table, table), 2 * 6);
}

/* --------------------------------------------------------------- nets --- */

/* A net that is described, and what it must compute once it is built. */
typedef struct construction {
    cnn_net *net;
    float *x, want[CONV_NET_CLASSES];
} construction;

static void describe(void *data)
{
    ((construction *)data)->net = conv_net(true);
}

static cnn_status build_net(void *data)
{
    return cnn_net_build(((construction *)data)->net, &conv_net_shape, 2, 7);
}

/* It can still be built, and is then as good as any. */
static void use_net(void *data, cnn_status status)
{
    construction *c = data;
    float y[CONV_NET_CLASSES];

    if (status != CNN_OK) {
        assert_null(cnn_net_params(c->net));
        assert_int_equal(cnn_net_predict(c->net, 1, c->x, y), CNN_ESTATE);
        assert_int_equal(build_net(data), CNN_OK);
    }
    assert_int_equal(cnn_net_predict(c->net, 1, c->x, y), CNN_OK);
    assert_same_bits(y, c->want, CONV_NET_CLASSES);
    cnn_net_free(c->net);
}

static void nets(void **state)
{
    const faulty_case building = {describe, build_net, use_net};
    construction c = {.x = uniform(CONV_NET_INPUT, 1)};

    (void)state;
    assert_int_equal(assert_survives_faults(create_net, NULL), 2);
    describe(&c);
    assert_int_equal(build_net(&c), CNN_OK);
    assert_int_equal(cnn_net_predict(c.net, 1, c.x, c.want), CNN_OK);
    cnn_net_free(c.net);
    assert_true(assert_case_survives_faults(&building, &c) >= 2);
    test_free(c.x);
}

/* ------------------------------------------- what works on a built net --- */

static cnn_status create_session(void *data)
{
    const training *t = data;
    cnn_session *session = cnn_session_create(t->net, 2);
    const cnn_status status = status_of(session);

    cnn_session_free(session);
    return status;
}

/* The net stays unwatched if that fails. */
static cnn_status watch(void *data)
{
    const training *t = data;
    cnn_layer_stats stats = {.struct_size = sizeof(stats)};
    const cnn_status status = cnn_net_watch(t->net, 1);

    if (status != CNN_OK) {
        assert_int_equal(cnn_net_layer_stats(t->net, 0, &stats), CNN_ESTATE);
        return status;
    }
    return cnn_net_watch(t->net, 0);
}

static cnn_status create_optims(void *data)
{
    cnn_status status = CNN_OK;

    (void)data;
    for (int kind = 0; kind < OPTIMIZERS && status == CNN_OK; kind++) {
        cnn_optim *optim = create_optim(kind);

        status = status_of(optim);
        cnn_optim_free(optim);
    }
    return status;
}

static cnn_status create_trainer(void *data)
{
    const cnn_augment_options moved = {.struct_size = sizeof(moved),
                                       .shift = 1};
    const training *t = data;
    cnn_trainer *trainer =
        cnn_trainer_create(t->net, t->optim, t->dataset, NULL);
    cnn_status status = status_of(trainer);

    if (trainer != NULL)
        status = cnn_trainer_set_augmentation(trainer, &moved);
    cnn_trainer_free(trainer);
    return status;
}

static cnn_status create_datasets(void *data)
{
    const training *t = data;
    cnn_dataset *slice = cnn_dataset_slice(t->dataset, 1, 2);
    cnn_status status = status_of(slice);

    cnn_dataset_free(slice);
    if (status != CNN_OK)
        return status;
    cnn_dataset *wrapped =
        cnn_dataset_wrap_f32(&tiny_shape, 2, t->images, t->labels, NULL);
    status = status_of(wrapped);
    cnn_dataset_free(wrapped);
    return status;
}

static cnn_status evaluate(void *data)
{
    const training *t = data;
    int64_t confusion[TINY_CLASSES * TINY_CLASSES];
    cnn_metrics m = {0.0, -1, -1};
    const cnn_status status =
        cnn_net_evaluate(t->net, t->dataset, &m, confusion);

    if (status != CNN_OK)
        assert_int_equal(m.count, -1);
    return status;
}

static cnn_status train(void *data)
{
    const training *t = data;
    float y[TINY_CLASSES];
    const cnn_status status = cnn_trainer_run(t->trainer, 3, NULL, NULL);

    return status != CNN_OK ? status : cnn_net_predict(t->net, 1, t->images, y);
}

/* Whatever happens around it, the training goes on as its twin does. */
static void around_a_training(void **state)
{
    const struct {
        faulty_scenario scenario;
        size_t least;
    } scenarios[] = {
        {create_session, 4},  {create_optims, 6}, {create_trainer, 6},
        {create_datasets, 4}, {evaluate, 2},      {watch, 2},
        {train, 0},
    };
    training t = {0}, twin = {0};

    (void)state;
    training_open(&t, 1);
    training_open(&twin, 1);
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        const int64_t steps = cnn_trainer_steps(t.trainer);
        const size_t faults = assert_survives_faults(scenarios[i].scenario, &t);

        assert_true(faults >= scenarios[i].least);
        if (scenarios[i].scenario == train) /* for there are none */
            assert_int_equal(faults, 0);
        else
            assert_int_equal(cnn_trainer_steps(t.trainer), steps);
        training_run(&t, 2);
        training_run(&twin, cnn_trainer_steps(t.trainer) - steps);
        assert_same_training(&t, &twin);
    }
    training_close(&t);
    training_close(&twin);
}

/* A new key, and another value. What fails changes nothing. */
static cnn_status set_metadata(void *data)
{
    cnn_net *net = data;
    const char *key[] = {"new", "old"};
    cnn_status status = CNN_OK;

    for (int i = 0; i < 2 && status == CNN_OK; i++) {
        status = cnn_net_set_metadata(net, key[i], "2");
        assert_int_equal(cnn_net_metadata_count(net),
                         1 + (i > 0 || status == CNN_OK));
        assert_string_equal(cnn_net_metadata(net, "old"),
                            i > 0 && status == CNN_OK ? "2" : "1");
    }
    return status;
}

static void before_metadata(void *net)
{
    assert_int_equal(cnn_net_set_metadata(net, "old", "1"), CNN_OK);
}

static void after_metadata(void *net, cnn_status status)
{
    (void)status;
    assert_int_equal(cnn_net_set_metadata(net, "new", NULL), CNN_OK);
}

static void metadata(void **state)
{
    const faulty_case c = {before_metadata, set_metadata, after_metadata};
    cnn_net *net = cnn_net_create();

    (void)state;
    before_metadata(net);
    assert_int_equal(assert_case_survives_faults(&c, net), 2 * 2);
    cnn_net_free(net);
}

static int install(void **state)
{
    (void)state;
    faulty_memory_install();
    return 0;
}

static int put_back(void **state)
{
    (void)state;
    faulty_memory_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(layers, install, put_back),
        cmocka_unit_test_setup_teardown(tables, install, put_back),
        cmocka_unit_test_setup_teardown(nets, install, put_back),
        cmocka_unit_test_setup_teardown(around_a_training, install, put_back),
        cmocka_unit_test_setup_teardown(metadata, install, put_back),
    };

    return cmocka_run_group_tests_name("out of memory", tests, NULL, NULL);
}
