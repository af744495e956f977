#!/bin/sh
# Builds the Debian packages and looks at what is in them:
#
#     CC=... sh packages.sh SOURCE PACKAGES
#
# They are unpacked into a folder; from there the embedded example is built and
# programs are run. packages.txt has the files of each. installed.sh finds them
# in the folder PACKAGES.
set -eu

source=$1
packages=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build=$work/build
root=$work/root
status=0
LC_ALL=C
DEBFULLNAME='The libcnn authors'
DEBEMAIL=libcnn@lists.debian.org
export LC_ALL DEBFULLNAME DEBEMAIL

for tool in doxygen dpkg-deb dpkg-shlibdeps file help2man mpicc; do
    command -v $tool >/dev/null || {
        echo "there is no $tool"
        exit 77
    }
done

# quietly COMMAND...: shows what it says only if it fails
quietly() {
    "$@" >"$work/log" 2>&1 || {
        echo "failed: $*"
        cat "$work/log"
        exit 1
    }
}

complain() {
    echo "$*"
    status=1
}

quietly cmake -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_INSTALL_PREFIX=/usr -DCNN_BUILD_PACKAGES=ON \
    -DCNN_BUILD_EXAMPLES=ON -DCNN_WITH_MPI=ON
quietly cmake --build "$build" --parallel 2
cd "$build"
quietly cpack
rm -rf "$packages"
mkdir -p "$packages"
cp packages/*.deb "$packages"

triplet=$("${CC:-cc}" -print-multiarch)
lib=$root/usr/lib/$triplet
version=$(sed -n 's/^Version: //p' "$build/libcnn.pc")
abi=$(readelf -d "$build/src/libcnn.so" | sed -n 's/.*libcnn\.so\.\([0-9]*\).*/\1/p')

# ----------------------------------------------------------- what is there --
for deb in packages/*.deb; do
    package=$(dpkg-deb -f "$deb" Package)
    # A folder of many files is a line.
    dpkg-deb --fsys-tarfile "$deb" | tar t | sed -n -e 's|^\./||' \
        -e "s|/$triplet/|/TRIPLET/|" -e "s|so\.$version|so.VERSION|" \
        -e "s|\(libcnn[_a-z]*\)\.so\.$abi\$|\1.so.ABI|" \
        -e 's|cnn/[a-z0-9_]*\.h$|cnn/*.h|' -e 's|docs/[A-Za-z.-]*\.md$|docs/*.md|' \
        -e 's|cnn/\(examples/\)*[a-z0-9_]*\.py$|cnn/\1*.py|' \
        -e 's|libcnn-doc/html/.*[^/]$|libcnn-doc/html/*|' \
        -e "/[^/]\$/s|^|$package |p"
    dpkg-deb -x "$deb" "$root"
done | sort -u | sed "s/\(libcnn\|libcnn-mpi\)$abi/\1ABI/g" >"$work/found"
diff -U0 "$source/tests/consumer/packages.txt" "$work/found" ||
    complain "the packages have other files than packages.txt says"
grep -rlF -e "$work" -e "$source" "$root" &&
    complain "these know where they were built"

# depends PACKAGE ON
depends() {
    dpkg-deb -f packages/"$1"_*.deb Depends | grep -q "$2" ||
        complain "$1 does not depend on $2"
}
depends "libcnn$abi" 'libc6 (>= '
depends "libcnn$abi" blas
depends libcnn-dev "libcnn$abi (= $version-1)"
depends libcnn-tools "libcnn$abi (= $version-1)"
depends libcnn-tools libgdk-pixbuf
depends "libcnn-mpi$abi" "libcnn$abi (= $version-1)"
depends "libcnn-mpi$abi" 'libopenmpi3\|libmpich12'
depends libcnn-mpi-dev "libcnn-mpi$abi (= $version-1), libcnn-dev (= $version-1)"
depends libcnn-mpi-dev 'libopenmpi-dev\|libmpich-dev'
dpkg-deb -f packages/libcnn-tools_*.deb Depends | grep -q mpi &&
    complain "the programs need MPI"
depends python3-cnn "libcnn$abi (= $version-1)"
depends python3-cnn 'python3 (>= 3.10), python3-numpy'
for page in "$root"/usr/share/man/man1/*; do
    name=${page##*/}
    name=${name%.1.gz}
    gzip -dc "$page" | grep -q "^\.B $name\$" ||
        complain "$page is not about $name"
    [ -x "$root/usr/bin/$name" ] || complain "there is a page, but no $name"
done

# ------------------------------------------------------------- does it work --
cp -r "$root/usr/share/doc/libcnn-doc/examples/embed" "$work/embed"
cd "$work/embed"
PKG_CONFIG_PATH=$lib/pkgconfig
LD_LIBRARY_PATH=$lib
export PKG_CONFIG_PATH LD_LIBRARY_PATH
quietly make CC="${CC:-cc}"
./bars model || complain "bars failed"
quietly cmake -S . -B build -DCMAKE_PREFIX_PATH="$root/usr"
quietly cmake --build build
build/bars || complain "bars, built with CMake, failed"
mkdir "$work/mpi"
quietly cmake -S "$source/tests/mpi/user" -B "$work/mpi" \
    -DCMAKE_PREFIX_PATH="$root/usr"
quietly cmake --build "$work/mpi"
quietly "${CC:-cc}" "$source/tests/mpi/user/mpi_user.c" \
    -o "$work/mpi/user_pkg_config" $(pkg-config --cflags --libs libcnn-mpi)
for program in user_mpi user_mpi_static user_pkg_config; do
    quietly env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
        OMPI_MCA_rmaps_base_oversubscribe=1 mpiexec -n 2 "$work/mpi/$program"
done
quietly "$root/usr/bin/layers_by_hand" --steps 2
quietly "$root/usr/bin/lenet5_relu" --data drawn --summary
"$root/usr/bin/cnn-predict" --version || complain "cnn-predict failed"
# It takes the library that was unpacked with it.
if ! /usr/bin/python3 -c 'import numpy' 2>"$work/log"; then
    echo "python3 has no numpy: python3-cnn was not tried"
else
    quietly env -u LD_LIBRARY_PATH -u LIBCNN_LIBRARY \
        PYTHONPATH="$root/usr/lib/python3/dist-packages" \
        /usr/bin/python3 -B -W error - "$lib" <<'END'
import sys
import numpy as np
import cnn

assert cnn.lib_path.startswith(sys.argv[1]), cnn.lib_path
labels = np.arange(100) % 2
data = cnn.Dataset(labels[:, None, None] * np.ones((8, 8), np.float32), labels)
net = cnn.Net([cnn.Conv2D(2, 3), cnn.ReLU(), cnn.Dense(2), cnn.Softmax()])
net.fit(data, optimizer=cnn.Adam(1e-2), epochs=20, batch_size=20, seed=1)
assert net.evaluate(data).accuracy == 1
END
fi

# ------------------------------------------------------------------ lintian --
cd "$build/packages"
if ! command -v lintian >/dev/null; then
    echo "there is no lintian: it was not asked"
elif ! lintian --allow-root --fail-on error ./*.deb >"$work/lintian"; then
    cat "$work/lintian"
    complain "lintian found errors"
fi
exit $status
