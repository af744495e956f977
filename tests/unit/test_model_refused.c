/* Model files: arguments, what is not saved, and what is not taken for one. */
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"

static void sizes(void **state)
{
    cnn_net *net = tiny_net();
    unsigned char buffer[4096];
    size_t size = 0, again = 0;

    (void)state;
    build(net, &tiny_shape, 1, 1);
    assert_int_equal(cnn_net_save_memory(net, NULL, 99, &size), CNN_OK);
    assert_in_range(size, 2500, 3500);
    memset(buffer, 0x5a, sizeof(buffer));
    assert_failed(cnn_net_save_memory(net, buffer, size - 1, &again),
                  CNN_EINVAL, "a buffer of ");
    assert_int_equal(again, size);
    assert_failed(cnn_net_save_memory(net, buffer, 0, &again), CNN_EINVAL,
                  "a buffer of 0 bytes");
    for (size_t i = 0; i < sizeof(buffer); i++)
        assert_int_equal(buffer[i], 0x5a);
    assert_int_equal(cnn_net_save_memory(net, buffer, size + 1, &again),
                     CNN_OK);
    assert_int_equal(again, size);
    for (size_t i = size; i < sizeof(buffer); i++)
        assert_int_equal(buffer[i], 0x5a);
    cnn_net_free(net);
}

static void arguments(void **state)
{
    cnn_net *raw = tiny_net(), *net = dense_net(1, 1, 1);
    model_bytes m;
    size_t size;

    (void)state;
    assert_failed(cnn_net_save(NULL, "x"), CNN_EINVAL, "net is NULL");
    assert_failed(cnn_net_save(raw, "x"), CNN_ESTATE, "not built");
    assert_failed(cnn_net_save(net, NULL), CNN_EINVAL, "path is NULL");
    assert_failed(cnn_net_save_memory(NULL, NULL, 0, &size), CNN_EINVAL,
                  "net is NULL");
    assert_failed(cnn_net_save_memory(raw, NULL, 0, &size), CNN_ESTATE,
                  "not built");
    assert_failed(cnn_net_save_memory(net, NULL, 0, NULL), CNN_EINVAL,
                  "size is NULL");
    model_of(&m, net);
    assert_null(cnn_net_load_memory(NULL, m.size, 1));
    assert_error(CNN_EINVAL, "data is NULL");
    assert_null(cnn_net_load_memory(m.data, m.size, 0));
    assert_error(CNN_EINVAL, "max_batch 0, expected at least 1");
    assert_null(cnn_net_load(NULL, 1));
    assert_error(CNN_EINVAL, "path is NULL");
    assert_null(cnn_net_load(temp_path("none"), 1));
    assert_error(CNN_EIO, "/none: cannot open: No such file or directory");
    assert_null(cnn_net_load("/", 1));
    assert_error(CNN_EIO, "Is a directory");
    model_free(&m);
    cnn_net_free(raw);
    cnn_net_free(net);
}

static void refuse(const model_bytes *m, cnn_status want, const char *part)
{
    assert_null(cnn_net_load_memory(m->data, m->size, 1));
    assert_error(want, part);
}

/* Neither saved over a good file, nor taken out of one. */
static void not_finite(void **state)
{
    const float bad[] = {NAN, INFINITY, -INFINITY};
    cnn_net *net = tiny_net();
    const char *path = temp_path("good");
    model_bytes m, before, after;
    size_t size;

    (void)state;
    build(net, &tiny_shape, 1, 1);
    assert_int_equal(cnn_net_save(net, path), CNN_OK);
    model_read(&before, path);
    for (int i = 0; i < 3; i++) {
        float *last = cnn_net_params(net) + TINY_PARAMS - 1;
        const float was = *last;

        *last = bad[i];
        assert_failed(cnn_net_save(net, path), CNN_EDIVERGED,
                      "element 9 of tensor 3.bias is ");
        assert_failed(cnn_net_save_memory(net, NULL, 0, &size), CNN_EDIVERGED,
                      "element 9 of tensor 3.bias");
        *last = was;
        model_copy(&m, &before);
        cnn__put_floats(m.data + m.size - 8, &bad[i], 1);
        model_seal(&m);
        refuse(&m, CNN_EDIVERGED, "element 9 of tensor 3.bias is ");
        model_free(&m);
    }
    model_read(&after, path);
    assert_int_equal(after.size, before.size);
    assert_memory_equal(after.data, before.data, before.size);
    model_free(&before);
    model_free(&after);
    cnn_net_free(net);
}

/* A variance below zero: predicting would take its root. */
static void negative_variance(void **state)
{
    cnn_net *net = cnn_net_create();
    const float below = -1e-6f;
    cnn_tensor variance = {.struct_size = sizeof(variance)};
    model_bytes m;
    size_t size;

    (void)state;
    cnn_net_add(net, cnn_batchnorm_create(NULL));
    build(net, &(cnn_shape){3, 1, 1}, 1, 1);
    cnn_layer_tensor(cnn_net_layer(net, 0), 3, &variance);
    variance.data[2] = 0.0f;
    model_of(&m, net);
    cnn__put_floats(m.data + m.size - 8, &below, 1);
    model_seal(&m);
    refuse(&m, CNN_EDIVERGED,
           "element 2 of tensor 0.running_var is -1e-06, expected at least 0");
    model_free(&m);
    variance.data[2] = below;
    assert_failed(cnn_net_save_memory(net, NULL, 0, &size), CNN_EDIVERGED,
                  "element 2 of tensor 0.running_var");
    cnn_net_free(net);
}

/* Whatever can be built can be saved and loaded, up to the largest sample; who
 * asks for more is told so at once. Nobody runs it: its memory is only
 * reserved. */
static void largest_sample(void **state)
{
    const cnn_shape in = {64, 1024,
                          1024}; /* a quarter of what a net may have */
    model_bytes m;

    (void)state;
    for (int layers = 3; layers <= 4; layers++) {
        cnn_net *net = cnn_net_create();

        for (int i = 0; i < layers; i++)
            cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
        if (layers == 4) {
            assert_failed(cnn_net_build(net, &in, 1, 1), CNN_EOVERFLOW,
                          "one sample takes 335544320 floats");
        } else {
            build(net, &in, 1, 1);
            model_of(&m, net);
            cnn_net *again = cnn_net_load_memory(m.data, m.size, 1);
            assert_non_null(again);
            cnn_net_free(again);
            model_free(&m);
        }
        cnn_net_free(net);
    }
}

/* Little goes in and comes out, but a row of outputs is lowered with 100 floats
 * each: 400 bytes of weights would make a thread take 1.2 GB. */
static void largest_workspace(void **state)
{
    const cnn_shape in = {1, 1, 3000000};
    cnn_net *net = cnn_net_create();

    (void)state;
    cnn_net_add(net, cnn_conv2d_create(1, 1, 100, NULL));
    assert_failed(cnn_net_build(net, &in, 1, 1), CNN_EOVERFLOW,
                  "one sample takes 305990001 floats");
    cnn_net_free(net);
}

/* Settings of layers from files, which nobody checked before. */
static void impossible_settings(void **state)
{
    const struct {
        const char *from, *to;
        cnn_status want;
        const char *part;
    } changes[] = {
        {"`output_padding_h`:0", "`output_padding_h`:2", CNN_EINVAL,
         "output padding 2x0, expected at least 0 and less than"},
        {"`output_padding_w`:0", "`output_padding_w`:-1", CNN_EINVAL,
         "output padding 0x-1"},
        {"`stride_h`:2", "`stride_h`:2147483647", CNN_EOVERFLOW,
         "an output of 2147483650 is longer"},
        {"`kernel_h`:3", "`kernel_h`:2147483647", CNN_EOVERFLOW,
         "an output of 2147483649 is longer"},
        {"`filters`:2", "`filters`:2147483647", CNN_EOVERFLOW, "elements"},
        {"`groups`:1", "`groups`:2", CNN_ESHAPE,
         "3 channels cannot be cut into 2 groups"},
        {"`groups`:2", "`groups`:-1", CNN_EINVAL, "groups -1"},
        {"`groups`:2", "`groups`:4", CNN_ESHAPE,
         "2 channels cannot be cut into 4 groups"},
        {"`groups`:2", "`groups`:0", CNN_EFORMAT,
         "tensor 1.weight has another"},
        {"`epsilon`:0.5", "`epsilon`:-0.5", CNN_EINVAL, "epsilon -0.5"},
        {"`flags`:0,`epsilon`", "`flags`:2,`epsilon`", CNN_EINVAL,
         "unknown flags 0x2"},
    };
    cnn_net *net = cnn_net_create();

    (void)state;
    cnn_net_add(net,
                cnn_conv2d_transpose_create(
                    2, 3, 3,
                    &(cnn_conv2d_transpose_options){
                        .struct_size = sizeof(cnn_conv2d_transpose_options),
                        .stride_h = 2,
                        .stride_w = 2}));
    cnn_net_add(net, cnn_layernorm_create(&(cnn_layernorm_options){
                         .struct_size = sizeof(cnn_layernorm_options),
                         .epsilon = 0.5f,
                         .groups = 2}));
    build(net, &(cnn_shape){3, 2, 2}, 1, 1);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        model_bytes m;

        model_of(&m, net);
        model_replace(&m, changes[i].from, changes[i].to);
        refuse(&m, changes[i].want, changes[i].part);
        model_free(&m);
    }
    cnn_net_free(net);
}

/* What a libcnn of today cannot know. */
static void from_the_future(void **state)
{
    const char *changes[][3] = {
        {"`version`:1", "`version`:2", "version 2 of the format"},
        {"`version`:1", "`version`:4294967297", "version 4294967297"},
        {"`kind`:`dense`", "`kind`:`attention`",
         "layer 3: kind attention is not known"},
        {"`units`:10", "`units`:10,`rank`:3",
         "layer 3: setting rank is not known"},
    };
    cnn_net *net = tiny_net();

    (void)state;
    build(net, &tiny_shape, 1, 1);
    for (int i = 0; i < 4; i++) {
        model_bytes m;

        model_of(&m, net);
        model_replace(&m, changes[i][0], changes[i][1]);
        refuse(&m, CNN_EUNSUPPORTED, changes[i][2]);
        model_free(&m);
    }
    cnn_net_free(net);
}

/* Files of other programs; the text names the file. */
static void foreign(void **state)
{
    /* Safetensors as Python's writer makes it, without a checksum. */
    const char header[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
                          "\"data_offsets\":[0,8]}}    ";
    const float data[] = {1, 2};
    model_bytes m;

    (void)state;
    model_make(&m, header, data, sizeof(data));
    m.size -= 4;
    refuse(&m, CNN_EFORMAT, "or was not written by libcnn");
    assert_null(cnn_net_load(temp_write("a.safetensors", m.data, m.size), 1));
    assert_error(CNN_EFORMAT, "/a.safetensors: the checksum is ");
    m.size += 4;
    refuse(&m, CNN_EFORMAT, "the tensors have 8 bytes, the file 12");
    model_free(&m);
    assert_null(cnn_net_load(temp_write("empty", "", 0), 1));
    assert_error(CNN_EFORMAT, "/empty: 0 bytes are too few");
    assert_null(
        cnn_net_load(temp_write("text", "This is a text file.\n", 21), 1));
    assert_error(CNN_EFORMAT, "no model file");
}

/* Settings that no `_create` takes any more: the weights are in the file. */
static void scales_of_old_files(void **state)
{
    const char *const changes[][2] = {
        {"`weight_init`:0", "`weight_init`:3"},
        {"`weight_scale`:0.0", "`weight_scale`:0.5"},
        {"`bias_init`:0", "`bias_init`:4"},
        {"`bias_scale`:0.0", "`bias_scale`:0.5"},
    };
    cnn_net *net = tiny_net();

    (void)state;
    build(net, &tiny_shape, 3, 1);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        model_bytes m;

        model_of(&m, net);
        model_replace(&m, changes[i][0], changes[i][1]);
        cnn_net *copy = cnn_net_load_memory(m.data, m.size, 3);
        assert_non_null(copy);
        assert_same_bits(cnn_net_params(copy), cnn_net_params(net),
                         TINY_PARAMS);
        cnn_net_free(copy);
        model_free(&m);
    }
    cnn_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales_of_old_files),
        cmocka_unit_test(sizes),
        cmocka_unit_test(arguments),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(impossible_settings),
        cmocka_unit_test(from_the_future),
        cmocka_unit_test(foreign),
        cmocka_unit_test(negative_variance),
        cmocka_unit_test(largest_sample),
        cmocka_unit_test(largest_workspace),
    };

    return cmocka_run_group_tests_name("model refused", tests, NULL, NULL);
}
