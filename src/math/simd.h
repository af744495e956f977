/* Loops that gain from wide registers. Their files are compiled once for each
 * instruction set; the widest set that the processor has is chosen when one is
 * first needed. All sets give the same bits, except for math/direct.h,
 * math/small.h, math/depthwise.h and math/taps.h: nothing else is contracted or
 * reordered (cmake/simd_sets.cmake). */
#ifndef CNN_MATH_SIMD_H
#define CNN_MATH_SIMD_H

#include "math/depthwise.h"
#include "math/direct.h"
#include "math/elementwise.h"
#include "math/lanes.h"
#include "math/moments.h"
#include "math/small.h"
#include "math/taps.h"
#include "math/update.h"
#include "math/winograd.h"

/* The code for one instruction set. */
typedef struct cnn__simd {
    const char *name;
    const cnn__map *maps; /* indexed by CNN_RELU .. CNN_CLAMP */
    const cnn__winograd *winograds;
    const cnn__direct_routines *direct;
    const cnn__depthwise_routines *depthwise;
    const cnn__taps_routines *taps;
    const cnn__lane_copies *lanes;
    cnn__small_fn *const *small;
    const cnn__moments *moments;
    cnn__update_fn *const *updates; /* indexed by CNN__SGD .. CNN__RMSPROP */
} cnn__simd;

/* The set in use: the widest, or the one that CNN_KERNELS names. */
const cnn__simd *cnn__simd_used(void);

/* The sets that this machine can run, in order of width; NULL beyond the last.
 */
const cnn__simd *cnn__simd_at(int i);

/* A public name in a file that is compiled for each set: CNN__SET, defined by
 * the build, is appended. */
#define CNN__OF_SET(name)      CNN__JOIN(name, CNN__SET)
#define CNN__JOIN(name, set)   CNN__PASTED(name, set)
#define CNN__PASTED(name, set) name##_##set

#endif
