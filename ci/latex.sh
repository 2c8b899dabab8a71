#!/usr/bin/env bash
# Compiles the tables of reports in an `article` and in two-column IEEEtran, and fails on an error or on
# a box that is too full.
#
# usage: ci/latex.sh [FOLDER..]   reports; the newest of every suite where none is given
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/reports.sh
if ! kpsewhich siunitx.sty >/dev/null 2>&1 || ! kpsewhich IEEEtran.cls >/dev/null 2>&1; then
    apt-get update -q
    apt-get install -y -q --no-install-recommends \
        texlive-latex-recommended texlive-latex-extra texlive-publishers texlive-science lmodern
fi

# The document of a class and its options over the tables of a folder.
document() {
    echo "\\documentclass[$2]{$1}"
    echo '\usepackage[T1]{fontenc}\usepackage{lmodern}'
    echo '\usepackage{booktabs,longtable,array,siunitx}'
    echo '\extrafloats{200}\begin{document}'
    for table in "$3"/tables/*.tex; do
        # What runs over pages stands in an appendix of one column.
        grep -q longtable "$table" && [ "$1" = IEEEtran ] && echo '\clearpage\onecolumn'
        echo "\\input{$(realpath "$table")}\\clearpage"
    done
    echo '\end{document}'
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for folder in "${folders[@]}"; do
    for class in article IEEEtran; do
        options=$([ "$class" = article ] && echo 10pt || echo journal)
        name=$class-$(echo "$folder" | tr / -)
        document "$class" "$options" "$folder" >"$work/$name.tex"
        for _ in 1 2; do
            (cd "$work" && pdflatex -interaction=nonstopmode -halt-on-error "$name.tex" >"$name.out") || {
                tail -30 "$work/$name.out"
                exit 4
            }
        done
        if grep -B1 -A3 'Overfull' "$work/$name.log"; then
            echo "$folder: a table is too wide or too tall for $class" >&2
            exit 4
        fi
        [ -z "${KEEP-}" ] || cp "$work/$name.pdf" "$KEEP"
        echo "$folder: the tables fit $class"
    done
done
