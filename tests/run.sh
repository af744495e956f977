#!/bin/sh
# Builds everything and runs the tests:
#
#     sh tests/run.sh          all but those that take long
#     sh tests/run.sh deep     those that take long
#
# The first run installs the packages that are missing.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build/tests

case ${1-} in
'') choice=-LE more= ;;
deep) choice=-L more=deep ;;
*)
    echo "usage: sh tests/run.sh [deep]" >&2
    exit 64
    ;;
esac

sh "$root/cmake/bootstrap.sh" tests $more
set -- -DCNN_BUILD_TESTS=ON -DCNN_BUILD_EXAMPLES=ON -DCNN_WITH_MPI=ON
if [ ! -e "$build/CMakeCache.txt" ]; then
    ninja=$(command -v ninja >/dev/null && echo -GNinja || true)
    cmake -S "$root" -B "$build" $ninja -DCMAKE_BUILD_TYPE=Release "$@"
elif [ "$(grep -cE '^CNN_(BUILD_TESTS|BUILD_EXAMPLES|WITH_MPI):BOOL=ON' \
    "$build/CMakeCache.txt")" -ne 3 ]; then
    cmake "$@" "$build" # configured by hand, without them
fi
cmake --build "$build" --parallel "$(nproc)"
cd "$build"
exec ctest --no-tests=error --output-on-failure -j"$(nproc)" "$choice" deep
