#!/bin/sh
# Compiles each public header by itself, as C99 and as C++11, without a warning:
#
#     CC=... CXX=... sh headers.sh INCLUDE_DIR
set -eu

include=$1
status=0

# alone COMPILER LANGUAGE STANDARD HEADER; twice, for the include guard
alone() {
    # C wants a declaration in each file.
    printf '%s\n' "#include <cnn/$4>" "#include <cnn/$4>" 'typedef int unit;' |
        "$1" -x "$2" "-std=$3" -pedantic -Wall -Wextra -Werror -fsyntax-only \
            -I"$include" - || {
        echo "$4 does not compile alone as $3"
        status=1
    }
}

cxx=true
command -v "$CXX" >/dev/null || {
    echo "there is no C++ compiler"
    cxx=false
    status=77
}
for header in "$include"/cnn/*.h; do
    header=${header##*/}
    [ "$header" != mpi.h ] || continue # it needs MPI: mpi_header
    alone "$CC" c c99 "$header"
    ! $cxx || alone "$CXX" c++ c++11 "$header"
done
exit $status
