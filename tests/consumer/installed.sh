#!/bin/sh
# Installs the Debian packages into a Debian made for it, uses them there as a
# user would, and removes them:
#
#     sh installed.sh SOURCE PACKAGES
#
# PACKAGES is the folder that packages.sh left them in. The new system comes
# from this machine's mirror, by debootstrap, which only root may run.
set -eu

source=$1
packages=$2
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

skip() {
    echo "$*"
    exit 77
}

# Mounts and processes go with the namespace that they are in, whatever happens;
# the folder has to be removed.
if [ "${3-}" != inside ]; then
    [ "$(id -u)" -eq 0 ] || skip "debootstrap wants to be root"
    command -v debootstrap >/dev/null || skip "there is no debootstrap"
    ls "$packages"/*.deb >/dev/null 2>&1 || skip "$packages has no packages"
    set -- unshare --mount --pid --fork --kill-child
    "$@" true 2>/dev/null || skip "mounting is not allowed here"
    work=$(mktemp -d)
    inner=
    trap '[ -z "$inner" ] || kill -KILL $inner 2>/dev/null || :
        wait
        rm -rf --one-file-system "$work"' EXIT
    trap 'exit 1' HUP INT TERM
    chmod 755 "$work"
    # In the background, as a shell that waits for a command hears no signal.
    "$@" sh "$0" "$source" "$packages" inside "$work" &
    inner=$!
    status=0
    wait $inner || status=$?
    inner=
    exit $status
fi

work=$4
root=$work/root
. /etc/os-release
unset TMPDIR LD_LIBRARY_PATH PYTHONPATH PKG_CONFIG_PATH LIBCNN_LIBRARY \
    CNN_DATA_DIR CC CXX CMAKE_GENERATOR
LC_ALL=C
DEBIAN_FRONTEND=noninteractive
export LC_ALL DEBIAN_FRONTEND

# step TEXT COMMAND...: what it says goes to the log, which is shown if it fails
step() {
    text=$1
    shift
    "$@" >"$work/log" 2>&1 || {
        echo "failed: $text"
        tail -n 50 "$work/log"
        return 1
    }
    echo "$text"
}

# inside: runs the standard input in the new system; from a file, as whatever
# reads its own standard input would take the rest of it, and nothing would fail
inside() {
    cat >"$root/step"
    chroot "$root" sh -eux /step </dev/null
}

# targets FORMAT FILTER...: of Debian's folders that apt reads here
targets() {
    format=$1
    shift
    apt-get indextargets --format "$format" 'Created-By: Packages' \
        'Origin: Debian' "$@"
}

# ------------------------------------------------------------- a new system --
mirror=$(targets '$(REPO_URI)' "Codename: ${VERSION_CODENAME-}" | head -n 1)
[ -n "$mirror" ] || skip "apt knows of no mirror of Debian here"
eval "$(apt-config shell proxy Acquire::http::Proxy)"
[ -z "${proxy-}" ] || export http_proxy="$proxy"
step "a Debian ${VERSION_CODENAME}" \
    debootstrap --variant=minbase "$VERSION_CODENAME" "$root" "$mirror" ||
    skip "debootstrap cannot be had"
targets 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' >"$root/etc/apt/sources.list"
cp /etc/hosts /etc/resolv.conf "$root/etc"
mount -t proc proc "$root/proc"
step "a compiler in it" inside <<'END' || skip "its packages cannot be had"
apt-get -q update
apt-get -qy install --no-install-recommends gcc libc6-dev make cmake pkg-config
END

# --------------------------------------------------------------- installing --
mkdir "$root/packages"
cp "$packages"/*.deb "$root/packages"
step "installed" inside <<'END'
apt-get -qy install --no-install-recommends /packages/*.deb
for deb in /packages/*.deb; do
    dpkg-deb -f $deb Package
done >/names
dpkg -L $(cat /names) | sed -n 's|^/[^.]|&|p' | sort -u >/files
grep -qx /usr/lib/python3/dist-packages/cnn/__init__.py /files
END

# -------------------------------------------------------------------- using --
step "examples/embed" inside <<'END'
cp -r /usr/share/doc/libcnn-doc/examples/embed /embed
cd /embed
make
./bars
cmake -S . -B build
cmake --build build
build/bars
END

step "the programs" inside <<'END'
mkdir /out
cd /out
lenet5_relu --data=drawn --steps=20 --threads=1 --quiet --save=model.safetensors
test -s model.safetensors
cnn-predict --version
for program in $(dpkg -L libcnn-tools | sed -n 's|^/usr/bin/||p'); do
    $program --help
    test -s /usr/share/man/man1/$program.1.gz
done
test -s /usr/share/doc/libcnn-doc/html/index.html
END

# Tiny images, as the documents' own test has them.
python3 -B - "$source/tests/cli" "$root/digits" <<'END'
import pathlib
import sys

cli, folder = sys.argv[1:]
sys.argv[1:] = []
sys.path.insert(0, cli)
import example

example.write_idx(pathlib.Path(folder))
END
step "README's lines of Python" inside <<'END'
cd /digits
sed -n '/^## In Python$/,/^## /{/^```python$/,/^```$/p}' \
    /usr/share/doc/libcnn-doc/README.md | sed '/^```/d' >/lines.py
grep -q 'import cnn' /lines.py
python3 -W error /lines.py
test -s digits.safetensors
python3 -m cnn.examples.lenet5 --help
END

# ----------------------------------------------------------------- removing --
# Folders that others have files in stay.
step "removed without a trace" inside <<'END'
apt-get -qy purge $(cat /names)
while read -r path; do
    if [ -f "$path" ] || [ -L "$path" ]; then
        echo "$path is left"
        exit 1
    elif [ -d "$path" ]; then
        dpkg -S "$path"
    fi
done </files
find / -xdev \( -name '*libcnn*' -o -name '*python3-cnn*' \
    -o -path '*/dist-packages/cnn*' \) -not -path '/packages/*' >/left
cat /left
test ! -s /left
! ldconfig -p | grep libcnn
END
