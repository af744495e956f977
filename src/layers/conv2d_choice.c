#include "layers/conv2d_choice.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cnn/layer.h"

static bool only_im2col;

static void read_environment(void)
{
    /* A program that changes its environment while it computes is at fault.
     * NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *name = getenv("CNN_ALGORITHM");

    only_im2col = name != NULL && strcmp(name, "im2col") == 0;
}

static int32_t chosen_for_all(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, read_environment);
    return only_im2col ? CNN_ALGORITHM_IM2COL : CNN_ALGORITHM_AUTO;
}

cnn_status cnn__conv_check_algorithm(int32_t asked)
{
    if (asked < CNN_ALGORITHM_AUTO || asked > CNN_ALGORITHM_WINOGRAD)
        return cnn__fail(CNN_EINVAL, "algorithm %d, expected %d to %d", asked,
                         CNN_ALGORITHM_AUTO, CNN_ALGORITHM_WINOGRAD);
    return CNN_OK;
}

cnn_status cnn__conv_choose(cnn__conv_winograd *winograd, const cnn__conv *conv,
                            int32_t asked)
{
    if (asked == CNN_ALGORITHM_AUTO)
        asked = chosen_for_all();
    cnn__winograd_plan(winograd, conv);
    if (asked == CNN_ALGORITHM_WINOGRAD && winograd->transforms == NULL)
        return cnn__fail(CNN_EUNSUPPORTED,
                         "Winograd's algorithm is for kernels of 3x3 and 5x5 "
                         "without stride, dilation, groups and table, not for "
                         "%dx%d, stride %dx%d, dilation %dx%d, %d %s",
                         conv->window.h.kernel, conv->window.w.kernel,
                         conv->window.h.stride, conv->window.w.stride,
                         conv->window.h.dilation, conv->window.w.dilation,
                         conv->block_count,
                         conv->blocks != NULL ? "tables" : "groups");
    if (asked == CNN_ALGORITHM_IM2COL ||
        (asked == CNN_ALGORITHM_AUTO && !cnn__winograd_pays(winograd, conv)))
        *winograd = (cnn__conv_winograd){0};
    return CNN_OK;
}
