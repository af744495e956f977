#include "net/liveness.h"

#include <math.h>
#include <stdbool.h>

#include "base/memory.h"

int32_t cnn__arrays_add(cnn__arrays *arrays, size_t floats, int32_t now)
{
    const size_t line = CNN__ALIGNMENT / sizeof(float);

    arrays->list[arrays->count] = (cnn__array){
        .floats = cnn__size_round_up(floats, line), .born = now, .dies = now};
    return arrays->count++;
}

void cnn__arrays_use(cnn__arrays *arrays, int32_t number, int32_t now)
{
    cnn__array *a = &arrays->list[number];

    a->dies = now > a->dies ? now : a->dies;
}

static bool is_chain(const cnn__arrays *arrays)
{
    for (int32_t i = 2; i < arrays->count; i++)
        if (arrays->list[i - 2].dies >= arrays->list[i].born)
            return false;
    return true;
}

/* Arrays lie at the bottom and at the top in turn. */
static void place_chain(cnn__arrays *arrays)
{
    cnn__array *a = arrays->list;

    for (int32_t i = 0; i < arrays->count; i++) {
        const size_t two =
            cnn__size_add(a[i].floats, i > 0 ? a[i - 1].floats : 0);

        arrays->floats = two > arrays->floats ? two : arrays->floats;
    }
    for (int32_t i = 0; i < arrays->count; i++)
        a[i].at = i % 2 == 0 ? 0 : arrays->floats - a[i].floats;
}

static bool overlap(const cnn__array *a, const cnn__array *b)
{
    return a->born <= b->dies && b->born <= a->dies;
}

/* The largest that is not placed yet; -1: none. */
static int32_t largest(const cnn__arrays *arrays)
{
    const cnn__array *list = arrays->list;
    int32_t best = -1;

    for (int32_t i = 0; i < arrays->count; i++)
        if (!list[i].placed && (best < 0 || list[i].floats > list[best].floats))
            best = i;
    return best;
}

/* Puts an array into the lowest gap between those that live when it does.
 * `lowest` is the placed array that lies lowest; the new one of that kind is
 * returned. */
static int32_t place(cnn__array *list, int32_t number, int32_t lowest)
{
    cnn__array *a = &list[number];
    int32_t before = -1;

    for (int32_t i = lowest; i >= 0; i = list[i].next) {
        const cnn__array *b = &list[i];

        if (!overlap(a, b))
            continue;
        if (b->at >= cnn__size_add(a->at, a->floats))
            break;
        const size_t end = cnn__size_add(b->at, b->floats);
        a->at = end > a->at ? end : a->at;
    }
    for (int32_t i = lowest; i >= 0 && list[i].at <= a->at; i = list[i].next)
        before = i;
    a->next = before >= 0 ? list[before].next : lowest;
    a->placed = true;
    if (before >= 0)
        list[before].next = number;
    return before >= 0 ? lowest : number;
}

void cnn__arrays_place(cnn__arrays *arrays)
{
    int32_t lowest = -1;

    arrays->floats = 0;
    if (is_chain(arrays)) {
        place_chain(arrays);
        return;
    }
    for (int32_t i = largest(arrays); i >= 0; i = largest(arrays)) {
        const cnn__array *a = &arrays->list[i];

        lowest = place(arrays->list, i, lowest);
        const size_t end = cnn__size_add(a->at, a->floats);
        arrays->floats = end > arrays->floats ? end : arrays->floats;
    }
}

void cnn__arrays_poison(const cnn__arrays *arrays, float *block, int32_t now)
{
    for (int32_t i = 0; i < arrays->count; i++) {
        const cnn__array *a = &arrays->list[i];

        for (size_t k = 0; k < a->floats && a->dies == now; k++)
            block[a->at + k] = NAN;
    }
}
