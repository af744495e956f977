/* A trainer that changes its images. */
#include <math.h>
#include <string.h>

#include "support/training.h"

#define AUGMENT(...)                                                    \
    (&(cnn_augment_options){.struct_size = sizeof(cnn_augment_options), \
                            __VA_ARGS__})

static const cnn_augment_options all = {.struct_size = sizeof(all),
                                        .shift = 1,
                                        .rotation = 10,
                                        .scale = 0.1f,
                                        .shear = 0.1f,
                                        .elastic = 2,
                                        .elastic_sigma = 1};

/* The two have gone different ways. */
static void assert_differ(const training *a, const training *b)
{
    assert_memory_not_equal(cnn_net_params(a->net), cnn_net_params(b->net),
                            TINY_PARAMS * sizeof(float));
}

/* Options that are all zero, and none after some, change no bit. */
static void zero_changes_nothing(void **state)
{
    training plain = {0}, zero = {.augment = AUGMENT(.elastic_sigma = 3)};
    training gone = {.augment = &all};

    (void)state;
    training_open(&plain, 1);
    training_open(&zero, 1);
    training_open(&gone, 1);
    assert_int_equal(cnn_trainer_set_augmentation(gone.trainer, NULL), CNN_OK);
    training_run(&plain, 10);
    training_run(&zero, 10);
    training_run(&gone, 10);
    assert_same_training(&zero, &plain);
    assert_same_training(&gone, &plain);
    training_close(&plain);
    training_close(&zero);
    training_close(&gone);
}

static void something_changes(void **state)
{
    const cnn_augment_options *const each[] = {
        AUGMENT(.shift = 1), AUGMENT(.rotation = 10), AUGMENT(.scale = 0.1f),
        AUGMENT(.shear = 0.1f), AUGMENT(.elastic = 2)};

    (void)state;
    for (int i = 0; i < 5; i++) {
        training plain = {0}, t = {.augment = each[i]};

        training_open(&plain, 1);
        training_open(&t, 1);
        training_run(&plain, 3);
        training_run(&t, 3);
        assert_differ(&t, &plain);
        training_close(&plain);
        training_close(&t);
    }
}

static void any_number_of_threads(void **state)
{
    training want = {.augment = &all};

    (void)state;
    training_open(&want, 1);
    training_run(&want, 20);
    for (int32_t threads = 2; threads <= 4; threads++) {
        training t = {.augment = &all};

        cnn_set_num_threads(threads);
        training_open(&t, 1);
        training_run(&t, 20);
        assert_same_training(&t, &want);
        training_close(&t);
    }
    cnn_set_num_threads(1);
    training_close(&want);
}

/* A shape on its own way through a step: seed, step and place decide. In their
 * own order, so that the seed decides nothing else. */
static void seed_step_and_place_decide(void **state)
{
    training t = {.augment = &all, .options.flags = CNN_NO_SHUFFLE};
    training same = t, other = t;

    (void)state;
    other.options.seed = 5;
    training_open(&t, 1);
    training_open(&same, 1);
    training_open(&other, 1);
    training_run(&t, 1);
    /* Switched off and on again: nothing depends on what was drawn before. */
    for (int i = 0; i < 3; i++) {
        cnn_trainer_set_augmentation(same.trainer, NULL);
        cnn_trainer_set_augmentation(same.trainer, &all);
    }
    training_run(&same, 1);
    training_run(&other, 1);
    assert_same_training(&t, &same);
    assert_differ(&t, &other);
    training_close(&t);
    training_close(&same);
    training_close(&other);
}

/* The loss of a step over images and labels that are all alike: only what is
 * done to them differs. */
static double loss_of(training *t)
{
    cnn_metrics m;

    assert_int_equal(cnn_trainer_step(t->trainer, &m), CNN_OK);
    return m.loss;
}

static void each_sample_and_step_differs(void **state)
{
    training four = {.optim = cnn_sgd_create(0.0f, NULL), .augment = &all};
    training one = {.optim = cnn_sgd_create(0.0f, NULL),
                    .augment = &all,
                    .options.batch = 1};

    (void)state;
    training_open(&four, 1);
    training_open(&one, 1);
    for (int i = 0; i < TINY_SAMPLES; i++) {
        memcpy(four.images + i * TINY_INPUT, four.images,
               TINY_INPUT * sizeof(float));
        memcpy(one.images + i * TINY_INPUT, four.images,
               TINY_INPUT * sizeof(float));
        four.labels[i] = one.labels[i] = 3;
    }
    const double alone = loss_of(&one), first = loss_of(&four);
    assert_true(alone != loss_of(&one));
    assert_true(first != loss_of(&four));
    /* The first sample of the first step is the same in both, the other three
     * of the batch are not. */
    assert_true(fabs(first - alone) > 1e-9);
    training_close(&four);
    training_close(&one);
}

/* Images of pixels 0 are all paper, whatever value the dataset gives a pixel 0:
 * there is nothing to move. A mean of paper and paper is rounded. */
static void paper_is_a_pixel_zero(void **state)
{
    const cnn_dataset_options offset = {.struct_size = sizeof(offset),
                                        .offset = -0.3f};
    training plain = {0}, moved = {0};
    training *both[] = {&plain, &moved};

    (void)state;
    for (int i = 0; i < 2; i++) {
        training *t = both[i];

        training_open(t, 1);
        memset(t->images, 0,
               (size_t)t->samples * TINY_INPUT * sizeof(*t->images));
        cnn_trainer_free(t->trainer);
        cnn_dataset_free(t->dataset);
        t->dataset = cnn_dataset_wrap_f32(&tiny_shape, t->samples, t->images,
                                          t->labels, &offset);
        t->trainer =
            cnn_trainer_create(t->net, t->optim, t->dataset, &t->options);
        assert_non_null(t->trainer);
    }
    assert_int_equal(
        cnn_trainer_set_augmentation(moved.trainer, AUGMENT(.shift = 3)),
        CNN_OK);
    training_run(&plain, 5);
    training_run(&moved, 5);
    assert_near(cnn_net_params(moved.net), cnn_net_params(plain.net),
                TINY_PARAMS, 1e-6, 0);
    training_close(&plain);
    training_close(&moved);
}

/* The same where each channel is normalised by numbers of its own. */
static void paper_of_each_channel(void **state)
{
    enum { SIDE = 8, BATCH = 4 };
    const cnn_shape shape = {3, SIDE, SIDE};
    static const uint8_t images[BATCH * 3 * SIDE * SIDE];
    const int32_t labels[BATCH] = {0, 1, 2, 0};
    const float mean[] = {0.5f, -0.2f, 0}, deviation[] = {0.5f, 0.1f, 3};
    const cnn_dataset_options o = {.struct_size = sizeof(o),
                                   .mean = mean,
                                   .deviation = deviation,
                                   .channel_count = 3};
    const cnn_trainer_options four = {.struct_size = sizeof(four),
                                      .batch = BATCH};
    cnn_dataset *d = cnn_dataset_wrap_u8(&shape, BATCH, images, labels, &o);
    cnn_optim *sgd = cnn_sgd_create(0.05f, NULL);
    cnn_net *nets[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        nets[i] = cnn_net_create();
        cnn_net_add(nets[i], cnn_dense_create(3, NULL));
        build(nets[i], &shape, BATCH, 1);
        cnn_trainer *t = cnn_trainer_create(nets[i], sgd, d, &four);
        if (i == 1)
            assert_int_equal(
                cnn_trainer_set_augmentation(t, AUGMENT(.shift = 6)), CNN_OK);
        assert_int_equal(cnn_trainer_run(t, 5, NULL, NULL), CNN_OK);
        cnn_trainer_free(t);
    }
    assert_near(cnn_net_params(nets[1]), cnn_net_params(nets[0]),
                cnn_net_param_count(nets[0]), 1e-6, 0);
    cnn_net_free(nets[0]);
    cnn_net_free(nets[1]);
    cnn_optim_free(sgd);
    cnn_dataset_free(d);
}

/* What is refused leaves the old ranges in force. */
static void errors(void **state)
{
    const struct {
        const cnn_augment_options *o;
        const char *text;
    } bad[] = {
        {AUGMENT(.shift = -1),
         "augmentation: a range of -1, expected a finite"},
        {AUGMENT(.rotation = NAN), "a range of "},
        {AUGMENT(.scale = -0.5f), "a range of -0.5"},
        {AUGMENT(.shear = INFINITY), "a range of inf"},
        {AUGMENT(.elastic = -2), "a range of -2"},
        {AUGMENT(.elastic_sigma = -3), "a range of -3"},
        {AUGMENT(.scale = 1), "augmentation: scale 1, expected below 1"},
        {&(cnn_augment_options){0}, "augmentation: struct_size is 0"},
    };
    training t = {.augment = &all}, twin = {.augment = &all};

    (void)state;
    assert_failed(cnn_trainer_set_augmentation(NULL, &all), CNN_EINVAL,
                  "trainer is NULL");
    training_open(&t, 1);
    training_open(&twin, 1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_failed(cnn_trainer_set_augmentation(t.trainer, bad[i].o),
                      CNN_EINVAL, bad[i].text);
    training_run(&t, 5);
    training_run(&twin, 5);
    assert_same_training(&t, &twin);
    training_close(&t);
    training_close(&twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_changes_nothing),
        cmocka_unit_test(something_changes),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(seed_step_and_place_decide),
        cmocka_unit_test(each_sample_and_step_differs),
        cmocka_unit_test(paper_is_a_pixel_zero),
        cmocka_unit_test(paper_of_each_channel),
        cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests_name("trainer augment", tests, NULL, NULL);
}
