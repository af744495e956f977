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
    -DCNN_BUILD_TESTS=ON -DMPI_C_COMPILER=mpicc.mpich \
    -DMPIEXEC_EXECUTABLE="$(command -v mpiexec.mpich)"
quietly cmake --build "$work/build" --parallel 2 \
    --target mpi_ranks --target mpi_speed
readelf -d "$work/build/tests/mpi/mpi_ranks" | grep -q 'NEEDED.*libmpich' || {
    echo "it is not linked with MPICH"
    exit 1
}
ctest --test-dir "$work/build" --no-tests=error --output-on-failure -L mpi \
    -R 'together|refused|single|unready|killed'

# As it is installed.
quietly cmake --build "$work/build" --parallel 2 \
    --target cnn --target cnn_static --target cnn_mpi --target cnn_mpi_static
quietly cmake --install "$work/build" --component cnn_Runtime
quietly cmake --install "$work/build" --component cnn_Development
mkdir "$work/user"
cat >"$work/user/main.c" <<'END'
#include <cnn/mpi.h>

int main(int argc, char **argv)
{
    int level;

    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    cnn_mpi *mpi = cnn_mpi_create(MPI_COMM_WORLD, 0);
    cnn_net *net = cnn_net_create();
    const int right = cnn_mpi_size(mpi) == 2 &&
                      cnn_mpi_broadcast(mpi, net) == CNN_ESTATE;
    cnn_net_free(net);
    cnn_mpi_free(mpi);
    MPI_Finalize();
    return right ? 0 : 1;
}
END
cat >"$work/user/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.21)
project(user LANGUAGES C)
find_package(cnn CONFIG REQUIRED COMPONENTS mpi)
foreach(library mpi mpi_static)
  add_executable(user_${library} main.c)
  target_link_libraries(user_${library} PRIVATE cnn::${library})
endforeach()
END
quietly cmake -S "$work/user" -B "$work/user/build" \
    -DCMAKE_PREFIX_PATH="$work/prefix" -DMPI_C_COMPILER=mpicc.mpich
quietly cmake --build "$work/user/build"
PKG_CONFIG_PATH=$(find "$work/prefix" -name pkgconfig)
export PKG_CONFIG_PATH
quietly cc "$work/user/main.c" -o "$work/user/build/user_pkg_config" \
    $(pkg-config --cflags --libs libcnn-mpi) \
    -Wl,-rpath,"$(pkg-config --variable=libdir libcnn-mpi)"
for program in user_mpi user_mpi_static user_pkg_config; do
    quietly mpiexec.mpich -n 2 "$work/user/build/$program"
done
