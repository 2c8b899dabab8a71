#!/usr/bin/env bash
# Holds a device to itself and to the default backend: equal roots of smoke with one job and with two, a
# planted fault found by `bisect`, equal initial weights and close trajectories on both backends.
#
# usage: ci/device.sh PROGRAM DEVICE FOLDER     FOLDER/1 and FOLDER/2 become the stores of smoke
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# = 3 ] || { sed -n '2,5p' "$0" | sed 's/^# \{0,1\}//' >&2; exit 2; }
program=$1 device=$2 work=$3

for jobs in 1 2; do
    "$program" suite smoke --device "$device" --jobs $jobs --store "$work/$jobs" \
        --reports "$work/reports-$jobs" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
    (cd "$work/$jobs" && grep -H . ./*/root) >"$work/$jobs.roots"
done
diff "$work/1.roots" "$work/2.roots" || { echo 'the roots differ' >&2; exit 4; }
echo "$device: $(wc -l <"$work/1.roots") roots equal with one job and with two"
# A planted fault is found at its step, and both runs are reproduced first.
filter=fusion=sum,strategy=ogm,seed=0
"$program" suite smoke --filter "$filter" --device "$device" --store "$work/planted" \
    --plant lr@9=0.5 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
run=$(basename "$(dirname "$work"/planted/*/root)")
"$program" bisect "$work/1/$run" "$work/planted/$run" >"$work/found" && exit 4
cat "$work/found"
grep -q 'at step 9$' "$work/found" && ! grep -q 'not reproduced' "$work/found" || exit 4
"$program" parity smoke --devices cpu "$device"
