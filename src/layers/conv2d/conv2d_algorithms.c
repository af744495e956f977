#include "layers/conv2d/conv2d_algorithms.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "math/simd.h"

/* In the order in which they are tried, the most special first. The last one
 * fits every convolution. */
static const cnn__conv_algorithm *const all[] = {
    &cnn__conv_whole,  &cnn__conv_depthwise, &cnn__conv_winograd,
    &cnn__conv_direct, &cnn__conv_taps,      &cnn__conv_im2col,
};

enum { ALGORITHMS = sizeof(all) / sizeof(all[0]) };

/* The first algorithm for a CNN_ALGORITHM_*; NULL if there is none. */
static const cnn__conv_algorithm *asked_as(int32_t asked)
{
    for (int i = 0; i < ALGORITHMS; i++)
        if (all[i]->asked_as == asked)
            return all[i];
    return NULL;
}

/* What CNN_ALGORITHM names, for all layers with CNN_ALGORITHM_AUTO. */
static int32_t named = CNN_ALGORITHM_AUTO;

static void read_environment(void)
{
    /* Not safe if the program changes its environment in another thread.
     * NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *name = getenv("CNN_ALGORITHM");

    for (int i = 0; i < ALGORITHMS && name != NULL; i++)
        if (strcmp(name, all[i]->name) == 0)
            named = all[i]->asked_as;
}

static int32_t named_for_all(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, read_environment);
    return named;
}

cnn_status cnn__conv_check_algorithm(int32_t asked)
{
    if (asked < CNN_ALGORITHM_AUTO || asked > CNN_ALGORITHM_DIRECT)
        return cnn__fail(CNN_EINVAL, "algorithm %d, expected %d to %d", asked,
                         CNN_ALGORITHM_AUTO, CNN_ALGORITHM_DIRECT);
    return CNN_OK;
}

static cnn_status refuse(const cnn__conv *conv, int32_t asked)
{
    const cnn__axis *h = &conv->window.h, *w = &conv->window.w;

    return cnn__fail(
        CNN_EUNSUPPORTED,
        "algorithm %d is for %s, not for %dx%d, stride %dx%d, dilation %dx%d, "
        "%d %s, with the instruction set %s",
        asked, asked_as(asked)->demands, h->kernel, w->kernel, h->stride,
        w->stride, h->dilation, w->dilation, conv->group_count,
        conv->table != NULL ? "tables" : "groups", cnn__simd_used()->name);
}

/* Plans by one algorithm; false if it does not fit, was not asked for, or does
 * not pay. */
static bool try(const cnn__conv_algorithm *a, void *plan, const cnn__conv *conv,
                int32_t asked)
{
    if (asked != CNN_ALGORITHM_AUTO && a->asked_as != asked)
        return false;
    if (!a->plan(plan, conv))
        return false;
    return asked != CNN_ALGORITHM_AUTO || a->pays == NULL ||
           a->pays(plan, conv);
}

static const cnn__conv_algorithm *first(void *plan, const cnn__conv *conv,
                                        int32_t asked)
{
    for (int i = 0; i < ALGORITHMS; i++)
        if (try(all[i], plan, conv, asked))
            return all[i];
    return NULL;
}

/* Keeps of a plan what its algorithm needs. */
static cnn_status keep(cnn__conv_choice *choice,
                       const cnn__conv_algorithm *algorithm, const void *plan)
{
    const size_t size = algorithm->plan_size;

    if (choice->plan == NULL || choice->algorithm != algorithm) {
        void *kept = cnn__alloc(size > 0 ? size : 1);

        if (kept == NULL)
            return cnn_last_status();
        cnn__free(choice->plan);
        choice->plan = kept;
        choice->algorithm = algorithm;
    }
    memcpy(choice->plan, plan, size);
    return CNN_OK;
}

cnn_status cnn__conv_choose(cnn__conv_choice *choice, const cnn__conv *conv,
                            int32_t asked)
{
    _Alignas(max_align_t) char plan[CNN__CONV_PLAN_SIZE];
    const bool open = asked == CNN_ALGORITHM_AUTO;
    const cnn__conv_algorithm *a =
        first(plan, conv, open ? named_for_all() : asked);

    /* Where the named algorithm does not fit, im2col takes its place. */
    if (a == NULL && open)
        a = first(plan, conv, CNN_ALGORITHM_IM2COL);
    return a != NULL ? keep(choice, a, plan) : refuse(conv, asked);
}
