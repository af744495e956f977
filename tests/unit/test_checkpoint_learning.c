/* What checkpoints hold of an average, of the best and of an epoch: other
 * settings, older files, and values that no trainer can have written. */
#include <math.h>
#include <string.h>

#include "cnn/parts.h"
#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"
#include "train/trainer_impl.h"

#define STOPPING(...)                                                     \
    (&(cnn_stopping_options){.struct_size = sizeof(cnn_stopping_options), \
                             __VA_ARGS__})

static void open(training *t, bool learns)
{
    *t = (training){.net = rich_net()};
    training_open(t, 1);
    if (learns)
        training_learns(t);
}

/* A training of seven steps, judged after each, saved. */
static const char *save_some(bool learns)
{
    const char *path = temp_path("checkpoint");
    training t;

    open(&t, learns);
    for (int i = 0; i < 7; i++) {
        training_run(&t, 1);
        if (learns)
            assert_int_equal(cnn_trainer_judge(t.trainer, i < 5 ? 5 - i : 8),
                             CNN_OK);
    }
    assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
    training_close(&t);
    return path;
}

/* ------------------------------------------------------ other settings --- */

static void refuse(void (*change)(cnn_trainer *t), bool learns,
                   const char *part)
{
    const char *path = save_some(learns);
    training t, twin;

    open(&t, true);
    open(&twin, true);
    change(t.trainer);
    change(twin.trainer);
    training_run(&t, 2);
    training_run(&twin, 2);
    assert_failed(cnn_trainer_resume(t.trainer, path), CNN_EINVAL, part);
    training_run(&t, 9);
    training_run(&twin, 9);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

static void nothing(cnn_trainer *t)
{
    (void)t;
}

static void no_average(cnn_trainer *t)
{
    cnn_trainer_set_average(t, 0.0f);
}

static void longer_average(cnn_trainer *t)
{
    cnn_trainer_set_average(t, 0.875f);
}

static void no_stopping(cnn_trainer *t)
{
    cnn_trainer_set_stopping(t, NULL);
}

static void more_patience(cnn_trainer *t)
{
    cnn_trainer_set_stopping(t, STOPPING(.patience = 41));
}

static void other_watch(cnn_trainer *t)
{
    cnn_trainer_set_stopping(
        t, STOPPING(.patience = TINY_PATIENCE, .watch = CNN_WATCH_ACCURACY));
}

static void other_delta(cnn_trainer *t)
{
    cnn_trainer_set_stopping(
        t, STOPPING(.patience = TINY_PATIENCE, .min_delta = 0.5f));
}

static void other_settings(void **state)
{
    (void)state;
    refuse(nothing, false,
           "begun with average 0, not 0.75; without this stopping");
    refuse(no_average, true, "begun with average 0.75, not 0");
    refuse(longer_average, true, "begun with average 0.75, not 0.875");
    refuse(no_stopping, true, "begun with another stopping");
    refuse(more_patience, true, "begun with stopping patience 40, not 41");
    refuse(other_watch, true, "begun with stopping watch 0, not 1");
    refuse(other_delta, true, "begun with stopping min_delta 0, not 0.5");
}

/* ------------------------------------------------------------- accepted --- */

/* What the trainer had of its own is forgotten. */
static void overwrites_everything(void **state)
{
    const char *path = save_some(true);
    training t, u;

    (void)state;
    open(&t, true);
    open(&u, true);
    training_run(&u, 23);
    cnn_trainer_judge(u.trainer, -1.0);
    assert_int_equal(cnn_trainer_resume(t.trainer, path), CNN_OK);
    assert_int_equal(cnn_trainer_resume(u.trainer, path), CNN_OK);
    assert_same_training(&u, &t);
    assert_int_equal(t.trainer->stopping.step, 5);
    assert_int_equal(t.trainer->stopping.waited, 2);
    assert_int_equal(t.trainer->average.count, 7);
    training_run(&t, 20);
    training_run(&u, 20);
    assert_same_training(&u, &t);
    training_close(&t);
    training_close(&u);
}

/* As files were before: no such members, no such settings. */
static void older_files(void **state)
{
    const char *const members[][2] = {
        {",`average`:0.0", ""},         {",`stopping`:null", ""},
        {"`sums`:{", "`summs`:{"},      {"`settled`:", "`settler`:"},
        {"`averaged`:", "`averager`:"}, {"`best`:null", "`bests`:null"},
    };
    const char *path = save_some(false);
    training t, twin;
    model_bytes m;

    (void)state;
    open(&t, false);
    open(&twin, false);
    assert_int_equal(cnn_trainer_resume(twin.trainer, path), CNN_OK);
    model_read(&m, path);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        model_replace(&m, members[i][0], members[i][1]);
    training_run(&t, 2);
    if (cnn_trainer_resume(t.trainer, temp_write("old", m.data, m.size)) !=
        CNN_OK)
        fail_msg("%s", cnn_last_error());
    assert_int_equal(t.trainer->sums.count, 0);
    assert_int_equal(t.trainer->sums.epoch, t.trainer->epoch);
    assert_int_equal(t.trainer->settled, 7);
    t.trainer->sums = twin.trainer->sums;
    assert_same_training(&t, &twin);
    model_free(&m);
    training_close(&t);
    training_close(&twin);
}

/* A checkpoint is a model file still, and one of weights. */
static void is_a_model(void **state)
{
    const char *path = save_some(true);
    cnn_net *net = cnn_net_load(path, TINY_BATCH);
    training t;

    (void)state;
    open(&t, true);
    assert_int_equal(cnn_trainer_resume(t.trainer, path), CNN_OK);
    assert_non_null(net);
    assert_same_bits(cnn_net_params(net), cnn_net_params(t.net),
                     cnn_net_param_count(net));
    fill_uniform(cnn_net_params(net), cnn_net_param_count(net), 5);
    if (cnn_net_load_weights(net, path, 0, NULL, NULL) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    assert_same_bits(cnn_net_params(net), cnn_net_params(t.net),
                     cnn_net_param_count(net));
    cnn_net_free(net);
    training_close(&t);
}

/* -------------------------------------------------------------- damaged --- */

static void impossible_values(void **state)
{
    static const char *const described = "are not described well";
    const struct {
        const char *from, *to, *part;
    } changes[] = {
        {"`averaged`:7", "`averaged`:8", described},
        {"`averaged`:7", "`averaged`:-1", described},
        {"`averaged`:7", "`averaged`:7.0", described},
        {"`settled`:0", "`settled`:8", described},
        {"`settled`:0", "`settled`:null", described},
        {"`sums`:{`epoch`:1", "`sums`:{`epoch`:3", described},
        {"`sums`:{`epoch`:1", "`sums`:{`epoch`:-1", described},
        {"`count`:12,", "`count`:-12,", described},
        {"`count`:12,", "", described},
        {"`count`:12,", "`count`:4611686018427387905,", described},
        {"`correct`:", "`correct`:99", described},
        {"`sums`:{", "`sums`:[],`sumy`:{", described},
        {"`sums`:{",
         "`sums`:{`epoch`:1,`loss`:0.0,`count`:0,`correct`:0},`sumy`:{",
         described},
        {"`best`:{`step`:5,", "`best`:{`step`:8,", described},
        {"`best`:{`step`:5,", "`best`:{`step`:-2,", described},
        {"`best`:{`step`:5,", "`best`:{", described},
        {"`best`:{", "`bests`:{", described},
        {"`value`:1.0", "`value`:`1`", described},
        {"`value`:1.0,`waited`:2", "`value`:1.0,`waited`:-2", described},
        {"`value`:1.0,`waited`:2", "`value`:1.0,`waited`:2147483648",
         described},
        {"'0.average.weight'", "'0.averagx.weight'", "0.average.weight"},
        {"'1.best.running_var'", "'1.best.running_vax'", "1.best.running_var"},
    };
    const char *path = save_some(true);
    training t, twin;

    (void)state;
    open(&t, true);
    open(&twin, true);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        model_bytes m;

        model_read(&m, path);
        model_replace(&m, changes[i].from, changes[i].to);
        assert_failed(
            cnn_trainer_resume(t.trainer, temp_write("bad", m.data, m.size)),
            CNN_EFORMAT, changes[i].part);
        model_free(&m);
    }
    training_run(&t, 5);
    training_run(&twin, 5);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

/* A number that is none is neither written nor read. */
static void what_is_not_finite(void **state)
{
    const char *path = save_some(true);
    training t;

    (void)state;
    open(&t, true);
    training_run(&t, 3);
    cnn_trainer_judge(t.trainer, 1.0);
    t.trainer->average.shadow.value[3] = NAN;
    assert_failed(cnn_trainer_save(t.trainer, path), CNN_EDIVERGED,
                  "0.average.weight");
    t.trainer->average.shadow.value[3] = 0;
    t.trainer->stopping.best.fixed[5] = -1.0f; /* a variance */
    assert_failed(cnn_trainer_save(t.trainer, path), CNN_EDIVERGED,
                  "1.best.running_var");
    assert_int_equal(cnn_trainer_resume(t.trainer, path), CNN_OK);
    training_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_settings),
        cmocka_unit_test(overwrites_everything),
        cmocka_unit_test(older_files),
        cmocka_unit_test(is_a_model),
        cmocka_unit_test(impossible_values),
        cmocka_unit_test(what_is_not_finite),
    };

    return cmocka_run_group_tests_name("checkpoint learning", tests, NULL,
                                       NULL);
}
