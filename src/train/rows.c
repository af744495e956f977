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
    const bool weighted = cnn__dataset_is_weighted(dataset);

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
    const cnn__wanted to = {r->x, r->labels, r->targets, r->weights};

    CNN__TRY(cnn__dataset_read_rows(dataset, count, r->index, &to));
    *batch = (cnn_batch){.struct_size = sizeof(*batch),
                         .count = count,
                         .x = r->x,
                         .labels = r->labels,
                         .targets = r->targets,
                         .weights = r->weights};
    return CNN_OK;
}
