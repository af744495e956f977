/* Metadata of a net in model files and checkpoints. */
#include <stdlib.h>
#include <string.h>

#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"

static void set(cnn_net *net, const char *key, const char *value)
{
    if (cnn_net_set_metadata(net, key, value) != CNN_OK)
        fail_msg("%s: %s", key, cnn_last_error());
}

static void assert_same_metadata(const cnn_net *got, const cnn_net *want)
{
    assert_int_equal(cnn_net_metadata_count(got), cnn_net_metadata_count(want));
    for (int32_t i = 0; i < cnn_net_metadata_count(want); i++) {
        const char *key = cnn_net_metadata_key(want, i);

        assert_string_equal(cnn_net_metadata_key(got, i), key);
        assert_string_equal(cnn_net_metadata(got, key),
                            cnn_net_metadata(want, key));
    }
}

static cnn_net *load(const model_bytes *m)
{
    cnn_net *net = cnn_net_load_memory(m->data, m->size, 3);

    if (net == NULL)
        fail_msg("%s", cnn_last_error());
    return net;
}

static void assert_same_bytes(const model_bytes *got, const model_bytes *want)
{
    assert_int_equal(got->size, want->size);
    assert_memory_equal(got->data, want->data, want->size);
}

/* Through memory and through a file, which are the same after it. */
static void there_and_back(const cnn_net *net)
{
    const char *path = temp_path("model");
    model_bytes m, again;

    model_of(&m, net);
    cnn_net *copy = load(&m);
    assert_same_metadata(copy, net);
    model_of(&again, copy);
    assert_same_bytes(&again, &m);
    model_free(&again);
    cnn_net_free(copy);
    assert_int_equal(cnn_net_save(net, path), CNN_OK);
    model_read(&again, path);
    assert_same_bytes(&again, &m);
    copy = cnn_net_load(path, 3);
    assert_non_null(copy);
    assert_same_metadata(copy, net);
    cnn_net_free(copy);
    model_free(&again);
    model_free(&m);
}

static void texts(void **state)
{
    cnn_net *net = dense_net(3, 2, 3);
    model_bytes m;

    (void)state;
    there_and_back(net);
    set(net, "scale", "x / 255");
    set(net, "classes", "[\"T-shirt\",\"Coat\"]");
    set(net, "\xc3\xbc \\ \"", "\x01\x1f\x7f\t\n\r\b\f/\\\"\xf0\x9f\xa7\xa6");
    set(net, "a", "");
    set(net, "scale", "x / 127.5 - 1");
    set(net, "classes", "2");
    there_and_back(net);
    model_of(&m, net);
    assert_true(model_holds(&m, "}','scale':'x / 127.5 - 1','classes':'2',"));
    assert_true(model_holds(&m, ",'a':''},'0.weight'"));
    model_free(&m);
    set(net, "scale", NULL);
    there_and_back(net);
    cnn_net_free(net);
}

/* All that a net may have, of a character that takes most in a file, and of one
 * that would take most memory if it were parsed. */
static void fill(cnn_net *net, char c)
{
    static char value[CNN_MAX_METADATA_VALUE + 1];
    char key[CNN_MAX_METADATA_KEY + 1] = "";

    memset(value, c, sizeof(value) - 1);
    memset(key, '"', sizeof(key) - 1);
    for (int i = 0; i < CNN_MAX_METADATA; i++) {
        key[0] = (char)(' ' + i);
        set(net, key, value);
    }
    assert_int_equal(cnn_net_metadata_count(net), CNN_MAX_METADATA);
}

static void most(void **state)
{
    const char kinds[] = {'\x01', '{'};
    const size_t escaped[] = {6, 1};

    (void)state;
    for (int i = 0; i < 2; i++) {
        cnn_net *net = dense_net(3, 2, 3);
        model_bytes m;

        fill(net, kinds[i]);
        model_of(&m, net);
        assert_in_range(m.size, escaped[i] * 64 * 65535,
                        escaped[i] * 64 * 65535 + 15000);
        assert_true(m.size < 26000000);
        cnn_net *copy = load(&m);
        assert_same_metadata(copy, net);
        cnn_net_free(copy);
        model_free(&m);
        cnn_net_free(net);
    }
}

/* What others have put there is the net's, and stays so. */
static void of_others(void **state)
{
    cnn_net *net = dense_net(3, 2, 3);
    model_bytes m, again;

    (void)state;
    set(net, "mine", "1");
    model_of(&m, net);
    model_replace(&m, "{'libcnn'", "{'format':'pt','libcnn'");
    model_replace(&m, "'mine'",
                  "'libcnn.later':'[1]','yours':'\\u00e4','mine'");
    cnn_net_free(net);
    net = load(&m);
    assert_int_equal(cnn_net_metadata_count(net), 3);
    assert_string_equal(cnn_net_metadata_key(net, 0), "format");
    assert_string_equal(cnn_net_metadata_key(net, 1), "yours");
    assert_string_equal(cnn_net_metadata_key(net, 2), "mine");
    assert_string_equal(cnn_net_metadata(net, "format"), "pt");
    assert_string_equal(cnn_net_metadata(net, "yours"), "\xc3\xa4");
    assert_null(cnn_net_metadata(net, "libcnn.later"));
    model_of(&again, net);
    assert_true(model_holds(
        &again, "}','format':'pt','yours':'\xc3\xa4','mine':'1'},'0.weight'"));
    model_free(&again);
    model_free(&m);
    cnn_net_free(net);
}

/* --------------------------------------------------------- checkpoints --- */

static const char *save(const training *t, const char *name)
{
    const char *path = temp_path(name);

    if (cnn_trainer_save(t->trainer, path) != CNN_OK)
        fail_msg("%s", cnn_last_error());
    return path;
}

static void assert_same_files(const char *got, const char *want)
{
    model_bytes a, b;

    model_read(&a, got);
    model_read(&b, want);
    assert_same_bytes(&a, &b);
    model_free(&a);
    model_free(&b);
}

/* The net has what the file has, and a file saved later is the same as if the
 * training had never stopped. */
static void checkpoints(void **state)
{
    training t = {.optim = create_optim(ADAM)};
    training u = {.optim = create_optim(ADAM)};

    (void)state;
    training_open(&t, 1);
    training_open(&u, 2);
    set(t.net, "scale", "x / 255");
    set(t.net, "classes", "ten");
    set(u.net, "classes", "two");
    set(u.net, "more", "1");
    training_run(&t, 3);
    const char *path = save(&t, "checkpoint");
    assert_int_equal(cnn_trainer_resume(u.trainer, path), CNN_OK);
    assert_same_metadata(u.net, t.net);
    cnn_net *net = cnn_net_load(path, 1);
    assert_same_metadata(net, t.net);
    cnn_net_free(net);
    training_run(&t, 4);
    training_run(&u, 4);
    assert_same_files(save(&u, "resumed"), save(&t, "whole"));
    training_close(&t);
    training_close(&u);
}

static void checkpoint_without(void **state)
{
    training t = {0}, u = {0};

    (void)state;
    training_open(&t, 1);
    training_open(&u, 2);
    set(u.net, "classes", "two");
    const char *path = save(&t, "checkpoint");
    assert_int_equal(cnn_trainer_resume(u.trainer, path), CNN_OK);
    assert_int_equal(cnn_net_metadata_count(u.net), 0);
    set(u.net, "classes", "three");
    assert_string_equal(cnn_net_metadata(u.net, "classes"), "three");
    training_close(&t);
    training_close(&u);
}

/* What is refused, early or late, leaves the net what it has. */
static void checkpoint_refused(void **state)
{
    const char *const changes[][2] = {
        {"`version`:1", "`version`:2"}, {"`units`:10", "`units`:11"},
        {"`batch`:4", "`batch`:5"},     {"`step`:3", "`step`:-3"},
        {"'3.slot0'", "'3.slot9'"},
    };
    training t = {0}, u = {0};
    model_bytes good;

    (void)state;
    training_open(&t, 1);
    training_open(&u, 2);
    set(t.net, "classes", "ten");
    set(t.net, "scale", "x / 255");
    set(u.net, "classes", "two");
    const char *lent = cnn_net_metadata(u.net, "classes");
    training_run(&t, 3);
    model_read(&good, save(&t, "checkpoint"));
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        model_bytes m;

        model_copy(&m, &good);
        model_replace(&m, changes[i][0], changes[i][1]);
        const char *path = temp_write("bad", m.data, m.size);
        if (cnn_trainer_resume(u.trainer, path) == CNN_OK)
            fail_msg("%s: taken", changes[i][1]);
        assert_int_equal(cnn_net_metadata_count(u.net), 1);
        assert_ptr_equal(cnn_net_metadata(u.net, "classes"), lent);
        assert_string_equal(lent, "two");
        model_free(&m);
    }
    model_free(&good);
    training_close(&t);
    training_close(&u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(most),
        cmocka_unit_test(of_others),
        cmocka_unit_test(checkpoints),
        cmocka_unit_test(checkpoint_without),
        cmocka_unit_test(checkpoint_refused),
    };

    return cmocka_run_group_tests_name("metadata files", tests, NULL, NULL);
}
