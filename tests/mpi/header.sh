#!/bin/sh
# mpi.h by itself, as headers.sh has the others, and not by way of cnn.h:
#
#     sh header.sh SOURCE MPICC [LIBCNN_MPI.SO]
#
# The library exports what the header declares.
set -eu

printf '%s\n' '#include <cnn/mpi.h>' '#include <cnn/mpi.h>' \
    'typedef int unit;' |
    "$2" -x c -std=c99 -Wall -Wextra -Werror -fsyntax-only -I"$1/include" -
printf '%s\n' '#include <cnn/cnn.h>' '#ifdef CNN_MPI_H' '#error' '#endif' |
    "$2" -x c -std=c99 -fsyntax-only -I"$1/include" -
[ $# -gt 2 ] || exit 0
declared=$("$2" -E -P -x c -I"$1/include" - <"$1/include/cnn/mpi.h" |
    grep -o 'cnn_mpi_[a-z_]*(' | tr -d '(' | LC_ALL=C sort -u)
exported=$(nm -D --defined-only "$3" | awk '{print $NF}' | LC_ALL=C sort)
[ "$declared" = "$exported" ] || {
    printf 'declared:\n%s\nexported:\n%s\n' "$declared" "$exported"
    exit 1
}
