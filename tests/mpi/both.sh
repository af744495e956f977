#!/bin/sh
# The tests of libcnn_mpi with Debian's other MPI, and a program that is built
# with what is installed, by CMake and pkg-config:
#
#     sh both.sh SOURCE
set -eu

source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v mpicc.mpich >/dev/null && command -v mpiexec.mpich >/dev/null || {
    echo "there is no MPICH"
    exit 77
}
quietly() {
    "$@" >"$work/log" 2>&1 || {
        echo "failed: $*"
        cat "$work/log"
        exit 1
    }
}
quietly cmake -S "$source" -B "$work/build" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_INSTALL_PREFIX="$work/prefix" -DCNN_WITH_MPI=ON \
    -DCNN_BUILD_TESTS=ON -DCNN_BUILD_EXAMPLES=ON \
    -DMPI_C_COMPILER=mpicc.mpich \
    -DMPIEXEC_EXECUTABLE="$(command -v mpiexec.mpich)"
quietly cmake --build "$work/build" --parallel 2 \
    --target mpi_create mpi_ranks mpi_speed lenet5_relu lenet5_alone lenet5_sweep denoise
readelf -d "$work/build/tests/mpi/mpi_ranks" | grep -q 'NEEDED.*libmpich' || {
    echo "it is not linked with MPICH"
    exit 1
}
ctest --test-dir "$work/build" --no-tests=error --output-on-failure -L mpi \
    -R 'together|refused|single|unready|killed|programs'

# Python's mpi4py is of Debian's first MPI.
if ! /usr/bin/python3 -c 'import numpy, mpi4py' 2>/dev/null; then
    echo "there is no mpi4py: it was not asked"
else
    quietly cmake --build "$work/build" --parallel 2 --target cnn_mpi
    quietly env LIBCNN_LIBRARY="$work/build/src/libcnn.so.0" \
        LIBCNN_MPI_LIBRARY="$work/build/src/mpi/libcnn_mpi.so.0" \
        OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
        /usr/bin/python3 -B "$source/tests/mpi/python_ranks.py" another_mpi
fi

# As it is installed.
quietly cmake --build "$work/build" --parallel 2 \
    --target cnn --target cnn_static --target cnn_mpi --target cnn_mpi_static
for component in Runtime Development MpiRuntime MpiDevelopment; do
    quietly cmake --install "$work/build" --component cnn_$component
done
user=$work/user
quietly cmake -S "$source/tests/mpi/user" -B "$user" \
    -DCMAKE_PREFIX_PATH="$work/prefix" -DMPI_C_COMPILER=mpicc.mpich
quietly cmake --build "$user"
PKG_CONFIG_PATH=$(find "$work/prefix" -name pkgconfig)
export PKG_CONFIG_PATH
quietly cc "$source/tests/mpi/user/mpi_user.c" -o "$user/user_pkg_config" \
    $(pkg-config --cflags --libs libcnn-mpi) \
    -Wl,-rpath,"$(pkg-config --variable=libdir libcnn-mpi)"
for program in user_mpi user_mpi_static user_pkg_config; do
    quietly mpiexec.mpich -n 2 "$user/$program"
done
