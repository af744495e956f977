/* Checkpoints of trainings with a schedule, moved images, clipping, dropout and
 * running statistics. property/test_resume.c sees that they resume exactly. */
#include <math.h>

#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"

static const cnn_schedule_options plateau = {.struct_size = sizeof(plateau),
                                             .kind = CNN_SCHEDULE_PLATEAU,
                                             .steps = 2,
                                             .warmup = 3,
                                             .factor = 0.5f};

static const cnn_augment_options augment = {.struct_size = sizeof(augment),
                                            .shift = 1,
                                            .rotation = 10,
                                            .scale = 0.25f,
                                            .shear = 0.5f,
                                            .elastic = 2,
                                            .elastic_sigma = 3};

/* What the tests vary; `full` has all of it. */
typedef struct settings {
    const cnn_schedule_options *schedule;
    const cnn_augment_options *augment;
    float clip_norm, base;
} settings;

static const settings full = {&plateau, &augment, 0.5f, 0.05f};

static void open(training *t, const settings *s)
{
    *t = (training){.net = rich_net(),
                    .augment = s->augment,
                    .options.clip_norm = s->clip_norm};
    training_open(t, 1);
    if (s->schedule != NULL)
        assert_int_equal(
            cnn_trainer_set_schedule(t->trainer, s->base, s->schedule), CNN_OK);
}

/* A training of those settings that has gone some steps, saved. */
static const char *save_some(const settings *s)
{
    const char *path = temp_path("checkpoint");
    training t;

    open(&t, s);
    training_run(&t, 7);
    assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
    training_close(&t);
    return path;
}

/* A training of `ours` does not go on from one of `saved`, and goes on as if
 * nobody had tried. */
static void refuse(const settings *ours, const settings *saved,
                   const char *part)
{
    const char *path = save_some(saved);
    training t, twin;

    open(&t, ours);
    open(&twin, ours);
    training_run(&t, 2);
    training_run(&twin, 2);
    assert_failed(cnn_trainer_resume(t.trainer, path), CNN_EINVAL, part);
    training_run(&t, 9);
    training_run(&twin, 9);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

/* ---------------------------------------------------------- refused --- */

static void other_schedules(void **state)
{
    cnn_schedule_options kind = plateau, steps = plateau, warmup = plateau,
                         factor = plateau;
    settings other = full;

    (void)state;
    kind.kind = CNN_SCHEDULE_STEP;
    steps.steps = 3;
    warmup.warmup = 4;
    factor.factor = 0.25f;
    other.schedule = &kind;
    refuse(&other, &full, "begun with schedule kind 4, not 1");
    other.schedule = &steps;
    refuse(&other, &full, "begun with schedule steps 2, not 3");
    other.schedule = &warmup;
    refuse(&other, &full, "begun with schedule warmup 3, not 4");
    other.schedule = &factor;
    refuse(&other, &full, "begun with schedule factor 0.5, not 0.25");
    other = full;
    other.base = 0.0625f;
    refuse(&other, &full, "begun with schedule base 0.0500000007, not 0.0625");
    other.schedule = NULL;
    refuse(&other, &full, "begun with another schedule");
    refuse(&full, &other, "begun without this schedule");
}

static void other_augmentations(void **state)
{
    const char *const texts[] = {
        "begun with augmentation shift 1, not 2",
        "begun with augmentation rotation 10, not 11",
        "begun with augmentation scale 0.25, not 0.5",
        "begun with augmentation shear 0.5, not 0.75",
        "begun with augmentation elastic 2, not 3",
        "begun with augmentation elastic_sigma 3, not 4",
        "begun with augmentation mirror 0, not 1"};
    cnn_augment_options o[7];
    settings other = full;

    (void)state;
    for (int i = 0; i < 7; i++)
        o[i] = augment;
    o[0].shift = 2;
    o[1].rotation = 11;
    o[2].scale = 0.5f;
    o[3].shear = 0.75f;
    o[4].elastic = 3;
    o[5].elastic_sigma = 4;
    o[6].mirror = 1;
    for (int i = 0; i < 7; i++) {
        other.augment = &o[i];
        refuse(&other, &full, texts[i]);
    }
    refuse(&full, &other, "begun with augmentation mirror 1, not 0");
    other.augment = NULL;
    refuse(&other, &full, "begun with another augmentation");
    refuse(&full, &other, "begun without this augmentation");
}

static void other_clipping(void **state)
{
    settings other = full;

    (void)state;
    other.clip_norm = 0.0f;
    refuse(&other, &full, "begun with clip_norm 0.5, not 0");
    refuse(&full, &other, "begun with clip_norm 0, not 0.5");
    other.clip_norm = 0.75f;
    refuse(&other, &full, "begun with clip_norm 0.5, not 0.75");
}

/* --------------------------------------------------------- accepted --- */

/* Options that say the same in other words. */
static void same_in_other_words(void **state)
{
    const cnn_schedule_options none = {.struct_size = sizeof(none)};
    const cnn_augment_options zero = {.struct_size = sizeof(zero),
                                      .elastic_sigma = 2};
    const settings implied = {NULL, NULL, 0, 0}, said = {NULL, &zero, 0, 0};
    const settings constant = {&none, NULL, 0, 0.05f};
    training t;

    (void)state;
    open(&t, &said);
    if (cnn_trainer_resume(t.trainer, save_some(&implied)) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    training_close(&t);
    open(&t, &constant);
    cnn_trainer_set_schedule(t.trainer, 0.05f, NULL);
    if (cnn_trainer_resume(t.trainer, save_some(&constant)) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    training_close(&t);
}

/* Files of before there was a mirror were made without. */
static void older_files(void **state)
{
    cnn_augment_options mirrored = augment;
    settings other = full;
    model_bytes m;
    training t;

    (void)state;
    mirrored.mirror = 1;
    other.augment = &mirrored;
    model_read(&m, save_some(&full));
    model_replace(&m, ",`mirror`:0", "");
    const char *path = temp_write("older", m.data, m.size);
    open(&t, &other);
    assert_failed(cnn_trainer_resume(t.trainer, path), CNN_EINVAL,
                  "begun without this augmentation mirror");
    assert_int_equal(cnn_trainer_set_augmentation(t.trainer, &augment), CNN_OK);
    if (cnn_trainer_resume(t.trainer, path) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    model_free(&m);
    training_close(&t);
}

/* What the trainer's own plateau and passes had seen is forgotten. */
static void overwrites_everything(void **state)
{
    const char *path = temp_path("checkpoint");
    training t, u;

    (void)state;
    open(&t, &full);
    open(&u, &full);
    training_run(&t, 7);
    training_run(&u, 23);
    assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
    assert_int_equal(cnn_trainer_resume(u.trainer, path), CNN_OK);
    assert_same_training(&u, &t);
    training_run(&t, 30);
    training_run(&u, 30);
    assert_same_training(&u, &t);
    training_close(&t);
    training_close(&u);
}

/* A step that fails is no pass: what dropout drops afterwards is the same. Nor
 * is it in averages and sums, and the best is what it was. */
static void failed_steps_do_not_count(void **state)
{
    training t, twin;

    (void)state;
    open(&t, &full);
    open(&twin, &full);
    training_learns(&t);
    training_learns(&twin);
    training_run(&t, 2);
    training_run(&twin, 2);
    assert_int_equal(cnn_trainer_validate(t.trainer, t.dataset, NULL), CNN_OK);
    assert_int_equal(cnn_trainer_validate(twin.trainer, twin.dataset, NULL),
                     CNN_OK);
    for (int i = 0; i < t.samples; i++) /* the first layer's input */
        t.images[i * TINY_INPUT] = NAN;
    for (int i = 0; i < 3; i++)
        assert_failed(cnn_trainer_step(t.trainer, NULL), CNN_EDIVERGED,
                      "layer 0 (conv2d)");
    for (int i = 0; i < t.samples; i++)
        t.images[i * TINY_INPUT] = twin.images[i * TINY_INPUT];
    training_run(&t, 20);
    training_run(&twin, 20);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

/* ---------------------------------------------------------- damaged --- */

/* A position that no trainer can have written; checksums are right. */
static void impossible_positions(void **state)
{
    const char *const changes[][2] = {
        {"`passes`:7", "`passes`:-1"},
        {"`passes`:7", "`passes`:9007199254740993"},
        {"`passes`:7,", ""},
        {"`net_seed`:1,", ""},
        {"`net_seed`:1", "`net_seed`:1.5"},
        {"`plateau`:{", "`plateaux`:{"},
        {"`waited`:1", "`waited`:-1"},
        {"`waited`:1", "`waited`:0.5"},
        {"`scale`:1.0", "`scale`:1.5"},
        {"`scale`:1.0", "`scale`:-1.0"},
        {"`samples`:0.0", "`samples`:-2.0"},
    };
    const char *path = save_some(&full);
    training t, twin;

    (void)state;
    open(&t, &full);
    open(&twin, &full);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        model_bytes m;

        model_read(&m, path);
        model_replace(&m, changes[i][0], changes[i][1]);
        assert_failed(
            cnn_trainer_resume(t.trainer, temp_write("bad", m.data, m.size)),
            CNN_EFORMAT, "the position is not described well");
        model_free(&m);
    }
    training_run(&t, 5);
    training_run(&twin, 5);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

/* A seed is kept to its last bit: as a number as long as any reader of JSON
 * keeps that, as files of seeds of 32 bits always had it. */
static void seeds_of_64_bits(void **state)
{
    const struct {
        uint64_t seed;
        const char *text, *other;
    } cases[] = {
        {UINT32_MAX, "`seed`:4294967295,",
         "with seed 4294967295, not 4294967296"},
        {(uint64_t)1 << 53, "`seed`:9007199254740992,", "with another seed"},
        {UINT64_MAX - 1, "`seed`:`18446744073709551614`,",
         "with seed 18446744073709551614, not 18446744073709551615"},
    };
    const char *path = temp_path("checkpoint");

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        training t = {.options.seed = cases[i].seed};
        training same = t, other = {.options.seed = cases[i].seed + 1};
        model_bytes file;

        training_open(&t, 1);
        training_run(&t, 5);
        assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
        model_read(&file, path);
        assert_true(model_holds(&file, cases[i].text));
        model_free(&file);
        training_open(&same, 1);
        assert_int_equal(cnn_trainer_resume(same.trainer, path), CNN_OK);
        training_run(&t, 5);
        training_run(&same, 5);
        assert_same_training(&same, &t);
        training_open(&other, 1);
        assert_failed(cnn_trainer_resume(other.trainer, path), CNN_EINVAL,
                      cases[i].other);
        training_close(&t);
        training_close(&same);
        training_close(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_schedules),
        cmocka_unit_test(other_augmentations),
        cmocka_unit_test(other_clipping),
        cmocka_unit_test(same_in_other_words),
        cmocka_unit_test(older_files),
        cmocka_unit_test(overwrites_everything),
        cmocka_unit_test(failed_steps_do_not_count),
        cmocka_unit_test(impossible_positions),
        cmocka_unit_test(seeds_of_64_bits),
    };

    return cmocka_run_group_tests_name("checkpoint settings", tests, NULL,
                                       NULL);
}
