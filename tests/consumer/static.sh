#!/bin/sh
# Links programs that need no libcnn.so where they run, in the ways that
# docs/guide.md shows:
#
#     CC=... sh static.sh SOURCE BUILD
set -eu

source=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
program=$source/tests/consumer/program/main.c
cd "$work"

fail() {
    echo "$*"
    exit 1
}

# needs PROGRAM: the shared libraries that it is linked with
needs() {
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

# Both libraries are there, as usual.
for component in cnn_Runtime cnn_Development; do
    cmake --install "$build" --prefix "$prefix" --component $component >/dev/null
done
PKG_CONFIG_PATH=$(find "$prefix" -name pkgconfig)
export PKG_CONFIG_PATH
flags=$(pkg-config --static --cflags --libs libcnn)
cat >says.c <<'END'
#include <cnn/cnn.h>
#include <stdio.h>

int main(void)
{
    puts(cnn_build_info());
    return 0;
}
END

# All of it. Word splitting is what pkg-config's output is made for.
"$CC" -O2 -static "$program" -o all $flags
[ -z "$(needs all)" ] || fail "the static program needs $(needs all)"
./all
"$CC" -O2 -static says.c -o says $flags
./says
case $flags in
*-lopenblas*)
    # What libcnn asks an OpenBLAS for has to be in there, too.
    ./says | grep -q '"blas": "OpenBLAS' || fail "OpenBLAS is not recognised"
    ;;
esac

# libcnn alone; the file is named, as a linker takes libcnn.so otherwise.
"$CC" -O2 "$program" -o alone $(echo "$flags" | sed 's/-lcnn/-l:libcnn.a/')
needs alone | grep -q 'libcnn' && fail "it is linked with libcnn.so"
needs alone | grep -q 'blas' || fail "it is not linked with a BLAS"
./alone

# Two functions are all that it needs of a BLAS.
"$CC" -O2 -static "$program" \
    "$source/tests/consumer/program/plain_blas.c" -o two \
    $(echo "$flags" | sed 's/-Wl,-u[^ ]*//; s/-lopenblas//')
./two

# By CMake, which takes the archives that it is told.
archives=
for name in cblas jansson zlib; do
    short=$(echo $name | sed 's/cblas/openblas/; s/zlib/z/')
    archives="$archives -D$(echo $name | tr a-z A-Z)_LIBRARY=$(
        "$CC" -print-file-name=lib$short.a)"
done
case $flags in
*-lopenblas*)
    {
        cmake -S "$source/examples/embed" -B embed $archives \
            -DCMAKE_PREFIX_PATH="$prefix" -DBARS_LIBRARY=cnn::cnn_static \
            -DCMAKE_EXE_LINKER_FLAGS=-static &&
            cmake --build embed
    } >log 2>&1 || {
        cat log
        exit 1
    }
    cp embed/bars by_cmake
    [ -z "$(needs by_cmake)" ] || fail "by_cmake needs $(needs by_cmake)"
    ./by_cmake >/dev/null
    # Weak references alone would not have brought it.
    nm by_cmake | grep -q ' T openblas_get_parallel$' ||
        fail "it does not see whether OpenBLAS has threads"
    ;;
*)
    cp all by_cmake
    echo "not by CMake: libcnn was built with another BLAS than OpenBLAS"
    ;;
esac

for name in all alone two by_cmake; do
    strip "$name"
    echo "$name: $(wc -c <"$name") bytes"
done
