/* Memory that runs out while nets, sessions, trainers and datasets are made and
 * evaluated. The files have test_out_of_memory_files.c, and layers
 * test_out_of_memory_layers.c. */
#include <string.h>

#include "support/faulty_memory.h"
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

/* Dataset, slice, statistics, and the metadata that say it. */
static cnn_status normalise(void *data)
{
    const training *t = data;
    float mean = 0.5f, deviation = 2, x[TINY_INPUT] = {0};
    const cnn_dataset_options o = {.struct_size = sizeof(o),
                                   .mean = &mean,
                                   .deviation = &deviation,
                                   .channel_count = 1};
    cnn_net *net = cnn_net_copy(t->net, 1);
    cnn_dataset *d =
        net == NULL
            ? NULL
            : cnn_dataset_wrap_f32(&tiny_shape, 2, t->images, t->labels, &o);
    cnn_dataset *slice = d == NULL ? NULL : cnn_dataset_slice(d, 0, 2);
    cnn_status status = status_of(slice);

    if (status == CNN_OK)
        status = cnn_dataset_statistics(slice, 1, &mean, &deviation);
    if (status == CNN_OK)
        status = cnn_net_set_normalisation(net, 1, &mean, &deviation);
    if (status == CNN_OK)
        status = cnn_net_normalise(net, 1, x);
    if (status != CNN_OK)
        assert_true(x[0] == 0 && (slice != NULL || mean == 0.5f));
    cnn_dataset_free(slice);
    cnn_dataset_free(d);
    cnn_net_free(net);
    return status;
}

static cnn_status create_callback(void *data)
{
    training *t = data;
    const cnn_dataset_reader reader =
        reader_over(&t->reading, &tiny_shape, t->samples, TINY_CLASSES);
    cnn_dataset *d = cnn_dataset_create_callback(&reader, NULL);
    const cnn_status status = status_of(d);

    cnn_dataset_free(d);
    return status;
}

/* Anew, so that the training has no steps to go on from. */
static cnn_status train_ahead(void *data)
{
    training *t = data;
    const cnn_trainer_options ahead = {.struct_size = sizeof(ahead),
                                       .read_ahead = 3};
    cnn_net *net = cnn_net_copy(t->net, TINY_BATCH);
    cnn_trainer *trainer =
        cnn_trainer_create(net, t->optim, t->dataset, &ahead);
    cnn_status status = status_of(trainer);

    if (status == CNN_OK)
        status = cnn_trainer_run(trainer, 3, NULL, NULL);
    cnn_trainer_free(trainer);
    cnn_net_free(net);
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

static cnn_status score(void *data)
{
    const training *t = data;
    cnn_class_scores classes[TINY_CLASSES] = {
        {.struct_size = sizeof(cnn_class_scores), .support = -1}};
    cnn_scores s = {.struct_size = sizeof(s), .count = -1};
    const cnn_status status =
        cnn_net_score(t->net, t->dataset, NULL, &s, classes);

    if (status != CNN_OK)
        assert_true(s.count == -1 && classes[0].support < 0);
    return status;
}

/* What cannot be had leaves the trainer with what it had: nothing. */
static cnn_status learn(void *data)
{
    const cnn_stopping_options o = {.struct_size = sizeof(o)};
    const training *t = data;
    cnn_trainer *trainer =
        cnn_trainer_create(t->net, t->optim, t->dataset, NULL);
    cnn_best best = {.struct_size = sizeof(best)};
    cnn_status status = status_of(trainer);

    if (status == CNN_OK)
        status = cnn_trainer_set_average(trainer, 0.5f);
    if (status == CNN_OK)
        status = cnn_trainer_set_stopping(trainer, &o);
    if (status == CNN_OK)
        status = cnn_trainer_validate(trainer, t->dataset, NULL);
    else if (trainer != NULL)
        assert_int_equal(cnn_trainer_best(trainer, &best), CNN_ESTATE);
    cnn_trainer_free(trainer);
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
        {create_session, 4},  {create_optims, 6},   {create_trainer, 6},
        {learn, 5},           {create_datasets, 4}, {evaluate, 2},
        {watch, 2},           {score, 4},           {train, 0},
        {create_callback, 4}, {train_ahead, 20},    {normalise, 20},
    };
    training t = {.reads = *state != NULL}, twin = {.reads = *state != NULL};

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
    int reads = 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nets, install, put_back),
        cmocka_unit_test_setup_teardown(around_a_training, install, put_back),
        cmocka_unit_test_prestate_setup_teardown(around_a_training, install,
                                                 put_back, &reads),
        cmocka_unit_test_setup_teardown(metadata, install, put_back),
    };

    return cmocka_run_group_tests_name("out of memory", tests, NULL, NULL);
}
