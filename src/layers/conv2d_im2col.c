/* The tiles of a batch are handed to threads. For dW each of a fixed number of
 * slots sums a fixed range of tiles, and the slots are added up in order, so
 * that the bits do not depend on who computed what. */
#include "layers/conv2d_im2col.h"

#include <string.h>

#include "base/threads.h"
#include "math/sum.h"

void cnn__im2col_sizes(const cnn__conv *conv, int32_t batch, size_t params,
                       cnn__workspace *need)
{
    need->lane = cnn__conv_tile_floats(conv, batch);
    need->shared = cnn__size_mul(CNN__CONV_SLOTS, params);
}

/* What one pass hands to its chunks. */
typedef struct job {
    const cnn__conv_pass *pass;
    int64_t tiles;
    int32_t slots; /* partial sums of the gradients, `params` floats each */
    size_t params;
} job;

static job job_of(const cnn__conv_pass *pass)
{
    const cnn__conv *conv = pass->conv;
    const int64_t tiles = cnn__chunks(pass->run->batch, conv->tile);
    const size_t biases = pass->biases != NULL ? (size_t)conv->filters : 0;

    return (job){pass, tiles, cnn__conv_slots(tiles), conv->weights + biases};
}

static void forward_tile(void *data, int64_t tile, int32_t lane)
{
    const job *j = data;

    cnn__conv_forward_tile(j->pass, tile, lane);
}

void cnn__im2col_forward(const cnn__conv_pass *pass)
{
    job j = job_of(pass);

    cnn__parallel(j.tiles, pass->run->lanes, forward_tile, &j);
}

static void backward_slot(void *data, int64_t slot, int32_t lane)
{
    const job *j = data;
    const size_t weights = j->pass->conv->weights;
    float *dW = j->pass->run->shared + (size_t)slot * j->params;
    float *db = j->params > weights ? dW + weights : NULL;

    memset(dW, 0, j->params * sizeof(float));
    for (int64_t tile = slot * j->tiles / j->slots;
         tile < (slot + 1) * j->tiles / j->slots; tile++)
        cnn__conv_backward_tile(j->pass, tile, lane, dW, db);
}

void cnn__im2col_backward(const cnn__conv_pass *pass, float *dW, float *db)
{
    const size_t weights = pass->conv->weights;
    job j = job_of(pass);

    cnn__parallel(j.slots, pass->run->lanes, backward_slot, &j);
    for (int64_t slot = 0; slot < j.slots; slot++) {
        const float *part = pass->run->shared + (size_t)slot * j.params;

        cnn__conv_add_weights(pass->conv, part, dW);
        if (db != NULL)
            cnn__add(db, part + weights, j.params - weights);
    }
}
