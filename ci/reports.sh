# To be sourced from the root of the repository: `folders` are the reports that are given or, where none is,
# the newest of every suite.
folders=("$@")
if [ ${#folders[@]} -eq 0 ]; then
    for suite in reports/*/; do
        newest=$(ls "$suite" | sed -n 's/^v\([0-9]*\)$/\1/p' | sort -n | tail -1)
        folders+=("${suite}v$newest")
    done
fi
