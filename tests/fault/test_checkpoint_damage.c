/* Checkpoints that are damaged, or made to do harm: resuming is refused, and
 * the training goes on as if nobody had tried. */
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"

typedef struct fixture {
    training t, twin;
    model_bytes good;
} fixture;

/* A checkpoint after 7 steps; two trainings after 2 of another start. */
static int set_up(void **state)
{
    const char *path = temp_path("good");
    fixture *f = test_calloc(1, sizeof(*f));
    training saved = {.optim = create_optim(ADAM)};

    training_open(&saved, 1);
    training_run(&saved, 7);
    assert_int_equal(cnn_trainer_save(saved.trainer, path), CNN_OK);
    model_read(&f->good, path);
    training_close(&saved);
    f->t.optim = create_optim(ADAM);
    f->twin.optim = create_optim(ADAM);
    training_open(&f->t, 2);
    training_open(&f->twin, 2);
    training_run(&f->t, 2);
    training_run(&f->twin, 2);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;

    training_close(&f->t);
    training_close(&f->twin);
    model_free(&f->good);
    test_free(f);
    return 0;
}

static void refuse(fixture *f, const void *data, size_t size, cnn_status want,
                   const char *what)
{
    const char *path = temp_write("bad", data, size);
    const cnn_status status = cnn_trainer_resume(f->t.trainer, path);

    if (status != want || strstr(cnn_last_error(), "/bad: ") == NULL)
        fail_msg("%s: %d (%s)", what, status, cnn_last_error());
    assert_same_training(&f->t, &f->twin);
}

/* What was remembered is still there, too. */
static void go_on(fixture *f)
{
    training_run(&f->t, 5);
    training_run(&f->twin, 5);
    assert_same_training(&f->t, &f->twin);
}

static void cut(void **state)
{
    fixture *f = *state;

    for (size_t size = 0; size < f->good.size; size += 19)
        refuse(f, f->good.data, size, CNN_EFORMAT, "cut");
    go_on(f);
}

static void flipped_bits(void **state)
{
    fixture *f = *state;
    model_bytes m;

    model_copy(&m, &f->good);
    for (size_t bit = 0; bit < 8 * m.size; bit += 101) {
        m.data[bit / 8] ^= (unsigned char)(1u << bit % 8);
        refuse(f, m.data, m.size, CNN_EFORMAT, "a bit");
        m.data[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    model_free(&m);
    go_on(f);
}

static const struct {
    const char *from, *to;
    cnn_status want;
} changes[] = {
    /* The position, ... */
    {"'position':'", "'place':'", CNN_EFORMAT},
    {"'position':'{", "'position':'[{", CNN_EFORMAT},
    {"`step`:7", "`step`:-1", CNN_EFORMAT},
    {"`step`:7", "`step`:9223372036854775807", CNN_EFORMAT},
    {"`step`:7", "`step`:9223372036854775808", CNN_EFORMAT},
    {"`step`:7", "`step`:7.0", CNN_EFORMAT},
    {"`step`:7", "`step`:`7`", CNN_EFORMAT},
    {"`step`:7,", "", CNN_EFORMAT},
    {"`epoch`:2", "`epoch`:-1", CNN_EFORMAT},
    {"`epoch`:2", "`epoch`:9223372036854775807", CNN_EFORMAT},
    {"`position`:2", "`position`:-1", CNN_EFORMAT},
    {"`position`:2", "`position`:13", CNN_EFORMAT},
    {"`position`:2", "`position`:4294967298", CNN_EFORMAT},
    {"`lr`:0.0099999997764825821", "`lr`:-0.5", CNN_EFORMAT},
    {"`lr`:0.0099999997764825821", "`lr`:1e300", CNN_EFORMAT},
    {"`lr`:0.0099999997764825821", "`lr`:1e999", CNN_EFORMAT},
    {"`lr`:0.0099999997764825821", "`lr`:`0.01`", CNN_EFORMAT},
    {"[7,0,0,7]", "[7,0,0]", CNN_EFORMAT},
    {"[7,0,0,7]", "[7,0,0,7,0]", CNN_EFORMAT},
    {"[7,0,0,7]", "[7,7,0,7]", CNN_EFORMAT}, /* of what has no parameters */
    {"[7,0,0,7]", "[-7,0,0,7]", CNN_EFORMAT},
    {"[7,0,0,7]", "[7,0,0,7.5]", CNN_EFORMAT},
    {"[7,0,0,7]", "[7,0,0,9223372036854775807]", CNN_EFORMAT},
    {"[7,0,0,7]", "{}", CNN_EFORMAT},
    /* ... what the optimiser remembers, ... */
    {"`waited`:0", "`waited`:-1", CNN_EFORMAT},
    {"`waited`:0", "`waited`:1", CNN_EFORMAT},
    {"`waited`:0", "`waited`:2147483647", CNN_EFORMAT},
    {"'3.slot1'", "'3.slot2'", CNN_EFORMAT},
    {"'3.slot1'", "'2.slot1'", CNN_EFORMAT},
    {"'shape':[330],'data_offsets':[3600,4920]",
     "'shape':[10,33],'data_offsets':[3600,4920]", CNN_EFORMAT},
    {"'3.bias'", "'3.other'", CNN_EFORMAT},
    /* ... and the settings. */
    {"'trainer':'", "'coach':'", CNN_EFORMAT},
    {"'trainer':'{", "'trainer':'", CNN_EFORMAT},
    {"`optimizer`:`adam`", "`optimizer`:1", CNN_EINVAL},
    {"`optimizer`:`adam`,", "", CNN_EINVAL},
    {"`batch`:4", "`batch`:4.0", CNN_EINVAL},
    {"`dataset`", "`data`", CNN_EINVAL},
    {"`beta1`", "`beta`", CNN_EINVAL},
    {"`version`:1", "`version`:2", CNN_EUNSUPPORTED},
    {"`loss`:0", "`loss`:1", CNN_ESHAPE},
    {"`filters`:8", "`filters`:9", CNN_ESHAPE},
};

static void changed(void **state)
{
    fixture *f = *state;

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        model_bytes m;

        model_copy(&m, &f->good);
        model_replace(&m, changes[i].from, changes[i].to);
        refuse(f, m.data, m.size, changes[i].want, changes[i].to);
        model_free(&m);
    }
    go_on(f);
}

/* In the last element of a parameter, and of the optimiser's memory. */
static void not_finite(void **state)
{
    fixture *f = *state;
    const float bad[] = {NAN, INFINITY, -INFINITY};
    const size_t ends[] = {1640, 4920};

    for (int i = 0; i < 6; i++) {
        model_bytes m;

        model_copy(&m, &f->good);
        cnn__put_floats(m.data + m.size - 4924 + ends[i % 2] - 4, &bad[i / 2],
                        1);
        model_seal(&m);
        refuse(f, m.data, m.size, CNN_EDIVERGED, "not finite");
        model_free(&m);
    }
    go_on(f);
}

/* No mean of squares is below zero, and no wait longer than the schedule's. */
static void impossible(void **state)
{
    const cnn_schedule_options plateau = {.struct_size = sizeof(plateau),
                                          .kind = CNN_SCHEDULE_PLATEAU,
                                          .steps = 3};
    const float below = -1e-30f;
    fixture *f = *state;
    training waiting = {.schedule = &plateau};
    model_bytes m;

    model_copy(&m, &f->good);
    cnn__put_floats(m.data + m.size - 8, &below, 1); /* the last of slot1 */
    model_seal(&m);
    refuse(f, m.data, m.size, CNN_EDIVERGED, "second moment");
    assert_error(CNN_EDIVERGED, "element 329 of tensor 3.slot1 is -1e-30, "
                                "expected at least 0");
    model_free(&m);

    training_open(&waiting, 1);
    assert_int_equal(cnn_trainer_save(waiting.trainer, temp_path("plateau")),
                     CNN_OK);
    model_read(&m, temp_path("plateau"));
    model_replace(&m, "`waited`:0", "`waited`:2");
    assert_int_equal(
        cnn_trainer_resume(waiting.trainer, temp_write("2", m.data, m.size)),
        CNN_OK);
    model_replace(&m, "`waited`:2", "`waited`:3");
    assert_failed(
        cnn_trainer_resume(waiting.trainer, temp_write("3", m.data, m.size)),
        CNN_EFORMAT, "the position is not described well");
    model_free(&m);
    training_close(&waiting);
    go_on(f);
}

/* Counters as high as they go: what is trained from there is saved and resumed
 * again, and nothing overflows. */
static void far_along(void **state)
{
    fixture *f = *state;
    model_bytes m;

    model_copy(&m, &f->good);
    model_replace(&m, "`step`:7", "`step`:4611686018427387903");
    model_replace(&m, "`passes`:7", "`passes`:9007199254740991");
    model_replace(&m, "`epoch`:2", "`epoch`:4611686018427387900");
    model_replace(&m, "[7,0,0,7]",
                  "[4611686018427387904,0,0,4611686018427387903]");
    assert_int_equal(
        cnn_trainer_resume(f->t.trainer, temp_write("far", m.data, m.size)),
        CNN_OK);
    training_run(&f->t, 1);
    assert_int_equal(cnn_trainer_steps(f->t.trainer), (int64_t)1 << 62);
    assert_int_equal(cnn_trainer_save(f->t.trainer, temp_path("far")), CNN_OK);
    assert_int_equal(cnn_trainer_resume(f->t.trainer, temp_path("far")),
                     CNN_OK);
    assert_failed(cnn_trainer_step(f->t.trainer, NULL), CNN_EOVERFLOW,
                  "step 4611686018427387904");
    model_free(&m);
}

static void undamaged(void **state)
{
    fixture *f = *state;
    training whole = {.optim = create_optim(ADAM)};

    training_open(&whole, 1);
    training_run(&whole, 12);
    assert_int_equal(cnn_trainer_resume(f->t.trainer, temp_path("good")),
                     CNN_OK);
    training_run(&f->t, 5);
    assert_same_training(&f->t, &whole);
    training_close(&whole);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(undamaged),  TEST(cut),        TEST(flipped_bits), TEST(changed),
        TEST(not_finite), TEST(impossible), TEST(far_along),
    };

    return cmocka_run_group_tests_name("checkpoint damage", tests, NULL, NULL);
}
