#include <stdio.h>

#include "base/threads.h"
#include "cnn/runtime.h"
#include "cnn/version.h"
#include "math/gemm.h"
#include "math/simd.h"

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)
#define VERSION             \
    TEXT(CNN_VERSION_MAJOR) \
    "." TEXT(CNN_VERSION_MINOR) "." TEXT(CNN_VERSION_PATCH)

uint32_t cnn_version_number(void)
{
    return CNN_VERSION_MAJOR * 10000 + CNN_VERSION_MINOR * 100 +
           CNN_VERSION_PATCH;
}

const char *cnn_version_string(void)
{
    return VERSION;
}

const char *cnn_build_info(void)
{
    static _Thread_local char text[512];

    snprintf(text, sizeof(text),
             "{\"version\": \"" VERSION "\", \"compiler\": \"%s\", "
             "\"blas\": \"%s\", \"blas_core\": \"%s\", \"kernels\": \"%s\", "
             "\"threads\": %d, \"cores\": %d}",
             __VERSION__, cnn__gemm_config(), cnn__gemm_core(),
             cnn__simd_used()->name, cnn_num_threads(), cnn__cores());
    return text;
}
