/* Images out of images by a small U-Net (Ronneberger, Fischer and Brox, 2015):
 * digits are cleaned of noise, as in denoise.c. On the way up the net sees, at
 * each size, what there was of that size on the way down, so that it need not
 * carry all the edges through images of 7 x 7.
 *
 *     sh examples/run.sh unet --picture build/unet.png
 *
 * programs/cleaning.c makes the noise, trains and measures. */
#include "programs/cleaning.h"

enum { LEVELS = 3 };

/* Of the convolutions at 28 x 28, 14 x 14 and 7 x 7. */
static const int32_t filters[LEVELS] = {16, 32, 64};

static int32_t conv(cnn_net *net, int32_t from, int32_t count)
{
    const cnn_conv2d_options options = {.struct_size = sizeof(options),
                                        .padding = CNN_PAD_SAME,
                                        .weight_init = CNN_INIT_HE_NORMAL};

    return cnn_net_append(net, from, cnn_conv2d_create(count, 3, 3, &options));
}

static int32_t conv_relu(cnn_net *net, int32_t from, int32_t count)
{
    return cnn_net_append(net, conv(net, from, count),
                          cnn_activation_create(CNN_RELU, NULL));
}

static cnn_net *network(void)
{
    cnn_net *net = cnn_net_create();
    int32_t x = CNN_NET_INPUT, down[LEVELS];

    for (int i = 0; i < LEVELS; i++) {
        if (i > 0)
            x = cnn_net_append(net, x, cnn_maxpool2d_create(2, 2, NULL));
        x = down[i] = conv_relu(net, x, filters[i]);
    }
    for (int i = LEVELS - 2; i >= 0; i--) {
        x = cnn_net_append(net, x,
                           cnn_upsample2d_create(2, 2, CNN_UPSAMPLE_BILINEAR));
        x = cnn_net_join(net, CNN_JOIN_CONCAT, 2, (int32_t[]){x, down[i]});
        x = conv_relu(net, x, filters[i]);
    }
    conv(net, x, 1);
    return net;
}

int main(int argc, char **argv)
{
    task t = {.about = "Learns to clean images of noise, by a U-Net.",
              .recipe = {.optimizer = "adamw",
                         .lr = 3e-3f,
                         .schedule = ONE_CYCLE,
                         .batch = 100,
                         .epochs = 3}};

    return cleaning_main(&t, network, argc, argv);
}
