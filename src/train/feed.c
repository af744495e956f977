#include "train/feed.h"

#include <string.h>

#include "data/dataset_impl.h"

/* Reading takes as long as it likes; two batches even out what differs from one
 * batch to the next. */
#define AHEAD 2

int32_t cnn__feed_default(const cnn_dataset *dataset)
{
    return dataset->callback != NULL ? AHEAD : 0;
}

/* Only here a failure is in the thread that sees it. */
static bool fill(void *data, int32_t slot)
{
    const cnn__feed *f = data;
    cnn__fed *fed = &f->slots[slot];
    bool more = true;
    const int32_t N = f->list(f->owner, fed->rows.index, &more);

    fed->status = cnn__rows_read(&fed->rows, f->dataset, N, &fed->batch);
    if (fed->status == CNN_OK)
        return more;
    memcpy(fed->why, cnn_last_error(), sizeof(fed->why));
    return false;
}

void cnn__feed_lay_out(cnn__feed *f, size_t N, int32_t ahead, cnn__arena *arena)
{
    const int32_t slots = ahead + 1;

    f->ahead = (cnn__ahead){.slots = slots, .fill = fill, .data = f};
    f->slots = cnn__arena_take(arena, (size_t)slots, sizeof(*f->slots));
    for (int32_t i = 0; i < slots; i++) {
        const cnn__rows rows = cnn__rows_lay_out(f->dataset, N, arena);

        if (f->slots != NULL)
            f->slots[i].rows = rows;
    }
}

cnn_status cnn__feed_next(cnn__feed *f, cnn__fed **batch)
{
    int32_t slot;

    CNN__TRY(cnn__ahead_next(&f->ahead, &slot));
    cnn__fed *fed = &f->slots[slot];
    if (fed->status != CNN_OK)
        return cnn__fail(fed->status, "%s", fed->why);
    *batch = fed;
    return CNN_OK;
}

void cnn__feed_done(cnn__feed *f)
{
    cnn__ahead_done(&f->ahead);
}

void cnn__feed_rewind(cnn__feed *f)
{
    cnn__ahead_rewind(&f->ahead);
}

void cnn__feed_end(cnn__feed *f)
{
    cnn__ahead_end(&f->ahead);
}
