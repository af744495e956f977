#include "support/reading.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support/near.h"

static void copy_row(const row_reader *r, const cnn_read *rows, int32_t i)
{
    const size_t k = (size_t)i, n = (size_t)rows->index[i];

    if (rows->x != NULL)
        memcpy(rows->x + k * r->pixels, r->images + n * r->pixels,
               r->pixels * sizeof(float));
    if (rows->labels != NULL)
        rows->labels[i] = r->labels[n];
    if (rows->targets != NULL)
        memcpy(rows->targets + k * r->target_floats,
               r->targets + n * r->target_floats,
               r->target_floats * sizeof(float));
    if (rows->weights != NULL)
        rows->weights[i] = r->weights[n];
}

static int32_t copy_rows(row_reader *r, cnn_read *rows)
{
    for (rows->at = 0; rows->at < rows->count; rows->at++) {
        if (rows->index[rows->at] == atomic_load(&r->fail_at)) {
            snprintf(rows->why, sizeof(rows->why), "%s", r->why);
            return r->code;
        }
        copy_row(r, rows, rows->at);
    }
    return 0;
}

int32_t row_reader_read(void *user, cnn_read *rows)
{
    row_reader *r = user;
    const int now = atomic_fetch_add(&r->inside, 1) + 1;

    if (now > atomic_load(&r->at_once))
        atomic_store(&r->at_once, now);
    atomic_fetch_add(&r->calls, 1);
    atomic_fetch_add(&r->samples, rows->count);
    if (r->wait_us > 0)
        nanosleep(&(struct timespec){r->wait_us / 1000000,
                                     r->wait_us % 1000000 * 1000},
                  NULL);
    if (r->first != NULL)
        r->first(r);
    const int32_t code = copy_rows(r, rows);
    atomic_fetch_sub(&r->inside, 1);
    return code;
}

cnn_dataset_reader reader_over(row_reader *r, const cnn_shape *shape,
                               int64_t count, int32_t classes)
{
    r->pixels = (size_t)shape->c * (size_t)shape->h * (size_t)shape->w;
    atomic_store(&r->fail_at, -1);
    return (cnn_dataset_reader){.struct_size = sizeof(cnn_dataset_reader),
                                .count = count,
                                .shape = *shape,
                                .class_count = classes,
                                .read = row_reader_read,
                                .user = r};
}

cnn_dataset *dataset_over(const cnn_dataset_reader *r)
{
    cnn_dataset *d = cnn_dataset_create_callback(r, NULL);

    if (d == NULL)
        fail_msg("%s", cnn_last_error());
    return d;
}

void reading_sleep(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

void reading_wait(row_reader *r, long long calls)
{
    for (int i = 0; i < 10000; i++, reading_sleep(1))
        if (atomic_load(&r->calls) >= calls && atomic_load(&r->inside) == 0)
            return;
    fail_msg("%lld calls of the reader", (long long)atomic_load(&r->calls));
}
