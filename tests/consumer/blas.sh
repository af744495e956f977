#!/bin/sh
# Runs the suite with every BLAS that Debian has a package of:
#
#     sh blas.sh BUILD
#
# The programs of BUILD stay as they are: the loader is given another library
# under the name of the BLAS that they were linked with. Which of them are not
# installed is printed, and whoever does not want to install them unpacks the
# packages (apt-get download, dpkg-deb -x) and names that root in CNN_BLAS_ROOT.
#
# The tests that multiply are run. Those of files and damage know no BLAS, and wait
# for the disk; the example programs' results differ in the last digits.
set -eu

build=$1
root=${CNN_BLAS_ROOT-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
triplet=$(${CC:-cc} -print-multiarch)
program=$build/tests/test_gemm
needed=$(readelf -d "$program" |
    sed -n 's/.*(NEEDED).*\[\(lib[a-z]*bl[ai]s.*\)\]/\1/p')
elsewhere='^check_tree$|file|_idx|_gzip|_fashion|_same_kernels_|_exact_conv_'
tested=0
status=0

# with NAME FILE: FILE below the library folder has the symbols of CBLAS
with() {
    for top in "$root" ''; do
        file=$top/usr/lib/$triplet/$2
        [ ! -e "$file" ] || break
    done
    if [ ! -e "$file" ]; then
        echo "$1: not installed"
        return
    fi
    mkdir "$work/$1"
    ln -s "$file" "$work/$1/$needed"
    # Behind it the folder that what it needs itself may be in.
    path=$work/$1:$root/usr/lib/$triplet
    if ! LD_LIBRARY_PATH=$path ldd "$program" |
        grep -q "$needed => $work/$1/"; then
        echo "$1: the programs are not linked with $needed alone"
        status=1
        return
    fi
    tested=$((tested + 1))
    if LD_LIBRARY_PATH=$path ctest --test-dir "$build" -j2 --output-on-failure \
        -L '^(unit|property|golden)$' -E "$elsewhere" \
        >"$work/log" 2>&1; then
        echo "$1: $(grep 'tests passed' "$work/log")"
    else
        echo "$1:"
        cat "$work/log"
        status=1
    fi
}

if [ -z "$needed" ]; then
    echo "the BLAS is not linked as a shared library"
    exit 77
fi
with reference blas/libblas.so.3
with openblas-pthread openblas-pthread/libopenblas.so.0
with openblas-openmp openblas-openmp/libopenblas.so.0
with openblas-serial openblas-serial/libopenblas.so.0
with blis-pthread blis-pthread/libblis.so.4
with blis-openmp blis-openmp/libblis.so.4
with blis-serial blis-serial/libblis.so.4
with atlas atlas/libblas.so.3
if [ $tested -eq 0 ]; then
    echo "none of them is there"
    exit 77
fi
exit $status
