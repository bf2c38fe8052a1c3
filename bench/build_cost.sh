#!/bin/sh
# bench/build_cost.sh [BUILD]: what `portico build` of twenty sources costs beside the bare compiler runs, in processor time,
# each the least of RUNS (3). The target is a ratio of at most 1.15. BUILD: build/optimised.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
tool=$(cd "${1:-$root/build/optimised}" && pwd)/bin/portico-build-driver
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# Twenty sources of the usual size, each with the headers that an adapter driver includes.
cp "$root"/drivers/cable/tables.cpp "$root"/drivers/cable/cable.h .
for i in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19; do
    cat "$root"/drivers/cable/miniport.cpp "$root"/drivers/cable/stream.cpp |
        sed "s/CMiniportMidi/CMiniport${i}/g; s/CreateMiniport/Create${i}Miniport/g; s/\"cable.h\"/\"cable$i.h\"/" >"source$i.cpp"
    sed "s/CMiniportMidi/CMiniport${i}/g; s/CreateMiniport/Create${i}Miniport/g" "$root"/drivers/cable/cable.h >"cable$i.h"
done
"$tool" flags source01.cpp | sed 's/["\\ ]/\\&/g' >flags.rsp

bare() {
    for source in *.cpp; do clang @flags.rsp -c "$source" -o bare.o; done
}
whole() {
    rm -rf out
    "$tool" build -j 1 --no-entry -o out/cable.so . >/dev/null
}
# Puts the ticks of processor time of "$1" and all that it starts, the least of the runs, into `best`. No subshell: the
# shell's own account of its children is what is read.
measure() {
    best=
    for run in $(seq "${RUNS:-3}"); do
        before=$(cut -d ' ' -f 16,17 /proc/$$/stat)
        "$1"
        after=$(cut -d ' ' -f 16,17 /proc/$$/stat)
        ticks=$(printf '%s %s\n' "$before" "$after" | awk '{ print $3 + $4 - $1 - $2 }')
        if [ -z "$best" ] || [ "$ticks" -lt "$best" ]; then best=$ticks; fi
    done
}
measure bare
bare_ticks=$best
measure whole
awk -v bare="$bare_ticks" -v whole="$best" -v hz="$(getconf CLK_TCK)" 'BEGIN {
    printf "20 sources, processor time: compiler alone %.2f s, portico build %.2f s, ratio %.2f (target 1.15)\n", bare / hz, whole / hz, whole / bare
}'
