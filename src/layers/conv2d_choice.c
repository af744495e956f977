#include "layers/conv2d_choice.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cnn/layer.h"
#include "layers/affine.h"
#include "layers/conv2d_im2col.h"
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
        "%s, not for %dx%d, stride %dx%d, dilation %dx%d, %d %s, with the "
        "instruction set %s",
        algorithm,
        algorithm == CNN_ALGORITHM_DIRECT
            ? "less padding than kernel, 2 rows and more, avx2 or avx512"
            : "groups and table",
        h->kernel, w->kernel, h->stride, w->stride, h->dilation, w->dilation,
        conv->block_count, conv->blocks != NULL ? "tables" : "groups",
        cnn__kernels_used()->name);
}

static cnn__conv_path path_of(const cnn__conv *conv, int32_t algorithm)
{
    if (algorithm == CNN_ALGORITHM_WINOGRAD)
        return CNN__PATH_WINOGRAD;
    if (algorithm == CNN_ALGORITHM_DIRECT)
        return CNN__PATH_DIRECT;
    return conv->form == CNN__CONV_WHOLE ? CNN__PATH_AFFINE : CNN__PATH_IM2COL;
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
    choice->path = path_of(conv, asked);
    return CNN_OK;
}

/* ------------------------------------------------------------ passes --- */

void cnn__conv_sizes(const cnn__conv_choice *choice, const cnn__conv *conv,
                     int32_t batch, size_t params, cnn__workspace *need)
{
    switch (choice->path) {
    case CNN__PATH_IM2COL:
        cnn__im2col_sizes(conv, batch, params, need);
        break;
    case CNN__PATH_AFFINE: /* nothing */
        break;
    case CNN__PATH_WINOGRAD:
        cnn__winograd_sizes(&choice->winograd, batch, need);
        break;
    case CNN__PATH_DIRECT:
        cnn__direct_sizes(&choice->direct, conv, batch, params, need);
        break;
    }
}

int32_t cnn__conv_grain(const cnn__conv_choice *choice, const cnn__conv *conv,
                        int32_t batch)
{
    switch (choice->path) {
    case CNN__PATH_IM2COL:
        return cnn__conv_tile_samples(conv, batch);
    case CNN__PATH_WINOGRAD:
        return cnn__winograd_block_samples(&choice->winograd, batch);
    case CNN__PATH_DIRECT:
        return cnn__direct_block_samples(&choice->direct, batch);
    case CNN__PATH_AFFINE:
        break;
    }
    return 0;
}

/* The one column of each block, for all samples at once. */
static cnn__affine affine(const cnn__conv_pass *pass, float *dW, float *db)
{
    const cnn__conv *conv = pass->conv;

    return (cnn__affine){
        .rows = pass->run->batch,
        .parts = conv->block_count,
        .inputs = conv->most_channels * conv->kernel,
        .outputs = conv->most_filters,
        .lanes = pass->run->lanes,
        .W = pass->weights,
        .b = pass->biases,
        .dW = dW,
        .db = db,
    };
}

void cnn__conv_forward(const cnn__conv_choice *choice,
                       const cnn__conv_pass *pass)
{
    cnn__affine whole;

    switch (choice->path) {
    case CNN__PATH_IM2COL:
        cnn__im2col_forward(pass);
        break;
    case CNN__PATH_AFFINE:
        whole = affine(pass, NULL, NULL);
        cnn__affine_forward(&whole, pass->x, pass->y);
        break;
    case CNN__PATH_WINOGRAD:
        cnn__winograd_forward(&choice->winograd, pass);
        break;
    case CNN__PATH_DIRECT:
        cnn__direct_forward(&choice->direct, pass);
        break;
    }
}

void cnn__conv_backward(const cnn__conv_choice *choice,
                        const cnn__conv_pass *pass, float *dW, float *db)
{
    cnn__affine whole;

    switch (choice->path) {
    case CNN__PATH_IM2COL:
        cnn__im2col_backward(pass, dW, db);
        break;
    case CNN__PATH_AFFINE:
        whole = affine(pass, dW, db);
        cnn__affine_backward(&whole, pass->x, pass->dy, pass->dx);
        break;
    case CNN__PATH_WINOGRAD:
        cnn__winograd_backward(&choice->winograd, pass, dW, db);
        break;
    case CNN__PATH_DIRECT:
        cnn__direct_backward(&choice->direct, pass, dW, db);
        break;
    }
}
