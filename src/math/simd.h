/* The loops that gain from wider registers than those every machine of a kind
 * has. Their files are compiled once for each instruction set, and the widest
 * that the processor has is taken when the first of them is needed. All but
 * those of math/direct.h and math/small.h give the same bits: nothing is
 * contracted or reordered (cmake/simd_sets.cmake). */
#ifndef CNN_MATH_SIMD_H
#define CNN_MATH_SIMD_H

#include "math/direct.h"
#include "math/elementwise.h"
#include "math/small.h"
#include "math/update.h"
#include "math/winograd.h"

/* One instruction set. */
typedef struct cnn__simd {
    const char *name;
    const cnn__map *maps; /* indexed by CNN_RELU .. CNN_ELU */
    const cnn__winograd *winograds;
    const cnn__direct_routines *direct;
    cnn__small_fn *const *small;
    cnn__update_fn *const *updates; /* indexed by CNN__SGD .. CNN__RMSPROP */
} cnn__simd;

/* The set in use: the widest, or the one that CNN_KERNELS names. */
const cnn__simd *cnn__simd_used(void);

/* The sets that this machine can run, by growing width; NULL beyond. */
const cnn__simd *cnn__simd_at(int i);

/* A public name of a file that is compiled for each set: CNN__SET, which the
 * build defines, goes to its end. */
#define CNN__OF_SET(name)      CNN__JOIN(name, CNN__SET)
#define CNN__JOIN(name, set)   CNN__PASTED(name, set)
#define CNN__PASTED(name, set) name##_##set

#endif
