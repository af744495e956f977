#!/bin/sh
# Builds libcnn for another kind of machine and runs there, under qemu, the tests
# of what depends on it, bytes and sizes:
#
#     CC=... sh foreign.sh ARCH SOURCE SAVER
#
#     s390x    64 bits, the most significant byte first
#     i386     32 bits; with SSE2, as x87's registers round otherwise
#
# SAVER is tests/fault/saver.c built for this machine: what it saves and what the
# foreign one saves must be equal, and each goes on with the other's training.
#
# The libraries come from this machine's mirror of Debian. Only apt and dpkg-deb
# are asked for them, with a state of their own: this machine does not learn of
# the foreign architecture.
set -eu

arch=$1
source=$2
saver=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
    echo "$*"
    exit 77
}

case $arch in
s390x) machine=s390x flags= ;;
i386) machine=i686 flags='-msse2 -mfpmath=sse' ;;
*)
    echo "unknown architecture $arch"
    exit 1
    ;;
esac
compiler=$machine-linux-gnu-gcc
qemu=qemu-$arch-static
for program in $compiler $qemu apt-get dpkg-deb; do
    command -v $program >/dev/null || skip "there is no $program"
done

# ------------------------------------------------------- a root of libraries --
chmod 755 "$work" # apt's own user downloads, if root asks
root=$work/root
mkdir -p "$root" "$work/apt"
: >"$work/apt/status"
apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' | sort -u >"$work/apt/sources.list"
[ -s "$work/apt/sources.list" ] || skip "apt knows of no mirror of Debian here"
cat >"$work/apt/conf" <<END_OF_CONF
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Install-Recommends "false";
Acquire::Languages "none";
Dir::State "$work/apt";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt/cache";
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "-";
END_OF_CONF
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
{
    APT_CONFIG=$work/apt/conf apt-get -q update &&
        APT_CONFIG=$work/apt/conf apt-get -qy --download-only install \
            libopenblas-serial-dev zlib1g-dev libjansson-dev libcmocka-dev \
            librandom123-dev
} >"$work/log" 2>&1 || {
    tail -n 5 "$work/log"
    skip "the libraries for $arch cannot be had"
}
for deb in "$work"/apt/cache/archives/*.deb; do
    dpkg-deb -x "$deb" "$root"
done
# Links that are absolute mean this root, and what alternatives would link.
find "$root" -type l -lname '/*' -printf '%p %l\n' |
    while read -r link target; do
        ln -sfn "$root$target" "$link"
    done
triplet=$(basename "$root"/usr/lib/*/openblas-serial/..)
triplet=$(cd "$root"/usr/lib/*/openblas-serial/.. && basename "$PWD")
blas=$root/usr/lib/$triplet/openblas-serial/libopenblas.so
ln -s openblas-serial/libopenblas.so.0 "$root/usr/lib/$triplet/"
