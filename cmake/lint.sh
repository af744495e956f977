#!/bin/sh
# Runs clang-tidy and cppcheck over the library, whichever of them is installed:
#
#     sh cmake/lint.sh [FILE...]
set -eu

cd "$(dirname "$0")/.."
build=build/lint
status=0
mpi=$(command -v mpicc >/dev/null && echo ON || echo OFF)
[ $# -gt 0 ] || set -- src/*.c src/[!m]*/*.c src/math/*.c src/*/*/*.c \
    $([ $mpi = OFF ] || echo src/mpi/*.c)

if command -v clang-tidy >/dev/null; then
    cmake -S . -B $build -DCNN_WITH_MPI=$mpi >/dev/null
    printf '%s\n' "$@" |
        xargs -P "$(nproc)" -n 4 clang-tidy -p $build --quiet || status=1
else
    echo "clang-tidy is not installed: left out"
fi

if command -v cppcheck >/dev/null; then
    # That a sample has one element at least is seen to where nets are built.
    cppcheck --quiet --std=c11 --error-exitcode=1 -j "$(nproc)" \
        --enable=warning,performance,portability --inline-suppr \
        --suppress=invalidFunctionArg:src/math/stable_softmax.c \
        -D_XOPEN_SOURCE=700 -I include -I src "$@" || status=1
else
    echo "cppcheck is not installed: left out"
fi
exit $status
