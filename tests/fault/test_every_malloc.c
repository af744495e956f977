/* Each allocation of any library fails, one after the other: what libcnn takes
 * through its allocator, and what jansson, zlib and the C library take for it.
 * To be run with failing_malloc.so preloaded. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault/failing_malloc.h"
#include "support/idx_bytes.h"
#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"

enum { WIDE = 1024, WIDE_BATCH = 16 };

/* What the scenarios work on, made while nothing fails. */
static struct {
    training t;
    cnn_net *wide; /* enough work for the workers */
    const char *model, *checkpoint, *saved, *images, *labels;
    model_bytes bytes;
} g;

/* Nothing here takes memory but by libcnn, once it is armed. */
typedef cnn_status (*scenario)(void);

static cnn_status status_of(const void *made)
{
    return made != NULL ? CNN_OK : cnn_last_status();
}

/* ----------------------------------------------------------------- nets --- */

static void add_all_kinds(cnn_net *net, cnn_layer *with_table)
{
    static const float codes[2 * 10];

    cnn_net_add(net, cnn_conv2d_create(4, 3, 3, NULL));
    cnn_net_add(net, with_table);
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
    cnn_net_add(net, cnn_subsample2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dropout_create(0.5f));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_avgpool2d_create(3, 3, NULL));
    cnn_net_add(net, cnn_dense_create(10, NULL));
    cnn_net_add(net, cnn_softmax_create());
    cnn_net_add(net, cnn_rbf_create(2, codes));
}

static cnn_status build_all_kinds(void)
{
    static const uint8_t table[3 * 4] = {1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1};
    const cnn_shape in = {1, 16, 16};
    cnn_net *net = cnn_net_create();
    cnn_status status = status_of(net);

    if (status != CNN_OK)
        return status;
    cnn_layer *layer = cnn_conv2d_create(3, 3, 3, NULL);
    status = status_of(layer);
    if (status == CNN_OK)
        status = cnn_conv2d_set_table(layer, 3, 4, table);
    add_all_kinds(net, layer);
    if (status == CNN_OK)
        status = cnn_net_build(net, &in, 2, 1);
    cnn_net_free(net);
    return status;
}

static cnn_status predict(void)
{
    float y[TINY_CLASSES];
    cnn_session *session = cnn_session_create(g.t.net, 2);
    cnn_status status = status_of(session);

    if (status == CNN_OK)
        status = cnn_session_predict(session, 1, g.t.images, y);
    cnn_session_free(session);
    return status == CNN_OK ? cnn_net_predict(g.t.net, 1, g.t.images, y)
                            : status;
}

/* ------------------------------------------------------------- training --- */

static cnn_status train(void)
{
    const cnn_augment_options moved = {.struct_size = sizeof(moved),
                                       .shift = 1};
    cnn_trainer *trainer =
        cnn_trainer_create(g.t.net, g.t.optim, g.t.dataset, NULL);
    cnn_status status = status_of(trainer);

    if (status == CNN_OK)
        status = cnn_trainer_set_augmentation(trainer, &moved);
    if (status == CNN_OK)
        status = cnn_trainer_run(trainer, 2, NULL, NULL);
    cnn_trainer_free(trainer);
    return status;
}

/* Without the memory for a thread the steps read by themselves. */
static cnn_status train_ahead(void)
{
    const cnn_trainer_options ahead = {.struct_size = sizeof(ahead),
                                       .read_ahead = 2};
    cnn_trainer *trainer =
        cnn_trainer_create(g.t.net, g.t.optim, g.t.dataset, &ahead);
    cnn_status status = status_of(trainer);

    if (status == CNN_OK)
        status = cnn_trainer_run(trainer, 2, NULL, NULL);
    cnn_trainer_free(trainer);
    return status;
}

static cnn_status evaluate(void)
{
    cnn_metrics metrics;

    return cnn_net_evaluate(g.t.net, g.t.dataset, &metrics, NULL);
}

static cnn_status score(void)
{
    cnn_scores scores = {.struct_size = sizeof(scores)};
    cnn_class_scores classes[TINY_CLASSES] = {
        {.struct_size = sizeof(cnn_class_scores)}};

    return cnn_net_score(g.t.net, g.t.dataset, NULL, &scores, classes);
}

/* Starting the workers and ending them; fewer of them do the same. */
static cnn_status predict_with_threads(void)
{
    static float x[WIDE_BATCH * WIDE], y[WIDE_BATCH * WIDE];
    cnn_status status = cnn_set_num_threads(4);

    if (status == CNN_OK)
        status = cnn_net_predict(g.wide, WIDE_BATCH, x, y);
    cnn_set_num_threads(1);
    return status;
}

/* ---------------------------------------------------------------- files --- */

static cnn_status save(void)
{
    return cnn_net_save(g.t.net, g.saved);
}

static cnn_status save_memory(void)
{
    static unsigned char buffer[8192];
    size_t size;

    return cnn_net_save_memory(g.t.net, buffer, sizeof(buffer), &size);
}

static cnn_status free_loaded(cnn_net *net)
{
    const cnn_status status = status_of(net);

    cnn_net_free(net);
    return status;
}

static cnn_status load(void)
{
    return free_loaded(cnn_net_load(g.model, 2));
}

static cnn_status load_memory(void)
{
    return free_loaded(cnn_net_load_memory(g.bytes.data, g.bytes.size, 2));
}

static cnn_status save_checkpoint(void)
{
    return cnn_trainer_save(g.t.trainer, g.saved);
}

static cnn_status resume(void)
{
    return cnn_trainer_resume(g.t.trainer, g.checkpoint);
}

static cnn_status load_data(void)
{
    cnn_dataset *data = cnn_dataset_load(g.images, g.labels, 0);
    const cnn_status status = status_of(data);

    cnn_dataset_free(data);
    return status;
}

/* ------------------------------------------------------------- the loop --- */

static const struct {
    const char *name;
    scenario run;
    size_t least; /* allocations that must be seen */
} scenarios[] = {
    {"build, all kinds", build_all_kinds, 16},
    {"predict", predict, 2},
    {"train, augmented", train, 3},
    {"read ahead", train_ahead, 3},
    {"evaluate", evaluate, 1},
    {"score", score, 2},
    {"save", save, 400},
    {"save to memory", save_memory, 400},
    {"load", load, 400},
    {"load from memory", load_memory, 400},
    {"save a checkpoint", save_checkpoint, 600},
    {"resume", resume, 400},
    {"load IDX.gz", load_data, 3},
    {"threads", predict_with_threads, 3},
};

/* Those that start them do without where memory is short. */
static bool has_threads(size_t which)
{
    return scenarios[which].run == predict_with_threads ||
           scenarios[which].run == train_ahead;
}

/* With the n-th allocation failing; whether one did. */
static bool fails_well(size_t which, size_t n, bool for_ever, size_t *refused)
{
    const size_t live = failing_malloc_live();

    failing_malloc_arm(n, for_ever);
    const cnn_status status = scenarios[which].run();
    const size_t failures = failing_malloc_disarm();

    if (status != CNN_OK && (status != CNN_ENOMEM || failures == 0))
        fail_msg("%s: allocation %zu fails: status %d, %s",
                 scenarios[which].name, n, status, cnn_last_error());
    /* The C library keeps the stacks of threads. */
    if (!has_threads(which) && failing_malloc_live() != live)
        fail_msg("%s: allocation %zu fails: %zu blocks before, %zu after, "
                 "status %d",
                 scenarios[which].name, n, live, failing_malloc_live(), status);
    *refused += status != CNN_OK;
    return failures > 0;
}

/* Nothing fails; what takes the place of something is known from then on. */
static void succeed(size_t which)
{
    failing_malloc_arm(0, false);
    assert_int_equal(scenarios[which].run(), CNN_OK);
    assert_int_equal(failing_malloc_disarm(), 0);
}

static void every_allocation(void **state)
{
    (void)state;
    alarm(250); /* should something hang */
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        size_t refused = 0, failed = 0;

        for (int for_ever = 0; for_ever <= 1; for_ever++) {
            size_t n = 1;

            succeed(i);
            while (fails_well(i, n, for_ever != 0, &refused))
                n++;
            failed += n - 1;
        }
        succeed(i); /* all is as good as it was */
        print_message("%-18s %5zu failures, %5zu refused\n", scenarios[i].name,
                      failed, refused);
        assert_true(failed >= 2 * scenarios[i].least);
        if (!has_threads(i))
            assert_int_equal(refused, failed);
        else if (scenarios[i].run == predict_with_threads)
            assert_int_equal(refused, 0);
        else
            assert_in_range(refused, 1, failed - 1);
    }
}

/* --------------------------------------------------------------- set-up --- */

static const char *write_idx(const char *name, uint8_t rank,
                             const uint32_t *dims, size_t size)
{
    static uint8_t elements[20 * 36], raw[1000], packed[1000];
    const size_t length = make_idx(raw, 0x08, rank, dims, elements, size);

    return temp_write(name, packed,
                      make_gzip(packed, sizeof(packed), raw, length));
}

static int set_up(void **state)
{
    (void)state;
    if (failing_malloc_arm == NULL)
        fail_msg("failing_malloc.so is not preloaded");
    g.t.net = rich_net();
    g.t.optim = create_optim(ADAM);
    training_open(&g.t, 1);
    training_run(&g.t, 3);
    cnn_set_num_threads(4); /* that many, on any machine */
    g.wide = dense_net(WIDE, WIDE, WIDE_BATCH);
    cnn_set_num_threads(1);
    assert_int_equal(cnn_net_set_metadata(g.t.net, "classes", "\"ten\""),
                     CNN_OK);
    g.model = temp_path("model");
    g.checkpoint = temp_path("checkpoint");
    g.saved = temp_path("saved");
    assert_int_equal(cnn_net_save(g.t.net, g.model), CNN_OK);
    assert_int_equal(cnn_trainer_save(g.t.trainer, g.checkpoint), CNN_OK);
    model_read(&g.bytes, g.model);
    g.images = write_idx("images.gz", 3, (const uint32_t[]){20, 6, 6}, 720);
    g.labels = write_idx("labels.gz", 1, (const uint32_t[]){20}, 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    model_free(&g.bytes);
    cnn_net_free(g.wide);
    training_close(&g.t);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation)};

    return cmocka_run_group_tests_name("every malloc", tests, set_up,
                                       tear_down);
}
