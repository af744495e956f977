/* A training with all that cnn/fit.h has, stopped and resumed after any step,
 * equals one that never stopped, bit for bit and in what its callbacks see. */
#include <string.h>

#include "support/temp_file.h"
#include "support/training.h"

enum { EPOCHS = 8, STEPS = 26, MOST = 64 };

static const cnn_schedule_options plateau = {.struct_size = sizeof(plateau),
                                             .kind = CNN_SCHEDULE_PLATEAU,
                                             .steps = 1,
                                             .factor = 0.5f};
static const cnn_augment_options augment = {.struct_size = sizeof(augment),
                                            .shift = 1};

/* What the callbacks of a training saw. */
typedef struct journal {
    int32_t count;
    cnn_epoch entries[MOST];
    int64_t save_at; /* this step, in its callback */
    cnn_trainer *trainer;
} journal;

static int32_t see_step(void *user, const cnn_progress *p)
{
    const journal *l = user;

    if (p->step == l->save_at)
        assert_int_equal(cnn_trainer_save(l->trainer, temp_path("checkpoint")),
                         CNN_OK);
    return p->step == l->save_at;
}

static int32_t see_epoch(void *user, const cnn_epoch *e)
{
    journal *l = user;

    assert_true(l->count < MOST);
    l->entries[l->count] = *e;
    l->entries[l->count++].seconds = 0;
    return 0;
}

static void open(training *t, bool resumed)
{
    *t = (training){.net = rich_net(),
                    .options.clip_norm = 0.75f,
                    .schedule = &plateau,
                    .augment = &augment};
    training_open(t, resumed ? 99 : 1);
    training_learns(t);
    /* What the file knows need not be set again. */
    for (int32_t i = 0; i < 2 && resumed; i++) {
        cnn_layer_set_frozen(cnn_net_layer(t->net, i), CNN_LEARNING);
        cnn_layer_set_lr_factor(cnn_net_layer(t->net, i), 1.0f);
    }
}

static cnn_status fit(training *t, journal *l)
{
    l->trainer = t->trainer;
    return cnn_trainer_fit(t->trainer,
                           &(cnn_fit_options){
                               .struct_size = sizeof(cnn_fit_options),
                               .epochs = EPOCHS,
                               .every_steps = 5,
                               .validation = t->dataset,
                               .callback = see_step,
                               .epoch_callback = see_epoch,
                               .user = l,
                           });
}

/* Saved in the callback of step k: before the validation that is due then. What
 * was saved is what goes on, not the training that was stopped. */
static void check_stop_at(int64_t k, const training *whole, const journal *want)
{
    training stopped, resumed;
    journal l = {.save_at = k}, after = {0};

    open(&stopped, false);
    assert_int_equal(fit(&stopped, &l), CNN_ECANCELED);
    assert_int_equal(cnn_trainer_steps(stopped.trainer), k);
    /* Those of step k itself are told of by both. */
    while (l.count > 0 && l.entries[l.count - 1].step == k)
        l.count--;
    open(&resumed, true);
    if (cnn_trainer_resume(resumed.trainer, temp_path("checkpoint")) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    assert_int_equal(fit(&resumed, &after), CNN_OK);
    assert_same_training(&resumed, whole);
    assert_int_equal(l.count + after.count, want->count);
    assert_memory_equal(l.entries, want->entries,
                        (size_t)l.count * sizeof(l.entries[0]));
    assert_memory_equal(after.entries, want->entries + l.count,
                        (size_t)after.count * sizeof(l.entries[0]));
    training_close(&stopped);
    training_close(&resumed);
}

static void after_any_step(void **state)
{
    training first;
    journal want = {0};

    (void)state;
    open(&first, false);
    assert_int_equal(fit(&first, &want), CNN_OK);
    assert_int_equal(cnn_trainer_steps(first.trainer), STEPS);
    assert_int_equal(want.count,
                     EPOCHS + STEPS / 5 - 2); /* 10 and 20 are both */
    for (int32_t threads = 1; threads <= 4; threads++) {
        training whole;
        journal l = {0};

        cnn_set_num_threads(threads);
        open(&whole, false);
        assert_int_equal(fit(&whole, &l), CNN_OK);
        assert_same_training(&whole, &first);
        assert_memory_equal(&l.entries, &want.entries, sizeof(l.entries));
        for (int64_t k = 1; k <= STEPS; k += threads)
            check_stop_at(k, &whole, &want);
        training_close(&whole);
    }
    cnn_set_num_threads(1);
    training_close(&first);
}

/* Saved where an epoch is told of: it is not told of again. */
static int32_t save_epoch(void *user, const cnn_epoch *e)
{
    journal *l = user;

    see_epoch(user, e);
    return l->count == 3 &&
           cnn_trainer_save(l->trainer, temp_path("checkpoint")) == CNN_OK;
}

static void in_the_callback_of_epochs(void **state)
{
    training whole, stopped, resumed;
    journal want = {0}, l = {0}, after = {0};
    cnn_fit_options o = {.struct_size = sizeof(o),
                         .epochs = EPOCHS,
                         .epoch_callback = save_epoch,
                         .user = &l};

    (void)state;
    open(&whole, false);
    open(&stopped, false);
    open(&resumed, true);
    o.validation = stopped.dataset;
    l.trainer = stopped.trainer;
    assert_int_equal(cnn_trainer_fit(stopped.trainer, &o), CNN_ECANCELED);
    o.epoch_callback = see_epoch;
    o.user = &want;
    assert_int_equal(cnn_trainer_fit(whole.trainer, &o), CNN_OK);
    o.user = &after;
    assert_int_equal(
        cnn_trainer_resume(resumed.trainer, temp_path("checkpoint")), CNN_OK);
    assert_int_equal(cnn_trainer_fit(resumed.trainer, &o), CNN_OK);
    assert_same_training(&resumed, &whole);
    assert_int_equal(l.count, 3);
    assert_int_equal(after.count, EPOCHS - 3);
    assert_memory_equal(after.entries, want.entries + 3,
                        (EPOCHS - 3) * sizeof(want.entries[0]));
    training_close(&whole);
    training_close(&stopped);
    training_close(&resumed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_any_step),
        cmocka_unit_test(in_the_callback_of_epochs),
    };

    return cmocka_run_group_tests_name("resume fit", tests, NULL, NULL);
}
