#include "layers/conv2d_choice.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cnn/layer.h"
#include "math/kernels.h"

/* What CNN_ALGORITHM names: for all layers that leave it open. */
static int32_t named;

static void read_environment(void)
{
    static const char *const names[] = {
        [CNN_ALGORITHM_IM2COL] = "im2col",
        [CNN_ALGORITHM_WINOGRAD] = "winograd",
        [CNN_ALGORITHM_DIRECT] = "direct",
    };
    /* A program that changes its environment while it computes is at fault.
     * NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *name = getenv("CNN_ALGORITHM");

    for (int32_t i = CNN_ALGORITHM_IM2COL; i <= CNN_ALGORITHM_DIRECT; i++)
        if (name != NULL && strcmp(name, names[i]) == 0)
            named = i;
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

static bool is_possible(const cnn__conv_choice *choice, int32_t algorithm)
{
    return algorithm == CNN_ALGORITHM_IM2COL ||
           (algorithm == CNN_ALGORITHM_WINOGRAD &&
            choice->winograd.transforms != NULL) ||
           (algorithm == CNN_ALGORITHM_DIRECT &&
            choice->direct.kernels != NULL);
}

static int32_t fastest(const cnn__conv_choice *choice, const cnn__conv *conv)
{
    if (cnn__winograd_pays(&choice->winograd, conv))
        return CNN_ALGORITHM_WINOGRAD;
    if (cnn__direct_pays(&choice->direct, conv))
        return CNN_ALGORITHM_DIRECT;
    return CNN_ALGORITHM_IM2COL;
}

static int32_t left_open(const cnn__conv_choice *choice, const cnn__conv *conv)
{
    const int32_t for_all = named_for_all();

    if (for_all == CNN_ALGORITHM_AUTO)
        return fastest(choice, conv);
    return is_possible(choice, for_all) ? for_all : CNN_ALGORITHM_IM2COL;
}

static cnn_status refuse(const cnn__conv *conv, int32_t algorithm)
{
    const cnn__axis *h = &conv->window.h, *w = &conv->window.w;

    return cnn__fail(
        CNN_EUNSUPPORTED,
        "algorithm %d is for kernels of 3x3 and 5x5 without stride, dilation, "
        "groups and table%s, not for %dx%d, stride %dx%d, dilation %dx%d, "
        "%d %s, with the instruction set %s",
        algorithm,
        algorithm == CNN_ALGORITHM_DIRECT
            ? ", less padding than kernel, 2 rows and more, avx2 or avx512"
            : "",
        h->kernel, w->kernel, h->stride, w->stride, h->dilation, w->dilation,
        conv->block_count, conv->blocks != NULL ? "tables" : "groups",
        cnn__kernels_used()->name);
}

cnn_status cnn__conv_choose(cnn__conv_choice *choice, const cnn__conv *conv,
                            int32_t asked)
{
    cnn__winograd_plan(&choice->winograd, conv);
    cnn__direct_plan(&choice->direct, conv);
    if (asked == CNN_ALGORITHM_AUTO)
        asked = left_open(choice, conv);
    else if (!is_possible(choice, asked))
        return refuse(conv, asked);
    choice->algorithm = asked;
    return CNN_OK;
}
