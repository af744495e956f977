#!/bin/sh
# Compares the ABI with that of the last release, or says what it is now:
#
#     CC=... sh abi.sh SOURCE
#     sh abi.sh SOURCE renew      writes tests/consumer/abi.xml
#
# The last release is the last tag v*; as long as there is none, or git does not
# know of any, abi.xml stands for it. Nothing that a program may rely on may be
# gone or changed, unless CNN_ABI_VERSION says so (docs/contributing.md); what
# has come in between is fine, abi.ignore has the rest. symbols.txt, which the
# gate looks at, is for the names alone: this knows types, signatures and the
# values of constants too.
set -eu

source=$1
baseline=$source/tests/consumer/abi.xml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
    echo "$*"
    exit 77
}

command -v abidiff >/dev/null || skip "there is no abidiff (abigail-tools)"
# So that abi.xml holds wherever C's types have the sizes they have on amd64.
[ "$(getconf LONG_BIT)" -eq 64 ] || skip "abi.xml is for 64 bits"

abi_version() {
    sed -n 's/^set(CNN_ABI_VERSION \([0-9]*\))$/\1/p' "$1/CMakeLists.txt"
}

# constants INCLUDE: those of the headers, as comments for a description. No type
# knows of them, as functions take plain integers.
constants() {
    printf '#include <cnn/cnn.h>\n' >"$work/all.c"
    {
        "${CC:-cc}" -E -P -I"$1" "$work/all.c" | tr -s '\n' ' ' |
            grep -o 'CNN_[A-Z0-9_]* = [^,} ]*'
        "${CC:-cc}" -E -dM -I"$1" "$work/all.c" | grep -v CNN_VERSION_ |
            sed -n 's/^#define \(CNN_[A-Z0-9_]*\) \([0-9].*\)/\1 = \2/p'
    } | LC_ALL=C sort | sed 's/.*/<!-- & -->/'
}

# describe SOURCE FILE: what the headers show of the library, and nothing of where
# and by what it was built. What is opaque is a name without contents, for which
# both sides have to be described alike.
describe() {
    rm -rf "$work/build"
    {
        cmake -S "$1" -B "$work/build" -DCMAKE_BUILD_TYPE=Debug &&
            cmake --build "$work/build" --parallel 2 --target cnn &&
            abidw --headers-dir "$1/include" --drop-private-types \
                --exported-interfaces-only --type-id-style hash \
                --no-architecture --no-elf-needed --no-show-locs \
                --no-corpus-path --no-comp-dir-path \
                --out-file "$work/described" "$work/build/src/libcnn.so"
    } >"$work/log" 2>&1 || {
        cat "$work/log"
        exit 1
    }
    {
        sed "s|\( path='\)[^']*/src/|\1src/|" "$work/described"
        constants "$1/include"
    } >"$2"
}

if [ "${2-}" = renew ]; then
    describe "$source" "$baseline"
    exit
fi

new=$(abi_version "$source")
old=$work/old.xml
if tag=$(git -C "$source" describe --tags --abbrev=0 --match 'v[0-9]*' \
    2>/dev/null); then
    mkdir "$work/release"
    git -C "$source" archive "$tag" | tar x -C "$work/release"
    [ "$(abi_version "$work/release")" = "$new" ] ||
        skip "the ABI is version $new now, $tag has another: they may differ"
    describe "$work/release" "$old"
else
    tag=abi.xml
    cp "$baseline" "$old"
    grep -q "soname='libcnn\.so\.$new'" "$old" || {
        echo "the ABI is version $new now, abi.xml has another: renew it"
        exit 1
    }
fi

describe "$source" "$work/new.xml"
status=0
grep '^<!--' "$old" | grep -vxFf "$work/new.xml" >"$work/lost" && {
    echo "these constants are gone or have other values:"
    cat "$work/lost"
    status=1
}
abidiff --no-added-syms --no-show-locs \
    --suppressions "$source/tests/consumer/abi.ignore" \
    "$old" "$work/new.xml" || status=1
if [ $status -eq 0 ]; then
    echo "the ABI is compatible with $tag"
else
    echo "the ABI differs from $tag: either put it back, or count" \
        "CNN_ABI_VERSION up in CMakeLists.txt"
fi
exit $status
