#!/bin/sh
# Tries abi.sh in clones of the source whose last tag is its last commit: what is
# as it was passes, what a release may not do is found, and a new
# CNN_ABI_VERSION allows it.
#
#     CC=... sh abi_tag.sh SOURCE
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
status=0

command -v abidiff >/dev/null || {
    echo "there is no abidiff (abigail-tools)"
    exit 77
}
command -v git >/dev/null || {
    echo "there is no git"
    exit 77
}

# The source as it is, whether or not it is in git.
mkdir "$tree"
(cd "$1" && tar c --exclude=./build --exclude=./.git .) | tar x -C "$tree"
in_tree() {
    git -C "$tree" -c user.name=a -c user.email=a@b.invalid \
        -c commit.gpgsign=false "$@"
}
in_tree init -q
in_tree add -A
in_tree commit -qm release
in_tree tag v0.1.0

# expect TEXT CODE PATTERN: what abi.sh says about the tree, which then is put
# back
expect() {
    code=0
    sh "$tree/tests/consumer/abi.sh" "$tree" >"$work/log" 2>&1 || code=$?
    if [ "$code" -eq "$2" ] && grep -q -e "$3" "$work/log"; then
        echo "$1: $code, as it should"
    else
        echo "$1: $code, expected $2 and '$3':"
        cat "$work/log"
        status=1
    fi
    in_tree reset -q --hard
}

# edit FILE EXPRESSION: by sed, and it has to change something
edit() {
    sed -i "$2" "$tree/$1"
    ! in_tree diff --quiet -- "$1" || {
        echo "$1 is as it was after '$2'"
        exit 1
    }
}

expect "nothing changed" 0 'compatible with v0.1.0'

edit include/cnn/status.h '/^CNN_API cnn_status cnn_last_status/s/^CNN_API //'
expect "a function is gone" 1 cnn_last_status

edit include/cnn/types.h 's/^    int32_t c, h, w;/    int32_t c, d, h, w;/'
expect "a struct has another layout" 1 cnn_shape

edit include/cnn/net.h 's/^    CNN_LOSS_MSE = 1/    CNN_LOSS_MSE = 7/'
expect "a constant has another value" 1 'CNN_LOSS_MSE'

edit include/cnn/status.h '/^CNN_API cnn_status cnn_last_status/s/^CNN_API //'
edit CMakeLists.txt 's/^set(CNN_ABI_VERSION 0)/set(CNN_ABI_VERSION 1)/'
expect "a new version of the ABI" 77 'v0.1.0 has another'

# Without a tag abi.xml stands for it; a description of this tree fits it.
in_tree tag -d v0.1.0 >/dev/null
rm "$tree/tests/consumer/abi.xml"
sh "$tree/tests/consumer/abi.sh" "$tree" renew
in_tree add -A
in_tree commit -qm renewed --allow-empty
expect "abi.xml renewed" 0 'compatible with abi.xml'

exit $status
