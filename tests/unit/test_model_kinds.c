/* Model files: every kind of layer and every option, there and back. */
#include "support/model_bytes.h"
#include "support/nets.h"

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
        2, &(cnn_dense_options){.struct_size = sizeof(cnn_dense_options),
                                .flags = CNN_NO_BIAS});
}

static cnn_layer *dense_all(void)
{
    return cnn_dense_create(
        5, &(cnn_dense_options){.struct_size = sizeof(cnn_dense_options),
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

static cnn_layer *layernorm(void)
{
    return cnn_layernorm_create(
        &(cnn_layernorm_options){.struct_size = sizeof(cnn_layernorm_options),
                                 .flags = CNN_NO_AFFINE,
                                 .epsilon = 0.5f,
                                 .groups = 1});
}

static cnn_layer *transpose(void)
{
    return cnn_conv2d_transpose_create(
        4, 3, 2,
        &(cnn_conv2d_transpose_options){
            .struct_size = sizeof(cnn_conv2d_transpose_options),
            .stride_h = 2,
            .padding = CNN_PAD_EXPLICIT,
            .pad_left = 1,
            .output_padding_h = 1});
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
    {dense_bare, "{`kind`:`dense`,`units`:2,`flags`:1,"},
    {dense_all,
     "{`kind`:`dense`,`units`:5,`flags`:0,`weight_init`:6,`weight_scale`:0.0,"
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
    {layernorm, "{`kind`:`layernorm`,`flags`:1,`epsilon`:0.5,`groups`:1}"},
    {transpose,
     "`pad_right`:0,`weight_init`:0,`weight_scale`:0.0,`bias_init`:0,"
     "`bias_scale`:0.0,`output_padding_h`:1,`output_padding_w`:0}"},
    {reshape, "{`kind`:`reshape`,`c`:7,`h`:4,`w`:6}"},
    {cnn_softmax_create, "{`kind`:`softmax`}"},
};

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
        model_there_and_back(net);
        cnn_net_free(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),
    };

    return cmocka_run_group_tests_name("model kinds", tests, NULL, NULL);
}
