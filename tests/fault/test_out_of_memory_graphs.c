/* Memory that runs out while nets with branches are described, built, copied,
 * saved and loaded, and run. */
#include <string.h>

#include "cnn/graph.h"
#include "cnn/parts.h"
#include "support/faulty_memory.h"
#include "support/graphs.h"
#include "support/model_bytes.h"

enum { N = 2, GRAPHS = 3 };

/* A graph that all went well with, and what it says to x. */
typedef struct fixture {
    uint64_t seed;
    cnn_net *net, *described;
    float *x, want[N * GRAPH_CLASSES];
    model_bytes model;
} fixture;

static cnn_status status_of(const void *made)
{
    return made != NULL ? CNN_OK : cnn_last_status();
}

static void assert_works(const fixture *f, cnn_net *net)
{
    float y[N * GRAPH_CLASSES];

    assert_int_equal(cnn_net_predict(net, N, f->x, y), CNN_OK);
    assert_same_bits(y, f->want, N * GRAPH_CLASSES);
}

/* Nothing is looked at before the build, which fails with the first error,
 * whatever calls followed it. */
static cnn_status describe_and_build(void *data)
{
    const fixture *f = data;
    cnn_net *net = random_graph(f->seed, false);
    const cnn_status status = cnn_net_build(net, &graph_shape, N, f->seed);

    if (status == CNN_OK)
        assert_works(f, net);
    else
        assert_int_equal(cnn_net_built(net), 0);
    cnn_net_free(net);
    return status;
}

static void describe(void *data)
{
    fixture *f = data;

    f->described = random_graph(f->seed, false);
}

static cnn_status build_it(void *data)
{
    const fixture *f = data;

    return cnn_net_build(f->described, &graph_shape, N, f->seed);
}

/* It can still be built. */
static void use_it(void *data, cnn_status status)
{
    const fixture *f = data;

    if (status != CNN_OK)
        assert_int_equal(build_it(data), CNN_OK);
    assert_works(f, f->described);
    cnn_net_free(f->described);
}

static cnn_status copy(void *data)
{
    const fixture *f = data;
    cnn_net *net = cnn_net_copy(f->net, N);
    const cnn_status status = status_of(net);

    if (status == CNN_OK)
        assert_works(f, net);
    cnn_net_free(net);
    return status;
}

static cnn_status take(void *data)
{
    const fixture *f = data;
    cnn_net *net = cnn_net_take(f->net, 0, cnn_net_layer_count(f->net) - 1);
    const cnn_status status = status_of(net);

    cnn_net_free(net);
    return status;
}

static cnn_status run_session(void *data)
{
    const fixture *f = data;
    cnn_session *session = cnn_session_create(f->net, N);
    const cnn_status status = status_of(session);
    float y[N * GRAPH_CLASSES];

    if (status == CNN_OK) {
        assert_int_equal(cnn_session_predict(session, N, f->x, y), CNN_OK);
        assert_same_bits(y, f->want, N * GRAPH_CLASSES);
    }
    cnn_session_free(session);
    return status;
}

static cnn_status load(void *data)
{
    const fixture *f = data;
    cnn_net *net = cnn_net_load_memory(f->model.data, f->model.size, N);
    const cnn_status status = status_of(net);

    if (status == CNN_OK)
        assert_works(f, net);
    cnn_net_free(net);
    return status;
}

static cnn_status save(void *data)
{
    const fixture *f = data;
    size_t size;

    return cnn_net_save_memory(f->net, NULL, 0, &size);
}

static cnn_status measure(void *data)
{
    const fixture *f = data;
    cnn_net_memory memory = {.struct_size = sizeof(memory), .training = -1};
    const cnn_status status = cnn_net_measure(f->net, &memory);

    assert_int_equal(memory.training < 0, status != CNN_OK);
    return status;
}

static cnn_status check_gradients(void *data)
{
    const fixture *f = data;
    const int32_t labels[N] = {0, 1};
    const cnn_batch batch = {
        .struct_size = sizeof(batch), .count = N, .x = f->x, .labels = labels};
    const cnn_gradcheck_options few = {.struct_size = sizeof(few),
                                       .per_tensor = 1};
    cnn_gradcheck_result result = {.struct_size = sizeof(result)};

    return cnn_net_gradcheck(f->net, &batch, &few, &result);
}

static cnn_status watch(void *data)
{
    const fixture *f = data;
    const cnn_status status = cnn_net_watch(f->net, 1);

    return status == CNN_OK ? cnn_net_watch(f->net, 0) : status;
}

static void open_fixture(fixture *f, uint64_t seed)
{
    *f = (fixture){.seed = seed, .net = random_graph(seed, false)};
    f->x = uniform(N * 3 * 8 * 8, seed);
    build(f->net, &graph_shape, N, seed);
    assert_int_equal(cnn_net_predict(f->net, N, f->x, f->want), CNN_OK);
    model_of(&f->model, f->net);
}

static void graphs(void **state)
{
    const struct {
        faulty_scenario scenario;
        size_t least; /* more for each layer, or not */
        bool layers;
    } scenarios[] = {
        {describe_and_build, 6, true},
        {copy, 6, true},
        {take, 2, true},
        {run_session, 6, false},
        {load, 6, true},
        {save, 2, true},
        {measure, 2, false},
        {check_gradients, 0, false},
        {watch, 2, false},
    };
    const faulty_case building = {describe, build_it, use_it};

    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        fixture f;

        open_fixture(&f, seed);
        const size_t layers = (size_t)cnn_net_layer_count(f.net);
        for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
            const size_t faults =
                assert_survives_faults(scenarios[i].scenario, &f);

            assert_true(faults >= scenarios[i].least +
                                      (scenarios[i].layers ? layers : 0));
            assert_works(&f, f.net);
        }
        /* The pass, its plan for a while, and the block. */
        assert_true(assert_case_survives_faults(&building, &f) >= 2 * 3);
        model_free(&f.model);
        cnn_net_free(f.net);
        test_free(f.x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphs),
    };

    return cmocka_run_group_tests_name("out of memory: graphs", tests,
                                       faulty_memory_open_group,
                                       faulty_memory_close_group);
}
