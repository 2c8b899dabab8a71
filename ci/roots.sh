#!/usr/bin/env bash
# Trains the smoke suite with one job and with two, in a debug and in a release build, and
# demands that every run has the same root everywhere.
#
# usage: ci/roots.sh [--debug-only]
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# smoke BINARY JOBS NAME: trains into a store and a reports folder of its own.
smoke() {
    "$1" suite smoke --jobs "$2" --store "$work/$3" --reports "$work/reports-$3" 2>"$work/$3.log" ||
        { cat "$work/$3.log" >&2; exit 1; }
    (cd "$work/$3" && grep -H . ./*/root) >"$work/$3.roots"
    echo "smoke, $3: $(wc -l <"$work/$3.roots") runs, $(tail -n 2 "$work/$3.log" | head -n 1)"
}

# same A B: compares the roots of two stores.
same() {
    diff "$work/$1.roots" "$work/$2.roots" ||
        { echo "the roots of $1 and $2 differ" >&2; exit 4; }
}

cargo build --locked --quiet
smoke "$target/debug/counterpoise" 1 debug-1-job
smoke "$target/debug/counterpoise" 2 debug-2-jobs
same debug-1-job debug-2-jobs
if [ "${1-}" != --debug-only ]; then
    cargo build --locked --quiet --release
    smoke "$target/release/counterpoise" 2 release-2-jobs
    same debug-1-job release-2-jobs
fi
echo "every root is equal"
