#!/bin/sh
# Builds libcnn in a way that the gate does not, without a warning, and runs the
# tests of what it computes:
#
#     CC=... sh builds.sh CASE SOURCE
#
#     clang    by clang, if CC is gcc, and the other way round
#     static   the static library alone, without Python and installation
set -eu

case=$1
source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $case in
clang)
    other=clang
    ! "$CC" --version | grep -qi clang || other=gcc
    command -v $other >/dev/null || {
        echo "there is no $other"
        exit 77
    }
    set -- -DCMAKE_C_COMPILER=$other -DCNN_WITH_PYTHON=OFF
    ;;
static)
    set -- -DCMAKE_C_COMPILER="$CC" -DBUILD_SHARED_LIBS=OFF \
        -DCNN_WITH_PYTHON=OFF -DCNN_INSTALL=OFF
    ;;
*)
    echo "unknown case $case"
    exit 1
    ;;
esac
{
    cmake -S "$source" -B "$work/build" -DCMAKE_BUILD_TYPE=Release \
        -DCNN_WERROR=ON "$@" &&
        cmake --build "$work/build" --parallel 2
} >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
# What computes, and what it computes.
ctest --test-dir "$work/build" -j2 --output-on-failure \
    -L '^(unit|golden)$' -E '^check_tree$' >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
grep 'tests passed' "$work/log"
