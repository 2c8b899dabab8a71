#!/usr/bin/env bash
# Builds the feature `tch` against the pinned torch and holds its CPU device to the default
# backend: the golden vectors and the training tests on libtorch, equal initial weights and close
# trajectories on both, and equal roots with one job and with two.
#
# usage: ci/tch.sh
set -euo pipefail
cd "$(dirname "$0")/.."
eval "$(ci/torch.sh cpu)"
# A folder of its own, so that neither build makes the other's dependencies again.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/tch
work=$(mktemp -d)

cargo clippy --locked --features tch --all-targets -- -D warnings
cargo test --locked --features tch --lib --test training
COUNTERPOISE_DEVICE=tch-cpu cargo test --locked --features tch --test golden --test training
cargo build --locked --quiet --features tch
program=$CARGO_TARGET_DIR/debug/counterpoise
for jobs in 1 2; do
    "$program" suite smoke --device tch-cpu --jobs $jobs --store "$work/$jobs" \
        --reports "$work/reports-$jobs"
    (cd "$work/$jobs" && grep -H . ./*/root) >"$work/$jobs.roots"
done
diff "$work/1.roots" "$work/2.roots" || { echo "the roots on tch-cpu differ" >&2; exit 4; }
"$program" parity smoke --devices cpu tch-cpu
