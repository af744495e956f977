/* A training from a reader equals one from the arrays that are behind it, bit
 * for bit: however much is read ahead, with any number of threads, over stops;
 * and arrays may be read ahead too. */
#include "support/temp_file.h"
#include "support/training.h"

enum { STEPS = 40, SEEDS = 3, MOST_AHEAD = 4, MOST_THREADS = 4 };

static const cnn_augment_options augment = {
    .struct_size = sizeof(augment), .shift = 1, .rotation = 10, .mirror = 1};

static const cnn_schedule_options plateau = {.struct_size = sizeof(plateau),
                                             .kind = CNN_SCHEDULE_PLATEAU,
                                             .steps = 1,
                                             .factor = 0.5f};

static void open(training *t, uint64_t seed, bool reads, int32_t ahead)
{
    *t = (training){.net = rich_net(),
                    .optim = create_optim(ADAM),
                    .options = {.seed = seed, .read_ahead = ahead},
                    .schedule = &plateau,
                    .augment = &augment,
                    .reads = reads};
    training_open(t, seed);
}

static void any_distance(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        training plain;

        open(&plain, seed, false, 0);
        training_run(&plain, STEPS);
        for (int32_t threads = 1; threads <= MOST_THREADS; threads++)
            for (int32_t ahead = -1; ahead <= MOST_AHEAD; ahead++)
                for (int reads = 0; reads <= 1; reads++) {
                    training t;

                    cnn_set_num_threads(threads);
                    open(&t, seed, reads, ahead);
                    training_run(&t, STEPS);
                    assert_same_training(&t, &plain);
                    training_close(&t);
                }
        cnn_set_num_threads(1);
        training_close(&plain);
    }
}

/* What is saved is the position of what was learnt, not of what was read. */
static void over_stops(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        for (int32_t ahead = -1; ahead <= MOST_AHEAD; ahead++) {
            const char *path = temp_path("checkpoint");
            training whole, t;

            open(&whole, seed, false, 0);
            open(&t, seed, true, ahead);
            for (int stop = 1; stop <= 6; stop++) {
                training_run(&t, stop);
                assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
                training_close(&t);
                open(&t, seed, true, stop % 2 ? MOST_AHEAD - ahead : ahead);
                training_run(&t, stop % 3); /* it has read ahead by then */
                if (cnn_trainer_resume(t.trainer, path) != CNN_OK)
                    fail_msg("%s", cnn_last_error());
            }
            training_run(&t, 5);
            training_run(&whole, 1 + 2 + 3 + 4 + 5 + 6 + 5);
            assert_same_training(&t, &whole);
            training_close(&whole);
            training_close(&t);
        }
}

/* Other content under the same names is told by what the program says. */
static void other_data_are_refused(void **state)
{
    const char *path = temp_path("checkpoint");
    training t;

    (void)state;
    open(&t, 1, true, 0);
    assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
    cnn_dataset_reader reader =
        reader_over(&t.reading, &tiny_shape, t.samples, TINY_CLASSES);
    for (uint64_t content = 0; content <= 1; content++) {
        reader.fingerprint = content;
        cnn_dataset *d = dataset_over(&reader);
        cnn_trainer *other = cnn_trainer_create(t.net, t.optim, d, &t.options);
        assert_int_equal(cnn_trainer_set_schedule(other, 0.05f, &plateau),
                         CNN_OK);
        assert_int_equal(cnn_trainer_set_augmentation(other, &augment), CNN_OK);
        if (content == 0)
            assert_int_equal(cnn_trainer_resume(other, path), CNN_OK);
        else
            assert_failed(cnn_trainer_resume(other, path), CNN_EINVAL,
                          "dataset");
        cnn_trainer_free(other);
        cnn_dataset_free(d);
    }
    training_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_distance),
        cmocka_unit_test(over_stops),
        cmocka_unit_test(other_data_are_refused),
    };

    return cmocka_run_group_tests_name("read ahead, bits", tests, NULL, NULL);
}
