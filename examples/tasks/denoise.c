/* Images out of images: digits are cleaned of noise. The net makes them half
 * and a quarter of their size, and again as large as they were; its targets are
 * the images without noise. What it does not keep on the way down is lost:
 * unet.c does better.
 *
 *     sh examples/run.sh denoise --picture build/denoise.png
 *
 * programs/cleaning.c makes the noise, trains and measures. */
#include "programs/cleaning.h"

static void add_conv(cnn_net *net, int32_t filters, int32_t stride)
{
    const cnn_conv2d_options options = {.struct_size = sizeof(options),
                                        .stride_h = stride,
                                        .stride_w = stride,
                                        .padding = CNN_PAD_SAME,
                                        .weight_init = CNN_INIT_HE_NORMAL};

    cnn_net_add(net, cnn_conv2d_create(filters, 3, 3, &options));
}

static cnn_net *network(void)
{
    static const int32_t filters[] = {16, 32, 32, 16}, strides[] = {2, 2, 1, 1};
    cnn_net *net = cnn_net_create();

    for (int i = 0; i < 4; i++) {
        add_conv(net, filters[i], strides[i]);
        cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
        if (i >= 2)
            cnn_net_add(net,
                        cnn_upsample2d_create(2, 2, CNN_UPSAMPLE_BILINEAR));
    }
    add_conv(net, 1, 1);
    return net;
}

int main(int argc, char **argv)
{
    task t = {.about = "Learns to clean images of noise.",
              .recipe = {.optimizer = "adamw",
                         .lr = 3e-3f,
                         .schedule = ONE_CYCLE,
                         .batch = 100,
                         .epochs = 3}};

    return cleaning_main(&t, network, argc, argv);
}
