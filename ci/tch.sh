#!/usr/bin/env bash
# Builds the feature `tch` against the pinned torch and holds one of its devices to the default
# backend and to PyTorch: the golden vectors and the training tests on it, equal initial weights and
# close trajectories on both backends, equal roots with one job and with two, a planted fault found by
# `bisect`, and the losses of an implementation in PyTorch eager.
#
# usage: ci/tch.sh             libtorch's CPU device, as CI does
#        ci/tch.sh cuda:0      a GPU
#
# FEATURES, tch where it is not set, is what the tested program is built with.
set -euo pipefail
cd "$(dirname "$0")/.."
device=${1:-tch-cpu}
case $device in tch-cpu | cuda:[0-9]*) ;; *) sed -n '2,11p' "$0" | sed 's/^# \{0,1\}//' >&2; exit 2 ;; esac
# In two lines: the status of a command within `eval` would be lost.
settings=$(ci/torch.sh cuda)
eval "$settings"
target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo clippy --locked --all-targets --features tch -- -D warnings
# A GPU has one generator for all threads, and a test no parent that sets its environment.
threads=$([ "$device" = tch-cpu ] && nproc || echo 1)
COUNTERPOISE_DEVICE=$device CUBLAS_WORKSPACE_CONFIG=:4096:8 cargo test --locked \
    --features "${FEATURES:-tch}" \
    --lib --test golden --test training -- --test-threads "$threads"
# The tests leave the program there.
program=$target/debug/counterpoise
ci/device.sh "$program" "$device" "$work"
"$COUNTERPOISE_TORCH/bin/python" benches/peers/compare.py smoke --program "$program" \
    --device "$device" --check-only
