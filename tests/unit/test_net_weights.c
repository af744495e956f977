/* Parameters by name, and from files. */
#include "cnn/parts.h"

#include <stdio.h>
#include <string.h>

#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"

/* ----------------------------------------------------------- by name --- */

static void names(void **state)
{
    static const char *const want[] = {
        "0.weight",      "0.bias",   "1.weight", "1.bias",   "1.running_mean",
        "1.running_var", "4.weight", "4.bias",   "5.weight", "5.bias",
    };
    enum { COUNT = sizeof(want) / sizeof(want[0]) };
    cnn_tensor t = {.struct_size = sizeof(t)};
    cnn_const_tensor c = {.struct_size = sizeof(c)};
    cnn_net *net = rich_net();
    char name[CNN_MAX_TENSOR_NAME];

    (void)state;
    assert_int_equal(cnn_net_tensor_count(net), 0);
    assert_failed(cnn_net_tensor(net, "0.weight", &t), CNN_ESTATE, "not built");
    build(net, &tiny_shape, 1, 1);
    assert_int_equal(cnn_net_tensor_count(net), COUNT);
    for (int32_t i = 0; i < COUNT; i++) {
        assert_int_equal(cnn_net_tensor_name(net, i, name, sizeof(name)),
                         CNN_OK);
        assert_string_equal(name, want[i]);
        assert_int_equal(cnn_net_tensor(net, name, &t), CNN_OK);
        assert_string_equal(t.name, want[i] + 2);
        assert_int_equal(cnn_net_const_tensor(net, name, &c), CNN_OK);
        assert_ptr_equal(c.data, t.data);
    }
    assert_ptr_equal(t.data + 10,
                     cnn_net_params(net) + cnn_net_param_count(net));
    assert_int_equal(cnn_net_tensor_name(net, 0, name, strlen("0.weight") + 1),
                     CNN_OK);
    assert_failed(cnn_net_tensor_name(net, 0, name, strlen("0.weight")),
                  CNN_EINVAL, "a buffer of 8 bytes for 9");
    assert_failed(cnn_net_tensor_name(net, 0, NULL, 99), CNN_EINVAL,
                  "no buffer");
    assert_failed(cnn_net_tensor_name(net, -1, name, 64), CNN_EINVAL,
                  "array -1, but the net has 10");
    assert_failed(cnn_net_tensor_name(net, COUNT, name, 64), CNN_EINVAL,
                  "array 10, but the net has 10");
    assert_failed(cnn_net_tensor(net, "2.weight", &t), CNN_EINVAL,
                  "2.weight is no array of the net, whose 6 layers");
    assert_failed(cnn_net_tensor(net, "00.weight", &t), CNN_EINVAL,
                  "00.weight is no array");
    assert_failed(cnn_net_tensor(net, NULL, &t), CNN_EINVAL, "name is NULL");
    assert_failed(cnn_net_tensor(net, "0.bias", NULL), CNN_EINVAL, "NULL");
    cnn_net_free(net);
}

/* -------------------------------------------------------- from a file --- */

typedef struct told {
    int32_t count;
    char text[2000];
} told;

static void tell(void *user, const char *name, const char *why)
{
    told *t = user;
    const size_t used = strlen(t->text);

    t->count++;
    snprintf(t->text + used, sizeof(t->text) - used, "%s %s\n", name, why);
}

/* conv 8@3x3, tanh, max pool 2x2, dense: as tiny_net(), with so many outputs.
 */
static cnn_net *net_of(int32_t outputs, uint64_t seed)
{
    cnn_net *net = cnn_net_create();

    cnn_net_add(net, cnn_conv2d_create(8, 3, 3, NULL));
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    cnn_net_add(net, cnn_dense_create(outputs, NULL));
    build(net, &tiny_shape, 1, seed);
    return net;
}

static const char *saved(const cnn_net *net)
{
    const char *path = temp_path("weights");

    assert_int_equal(cnn_net_save(net, path), CNN_OK);
    return path;
}

static void all_fit(void **state)
{
    cnn_net *from = rich_net(), *to = rich_net();
    model_bytes a, b;
    told t = {0};

    (void)state;
    build(from, &tiny_shape, 1, 1);
    build(to, &tiny_shape, 2, 2);
    assert_int_equal(cnn_net_load_weights(to, saved(from), 0, tell, &t),
                     CNN_OK);
    assert_int_equal(t.count, 0);
    model_of(&a, from);
    model_of(&b, to);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    model_free(&a);
    model_free(&b);
    cnn_net_free(from);
    cnn_net_free(to);
}

/* Two kinds of misfits, with and without the flag. */
static void some_fit(void **state)
{
    cnn_net *from = net_of(10, 1), *to = net_of(26, 2);
    const size_t shared = 8 * 9 + 8;
    float *before = copy_params(to);
    const char *path = saved(from);
    told t = {0};

    (void)state;
    assert_failed(cnn_net_load_weights(to, path, 0, tell, &t), CNN_ESHAPE,
                  "weights: 2 arrays fit, 2 do not: 3.weight is 10 x 32 in the "
                  "file, 26 x 32 in the net");
    assert_string_equal(t.text,
                        "3.weight is 10 x 32 in the file, 26 x 32 in the net\n"
                        "3.bias is 10 in the file, 26 in the net\n");
    assert_same_bits(cnn_net_params(to), before, cnn_net_param_count(to));
    assert_int_equal(cnn_net_load_weights(to, path, CNN_WHAT_FITS, NULL, NULL),
                     CNN_OK);
    assert_same_bits(cnn_net_params(to), cnn_net_params(from), shared);
    assert_same_bits(cnn_net_params(to) + shared, before + shared,
                     cnn_net_param_count(to) - shared);
    test_free(before);
    cnn_net_free(from);
    cnn_net_free(to);
}

static void on_one_side_only(void **state)
{
    cnn_net *tall = net_of(10, 1), *low = cnn_net_create();
    told t = {0};

    (void)state;
    cnn_net_add(low, cnn_conv2d_create(8, 3, 3, NULL));
    build(low, &tiny_shape, 1, 2);
    assert_failed(cnn_net_load_weights(low, saved(tall), 0, tell, &t),
                  CNN_ESHAPE,
                  "2 arrays fit, 2 do not: 3.weight is not in the "
                  "net");
    assert_string_equal(
        t.text, "3.weight is not in the net\n3.bias is not in the net\n");
    t = (told){0};
    assert_int_equal(
        cnn_net_load_weights(tall, saved(low), CNN_WHAT_FITS, tell, &t),
        CNN_OK);
    assert_string_equal(
        t.text, "3.weight is not in the file\n3.bias is not in the file\n");
    assert_same_bits(cnn_net_params(tall), cnn_net_params(low), 80);
    cnn_net_free(tall);
    cnn_net_free(low);
}

/* A checkpoint is a model file; its slots are nobody's misfits. */
static void from_a_checkpoint(void **state)
{
    const char *path = temp_path("checkpoint");
    cnn_net *net = tiny_net();
    training t = {0};
    told seen = {0};

    (void)state;
    training_open(&t, 1);
    training_run(&t, 3);
    assert_int_equal(cnn_trainer_save(t.trainer, path), CNN_OK);
    build(net, &tiny_shape, 1, 9);
    assert_int_equal(cnn_net_load_weights(net, path, 0, tell, &seen), CNN_OK);
    assert_int_equal(seen.count, 0);
    assert_same_bits(cnn_net_params(net), cnn_net_params(t.net), TINY_PARAMS);
    cnn_net_free(net);
    training_close(&t);
}

/* As from the file, with what it says; and what is nobody's is told of. */
static void from_memory(void **state)
{
    cnn_net *from = net_of(10, 1), *to = net_of(26, 2);
    float *before = copy_params(to);
    model_bytes m;
    told t = {0};

    (void)state;
    model_of(&m, from);
    assert_failed(cnn_net_load_weights_memory(to, m.data, m.size, 0, tell, &t),
                  CNN_ESHAPE,
                  "2 arrays fit, 2 do not: 3.weight is 10 x 32 in the file");
    assert_int_equal(t.count, 2);
    assert_same_bits(cnn_net_params(to), before, cnn_net_param_count(to));
    assert_int_equal(cnn_net_load_weights_memory(to, m.data, m.size,
                                                 CNN_WHAT_FITS, NULL, NULL),
                     CNN_OK);
    assert_same_bits(cnn_net_params(to), cnn_net_params(from), 8 * 9 + 8);
    assert_failed(
        cnn_net_load_weights_memory(from, NULL, m.size, 0, NULL, NULL),
        CNN_EINVAL, "data is NULL");
    assert_failed(
        cnn_net_load_weights_memory(from, m.data, m.size, 4, NULL, NULL),
        CNN_EINVAL, "unknown flags 0x4");
    for (size_t size = 0; size < m.size; size += 7)
        assert_int_equal(cnn_net_load_weights_memory(from, m.data, size,
                                                     CNN_WHAT_FITS, NULL, NULL),
                         CNN_EFORMAT);
    t = (told){0};
    model_replace(&m, "'3.bias'", "'3.slots'");
    assert_int_equal(cnn_net_load_weights_memory(from, m.data, m.size,
                                                 CNN_WHAT_FITS, tell, &t),
                     CNN_OK);
    assert_string_equal(t.text, "3.bias is not in the file\n"
                                "3.slots is not in the net\n");
    test_free(before);
    model_free(&m);
    cnn_net_free(from);
    cnn_net_free(to);
}

/* Of a version that is not known, arrays may mean something else. */
static void of_another_version(void **state)
{
    const char *changes[][2] = {{"`version`:1", "`version`:2"},
                                {"'libcnn'", "'others'"}};
    const cnn_status want[] = {CNN_EUNSUPPORTED, CNN_EFORMAT};
    cnn_net *net = net_of(10, 1);
    float *before = copy_params(net);

    (void)state;
    for (int i = 0; i < 2; i++) {
        model_bytes m;

        model_of(&m, net);
        model_replace(&m, changes[i][0], changes[i][1]);
        assert_int_equal(cnn_net_load_weights_memory(net, m.data, m.size,
                                                     CNN_WHAT_FITS, NULL, NULL),
                         want[i]);
        model_free(&m);
    }
    assert_same_bits(cnn_net_params(net), before, TINY_PARAMS);
    test_free(before);
    cnn_net_free(net);
}

static void refused(void **state)
{
    cnn_net *net = net_of(10, 1), *other = cnn_net_create();
    model_bytes m;

    (void)state;
    cnn_net_add(other, cnn_dense_create(3, NULL));
    build(other, &tiny_shape, 1, 1);
    const char *path = saved(other);
    assert_failed(cnn_net_load_weights(net, path, CNN_WHAT_FITS, NULL, NULL),
                  CNN_ESHAPE,
                  "0 arrays fit, 4 do not: 0.weight is 3 x 36 in "
                  "the file, 8 x 1 x 3 x 3 in the net");
    assert_failed(cnn_net_load_weights(net, path, 2, NULL, NULL), CNN_EINVAL,
                  "unknown flags 0x2");
    assert_failed(cnn_net_load_weights(net, NULL, 0, NULL, NULL), CNN_EINVAL,
                  "path is NULL");
    assert_int_equal(cnn_net_load_weights(net, "no/such", 0, NULL, NULL),
                     CNN_EIO);
    assert_failed(cnn_net_load_weights(NULL, path, 0, NULL, NULL), CNN_EINVAL,
                  "net is NULL");
    /* A number that is none. */
    model_of(&m, net);
    memset(m.data + m.size - 8, 0xff, 4);
    model_seal(&m);
    path = temp_write("damaged", m.data, m.size);
    float *before = copy_params(net);
    assert_failed(cnn_net_load_weights(net, path, 0, NULL, NULL), CNN_ESHAPE,
                  "damaged: 3 arrays fit, 1 do not: 3.bias has element 9, "
                  "which is");
    assert_same_bits(cnn_net_params(net), before, TINY_PARAMS);
    m.data[m.size - 12] ^= 1;
    path = temp_write("damaged", m.data, m.size);
    assert_failed(cnn_net_load_weights(net, path, 0, NULL, NULL), CNN_EFORMAT,
                  "checksum");
    test_free(before);
    model_free(&m);
    cnn_net_free(net);
    cnn_net_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(all_fit),
        cmocka_unit_test(some_fit),
        cmocka_unit_test(on_one_side_only),
        cmocka_unit_test(from_a_checkpoint),
        cmocka_unit_test(from_memory),
        cmocka_unit_test(of_another_version),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests_name("net_weights", tests, NULL, NULL);
}
