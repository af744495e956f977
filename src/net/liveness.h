/* Where arrays lie that are not all needed at the same time. */
#ifndef CNN_NET_LIVENESS_H
#define CNN_NET_LIVENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An array that a pass writes in step `born` and reads for the last time in
 * step `dies`, both included. Arrays whose steps overlap get different memory.
 */
typedef struct cnn__array {
    size_t floats;
    int32_t born, dies;
    size_t at;    /* in floats, from the start of a block */
    int32_t next; /* the placed one that lies next; -1: none */
    bool placed;
} cnn__array;

/* The arrays of a pass. They are added in the order in which they are born. */
typedef struct cnn__arrays {
    cnn__array *list;
    int32_t count;
    size_t floats; /* of the block */
} cnn__arrays;

/* Adds an array that is born and dies in step `now`; returns its number. The
 * list must have room. */
int32_t cnn__arrays_add(cnn__arrays *arrays, size_t floats, int32_t now);

/* Lets an array live until step `now` at least. */
void cnn__arrays_use(cnn__arrays *arrays, int32_t number, int32_t now);

/* Finds a place for each, in a block of `floats`: large ones first, each as low
 * as it can lie. (Time is quadratic in their number.) Of a stack, where each
 * array overlaps only the one before and the one after, the block is as large
 * as the largest two neighbours, and no block can be smaller. */
void cnn__arrays_place(cnn__arrays *arrays);

/* Fills what dies in step `now` with NaN: a test that nobody reads it later. */
void cnn__arrays_poison(const cnn__arrays *arrays, float *block, int32_t now);

#endif
