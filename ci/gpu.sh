#!/usr/bin/env bash
# Measures what needs a GPU, on a machine without Rust and without a network: what is needed is
# gathered here and carried there.
#
# usage: ci/gpu.sh pack FOLDER               builds with `tch` and fills FOLDER (about 60 MB packed)
#        FOLDER/gpu.sh measure OUT [DEVICE]  there: DEVICE is cuda:0 where none is given
#
# `measure` needs a Python with torch 2.11.0: that of PATH, or the one that PYTHON names. It takes 25
# minutes at most, or the seconds that LIMIT says; every step has a share of that, a step that fails or
# runs out of it is told, and the others go on. OUT gets a log of every step, `summary.txt`, and the
# report of `full` where all of its runs ended. A store that is there already is gone on with. Exit 4
# where a step failed.
set -euo pipefail
usage() { sed -n '2,12p' "$0" | sed 's/^# \{0,1\}//' >&2; exit 2; }

pack() {
    cd "$(dirname "$0")/.."
    local folder=$1 settings binary
    mkdir -p "$folder/tests"
    settings=$(ci/torch.sh cuda)
    eval "$settings"
    cargo build --locked --features tch
    cp "${CARGO_TARGET_DIR:-target}/debug/counterpoise" "$folder/counterpoise"
    # The tests look for their files where they were built.
    cargo test --locked --features tch --lib --test golden --test training --no-run \
        --message-format json 2>/dev/null |
        python3 -c '
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["profile"]["test"]:
        print(message["executable"])
' | while read -r binary; do
        cp "$binary" "$folder/tests/$(basename "$binary" | sed 's/-[0-9a-f]*$//')"
    done
    pwd >"$folder/built-in"
    strip "$folder/counterpoise" "$folder"/tests/*
    for data in mfeat watch av-digits cg-mnist; do
        "$folder/counterpoise" data prepare "$data" --data "$folder/data" >&2
    done
    rm -rf "$folder/data/raw"
    cp -r suites benches/peers "$folder/"
    mkdir -p "$folder/tree/tests"
    cp -r tests/golden tests/training "$folder/tree/tests/"
    cp -r suites "$folder/tree/"
    cp "$0" "$folder/gpu.sh"
    du -sh "$folder" >&2
}

measure() {
    local here out=$1 device=${2:-cuda:0} python=${PYTHON:-python3} site started failed=0
    here=$(cd "$(dirname "$0")" && pwd)
    mkdir -p "$out"
    out=$(cd "$out" && pwd)
    site=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))')
    export LD_LIBRARY_PATH=$site/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export CUBLAS_WORKSPACE_CONFIG=:4096:8 COUNTERPOISE_DEVICE=$device
    local program=$here/counterpoise
    local data=(--data "$here/data" --suites "$here/suites")
    local built
    built=$(cat "$here/built-in")
    [ -e "$built" ] || { mkdir -p "$(dirname "$built")" && ln -s "$here/tree" "$built"; }
    started=$SECONDS
    : >"$out/summary.txt"

    # step NAME LIMIT COMMAND..: runs it with so many seconds at most.
    step() {
        local name=$1 limit=$2 begun=$SECONDS status=0
        shift 2
        local left=$((${LIMIT:-1500} - (SECONDS - started)))
        [ "$limit" -le "$left" ] || limit=$left
        [ "$limit" -gt 0 ] || { echo "$name: no time left" | tee -a "$out/summary.txt"; failed=4; return 0; }
        timeout -k 10 "$limit" "$@" >"$out/$name.log" 2>&1 || status=$?
        case $status in
        0) echo "$name: passed in $((SECONDS - begun)) s" ;;
        124 | 137) echo "$name: stopped after $limit s" ;;
        *) echo "$name: failed with status $status in $((SECONDS - begun)) s" ;;
        esac | tee -a "$out/summary.txt"
        [ $status = 0 ] || failed=4
    }

    step doctor 60 "$program" doctor --device "$device"
    local test
    for test in "$here"/tests/*; do
        step "tests-$(basename "$test")" 240 "$test" --test-threads 1
    done
    local jobs
    for jobs in 1 2; do
        step "smoke-$jobs" 120 "$program" suite smoke --device "$device" --jobs "$jobs" "${data[@]}" \
            --store "$out/smoke-$jobs" --reports "$out/reports-smoke-$jobs"
        (cd "$out/smoke-$jobs" && grep -H . ./*/root) >"$out/smoke-$jobs.roots" || true
    done
    step equal-roots 10 diff "$out/smoke-1.roots" "$out/smoke-2.roots"
    step parity 120 "$program" parity smoke --devices cpu "$device" "${data[@]}"
    local part='dataset=mfeat,fusion=concat,seed=0|1'
    for jobs in 1 2 4 8 16; do
        step "packing-$jobs" 90 "$program" suite full --filter "$part" --device "$device" \
            --jobs "$jobs" "${data[@]}" --store "$out/packing-$jobs" --reports "$out/reports-packing-$jobs"
    done
    step peers 420 "$python" "$here/peers/compare.py" "$here/suites/full.yaml" \
        --data "$here/data" --program "$program" --device "$device" --tolerance 1e-3 \
        --filter 'dataset=mfeat|watch,fusion=concat,strategy=joint|ogm|ogm-ge|opm,seed=0' --whole --rounds 2
    # What time is left; the store can be gone on with.
    step full 1500 "$program" suite full --device "$device" "${data[@]}" \
        --store "$out/full" --reports "$out/reports"
    exit $failed
}

case ${1-} in
pack) [ $# = 2 ] || usage; pack "$2" ;;
measure) [ $# = 2 ] || [ $# = 3 ] || usage; measure "${@:2}" ;;
*) usage ;;
esac
