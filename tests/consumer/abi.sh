#!/bin/sh
# Compares the ABI with that of the last release:
#
#     CC=... sh abi.sh SOURCE
#
# The last release is the last tag v*. Nothing that a program may rely on may be
# gone or changed, unless CNN_ABI_VERSION says so (docs/contributing.md); what
# has come in between is fine, abi.ignore has the rest. symbols.txt, which the
# gate looks at, is for the names alone: this knows types and signatures too.
set -eu

source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
    echo "$*"
    exit 77
}

command -v abidiff >/dev/null || skip "there is no abidiff (abigail-tools)"
tag=$(git -C "$source" describe --tags --abbrev=0 --match 'v[0-9]*' \
    2>/dev/null) || skip "there is no release yet: no tag v*"

abi_version() {
    sed -n 's/^set(CNN_ABI_VERSION \([0-9]*\))$/\1/p' "$1/CMakeLists.txt"
}

# build SOURCE FOLDER: the shared library with all that abidiff wants to know
build() {
    {
        cmake -S "$1" -B "$2" -DCMAKE_BUILD_TYPE=Debug \
            -DCNN_BUILD_TESTS=OFF -DCNN_BUILD_EXAMPLES=OFF &&
            cmake --build "$2" --parallel 2 --target cnn
    } >"$work/log" 2>&1 || {
        cat "$work/log"
        exit 1
    }
}

mkdir "$work/release"
git -C "$source" archive "$tag" | tar x -C "$work/release"
old=$(abi_version "$work/release")
new=$(abi_version "$source")
[ "$old" = "$new" ] ||
    skip "the ABI is version $new now, $tag had $old: they may differ"

build "$work/release" "$work/old"
build "$source" "$work/new"
if abidiff --no-added-syms \
    --headers-dir1 "$work/release/include" --headers-dir2 "$source/include" \
    --suppressions "$source/tests/consumer/abi.ignore" \
    "$work/old/src/libcnn.so" "$work/new/src/libcnn.so"; then
    echo "the ABI is compatible with $tag"
else
    echo "the ABI differs from $tag: either put it back, or count" \
        "CNN_ABI_VERSION up in CMakeLists.txt"
    exit 1
fi
