/* Model files: every kind of layer and every option, there and back. */
#include "support/model_bytes.h"
#include "support/temp_file.h"
#include "support/training.h"

static cnn_layer *conv_all(void)
{
    return cnn_conv2d_create(
        4, 3, 2,
        &(cnn_conv2d_options){.struct_size = sizeof(cnn_conv2d_options),
                              .stride_h = 2,
                              .stride_w = 1,
                              .dilation_h = 1,
                              .dilation_w = 2,
                              .groups = 2,
                              .padding = CNN_PAD_EXPLICIT,
                              .pad_top = 1,
                              .pad_bottom = 2,
                              .pad_left = 3,
                              .pad_right = 4,
                              .weight_init = CNN_INIT_NORMAL,
                              .weight_scale = 0.3f,
                              .bias_init = CNN_INIT_CONSTANT,
                              .bias_scale = -0.1f});
}

static cnn_layer *conv_padded(int32_t padding, uint32_t flags)
{
    return cnn_conv2d_create(
        3, 2, 4,
        &(cnn_conv2d_options){.struct_size = sizeof(cnn_conv2d_options),
                              .flags = flags,
                              .padding = padding});
}

static cnn_layer *conv_same(void)
{
    return conv_padded(CNN_PAD_SAME, 0);
}

static cnn_layer *conv_same_lower(void)
{
    return conv_padded(CNN_PAD_SAME_LOWER, CNN_NO_BIAS);
}

static cnn_layer *conv_table(void)
{
    const uint8_t table[] = {1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1};
    cnn_layer *layer = cnn_conv2d_create(3, 2, 2, NULL);

    assert_int_equal(cnn_conv2d_set_table(layer, 3, 4, table), CNN_OK);
    return layer;
}

static const cnn_pool2d_options pool_options = {
    .struct_size = sizeof(cnn_pool2d_options),
    .stride_h = 1,
    .stride_w = 2,
    .padding = CNN_PAD_EXPLICIT,
    .pad_top = 2,
    .pad_bottom = 0,
    .pad_left = 1,
    .pad_right = 2,
    .count_include_pad = 1,
};

static cnn_layer *maxpool(void)
{
    cnn_pool2d_options o = pool_options;

    o.count_include_pad = 0;
    return cnn_maxpool2d_create(3, 4, &o);
}

static cnn_layer *avgpool(void)
{
    return cnn_avgpool2d_create(4, 3, &pool_options);
}

static cnn_layer *subsample(void)
{
    cnn_pool2d_options o = pool_options;

    o.count_include_pad = 0;
    return cnn_subsample2d_create(4, 3, &o);
}

static cnn_layer *dropout(void)
{
    return cnn_dropout_create(0.25f);
}

static cnn_layer *batchnorm(void)
{
    return cnn_batchnorm_create(
        &(cnn_batchnorm_options){.struct_size = sizeof(cnn_batchnorm_options),
                                 .epsilon = 0.5f,
                                 .momentum = 0.25f});
}

/* For the 4x7x6 floats of every_kind(). */
static cnn_layer *rbf(void)
{
    static float codes[3 * 4 * 7 * 6];

    fill_uniform(codes, sizeof(codes) / sizeof(codes[0]), 5);
    return cnn_rbf_create(3, codes);
}

static cnn_layer *dense_bare(void)
{
    return cnn_dense_create(
        5, &(cnn_dense_options){.struct_size = sizeof(cnn_dense_options),
                                .flags = CNN_NO_BIAS,
                                .weight_init = CNN_INIT_HE_NORMAL,
                                .bias_init = CNN_INIT_UNIFORM,
                                .bias_scale = 0.1f});
}

static cnn_layer *leaky(void)
{
    return cnn_activation_create(
        CNN_LEAKY_RELU,
        &(cnn_activation_options){.struct_size = sizeof(cnn_activation_options),
                                  .alpha = 0.1f});
}

static cnn_layer *elu(void)
{
    return cnn_activation_create(CNN_ELU, NULL);
}

static cnn_layer *gelu(void)
{
    return cnn_activation_create(CNN_GELU, NULL);
}

static cnn_layer *clamp(void)
{
    return cnn_activation_create(CNN_CLAMP, NULL);
}

static cnn_layer *upsample(void)
{
    return cnn_upsample2d_create(2, 3, CNN_UPSAMPLE_BILINEAR);
}

static cnn_layer *reshape(void)
{
    return cnn_reshape_create(&(cnn_shape){7, 4, 6});
}

static cnn_layer *sigmoid(void)
{
    return cnn_activation_create(CNN_SIGMOID, NULL);
}

static cnn_layer *lecun_tanh(void)
{
    return cnn_activation_create(CNN_LECUN_TANH, NULL);
}

/* Each on a 4x7x6 input, and what the file must say of it: what does not change
 * the outputs of a net that has its parameters would not be missed else. */
static const struct {
    cnn_layer *(*create)(void);
    const char *says;
} layers[] = {
    {conv_all,
     "{`kind`:`conv2d`,`filters`:4,`kernel_h`:3,`kernel_w`:2,`flags`:0,"
     "`stride_h`:2,`stride_w`:1,`dilation_h`:1,`dilation_w`:2,`groups`:2,"
     "`padding`:3,`pad_top`:1,`pad_bottom`:2,`pad_left`:3,`pad_right`:4,"
     "`weight_init`:3,`weight_scale`:0.30000001192092896,`bias_init`:1,"
     "`bias_scale`:-0.10000000149011612}"},
    {conv_same, "`flags`:0,`stride_h`:1,`stride_w`:1,`dilation_h`:1,"
                "`dilation_w`:1,`groups`:1,`padding`:1"},
    {conv_same_lower, "`padding`:2"},
    {conv_table, "`table`:[`1010`,`0111`,`1111`]}"},
    {maxpool, "{`kind`:`maxpool2d`,`window_h`:3,`window_w`:4,`stride_h`:1,"
              "`stride_w`:2,`padding`:3,`pad_top`:2,`pad_bottom`:0,"
              "`pad_left`:1,`pad_right`:2,`count_include_pad`:0}"},
    {avgpool, "{`kind`:`avgpool2d`,`window_h`:4,`window_w`:3,`stride_h`:1,"
              "`stride_w`:2,`padding`:3,`pad_top`:2,`pad_bottom`:0,"
              "`pad_left`:1,`pad_right`:2,`count_include_pad`:1}"},
    {subsample, "{`kind`:`subsample2d`,`window_h`:4,`window_w`:3,`stride_h`:1,"
                "`stride_w`:2,`padding`:3,`pad_top`:2,`pad_bottom`:0,"
                "`pad_left`:1,`pad_right`:2,`count_include_pad`:0}"},
    {dropout, "{`kind`:`dropout`,`rate`:0.25}"},
    {batchnorm, "{`kind`:`batchnorm`,`epsilon`:0.5,`momentum`:0.25}"},
    {rbf, "{`kind`:`rbf`,`units`:3,`given`:1}"},
    {dense_bare,
     "{`kind`:`dense`,`units`:5,`flags`:1,`weight_init`:6,`weight_scale`:0.0,"
     "`bias_init`:4,`bias_scale`:0.10000000149011612}"},
    {leaky, "{`kind`:`activation`,`function`:4,`alpha`:0.10000000149011612}"},
    {elu, "{`kind`:`activation`,`function`:5,`alpha`:1.0}"},
    {gelu, "{`kind`:`activation`,`function`:6,`alpha`:0.0}"},
    {clamp, "{`kind`:`activation`,`function`:10,`alpha`:6.0}"},
    {sigmoid, "{`kind`:`activation`,`function`:1,`alpha`:0.0}"},
    {lecun_tanh, "`function`:3"},
    {cnn_global_maxpool2d_create, "{`kind`:`global_maxpool2d`}"},
    {cnn_global_avgpool2d_create, "{`kind`:`global_avgpool2d`}"},
    {upsample, "{`kind`:`upsample2d`,`factor_h`:2,`factor_w`:3,`mode`:1}"},
    {reshape, "{`kind`:`reshape`,`c`:7,`h`:4,`w`:6}"},
    {cnn_softmax_create, "{`kind`:`softmax`}"},
};

/* The same outputs, parameters, and file. */
static void assert_same_net(cnn_net *got, cnn_net *want)
{
    enum { N = 3 };
    cnn_shape in, out, other;
    model_bytes a, b;

    assert_int_equal(cnn_net_in_shape(want, &in), CNN_OK);
    assert_int_equal(cnn_net_out_shape(want, &out), CNN_OK);
    assert_int_equal(cnn_net_in_shape(got, &other), CNN_OK);
    assert_memory_equal(&other, &in, sizeof(in));
    assert_int_equal(cnn_net_out_shape(got, &other), CNN_OK);
    assert_memory_equal(&other, &out, sizeof(out));
    assert_int_equal(cnn_net_param_count(got), cnn_net_param_count(want));
    assert_same_bits(cnn_net_params(got), cnn_net_params(want),
                     cnn_net_param_count(want));
    const size_t Y = N * (size_t)(out.c * out.h * out.w);
    float *x = uniform(N * (size_t)(in.c * in.h * in.w), 3);
    float *y = test_malloc(Y * sizeof(*y)), *z = test_malloc(Y * sizeof(*z));
    assert_int_equal(cnn_net_predict(got, N, x, y), CNN_OK);
    assert_int_equal(cnn_net_predict(want, N, x, z), CNN_OK);
    assert_same_bits(y, z, Y);
    model_of(&a, got);
    model_of(&b, want);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    model_free(&a);
    model_free(&b);
    test_free(x);
    test_free(y);
    test_free(z);
}

/* Through memory and through a file. */
static void there_and_back(cnn_net *net)
{
    const char *path = temp_path("model");
    model_bytes m, file;

    model_of(&m, net);
    cnn_net *copy = cnn_net_load_memory(m.data, m.size, 3);
    if (copy == NULL)
        fail_msg("%s", cnn_last_error());
    assert_int_equal(cnn_net_max_batch(copy), 3);
    assert_same_net(copy, net);
    cnn_net_free(copy);
    assert_int_equal(cnn_net_save(net, path), CNN_OK);
    model_read(&file, path);
    assert_int_equal(file.size, m.size);
    assert_memory_equal(file.data, m.data, m.size);
    copy = cnn_net_load(path, 3);
    assert_non_null(copy);
    assert_same_net(copy, net);
    cnn_net_free(copy);
    model_free(&m);
    model_free(&file);
}

static void every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        cnn_net *net = cnn_net_create();
        model_bytes m;

        cnn_net_add(net, layers[i].create());
        build(net, &(cnn_shape){4, 7, 6}, 3, i);
        model_of(&m, net);
        if (!model_holds(&m, layers[i].says))
            fail_msg("layer %zu: no %s", i, layers[i].says);
        model_free(&m);
        there_and_back(net);
        cnn_net_free(net);
    }
}

static void losses(void **state)
{
    (void)state;
    for (int32_t loss = 0; loss < 3; loss++)
        for (int32_t reduction = 0; reduction < 2; reduction++) {
            const char *says[] = {
                "`loss`:0,`reduction`:0", "`loss`:0,`reduction`:1",
                "`loss`:1,`reduction`:0", "`loss`:1,`reduction`:1",
                "`loss`:2,`reduction`:0", "`loss`:2,`reduction`:1"};
            cnn_net *net = tiny_net(), *copy;
            model_bytes m;

            cnn_net_set_loss(net, loss, reduction);
            build(net, &tiny_shape, 3, 1);
            model_of(&m, net);
            assert_true(model_holds(&m, says[2 * loss + reduction]));
            copy = cnn_net_load_memory(m.data, m.size, 3);
            assert_int_equal(cnn_net_loss(copy), loss);
            assert_int_equal(cnn_net_reduction(copy), reduction);
            cnn_net_free(copy);
            model_free(&m);
            there_and_back(net);
            cnn_net_free(net);
        }
}

/* Values that print or compare strangely keep their bits. */
static void strange_values(void **state)
{
    const float strange[] = {-0.0f,           0x1p-149f,   -0x1p-126f,
                             0x1.fffffep127f, 1.0f / 3.0f, -0x1.fffffep127f};
    cnn_net *net = dense_net(3, 1, 3), *copy;
    model_bytes m;

    (void)state;
    for (int i = 0; i < 4; i++)
        cnn_net_params(net)[i] = strange[i];
    model_of(&m, net);
    copy = cnn_net_load_memory(m.data, m.size, 1);
    assert_same_bits(cnn_net_params(copy), strange, 4);
    cnn_net_free(copy);
    model_free(&m);
    cnn_net_free(net);
}

static void whole_nets(void **state)
{
    cnn_net *net = conv_net(true);

    (void)state;
    build(net, &conv_net_shape, 5, 1);
    there_and_back(net);
    cnn_net_free(net);
    net = classic_net();
    build(net, &classic_shape, 5, 2);
    there_and_back(net);
    cnn_net_free(net);
}

/* A loaded net trains on as the one that was saved, whose optimiser has no
 * memory. */
static void trains_on(void **state)
{
    training t = {.optim = cnn_sgd_create(0.1f, NULL)};
    training u = {.optim = cnn_sgd_create(0.1f, NULL)};
    model_bytes m;

    (void)state;
    training_open(&t, 1);
    model_of(&m, t.net);
    u.net = cnn_net_load_memory(m.data, m.size, TINY_BATCH);
    model_free(&m);
    training_open(&u, 2);
    training_run(&t, 10);
    training_run(&u, 10);
    assert_same_training(&u, &t);
    training_close(&t);
    training_close(&u);
}

/* A net of more and more layers: what is saved can be loaded, and some day the
 * layers are too many for so few parameters to be saved. */
static void many_layers(void **state)
{
    int saved = 0, refused = 0;

    (void)state;
    for (int count = 10; count <= 400; count += 10) {
        cnn_net *net = cnn_net_create();
        size_t size;

        for (int i = 0; i < count; i++)
            cnn_net_add(net, cnn_dense_create(1, NULL));
        build(net, &(cnn_shape){1, 1, 1}, 3, 1);
        if (cnn_net_save_memory(net, NULL, 0, &size) == CNN_OK) {
            there_and_back(net);
            saved = count;
        } else {
            assert_error(CNN_EUNSUPPORTED,
                         "too many tensors and settings for a model file of ");
            refused++;
        }
        cnn_net_free(net);
    }
    assert_true(saved >= 100 && refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),     cmocka_unit_test(losses),
        cmocka_unit_test(strange_values), cmocka_unit_test(whole_nets),
        cmocka_unit_test(trains_on),      cmocka_unit_test(many_layers),
    };

    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
