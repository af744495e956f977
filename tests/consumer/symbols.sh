#!/bin/sh
# Looks at the symbols of the libraries:
#
#     CC=... sh symbols.sh LIBCNN.SO LIBCNN.A SOURCE
#
# What the shared library exports is what the headers declare, and is written
# down in symbols.txt: a line that goes, or changes its meaning, breaks the ABI.
set -eu

shared=$1
static=$2
source=$3
list=$source/tests/consumer/symbols.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
LC_ALL=C
export LC_ALL

complain() {
    echo "$1:"
    cat "$work/found"
    status=1
}

# same FILE FILE TEXT
same() {
    diff -U0 "$1" "$2" >"$work/found" || complain "$3"
}

nm -D --defined-only "$shared" | awk '{print $NF}' | sort >"$work/exported"
same "$list" "$work/exported" "libcnn.so exports other symbols than symbols.txt says"

printf '#include <cnn/cnn.h>\n' | "$CC" -E -P -x c -I"$source/include" - |
    grep -o 'cnn_[a-z0-9_]*(' | tr -d '(' | sort -u >"$work/declared"
same "$work/declared" "$work/exported" "libcnn.so exports other symbols than the headers declare"

# Hiding has no effect inside an archive, so the names of internals count too.
nm -g --defined-only "$static" | awk 'NF == 3 {print $3}' |
    grep -v '^cnn_' >"$work/found" && complain "libcnn.a defines names of others"

# What lives outside of objects is a table in docs/design.md.
nm -f sysv --defined-only "$static" | awk -F'|' '
    /^Symbols from/ { match($0, /\[.*\.c\.o\]/)
        file = substr($0, RSTART + 1, RLENGTH - 4) }
    NF >= 7 { gsub(/ /, "") }
    $7 ~ /^\.(data|bss|tdata|tbss)/ && $7 !~ /^\.data\.rel\.ro/ {
        sub(/\..*/, "", $1)
        print ($4 == "TLS" ? "thread" : "process"), file, $1 }' |
    sort -u >"$work/state"
awk -F'|' '$3 ~ /^ (process|thread) $/ {
        gsub(/[` ]/, "")
        sub(/.*\//, "", $2)
        n = split($4, name, ",")
        for (i = 1; i <= n; i++)
            print $3, $2, name[i] }' "$source/docs/design.md" |
    sort -u >"$work/told"
same "$work/told" "$work/state" "docs/design.md does not tell what state there is"

# A library leaves the process, its terminal and its generators of random
# numbers to the program.
nm -D --undefined-only "$shared" | awk '{sub(/@.*/, "", $NF); print $NF}' |
    grep -Ex -e '_?exit|_Exit|quick_exit|abort|__assert(_fail)?|longjmp' \
        -e '_*(v?f?printf|v?dprintf|puts|fputs|putc|fputc|putchar)(_chk)?' \
        -e 'fwrite|perror|psignal|std(in|out|err)|v?syslog|v?(warn|err)x?' \
        -e 'system|popen|v?fork|exec.*|posix_spawnp?' \
        -e 'signal|sigaction|raise|kill|alarm|setitimer' \
        -e 's?rand|rand_r|s?random|[desl]?rand48|setlocale|setenv|putenv' \
        -e '_*v?sprintf(_chk)?|_*str(cpy|cat)(_chk)?|gets|strtok|strerror' \
        -e 'tmpnam|mktemp' \
        >"$work/found" && complain "libcnn.so uses what a library should not"

readelf -d "$shared" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -Ev -e '^lib(open|c)?blas[a-z0-9-]*\.so|^lib(blis|mkl).*\.so' \
        -e '^lib(z|jansson|c|m|pthread)\.so|^ld-linux.*\.so' \
        >"$work/found" && complain "libcnn.so needs more than BLAS, zlib and jansson"

exit $status
