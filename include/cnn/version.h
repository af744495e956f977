/**
 * @file version.h
 * The version of the headers (macros) and of the loaded library (calls).
 */
#ifndef CNN_VERSION_H
#define CNN_VERSION_H

#include <stdint.h>

#include "cnn/export.h"

CNN_BEGIN_DECLS

/** First number of the version of the headers. */
#define CNN_VERSION_MAJOR 0
/** Second number: while the first is 0, another one may change the API. */
#define CNN_VERSION_MINOR 1
/** Third number: another one changes no API. */
#define CNN_VERSION_PATCH 0

/** 10000 * major + 100 * minor + patch of the library that is loaded. */
CNN_API uint32_t cnn_version_number(void);

/** "major.minor.patch" of the library that is loaded. Never NULL. */
CNN_API const char *cnn_version_string(void);

/**
 * What was built and what runs, as one JSON object: "version", "compiler",
 * "blas" (the library's own description), "blas_core" (the kernels it chose),
 * "kernels" (the instruction set of libcnn's own: baseline, avx2 or avx512),
 * "threads" and "cores". The text belongs to the library and to the calling
 * thread: it holds until that thread's next call.
 *
 * The environment variable CNN_KERNELS, read once, names the instruction set to
 * use. A set that this processor does not have is ignored. Results are the same
 * with each set, except for convolutions by CNN_ALGORITHM_DIRECT and
 * CNN_ALGORITHM_WINOGRAD.
 */
CNN_API const char *cnn_build_info(void);

CNN_END_DECLS

#endif
