#!/usr/bin/env bash
# Proves that the CPU backend gives one set of bits: trains the same runs under everything that
# must not matter, and demands that every root is equal.
#
#   jobs, threads, debug and release, locale, time zone, home, working directory, environment,
#   memory allocator, address layout, the C library's choice of instructions, the geometry of the
#   first-level cache, an emulated Haswell, and the most capable processor that can be emulated.
#
# An emulated Nehalem, which has neither AVX2 nor FMA, must say that it is of another class.
#
# usage: ci/determinism.sh [--slice]
#   --slice   emulate a few runs only: minutes instead of half an hour
#
# Emulation needs qemu-x86_64; changing the cache geometry needs the right to mount (root).
# What cannot be done here is said, not passed over.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
slice='strategy=ogm-ge*,seed=0'
[ "${1-}" = --slice ] || slice=''

# The runs whose long sums used to depend on the cache: quick's inputs of 588 values.
long='dataset=cg-mnist,fusion=concat,strategy=opm,seed=0'

cargo build --locked --quiet
cargo build --locked --quiet --release
debug=$target/debug/counterpoise
release=$target/release/counterpoise

# train NAME FILTER PREFIX.. -- ARGUMENT..: trains smoke, or what the filter keeps of it, in a
# store of its own; PREFIX comes before the program.
train() {
    local name=$1 filter=$2 prefix=()
    shift 2
    while [ "$1" != -- ]; do prefix+=("$1"); shift; done
    shift
    "${prefix[@]}" "${program:-$debug}" suite "${suite:-smoke}" ${filter:+--filter "$filter"} \
        --suites "$repository/suites" --data "$repository/data" \
        --store "$work/$name" --reports "$work/reports-$name" "$@" >/dev/null 2>"$work/$name.log" ||
        { cat "$work/$name.log" >&2; exit 1; }
    (cd "$work/$name" && grep -H . ./*/root) >"$work/$name.roots"
}

# same NAME WANTED: every root of NAME must be that of WANTED.
same() {
    local strange
    strange=$(grep -vxF -f "$work/$2.roots" "$work/$1.roots" || true)
    if [ -n "$strange" ]; then
        echo "$1: other roots than $2" >&2
        echo "$strange" >&2
        exit 4
    fi
    echo "$1: $(wc -l <"$work/$1.roots") roots equal to those of $2"
}

train native '' -- --jobs 1
echo "native: $(wc -l <"$work/native.roots") runs"

train two-jobs '' -- --jobs 2 && same two-jobs native
train eight-jobs '' -- --jobs 8 && same eight-jobs native
train one-core '' taskset -c 0 -- && same one-core native
program=$release train release '' -- && same release native
train other-locale '' env LC_ALL=tr_TR.UTF-8 LANG=de_DE.UTF-8 TZ=Pacific/Kiritimati -- &&
    same other-locale native
train no-environment '' env -i HOME=/nonexistent -- && same no-environment native
(cd / && train other-folder '' --) && same other-folder native
train other-allocator '' env COUNTERPOISE_FILL_MEMORY=165 MALLOC_PERTURB_=165 -- &&
    same other-allocator native
train fixed-addresses '' setarch -R -- && same fixed-addresses native
train plain-c-library '' env GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F -- &&
    same plain-c-library native

# cache SIZE WAYS COMMAND..: runs a command that sees another first-level data cache.
cache() {
    echo "$1" >"$work/size" && echo "$2" >"$work/ways"
    # shellcheck disable=SC2016
    unshare -m bash -c '
        for level in /sys/devices/system/cpu/cpu[0-9]*/cache/index0; do
            mount --bind "$0/size" "$level/size" &&
                mount --bind "$0/ways" "$level/ways_of_associativity" || exit 1
        done
        exec "${@:3}"' "$work" "$@"
}
export -f cache
export work
if cache 32K 8 true 2>/dev/null; then
    for geometry in '32K 8' '48K 12' '64K 4'; do
        suite=quick train "cache-${geometry% *}" "$long" \
            bash -c "cache $geometry \"\$@\"" cache --
    done
    same cache-48K cache-32K
    same cache-64K cache-32K
else
    echo 'cache geometry: not tried, for want of the right to mount'
fi

if ! command -v qemu-x86_64 >/dev/null; then
    echo 'emulation: not tried, for want of qemu-x86_64'
    exit 0
fi
for model in Haswell max; do
    train "emulated-$model" "$slice" -- --runner "qemu-x86_64 -cpu $model"
    same "emulated-$model" native
done
train emulated-Nehalem 'strategy=ogm-ge,fusion=sum,seed=0' -- --runner 'qemu-x86_64 -cpu Nehalem'
grep -q 'lacks AVX2 or FMA' "$work"/emulated-Nehalem/*/log.txt
grep -q '"isa":"below x86-64-v3"' "$work"/emulated-Nehalem/*/record.json
echo 'emulated-Nehalem: of another class, and says so'
echo 'every root is equal'
