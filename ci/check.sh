#!/usr/bin/env bash
# Trains a suite afresh and holds it to its accepted baseline, for any CI service: exits as `check`
# does, and leaves the verdict as JSON, JUnit XML and Markdown.
#
# usage: ci/check.sh [SUITE] [FOLDER] [OPTION..]
#   SUITE   smoke where none is given
#   FOLDER  where the files go: target/check
#   OPTION  for `check`, in place of --exact
set -euo pipefail
cd "$(dirname "$0")/.."
suite=${1:-smoke}
folder=${2:-target/check}
options=("${@:3}")
[ ${#options[@]} -gt 0 ] || options=(--exact)

mkdir -p "$folder"
# Not those of an earlier check, should this one not even build.
rm -f "$folder/$suite".{json,xml,md}
cargo run --locked --quiet -- check "$suite" "${options[@]}" \
    --output "$folder/$suite.json" --output "$folder/$suite.xml" --output "$folder/$suite.md"
