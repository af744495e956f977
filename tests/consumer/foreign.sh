#!/bin/sh
# Builds libcnn for another kind of machine and runs there, under qemu, the tests
# of what depends on it, bytes and sizes:
#
#     CC=... sh foreign.sh ARCH SOURCE SAVER
#
#     s390x    64 bits, the most significant byte first
#     i386     32 bits; with SSE2, as x87's registers round otherwise
#     arm64    vectors that are not those of x86
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

type=Release
case $arch in
s390x) machine=s390x emulated=s390x flags= ;;
i386) machine=i686 emulated=i386 flags='-msse2 -mfpmath=sse' ;;
arm64)
    machine=aarch64 emulated=aarch64 flags=
    # gcc 12.2 for arm64 does not survive -O3 of one of the tests.
    type=RelWithDebInfo
    ;;
*)
    echo "unknown architecture $arch"
    exit 1
    ;;
esac
compiler=$machine-linux-gnu-gcc
qemu=qemu-$emulated-static
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
    # A mirror may be half renewed; what there is may be enough.
    APT_CONFIG=$work/apt/conf apt-get -q update || :
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
library=$(dirname "$root"/usr/lib/*/openblas-serial)
ln -s openblas-serial/libopenblas.so.0 "$library"

# ----------------------------------------------------------------- building --
# Python's tests and the packages are about this machine.
{
    PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$library/pkgconfig \
        cmake -S "$source" -B "$work/build" -DCMAKE_BUILD_TYPE=$type \
        -DCNN_WERROR=ON -DBUILD_SHARED_LIBS=OFF -DCNN_WITH_PYTHON=OFF \
        -DCNN_INSTALL=OFF -DCNN_BUILD_TESTS=ON \
        -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=$machine \
        -DCMAKE_C_COMPILER=$compiler -DCMAKE_C_FLAGS="$flags" \
        -DCMAKE_SYSROOT="$root" -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER \
        -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY \
        -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY \
        -DCMAKE_CROSSCOMPILING_EMULATOR="$qemu;-L;$root" \
        -DCBLAS_LIBRARY="$library/openblas-serial/libopenblas.so" &&
        cmake --build "$work/build" --parallel 2
} >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}

if [ "$arch" = arm64 ]; then
    # Vectors of the language become those of the machine.
    for kernel in small elementwise winograd; do
        object=$(find "$work/build" -path '*baseline*' -name "$kernel.c.o")
        vectors=$($machine-linux-gnu-objdump -d "$object" |
            grep -cE '(fmla|fmul|fadd).*\.4s' || :)
        echo "$kernel: $vectors instructions on four floats"
        [ "$vectors" -gt 0 ] || exit 1
    done
fi

# ------------------------------------------------------- each other's files --
cat >"$work/saver" <<END_OF_SAVER
#!/bin/sh
exec $qemu -L "$root" "$work/build/tests/saver" "\$@"
END_OF_SAVER
chmod 755 "$work/saver"
OPENBLAS_NUM_THREADS=1
export OPENBLAS_NUM_THREADS
if [ "$arch" = i386 ]; then
    # Of qemu's processor OpenBLAS takes kernels with 3DNow!, which end with a
    # fault there.
    OPENBLAS_CORETYPE=Prescott
    export OPENBLAS_CORETYPE
fi
cd "$work"

# same A B TEXT
same() {
    cmp "$1" "$2" && echo "equal: $3"
}

"$saver" write model 0.7 note 'a text' classes '["T-shirt", "größe"]'
./saver write model.foreign 0.7 note 'a text' classes '["T-shirt", "größe"]'
same model model.foreign "a model that each saved"
# Parameters of all kinds: of trainings, whose last digits may differ.
"$saver" train here 7 >log
./saver train foreign 7 >log
for from in here foreign; do
    for step in copy again; do
        "$saver" $step $from $from.$step.here
        ./saver $step $from $from.$step.foreign
        same $from.$step.here $from.$step.foreign \
            "a training, saved $from, after $step"
    done
    same $from $from.again.here "a training, saved $from, and itself"
done
"$saver" train foreign 9 >log
./saver train here 9 >log
echo "each went on with the other's training"

# -------------------------------------------------------------------- tests --
# What the machine runs itself: Python, which is asked below for saver, and
# check_tree. And these, which are about arithmetic alone and take more than 15
# seconds on s390x under qemu, where a float instruction is a function call; on
# arm64 it is arithmetic that is to be seen:
elsewhere='check_tree|test_model_file|test_atomic_save'
slow='test_conv2d_winograd|test_dense|test_divergence|test_exp|test_gemm'
broken=none
[ "$arch" != arm64 ] || slow=none
if [ "$arch" = i386 ]; then
    # It ends with a fault after its signal handler has returned, under this
    # qemu alone: whose fault that is is not known.
    broken=test_trainer_cancel
    echo "left out: test_trainer_cancel, which does not end well under $qemu"
fi
ctest --test-dir build -j2 --output-on-failure -L '^(unit|fault|golden)$' \
    -E "^($elsewhere|$slow|$broken)(_|\$)" >log 2>&1 || {
    cat log
    exit 1
}
grep 'tests passed' log
python3 -B "$source/tests/unit/test_model_file.py" "$work/saver" >log 2>&1 || {
    cat log
    exit 1
}
echo "a foreign model is what docs/model-format.md says"
