/* The plan of a convolution by taps (math/taps.h): forward and dx, each a
 * "side", as sums over a list of taps for each pixel of what is computed. */
#ifndef CNN_LAYERS_CONV2D_TAPS_PLAN_H
#define CNN_LAYERS_CONV2D_TAPS_PLAN_H

#include "layers/conv2d/conv2d_algorithm.h"
#include "layers/conv2d/conv2d_sides.h"
#include "math/taps.h"

/* Forward or dx, for one group. */
typedef struct cnn__taps_side {
    size_t planes, maps; /* it reads, it computes */
    cnn__conv_side h, w;
    bool framed;    /* looks beyond its inputs */
    size_t band;    /* rows of each phase at a time */
    size_t rows;    /* of the inputs, or of their frame, in a band */
    size_t columns; /* of the frame or the inputs */
    size_t plane;   /* floats from one plane to the next */
} cnn__taps_side;

typedef struct cnn__conv_taps_plan {
    const cnn__taps_routines *routines;
    cnn__taps_side forward, back;
    int32_t tile;   /* samples of which dW is computed at a time */
    bool by_blocks; /* dW is computed block by block over the batch, without
                       partial sums; nothing can be fused */
} cnn__conv_taps_plan;

/* A side that reads and computes so many planes and maps at a time. */
cnn__taps_side cnn__taps_side_of(const cnn__conv *conv, bool back,
                                 size_t planes, size_t maps);

/* The frame of the band that begins at row `first` of each phase; returns the
 * offset of its first pixel in an image. */
size_t cnn__taps_frame_of(const cnn__taps_side *s, size_t first,
                          cnn__taps_frame *f);

/* Floats of a frame; 0 if there is none. */
size_t cnn__taps_side_frame(const cnn__taps_side *s);

/* Rows first .. first + count - 1 of each phase. */
typedef struct cnn__taps_band {
    size_t first, count;
} cnn__taps_band;

/* The band that begins at row `first`. */
cnn__taps_band cnn__taps_band_at(const cnn__taps_side *s, size_t first);

/* What math/taps.h computes of phase (p, q) in a band, but for the taps: from
 * pixels of `wide` floats to such of `lanes`. */
cnn__taps cnn__taps_phase(const cnn__taps_side *s, cnn__taps_band b, int32_t p,
                          int32_t q, size_t wide, size_t lanes);

/* The taps of phase (p, q), for all planes. */
size_t cnn__taps_count(const cnn__taps_side *s, int32_t p, int32_t q);

/* Lists the offsets of the taps of phase (p, q), plane by plane; returns the
 * end of the list. */
int32_t *cnn__taps_list(const cnn__taps_side *s, int32_t p, int32_t q,
                        int32_t *to);

/* Maps in lanes: whole blocks, but for a half one at the end. */
size_t cnn__taps_lanes(size_t maps);

/* Lanes of the block that begins at map f. */
size_t cnn__taps_block(size_t maps, size_t f);

/* Functions of cnn__conv_algorithm; `plan` is a cnn__conv_taps_plan. */
bool cnn__taps_plan(void *plan, const cnn__conv *conv);
bool cnn__taps_pays(const void *plan, const cnn__conv *conv);
int32_t cnn__taps_grain(const void *plan, int32_t batch);

/* Floats of the frames and of the lanes of a worker. */
size_t cnn__taps_frame_floats(const cnn__conv_taps_plan *plan);
size_t cnn__taps_lane_floats(const cnn__conv_taps_plan *plan);

#endif
