#!/usr/bin/env bash
# Builds the feature `tch` against the pinned torch and holds its CPU device to the default backend
# and to PyTorch: the golden vectors and the training tests on libtorch, equal initial weights and
# close trajectories on both backends, equal roots with one job and with two, and the losses of an
# implementation in PyTorch eager.
#
# usage: ci/tch.sh
set -euo pipefail
cd "$(dirname "$0")/.."
eval "$(ci/torch.sh cuda)"
target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo clippy --locked --features tch -- -D warnings
COUNTERPOISE_DEVICE=tch-cpu cargo test --locked --features tch --lib --test golden --test training
# The tests leave the program there.
program=$target/debug/counterpoise
for jobs in 1 2; do
    "$program" suite smoke --device tch-cpu --jobs $jobs --store "$work/$jobs" \
        --reports "$work/reports-$jobs" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
    (cd "$work/$jobs" && grep -H . ./*/root) >"$work/$jobs.roots"
done
diff "$work/1.roots" "$work/2.roots" || { echo 'the roots on tch-cpu differ' >&2; exit 4; }
echo "tch-cpu: $(wc -l <"$work/1.roots") roots equal with one job and with two"
"$program" parity smoke --devices cpu tch-cpu
"$COUNTERPOISE_TORCH/bin/python" benches/peers/compare.py smoke --program "$program" \
    --device tch-cpu --check-only
