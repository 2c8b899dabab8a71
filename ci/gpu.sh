#!/usr/bin/env bash
# Measures what needs a GPU, on a machine without Rust and without a network: what is needed is
# gathered here and carried there.
#
# usage: ci/gpu.sh pack FOLDER [tch|wgpu]    builds with the feature, tch where none is given, and
#                                            fills FOLDER (about 60 MB packed)
#        FOLDER/gpu.sh measure OUT [DEVICE]  there: DEVICE is cuda:0, or gpu of the feature wgpu
#
# `measure` needs a Python with torch 2.11.0 for cuda: that of PATH, or the one that PYTHON names. It
# takes 25 minutes at most, or the seconds that LIMIT says; every step has a share of that, a step that
# fails or runs out of it is told, and the others go on. STEPS names the only ones to take, as a pattern
# of bash. OUT gets a log of every step, `summary.txt`, and the report of `full` where all of its runs
# ended. A store that is there already is gone on with. Exit 4 where a step failed.
set -euo pipefail
usage() { sed -n '2,14p' "$0" | sed 's/^# \{0,1\}//' >&2; exit 2; }

pack() {
    cd "$(dirname "$0")/.."
    local folder=$1 feature=${2:-tch} settings binary
    local cargo=${CARGO:-cargo} options=(--locked --features "$feature")
    case $feature in tch | wgpu) ;; *) usage ;; esac
    mkdir -p "$folder/tests"
    if [ "$feature" = tch ]; then
        settings=$(ci/torch.sh cuda)
        eval "$settings"
    fi
    "$cargo" build "${options[@]}"
    cp "${CARGO_TARGET_DIR:-target}/debug/counterpoise" "$folder/counterpoise"
    "$cargo" test "${options[@]}" --lib --test golden --test training --no-run \
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
    echo "$feature" >"$folder/feature"
    # The tests look for their files where they were built.
    "$cargo" metadata --locked --no-deps --format-version 1 |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["workspace_root"])' >"$folder/built-in"
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
    local here out=$1 device python=${PYTHON:-python3} site started failed=0 feature
    here=$(cd "$(dirname "$0")" && pwd)
    mkdir -p "$out"
    out=$(cd "$out" && pwd)
    feature=$(cat "$here/feature")
    if [ "$feature" = tch ]; then
        device=${2:-cuda:0}
        site=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))')
        export LD_LIBRARY_PATH=$site/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
        export CUBLAS_WORKSPACE_CONFIG=:4096:8
    else
        device=${2:-gpu}
        export NODEVICE_SELECT=1
    fi
    export COUNTERPOISE_DEVICE=$device
    local program=$here/counterpoise
    local data=(--data "$here/data" --suites "$here/suites")
    local built
    built=$(cat "$here/built-in")
    [ -e "$built" ] || { mkdir -p "$(dirname "$built")" && ln -s "$here/tree" "$built"; }
    started=$SECONDS
    : >>"$out/summary.txt"

    # step NAME LIMIT COMMAND..: runs it with so many seconds at most.
    step() {
        local name=$1 limit=$2 begun=$SECONDS status=0
        shift 2
        # shellcheck disable=SC2053  # a pattern
        [[ $name == ${STEPS:-*} ]] || return 0
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

    # suite_of NAME SUITE OPTION..: trains one into a store of the name, and keeps its roots.
    suite_of() {
        local name=$1
        shift
        "$program" suite "$@" --device "$device" "${data[@]}" --store "$out/$name" \
            --reports "$out/reports-$name" || return
        (cd "$out/$name" && grep -H . ./*/root) >"$out/$name.roots"
    }

    # bisected: a fault that is planted in one run is found at its step.
    bisected() {
        local filter=fusion=sum,strategy=ogm,seed=0 run
        suite_of planted smoke --filter "$filter" --plant lr@9=0.5 || return
        run=$(basename "$(dirname "$out"/planted/*/root)")
        "$program" bisect "$out/smoke-1/$run" "$out/planted/$run" "${data[@]:0:2}" >"$out/found" && return 4
        cat "$out/found"
        grep -q 'at step 9$' "$out/found" && ! grep -q 'not reproduced' "$out/found"
    }

    # killed: a suite that is killed over and over ends with the roots of a whole one.
    killed() {
        local filter='dataset=mfeat,fusion=concat' pause
        for pause in 3 5 7; do
            timeout -s KILL $pause "$program" suite smoke --filter "$filter" --device "$device" \
                "${data[@]}" --store "$out/killed" --reports "$out/reports-killed" || true
        done
        suite_of killed smoke --filter "$filter" || return
        grep -F -x -v -f "$out/smoke-1.roots" "$out/killed.roots" && return 4
        return 0
    }

    # Functions run in a shell of their own, which `timeout` can stop.
    export -f suite_of bisected killed
    export program device out
    declare -p data >"$out/settings"
    local shell=(bash -c 'source "$out/settings"; "$@"' shell)

    step doctor 60 "$program" doctor --device "$device"
    local jobs
    for jobs in 1 4; do
        step "smoke-$jobs" 200 "${shell[@]}" suite_of "smoke-$jobs" smoke --jobs "$jobs"
    done
    step equal-roots 10 diff "$out/smoke-1.roots" "$out/smoke-4.roots"
    [ "$feature" = wgpu ] || step peers 300 "$python" "$here/peers/compare.py" "$here/suites/full.yaml" \
        --data "$here/data" --program "$program" --device "$device" --tolerance 1e-3 \
        --filter 'dataset=mfeat|watch,fusion=concat,strategy=joint|ogm|ogm-ge|opm,seed=0'
    step pace 120 "$program" pace full --device "$device" "${data[@]}" \
        --filter 'fusion=concat,strategy=joint|ogm-ge|opm,seed=0'
    step bisect 60 "${shell[@]}" bisected
    step killed 90 "${shell[@]}" killed
    step parity 200 "$program" parity smoke --devices cpu "$device" "${data[@]}"
    local part='dataset=mfeat,fusion=concat,seed=0|1'
    for jobs in 1 4 16; do
        step "packing-$jobs" 90 "${shell[@]}" suite_of "packing-$jobs" full --filter "$part" --jobs "$jobs"
    done
    local test
    for test in "$here"/tests/*; do
        step "tests-$(basename "$test")" 240 "$test" --test-threads 1
    done
    # What time is left; the store can be gone on with.
    step full 1500 "$program" suite full --device "$device" "${data[@]}" \
        --store "$out/full" --reports "$out/reports"
    exit $failed
}

case ${1-} in
pack) [ $# = 2 ] || [ $# = 3 ] || usage; pack "${@:2}" ;;
measure) [ $# = 2 ] || [ $# = 3 ] || usage; measure "${@:2}" ;;
*) usage ;;
esac
