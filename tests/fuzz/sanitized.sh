#!/bin/sh
# Builds libcnn and its tests once more, by clang and for a sanitizer:
#
#     sh sanitized.sh SOURCE BUILD SANITIZERS TARGET...
#
# In the environment: CLANG, CMAKE_GENERATOR, CMAKE_C_COMPILER_LAUNCHER.
set -eu

source=$1
build=$2
sanitizers=$3
shift 3

mkdir -p "$build"
# Little optimised, so that it is built in a minute; texts name file and line.
{
    cmake -S "$source" -B "$build" -DCMAKE_C_COMPILER="${CLANG:-clang}" \
        -DCNN_SANITIZE="$sanitizers" -DCNN_WERROR=ON \
        -DCMAKE_BUILD_TYPE=RelWithDebInfo \
        -DCMAKE_C_FLAGS_RELWITHDEBINFO="-O1 -gline-tables-only" \
        -DCNN_BUILD_TESTS=ON -DCNN_BUILD_EXAMPLES=OFF -DCNN_WITH_PYTHON=OFF \
        -DBUILD_SHARED_LIBS=OFF -DCNN_INSTALL=OFF &&
        cmake --build "$build" --parallel 2 --target "$@"
} >"$build/log" 2>&1 || {
    cat "$build/log"
    exit 1
}
