#!/bin/sh
# Installs the Debian packages that are missing:
#
#     sh cmake/bootstrap.sh examples|mpi|tests|deep|npm|fashion...
#
# Says nothing if nothing is missing. Where it may not install, it prints the
# command that would and fails.
set -eu

# A package, or PACKAGE=COMMAND where it does not matter which package the
# command comes from.
build='gcc=gcc libc6-dev cmake=cmake ninja-build=ninja pkg-config=pkg-config
    libopenblas-dev zlib1g-dev libjansson-dev librandom123-dev'
examples='libgdk-pixbuf-2.0-dev shared-mime-info gnuplot-nox=gnuplot
    fonts-dejavu-core'
# Any MPI; Debian's first one if there is none.
mpi='libopenmpi-dev=mpicc openmpi-bin=mpiexec'
tests='g++=g++ make=make binutils=nm strace=strace valgrind=valgrind
    libcmocka-dev dataset-fashion-mnist python3=/usr/bin/python3 clang=clang
    libclang-rt-14-dev clang-format=clang-format help2man=help2man
    doxygen=doxygen python3-numpy mypy=mypy locales'
deep='dpkg-dev=dpkg-shlibdeps file=file lintian=lintian
    abigail-tools=abidiff gcovr=gcovr libblas3 libopenblas0-pthread libopenblas0-openmp
    libopenblas0-serial libblis4-pthread libblis4-openmp libblis4-serial
    libatlas3-base debootstrap=debootstrap
    gcc-s390x-linux-gnu=s390x-linux-gnu-gcc
    gcc-i686-linux-gnu=i686-linux-gnu-gcc
    gcc-aarch64-linux-gnu=aarch64-linux-gnu-gcc
    qemu-user-static=qemu-s390x-static
    libopenmpi-dev openmpi-bin libmpich-dev mpich python3-mpi4py iproute2=tc'

wanted=
for group; do
    case $group in
    examples) wanted="$wanted $build $examples" ;;
    mpi) wanted="$wanted $mpi" ;;
    tests) wanted="$wanted $build $examples $mpi $tests" ;;
    deep) wanted="$wanted $deep" ;;
    npm) wanted="$wanted ca-certificates npm=npm" ;;
    fashion) wanted="$wanted dataset-fashion-mnist" ;;
    *)
        echo "usage: sh cmake/bootstrap.sh examples|mpi|tests|deep|npm|fashion..." >&2
        exit 64
        ;;
    esac
done

say() {
    echo "bootstrap: $*" >&2
}

if ! command -v dpkg-query >/dev/null; then
    say "no Debian here, so nothing is installed; should something be" \
        "missing, these are Debian's names for what is needed:"
    echo $wanted >&2
    exit 0
fi

installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' |
    sed -n 's/^ii  *//p')
missing=
for entry in $wanted; do
    package=${entry%%=*}
    if [ "$entry" != "$package" ]; then
        command -v "${entry#*=}" >/dev/null && continue
    fi
    echo "$installed" | grep -qx "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    root='sudo -n'
else
    say "packages are missing; please install them and start again:"
    echo "    sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

say "installing$missing"
# A list that cannot be renewed may still be good enough.
$root apt-get -qq update >&2 || say "the package lists could not be renewed"
$root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y install --no-install-recommends $missing >&2 || {
    say "these could not be installed:$missing"
    exit 1
}
