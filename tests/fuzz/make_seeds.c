/* Writes inputs that the fuzzers begin with, when there is no corpus:
 *
 *     make_seeds FOLDER
 *
 * into FOLDER/model, FOLDER/checkpoint, FOLDER/idx and FOLDER/json.
 * docs/testing.md says how a corpus comes from them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cnn/graph.h"
#include "fuzz/checkpoint_rig.h"
#include "fuzz/fuzz_support.h"

static const char *root;

static void name_file(char path[4096], const char *target, const char *name)
{
    snprintf(path, 4096, "%s/%s", root, target);
    mkdir(path, 0777);
    snprintf(path, 4096, "%s/%s/%s", root, target, name);
}

static void put(const char *target, const char *name, const void *head,
                size_t head_size, const void *data, size_t size)
{
    char path[4096];

    name_file(path, target, name);
    FILE *file = fopen(path, "wb");
    must(file != NULL && fwrite(head, 1, head_size, file) == head_size &&
             fwrite(data, 1, size, file) == size && fclose(file) == 0,
         "%s cannot be written", path);
}

/* ------------------------------------------------------------ models --- */

static cnn_layer *conv_with_table(void)
{
    const cnn_conv2d_options same = {.struct_size = sizeof(same),
                                     .padding = CNN_PAD_SAME};
    cnn_layer *layer = cnn_conv2d_create(2, 3, 3, &same);

    cnn_conv2d_set_table(layer, 2, 3, (const uint8_t[]){1, 0, 1, 0, 1, 1});
    return layer;
}

/* Both kinds of joins, the input and one layer twice among what they take. */
static void add_branches(cnn_net *net)
{
    cnn_net_add(net, cnn_activation_create(CNN_TANH, NULL));
    cnn_net_append(net, CNN_NET_INPUT, cnn_batchnorm_create(NULL));
    cnn_net_join(net, CNN_JOIN_ADD, 3, (const int32_t[]){0, 1, 0});
    cnn_net_append(net, 1, cnn_dropout_create(0.5f));
    cnn_net_join(net, CNN_JOIN_CONCAT, 3, (const int32_t[]){3, -1, 2});
}

/* All kinds of layers, two or three in each net. */
static void add_layers(cnn_net *net, int which)
{
    const cnn_conv2d_options strange = {
        .struct_size = sizeof(strange),
        .flags = CNN_NO_BIAS,
        .stride_h = 2,
        .dilation_w = 2,
        .padding = CNN_PAD_EXPLICIT,
        .pad_left = 1,
        .pad_bottom = 1,
        .groups = 3,
        .weight_init = CNN_INIT_HE_NORMAL,
    };
    const cnn_pool2d_options pool = {.struct_size = sizeof(pool),
                                     .stride_h = 1,
                                     .padding = CNN_PAD_SAME_LOWER,
                                     .count_include_pad = 1};
    const cnn_conv2d_transpose_options transposed = {
        .struct_size = sizeof(transposed),
        .stride_h = 2,
        .padding = CNN_PAD_EXPLICIT,
        .pad_top = 1,
        .pad_left = 1,
        .pad_right = 1,
        .output_padding_h = 1};
    static const float codes[2 * 108];

    switch (which) {
    case 0:
        cnn_net_add(net, conv_with_table());
        cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
        cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
        break;
    case 1:
        cnn_net_add(net, cnn_conv2d_create(3, 3, 3, &strange));
        cnn_net_add(net, cnn_batchnorm_create(NULL));
        cnn_net_add(net, cnn_activation_create(CNN_ELU, NULL));
        break;
    case 2:
        cnn_net_add(net, cnn_avgpool2d_create(3, 2, &pool));
        cnn_net_add(net, cnn_subsample2d_create(2, 2, NULL));
        cnn_net_add(net, cnn_dropout_create(0.5f));
        break;
    case 3:
        cnn_net_add(net, cnn_rbf_create(2, codes));
        cnn_net_set_loss(net, CNN_LOSS_LENET_MAP, CNN_REDUCE_SUM);
        return;
    case 4:
        cnn_net_add(net, cnn_conv2d_transpose_create(2, 3, 2, &transposed));
        cnn_net_add(net, cnn_layernorm_create(NULL));
        cnn_net_add(net, cnn_upsample2d_create(1, 2, CNN_UPSAMPLE_BILINEAR));
        cnn_net_add(net, cnn_reshape_create(&(cnn_shape){4, 13, 5}));
        cnn_net_add(net, cnn_global_avgpool2d_create());
        break;
    case 5:
        add_branches(net);
        break;
    default:
        cnn_net_add(net, cnn_conv2d_create(3, 5, 5, NULL));
        cnn_net_add(net, cnn_activation_create(CNN_SIGMOID, NULL));
        cnn_net_add(net, cnn_activation_create(CNN_GELU, NULL));
    }
    cnn_net_add(net, cnn_dense_create(3, NULL));
    cnn_net_add(net, cnn_softmax_create());
}

static void make_model(int which)
{
    cnn_net *net = cnn_net_create();
    char path[4096], name[32];

    add_layers(net, which);
    cnn_net_set_metadata(net, "classes", "one two\tthree");
    must(cnn_net_build(net, &(cnn_shape){3, 6, 6}, 1, 1) == CNN_OK, "build: %s",
         cnn_last_error());
    snprintf(name, sizeof(name), "%d.model", which);
    name_file(path, "model", name);
    must(cnn_net_save(net, path) == CNN_OK, "save: %s", cnn_last_error());
    cnn_net_free(net);
}

/* ------------------------------------------------------- checkpoints --- */

static void make_checkpoint(int kind, int steps)
{
    static char data[1 << 16];
    const char first = (char)kind;
    char path[4096], name[32];
    rig r;

    rig_open(&r, kind);
    must(cnn_trainer_run(r.trainer, steps, NULL, NULL) == CNN_OK, "run: %s",
         cnn_last_error());
    must(kind != LEARNING || steps == 0 ||
             cnn_trainer_judge(r.trainer, 1.0) == CNN_OK,
         "judge: %s", cnn_last_error());
    snprintf(name, sizeof(name), "%d-after-%d", kind, steps);
    name_file(path, "checkpoint", name);
    must(cnn_trainer_save(r.trainer, path) == CNN_OK, "save: %s",
         cnn_last_error());
    rig_close(&r);
    FILE *file = fopen(path, "rb");
    must(file != NULL, "%s cannot be read", path);
    const size_t size = fread(data, 1, sizeof(data), file);
    fclose(file);
    put("checkpoint", name, &first, 1, data, size);
}

/* ------------------------------------------------------ IDX and JSON --- */

static void make_idx(void)
{
    static const uint8_t three[] = "\0\0\x08\3\0\0\0\2\0\0\0\2\0\0\0\1abcd"
                                   "\0\0\x08\1\0\0\0\2\1\7";
    static const uint8_t four[] = "\0\0\x08\4\0\0\0\2\0\0\0\1\0\0\0\2\0\0\0\1"
                                  "abcd\0\0\x08\1\0\0\0\2\1\7";

    for (uint8_t how = 0; how < 8; how++) {
        const char name[] = {(char)('0' + how), '\0'};
        const char other[] = {(char)('a' + how), '\0'};

        put("idx", name, (uint8_t[]){how, 20, 0}, 3, three, sizeof(three) - 1);
        put("idx", other, (uint8_t[]){how, 24, 0}, 3, four, sizeof(four) - 1);
    }
}

static void make_json(void)
{
    static const char *const texts[] = {
        "{\"a\" : [ 1 , -2.5e3 , [ ] , { } ] , \"b\" : { \"c\" : null } }",
        "[true,false,\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\ud83d\\ude00\"]",
        "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
        "[9223372036854775807,-0,1e-400,0.30000001192092896]",
    };

    for (int i = 0; i < 4; i++)
        put("json", (const char[]){(char)('0' + i), '\0'}, "", 0, texts[i],
            strlen(texts[i]));
}

int main(int argc, char **argv)
{
    must(argc == 2, "usage: make_seeds FOLDER");
    root = argv[1];
    mkdir(root, 0777);
    for (int which = 0; which < 7; which++)
        make_model(which);
    for (int kind = 0; kind < RIGS; kind++)
        for (int steps = 0; steps < 6; steps += 5)
            make_checkpoint(kind, steps);
    make_idx();
    make_json();
    return 0;
}
