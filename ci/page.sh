#!/usr/bin/env bash
# Opens the pages of reports in a headless Chromium: filters, sorting, keyboard, accessibility by axe-core.
# Pictures of them lie in target/page afterwards.
#
# usage: ci/page.sh [FOLDER..]   reports; the newest of every suite where none is given
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${COUNTERPOISE_PYTHON:-target/python}
. ci/reports.sh
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$chromium" ]; then
    apt-get update -q && apt-get install -y -q --no-install-recommends chromium
    chromium=$(command -v chromium)
fi
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import playwright' 2>/dev/null ||
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r ci/requirements.txt
axe=target/page/node_modules/axe-core/axe.min.js
[ -f "$axe" ] || npm install --silent --no-audit --no-fund --prefix target/page axe-core@4.14.1
pages=()
for folder in "${folders[@]}"; do
    # Pages of reports that were published before there was something to sort have no script.
    if grep -q '<script>' "$folder/index.html"; then pages+=("$folder/index.html"); fi
done
"$venv/bin/python" ci/page.py "$chromium" "$axe" target/page "${pages[@]}"
