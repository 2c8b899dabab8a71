#!/usr/bin/env bash
# Builds the feature `wgpu` and holds one of its devices to the default backend: the golden vectors and
# the training tests on it, equal initial weights and close trajectories on both backends, equal roots
# with one job and with two, a planted fault found by `bisect`, and the accepted baseline, to the bit
# where the machine is of its class.
#
# usage: ci/wgpu.sh            the first GPU: on a machine without one, Mesa's software, as CI does
#        ci/wgpu.sh gpu:1      another
#
# FEATURES, wgpu where it is not set, is what the tested program is built with.
set -euo pipefail
cd "$(dirname "$0")/.."
device=${1:-gpu}
case $device in gpu | gpu:[0-9]*) ;; *) sed -n '2,12p' "$0" | sed 's/^# \{0,1\}//' >&2; exit 2 ;; esac
features=${FEATURES:-wgpu}
if [[ $features == *tch* ]]; then
    settings=$(ci/torch.sh cuda)
    eval "$settings"
fi
target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo clippy --locked --all-targets --features wgpu -- -D warnings
# A test has no parent that sets its environment.
COUNTERPOISE_DEVICE=$device NODEVICE_SELECT=1 cargo test --locked --features "$features" \
    --lib --test golden --test training
# The tests leave the program there.
program=$target/debug/counterpoise
"$program" doctor --device "$device" --format json >"$work/doctor.json"
ci/device.sh "$program" "$device" "$work"
# To the bit on a machine of the baseline's class, else within its margin.
exact=$(python3 - "$work/doctor.json" ci/baselines/smoke.wgpu.json <<'END'
import json, sys
doctor, baseline = (json.load(open(path)) for path in sys.argv[1:])
print("--exact" if doctor["class"] == baseline["class"] else "")
END
)
# shellcheck disable=SC2086  # no word, or one
"$program" check smoke --device "$device" --runs "$work/1" $exact
