/* Memory that runs out while model files and checkpoints are written and read.
 */
#include <string.h>

#include "support/faulty_memory.h"
#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"

/* A training and a twin that stands where it stands; files from before, with
 * metadata that have changed since. */
typedef struct fixture {
    training t, twin;
    model_bytes model, checkpoint;
    const char *model_path, *checkpoint_path;
} fixture;

static void set_up(fixture *f)
{
    f->model_path = temp_path("model");
    f->checkpoint_path = temp_path("checkpoint");
    f->t.optim = create_optim(ADAM);
    f->twin.optim = create_optim(ADAM);
    training_open(&f->t, 1);
    training_open(&f->twin, 1);
    training_learns(&f->t);
    training_learns(&f->twin);
    training_run(&f->t, 3);
    cnn_net_set_metadata(f->t.net, "scale", "x / 255");
    cnn_net_set_metadata(f->t.net, "classes", "ten");
    assert_int_equal(cnn_net_save(f->t.net, f->model_path), CNN_OK);
    assert_int_equal(cnn_trainer_save(f->t.trainer, f->checkpoint_path),
                     CNN_OK);
    model_read(&f->model, f->model_path);
    model_read(&f->checkpoint, f->checkpoint_path);
    training_run(&f->t, 2);
    training_run(&f->twin, 5);
    cnn_net_set_metadata(f->t.net, "scale", NULL);
}

static void tear_down(fixture *f)
{
    training_close(&f->t);
    training_close(&f->twin);
    model_free(&f->model);
    model_free(&f->checkpoint);
}

/* The file is as it was, or the new one if all went well; the next run finds
 * the old one again. */
static void check_file(const char *name, const model_bytes *old,
                       cnn_status status)
{
    model_bytes now;

    model_read(&now, temp_path(name));
    const int same =
        now.size == old->size && memcmp(now.data, old->data, now.size) == 0;
    assert_int_equal(same, status != CNN_OK);
    model_free(&now);
    temp_write(name, old->data, old->size);
}

/* ------------------------------------------------------------- writing --- */

static cnn_status save(void *data)
{
    const fixture *f = data;

    return cnn_net_save(f->t.net, f->model_path);
}

static void saved(void *data, cnn_status status)
{
    const fixture *f = data;

    check_file("model", &f->model, status);
}

static cnn_status save_checkpoint(void *data)
{
    const fixture *f = data;

    return cnn_trainer_save(f->t.trainer, f->checkpoint_path);
}

static void saved_checkpoint(void *data, cnn_status status)
{
    const fixture *f = data;

    check_file("checkpoint", &f->checkpoint, status);
}

static cnn_status save_memory(void *data)
{
    const fixture *f = data;
    unsigned char buffer[4096];
    size_t size;

    memset(buffer, 0x5a, sizeof(buffer));
    const cnn_status status =
        cnn_net_save_memory(f->t.net, buffer, sizeof(buffer), &size);
    if (status != CNN_OK)
        for (size_t i = 0; i < sizeof(buffer); i++)
            assert_int_equal(buffer[i], 0x5a);
    return status;
}

/* ------------------------------------------------------------- reading --- */

static cnn_status free_loaded(cnn_net *net)
{
    const cnn_status status = net != NULL ? CNN_OK : cnn_last_status();

    assert_int_equal(cnn_net_metadata_count(net), net != NULL ? 2 : 0);
    cnn_net_free(net);
    return status;
}

static cnn_status load(void *data)
{
    const fixture *f = data;

    return free_loaded(cnn_net_load(f->model_path, 2));
}

static cnn_status load_memory(void *data)
{
    const fixture *f = data;

    return free_loaded(cnn_net_load_memory(f->model.data, f->model.size, 2));
}

static cnn_status resume(void *data)
{
    const fixture *f = data;

    return cnn_trainer_resume(f->t.trainer, f->checkpoint_path);
}

/* It stands where it stood, or two steps before; so do the metadata. */
static void resumed(void *data, cnn_status status)
{
    fixture *f = data;

    assert_int_equal(cnn_net_metadata_count(f->t.net),
                     status == CNN_OK ? 2 : 1);
    assert_string_equal(cnn_net_metadata(f->t.net, "classes"), "ten");
    cnn_net_set_metadata(f->t.net, "scale", NULL);
    if (status == CNN_OK)
        training_run(&f->t, 2);
    assert_same_training(&f->t, &f->twin);
}

/* Damaged as well: whichever is noticed first, nothing is left. */
static cnn_status load_damaged(void *data)
{
    const fixture *f = data;
    model_bytes m;

    model_copy(&m, &f->model);
    model_replace(&m, "`units`:10", "`units`:11");
    cnn_net *net = cnn_net_load_memory(m.data, m.size, 2);
    const cnn_status status = cnn_last_status();
    assert_null(net);
    model_free(&m);
    return status == CNN_EFORMAT ? CNN_OK : status;
}

static const faulty_case writing[] = {
    {NULL, save, saved},
    {NULL, save_checkpoint, saved_checkpoint},
    {NULL, save_memory, NULL},
};

static const faulty_case reading[] = {
    {NULL, load, NULL},
    {NULL, load_memory, NULL},
    {NULL, resume, resumed},
    {NULL, load_damaged, NULL},
};

static void our_memory(void **state)
{
    fixture f = {0};

    (void)state;
    faulty_memory_install();
    set_up(&f);
    for (size_t i = 0; i < 3; i++)
        assert_true(assert_case_survives_faults(&writing[i], &f) >= 2 * 5);
    for (size_t i = 0; i < 4; i++)
        assert_true(assert_case_survives_faults(&reading[i], &f) >= 2);
    training_run(&f.t, 5);
    training_run(&f.twin, 5);
    assert_same_training(&f.t, &f.twin);
    tear_down(&f);
    faulty_memory_remove();
}

/* That of jansson as well. */
static void memory_of_jansson(void **state)
{
    fixture f = {0};

    (void)state;
    faulty_memory_install();
    faulty_memory_watch_json();
    set_up(&f);
    for (size_t i = 0; i < 3; i++)
        assert_true(assert_case_survives_faults(&writing[i], &f) >= 2 * 100);
    for (size_t i = 0; i < 4; i++)
        assert_true(assert_case_survives_faults(&reading[i], &f) >= 2 * 100);
    tear_down(&f);
    faulty_memory_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_memory),
        cmocka_unit_test(memory_of_jansson),
    };

    return cmocka_run_group_tests_name("out of memory: files", tests, NULL,
                                       NULL);
}
