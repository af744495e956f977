#!/bin/sh
# The version is written down in version.h. CMake, the .pc file, the Python package
# and the changelog must say the same (and what the library says, test_version looks at):
#
#     sh version.sh SOURCE CMAKE_VERSION LIBCNN.PC
set -eu

source=$1
header=$(awk '/define CNN_VERSION_M|define CNN_VERSION_P/ {
    v = v sep $3; sep = "."} END {print v}' "$source/include/cnn/version.h")
status=0

says() {
    [ "$2" = "$header" ] && return
    echo "version.h says $header, $1 says '$2'"
    status=1
}

says CMake "$2"
says libcnn.pc "$(sed -n 's/^Version: //p' "$3")"
says src/python/cnn/_version.py "$(sed -n 's/^VERSION = "\(.*\)"$/\1/p' \
    "$source/src/python/cnn/_version.py")"
says docs/CHANGELOG.md "$(sed -n 's/^## \[\([0-9.]*\)\].*/\1/p' \
    "$source/docs/CHANGELOG.md" | head -n 1)"
exit $status
