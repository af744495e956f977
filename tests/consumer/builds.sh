#!/bin/sh
# Builds libcnn in a way that the gate does not, without a warning, and runs the
# tests of what it computes:
#
#     CC=... sh builds.sh CASE SOURCE
#
#     clang    by clang, if CC is gcc, and the other way round
#     static   the static library alone, without Python and installation
#
# or with another BLAS, chosen in each of the ways that docs/packaging.md names:
#
#     blis         BLIS without threads
#     reference    the one that the interface comes from
#     openmp       OpenBLAS with OpenMP's threads
#
# Their packages are unpacked here: installed, they would change which BLAS this
# machine prefers.
set -eu

case=$1
source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt's own user downloads, if root asks
triplet=$("$CC" -print-multiarch)
root=$work/root
libraries=$root/usr/lib/$triplet
headers=$root/usr/include/$triplet
blas=

# unpack PACKAGE...: into $root
unpack() {
    command -v dpkg-deb >/dev/null || {
        echo "no Debian here"
        exit 77
    }
    mkdir "$work/debs"
    cd "$work/debs"
    apt-get -q download "$@" >"$work/log" 2>&1 || {
        cat "$work/log"
        echo "these cannot be had: $*"
        exit 77
    }
    for deb in *.deb; do
        dpkg-deb -x "$deb" "$root"
    done
    cd "$work"
}

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
blis)
    unpack libblis-serial-dev libblis4-serial
    blas=blis-serial/libblis.so
    set -- -DBLA_VENDOR=FLAME -DCMAKE_PREFIX_PATH="$libraries/blis-serial"
    header=$headers/blis-serial
    ;;
reference)
    unpack libblas-dev libblas3
    blas=blas/libblas.so
    # As alternatives would name it.
    header=$headers/blas
    mkdir "$header"
    ln -s ../cblas-netlib.h "$header/cblas.h"
    set -- -DCBLAS_LIBRARY="$libraries/$blas" -DCBLAS_INCLUDE_DIR="$header"
    ;;
openmp)
    unpack libopenblas-openmp-dev libopenblas0-openmp
    blas=openblas-openmp/libopenblas.so
    header=$headers/openblas-openmp
    set -- -DCBLAS_LIBRARY="$libraries/$blas"
    ;;
*)
    echo "unknown case $case"
    exit 1
    ;;
esac
[ -z "$blas" ] || set -- "$@" -DCMAKE_C_COMPILER="$CC" -DCNN_WITH_PYTHON=OFF
{
    cmake -S "$source" -B "$work/build" -DCMAKE_BUILD_TYPE=Release \
        -DCNN_BUILD_TESTS=ON -DCNN_BUILD_EXAMPLES=ON -DCNN_WERROR=ON "$@" &&
        cmake --build "$work/build" --parallel 2
} >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
# The header of that BLAS, and at run time the library of that BLAS.
if [ -n "$blas" ]; then
    grep "^CBLAS_INCLUDE_DIR:[A-Z]*=$header\$" "$work/build/CMakeCache.txt"
    ldd "$work/build/tests/test_gemm" | grep "=> ${libraries}/${blas%%/*}/"
fi
# What computes, and what it computes.
ctest --test-dir "$work/build" -j2 --output-on-failure \
    -L '^(unit|golden)$' -E '^check_tree$' >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
grep 'tests passed' "$work/log"
