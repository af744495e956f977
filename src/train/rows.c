#include "train/rows.h"

#include "data/dataset_impl.h"

static size_t image_floats(const cnn_dataset *dataset)
{
    const cnn_shape s = cnn__dataset_padded_shape(dataset);

    return cnn__size_mul3((size_t)s.c, (size_t)s.h, (size_t)s.w);
}

cnn__rows cnn__rows_lay_out(const cnn_dataset *dataset, size_t N,
                            cnn__arena *arena)
{
    const size_t targets = cnn__dataset_target_floats(dataset);
    const bool weighted =
        dataset->weights != NULL || dataset->class_weights != NULL;

    return (cnn__rows){
        .index = cnn__arena_take(arena, N, sizeof(int64_t)),
        .x = cnn__arena_floats(arena, cnn__size_mul(N, image_floats(dataset))),
        .labels = cnn__arena_take(arena, targets == 0 ? N : 0, sizeof(int32_t)),
        .targets = cnn__arena_floats(arena, cnn__size_mul(N, targets)),
        .weights = cnn__arena_floats(arena, weighted ? N : 0),
    };
}

cnn_status cnn__rows_read(const cnn__rows *r, const cnn_dataset *dataset,
                          int32_t count, cnn_batch *batch)
{
    CNN__TRY(cnn_dataset_read(dataset, count, r->index, r->x, r->labels));
    if (r->targets != NULL)
        CNN__TRY(
            cnn_dataset_read_targets(dataset, count, r->index, r->targets));
    if (r->weights != NULL)
        CNN__TRY(
            cnn_dataset_read_weights(dataset, count, r->index, r->weights));
    *batch = (cnn_batch){.struct_size = sizeof(*batch),
                         .count = count,
                         .x = r->x,
                         .labels = r->labels,
                         .targets = r->targets,
                         .weights = r->weights};
    return CNN_OK;
}
