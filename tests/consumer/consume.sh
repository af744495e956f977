#!/bin/sh
# Builds and runs program/ with libcnn the way CASE says:
#
#     CC=... CXX=... sh consume.sh CASE SOURCE BUILD
#
# SOURCE is the checkout of libcnn and BUILD a folder where it is built. Works in
# a temporary folder: CMake refuses to install headers to a place in the source,
# where BUILD may be, and pkg-config knows no paths with spaces.
set -eu

case=$1
source=$2
build=$3
program=$source/tests/consumer/program
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
version=$(awk '/define CNN_VERSION_M/ {v = v sep $3; sep = "."}
    END {print v}' "$source/include/cnn/version.h")

# quietly COMMAND...: shows what it says only if it fails
quietly() {
    "$@" >"$work/log" 2>&1 || {
        echo "failed: $*"
        cat "$work/log"
        exit 1
    }
}

fail() {
    echo "$*"
    exit 1
}

# install BUILD: the components one by one, as packages would
install() {
    for component in cnn_Runtime cnn_Development; do
        quietly cmake --install "$1" --prefix "$prefix" --component $component
    done
}

# build_library OPTION...: libcnn once more, otherwise configured
build_library() {
    quietly cmake -S "$source" -B "$work/libcnn" -DCMAKE_BUILD_TYPE=None \
        -DCMAKE_INSTALL_PREFIX="$prefix" "$@"
    quietly cmake --build "$work/libcnn" --parallel 2
}

# by_cmake WAY TARGET OPTION...
by_cmake() {
    way=$1
    target=$2
    shift 2
    quietly cmake -S "$program" -B "$work/program" -DCMAKE_BUILD_TYPE=None \
        -DCONSUMER_WAY="$way" -DCONSUMER_TARGET="$target" \
        -DCONSUMER_VERSION="$version" -DCONSUMER_SOURCE="$source" \
        -DCMAKE_PREFIX_PATH="$prefix" "$@"
    mv "$work/log" "$work/configured"
    quietly cmake --build "$work/program" --parallel 2
    "$work/program/consumer"
}

# by_pkg_config [--static]
by_pkg_config() {
    pc=$(find "$prefix" -name libcnn.pc)
    PKG_CONFIG_PATH=${pc%/*}
    export PKG_CONFIG_PATH
    flags=$(pkg-config --cflags --libs "$@" libcnn)
    rpath=-Wl,-rpath,$(pkg-config --variable=libdir libcnn)
    # Word splitting is what pkg-config's output is made for.
    quietly "$CC" "$program/main.c" -o "$work/by_pkg_config" $flags "$rpath"
    "$work/by_pkg_config"
}

# linked PROGRAM shared|static: it is linked with libcnn in this way
linked() {
    if readelf -d "$work/$1" | grep -q 'NEEDED.*libcnn\.so'; then
        [ "$2" = shared ] || fail "$1 is linked with libcnn.so"
    else
        [ "$2" = static ] || fail "$1 is not linked with libcnn.so"
    fi
}

case $case in
shared)
    install "$build"
    readelf -d "$prefix"/lib*/libcnn.so | grep -E 'R(UN)?PATH' &&
        fail "the installed library has a run path"
    # It needs nothing else to be found.
    by_cmake find_package cnn::cnn -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON
    linked program/consumer shared
    by_pkg_config
    linked by_pkg_config shared
    ;;
static)
    install "$build"
    by_cmake find_package cnn::cnn_static
    linked program/consumer static
    ;;
static_only) # cnn::cnn is the static library where there is no other
    build_library -DBUILD_SHARED_LIBS=OFF
    install "$work/libcnn"
    by_cmake find_package cnn::cnn
    linked program/consumer static
    by_pkg_config --static
    linked by_pkg_config static
    ;;
moved)
    install "$build"
    mv "$prefix" "$work/elsewhere"
    prefix=$work/elsewhere
    by_cmake find_package cnn::cnn
    linked program/consumer shared
    by_pkg_config
    linked by_pkg_config shared
    ;;
absolute) # folders that are not below the prefix
    build_library -DCMAKE_INSTALL_LIBDIR="$work/elsewhere/lib64" \
        -DCMAKE_INSTALL_INCLUDEDIR="$work/elsewhere/headers"
    install "$work/libcnn"
    prefix=$work/elsewhere
    by_cmake find_package cnn::cnn \
        -Dcnn_DIR="$work/elsewhere/lib64/cmake/cnn"
    linked program/consumer shared
    by_pkg_config
    linked by_pkg_config shared
    ;;
add_subdirectory)
    by_cmake add_subdirectory cnn::cnn
    linked program/consumer shared
    ;;
twice) # two parts of a build that know nothing of each other
    by_cmake twice cnn::cnn -DBUILD_SHARED_LIBS=OFF
    linked program/consumer static
    grep -q 'libcnn .* is in this build already' "$work/configured" ||
        fail "nothing was said about the second one"
    ;;
fetch_content)
    by_cmake fetch_content cnn::cnn -DBUILD_SHARED_LIBS=OFF
    linked program/consumer static
    ;;
embed) # the example that is there to be copied, in both of its ways
    install "$build"
    cp -r "$source/examples/embed" "$work/copy"
    cd "$work/copy"
    PKG_CONFIG_PATH=$(find "$prefix" -name pkgconfig)
    export PKG_CONFIG_PATH
    quietly make CC="$CC"
    linked copy/bars shared
    LD_LIBRARY_PATH=${PKG_CONFIG_PATH%/*} ./bars
    make -s clean
    quietly make CC="$CC" LDFLAGS=-static PKG_CONFIG='pkg-config --static'
    linked copy/bars static
    ./bars
    for kind in cnn cnn_static; do
        quietly cmake -S . -B $kind -DCMAKE_PREFIX_PATH="$prefix" \
            -DBARS_LIBRARY=cnn::$kind
        quietly cmake --build $kind
        $kind/bars
    done
    linked copy/cnn/bars shared
    linked copy/cnn_static/bars static
    ;;
cxx)
    command -v "$CXX" >/dev/null || {
        echo "there is no C++ compiler"
        exit 77
    }
    install "$build"
    by_cmake find_package cnn::cnn_static -DCONSUMER_CXX=ON
    ;;
later_version) # one that is not compatible is not taken
    install "$build"
    if cmake -S "$program" -B "$work/program" -DCONSUMER_WAY=find_package \
        -DCONSUMER_VERSION="${version%.*}.$((${version#*.} + 1))" \
        -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1; then
        fail "a later version was asked for, and $version taken"
    fi
    grep -q "cnn-config.cmake, version: $version" "$work/log" || {
        cat "$work/log"
        fail "it failed, but not because of the version"
    }
    ;;
*)
    fail "unknown case $case"
    ;;
esac
