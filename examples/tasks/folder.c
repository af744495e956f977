/*
 * Pictures of any number, in folders named by what they show, which are read
 * when they are needed:
 *
 *     folder [MODEL [FOLDER]]
 *
 * FOLDER/cat/1.png, FOLDER/dog/2.jpeg, ... are of any sizes. The name of each
 * decides whether it is learnt from or, one in five, held out; so that never
 * changes when others come or go. Each channel is normalised; MODEL keeps by
 * what, for predict, and the names of the classes. Without a FOLDER some are
 * drawn, into MODEL.pictures.
 */
#include <stdio.h>

#include "images/picture.h"
#include "images/picture_folder.h"
#include "support/failure.h"
#include "support/output.h"

enum { SIDE = 32, BATCH = 32, EPOCHS = 5 };

static const cnn_shape shape = {3, SIDE, SIDE};

static int32_t read_pictures(void *user, cnn_read *rows)
{
    const picture_part *p = user;

    for (rows->at = 0; rows->at < rows->count; rows->at++) {
        const guint n = (guint)rows->index[rows->at];
        const char *path = g_ptr_array_index(p->paths, n);
        if (rows->labels != NULL)
            rows->labels[rows->at] = g_array_index(p->labels, int32_t, n);
        if (rows->x != NULL &&
            picture_read(path, false, &shape,
                         rows->x + (size_t)rows->at * 3 * SIDE * SIDE) != 0) {
            g_snprintf(rows->why, sizeof(rows->why), "%s", path);
            return CNN_EIO;
        }
    }
    return CNN_OK;
}

static cnn_dataset *dataset(picture_part *p, guint classes,
                            const cnn_dataset_options *normalised)
{
    const cnn_dataset_reader reader = {.struct_size = sizeof(reader),
                                       .count = p->paths->len,
                                       .shape = shape,
                                       .class_count = (int32_t)classes,
                                       .fingerprint = p->hash,
                                       .read = read_pictures,
                                       .user = p};
    return cnn_dataset_create_callback(&reader, normalised);
}

static cnn_net *create_net(int32_t classes)
{
    const cnn_conv2d_options same = {.struct_size = sizeof(same),
                                     .padding = CNN_PAD_SAME};
    cnn_net *net = cnn_net_create();
    for (int32_t filters = 8; filters <= 32; filters *= 2) {
        cnn_net_add(net, cnn_conv2d_create(filters, 3, 3, &same));
        cnn_net_add(net, cnn_batchnorm_create(NULL));
        cnn_net_add(net, cnn_activation_create(CNN_RELU, NULL));
        cnn_net_add(net, cnn_maxpool2d_create(2, 2, NULL));
    }
    cnn_net_add(net, cnn_dense_create(classes, NULL));
    check(cnn_net_build(net, &shape, BATCH, 1), NULL);
    return net;
}

int main(int argc, char **argv)
{
    picture_part parts[2];
    float mean[3], deviation[3];
    const cnn_dataset_options normalised = {.struct_size = sizeof(normalised),
                                            .mean = mean,
                                            .deviation = deviation,
                                            .channel_count = shape.c};
    cnn_metrics m;
    if (argc > 3)
        fail(EX_USAGE, "usage: folder [MODEL [FOLDER]]");
    const char *model = argc > 1 ? argv[1] : "folder.safetensors";
    const char *folder =
        argc > 2 ? argv[2] : g_strconcat(model, ".pictures", NULL);
    if (argc < 3)
        picture_folder_draw(folder);
    char **classes = picture_folder_list(folder, parts);
    const guint count = g_strv_length(classes);
    cnn_dataset *raw = dataset(&parts[0], count, NULL);
    check(cnn_dataset_statistics(raw, shape.c, mean, deviation), folder);
    cnn_dataset *train = dataset(&parts[0], count, &normalised);
    cnn_dataset *held_out = dataset(&parts[1], count, &normalised);
    cnn_net *net = create_net((int32_t)count);
    check(cnn_net_set_normalisation(net, shape.c, mean, deviation), NULL);
    cnn_optim *adam = cnn_adam_create(0.002f, NULL);
    cnn_trainer *trainer = cnn_trainer_create(net, adam, train, NULL);
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        check(cnn_trainer_run(trainer, cnn_dataset_count(train) / BATCH + 1,
                              NULL, NULL),
              folder);
        check(cnn_net_evaluate(net, held_out, &m, NULL), folder);
        printf("epoch %d: %lld of %lld held out are right\n", epoch,
               (long long)m.correct, (long long)m.count);
    }
    check(cnn_net_set_metadata(net, "classes", g_strjoinv("\n", classes)),
          NULL);
    check(cnn_net_save(net, model), NULL);
    cnn_trainer_free(trainer);
    cnn_optim_free(adam);
    cnn_net_free(net);
    cnn_dataset_free(raw);
    cnn_dataset_free(train);
    cnn_dataset_free(held_out);
    return close_output();
}
