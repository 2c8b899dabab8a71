#!/usr/bin/env bash
# Builds the feature `tch` against the pinned torch and holds one of its devices to the default
# backend and to PyTorch: the golden vectors and the training tests on it, equal initial weights and
# close trajectories on both backends, equal roots with one job and with two, and the losses of an
# implementation in PyTorch eager.
#
# usage: ci/tch.sh             libtorch's CPU device, as CI does
#        ci/tch.sh cuda:0      a GPU
set -euo pipefail
cd "$(dirname "$0")/.."
device=${1:-tch-cpu}
eval "$(ci/torch.sh cuda)"
target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo clippy --locked --features tch -- -D warnings
# A GPU has one generator for all threads, and a test no parent that sets its environment.
threads=$([ "$device" = tch-cpu ] && nproc || echo 1)
COUNTERPOISE_DEVICE=$device CUBLAS_WORKSPACE_CONFIG=:4096:8 cargo test --locked --features tch \
    --lib --test golden --test training -- --test-threads "$threads"
# The tests leave the program there.
program=$target/debug/counterpoise
for jobs in 1 2; do
    "$program" suite smoke --device "$device" --jobs $jobs --store "$work/$jobs" \
        --reports "$work/reports-$jobs" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
    (cd "$work/$jobs" && grep -H . ./*/root) >"$work/$jobs.roots"
done
diff "$work/1.roots" "$work/2.roots" || { echo 'the roots differ' >&2; exit 4; }
echo "$device: $(wc -l <"$work/1.roots") roots equal with one job and with two"
"$program" parity smoke --devices cpu "$device"
"$COUNTERPOISE_TORCH/bin/python" benches/peers/compare.py smoke --program "$program" \
    --device "$device" --check-only
