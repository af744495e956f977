#!/bin/sh
# The model of cnn/scaling.h against ranks that are measured: in the memory of
# one machine, and over a link between two network namespaces, which tc holds to
# a rate. Needs root, Open MPI, iproute2 and two cores.
#
#     sh slow_links.sh MPIEXEC PROGRAM [NETWORK...]
set -eu

mpiexec=$1 program=$2
shift 2
[ $# -gt 0 ] || set -- relu sigmoid wide
skip() {
    echo "skipped: $1"
    exit 77
}
[ "$(id -u)" -eq 0 ] || skip "network namespaces are for root"
[ "$(nproc)" -gt 1 ] || skip "there is one core"
command -v ip >/dev/null && command -v tc >/dev/null ||
    skip "there are no ip and tc (Debian: iproute2)"
"$mpiexec" --version 2>&1 | grep -q 'OpenRTE\|Open MPI' ||
    skip "$mpiexec is not of Open MPI"

work=$(mktemp -d)
spaces=cnn-$$
net=10.77.0
clean() {
    for k in 1 2; do
        ip netns del "$spaces-$net.$k" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

# mpiexec starts ranks by this where it would take ssh.
cat >"$work/launch" <<END
#!/bin/sh
space=$spaces-\$1
shift
exec ip netns exec "\$space" sh -c "\$*"
END
# A core for each rank: in two namespaces both would get the first. The group of
# a session has a priority of its own; if others use the machine, little can be
# measured without it.
cat >"$work/pin" <<'END'
#!/bin/sh
exec setsid -w sh -c '
    echo -16 2>/dev/null >/proc/self/autogroup || true
    exec taskset -c "$OMPI_COMM_WORLD_RANK" "$@"' sh "$@"
END
chmod +x "$work/launch" "$work/pin"

for k in 1 2; do
    ip netns add "$spaces-$net.$k" 2>"$work/why" || skip "$(cat "$work/why")"
done
ip link add link1 netns "$spaces-$net.1" type veth \
    peer name link2 netns "$spaces-$net.2" 2>"$work/why" ||
    skip "$(cat "$work/why")"
for k in 1 2; do
    ip -n "$spaces-$net.$k" addr add "$net.$k/24" dev "link$k"
    ip -n "$spaces-$net.$k" link set lo up
    ip -n "$spaces-$net.$k" link set "link$k" up
done

# hold MBITS: the rate of both directions. The bucket is as small as a sender's
# largest packet allows, or a part of each message would be faster.
hold() {
    for k in 1 2; do
        ip netns exec "$spaces-$net.$k" tc qdisc replace dev "link$k" root \
            tbf rate "$1mbit" burst 32kb limit 4mb 2>"$work/why" ||
            skip "$(cat "$work/why")"
    done
}

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OPENBLAS_NUM_THREADS=1
memory() { # RANKS argument...
    ranks=$1
    shift
    timeout 300 "$mpiexec" --bind-to none --mca btl_vader_single_copy_mechanism none \
        -n "$ranks" "$work/pin" "$program" "$@"
}
# Messages of any size are sent without asking the other side first: its answer
# would wait behind what it is sending itself (docs/scaling.md).
link() {
    timeout 300 ip netns exec "$spaces-$net.1" "$mpiexec" --bind-to none \
        --mca plm_rsh_agent "$work/launch" --mca btl tcp,self \
        --mca btl_tcp_if_include "$net.0/24" \
        --mca oob_tcp_if_include "$net.0/24" \
        --mca btl_tcp_eager_limit 16000000 \
        --mca btl_tcp_rndv_eager_limit 16000000 \
        --mca btl_tcp_max_send_size 16000000 \
        -H "$net.1,$net.2" -n 2 "$work/pin" "$program" "$@"
}

failures=0
# Three times, since others may use the machine.
compare() { # WHAT command...
    what=$1
    shift
    for try in 1 2 3; do
        if "$@" >"$work/log" 2>"$work/errors"; then
            echo "$what, $(cat "$work/log")"
            return
        fi
        echo "try $try failed: $what, $(cat "$work/log")"
    done
    cat "$work/errors"
    failures=$((failures + 1))
}

for network; do
    compare memory memory 1 "$network" 0 0 6 50 100 200 400
    compare memory memory 2 "$network" 0 0 6 50 100 200 400
    hold 1000
    compare "1 Gb/s" link "$network" 1000 0 6 50 200 400
    compare "1 Gb/s" link "$network" 1000 500 6 50 200 400
    hold 100
    compare "100 Mb/s" link "$network" 100 0 2 50 200 400
done
[ "$failures" -eq 0 ] || {
    echo "$failures comparisons differ by more than 20 %"
    exit 1
}
