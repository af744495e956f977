#!/bin/sh
# Formats all C files in place: sh cmake/format.sh
set -eu

cd "$(dirname "$0")/.."
find include src examples tests -name '*.[ch]' -exec clang-format -i {} +
