#!/usr/bin/env bash
# Computes the statistics of the newest published reports again, by scipy and statsmodels, and reads their
# tables by pandas and polars.
#
# usage: ci/statistics.sh [FOLDER..]   reports; the newest of every suite where none is given
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${COUNTERPOISE_PYTHON:-target/python}
. ci/reports.sh
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import polars, pyarrow, scipy, statsmodels' 2>/dev/null ||
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r ci/requirements.txt
for folder in "${folders[@]}"; do
    "$venv/bin/python" ci/statistics.py "$folder"
    "$venv/bin/python" docs/pivot.py "$folder" >/dev/null
done
