#!/bin/sh
# The build of README.md, by its own words: needs what the library stands on and
# nothing else. What it looks for is read from CMake's trace, and programs that
# only tests, examples and documents need would say that they were called:
#
#     CC=... sh plain.sh SOURCE
#
# Prints how long it took.
set -eu

source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CMAKE_GENERATOR CMAKE_BUILD_TYPE

fail() {
    echo "$*"
    [ ! -e "$work/log" ] || cat "$work/log"
    exit 1
}

# looks_for OPTION...: what the project's own files look for; the status is that
# of cmake
looks_for() {
    status=0
    PATH=$work/bin:$PATH cmake -S "$source" -B "$work/build" \
        --trace-expand --trace-format=json-v1 \
        --trace-redirect="$work/trace" "$@" >"$work/log" 2>&1 || status=$?
    grep -F "\"file\":\"$source/" "$work/trace" |
        sed -n 's/.*"args":\["\([^"]*\)".*"cmd":"\(find_[a-z]*\|pkg_[a-z_]*\)".*/\2 \1/p' |
        LC_ALL=C sort -u
    return $status
}

mkdir "$work/bin"
for name in python3 python pkg-config pkgconf doxygen help2man gnuplot valgrind \
    strace git clang; do
    printf '#!/bin/sh\necho "$0 $*" >>"%s/called"\nexit 1\n' "$work" \
        >"$work/bin/$name"
    chmod +x "$work/bin/$name"
done
cat >"$work/expected" <<'END'
find_library CBLAS_LIBRARY
find_library JANSSON_LIBRARY
find_package CBLAS
find_package Jansson
find_package Threads
find_package ZLIB
find_path CBLAS_INCLUDE_DIR
find_path JANSSON_INCLUDE_DIR
find_path RANDOM123_INCLUDE_DIR
END

# That this would see it: without pkg-config there are no tests.
if looks_for -DCNN_BUILD_TESTS=ON >"$work/found"; then
    fail "tests were configured without pkg-config"
fi
grep -q 'find_package PkgConfig' "$work/found" || fail "nothing was seen"
rm -rf "$work/build" "$work/called"

looks_for >"$work/found" || fail "it cannot be configured"
diff -U0 "$work/expected" "$work/found" ||
    fail "it looks for something else than what the library needs"
begin=$(date +%s)
PATH=$work/bin:$PATH cmake --build "$work/build" --parallel 2 \
    >"$work/log" 2>&1 || fail "it cannot be built"
end=$(date +%s)
[ ! -e "$work/called" ] || {
    cat "$work/called"
    fail "these were called"
}
for folder in tests examples; do
    [ ! -e "$work/build/$folder" ] || fail "$folder were built"
done
cmake --install "$work/build" --prefix "$work/prefix" >"$work/log" ||
    fail "it cannot be installed"
find "$work/prefix" -name 'libcnn.*' | LC_ALL=C sort | sed "s|$work/||"

# The examples to be copied need the library alone; the others are left out.
looks_for -DCNN_BUILD_EXAMPLES=ON >"$work/found" ||
    fail "the examples cannot be configured without pkg-config"
grep -q 'only those in examples/first are built' "$work/log" ||
    fail "it is not said that examples are left out"
PATH=$work/bin:$PATH cmake --build "$work/build" --parallel 2 \
    >"$work/log" 2>&1 || fail "examples/first cannot be built"
for program in "$source"/examples/first/*.c; do
    program=$(basename "$program" .c)
    [ -x "$work/build/examples/$program" ] || fail "$program was not built"
done
[ ! -e "$work/build/examples/lenet5_relu" ] || fail "lenet5_relu was built"

times >"$work/times" # not in a pipe, where it is another shell's
echo "built in $((end - begin)) s with two jobs; processors, with configuring:" \
    "$(tail -n 1 "$work/times")"
