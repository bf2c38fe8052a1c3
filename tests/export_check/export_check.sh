#!/bin/sh
# export_check.sh BUILD_DRIVER DDK LIST_EXPORTS DRIVERLIB NOT_EXPORTED FOLDER
set -eu
build_driver=$1 ddk=$2 list_exports=$3 driverlib=$4 not_exported=$5 folder=$6
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
cd "$folder"
export LC_ALL=C

# The order is a driver's: wdm.h before what builds on it. initguid.h would define every GUID here.
{
    echo '#include <ntddk.h>'
    for header in "$ddk"/*.h "$ddk"/crt/*.h; do
        case $header in
        */initguid.h | */*_guids.h) ;;
        *) echo "#include <$(basename "$header")>" ;;
        esac
    done
} >every_header.cpp
"$build_driver" flags every_header.cpp >flags.txt
sed 's/["\\ ]/\\&/g' flags.txt >flags.rsp
clang @flags.rsp -Xclang -ast-dump -fsyntax-only -fno-color-diagnostics every_header.cpp >ast.txt
awk -f "$here/declared.awk" ast.txt | sort -u >declared.txt

"$list_exports" >exports.txt
"${NM:-llvm-nm}" --defined-only --format=posix "$driverlib" >library.txt
{
    cat exports.txt
    awk '{ print $1 }' library.txt
} | sort -u >available.txt
sed 's/#.*//' "$not_exported" | awk 'NF { print $1 }' | sort >excused.txt

failed=
complain() {
    if [ -s "$1" ]; then
        failed=yes
        echo "$2:"
        sed 's/^/    /' "$1"
    fi
}
awk 'NF == 1 && $1 !~ /^#/' "$not_exported" >without_reason.txt
comm -23 declared.txt available.txt >not_available.txt

# Intrinsics, which the compiler expands in place, have no address.
{
    cat every_header.cpp
    sed 's/.*/void* address_of_& = (void*)\&::&;/' not_available.txt
} >addresses.cpp
clang @flags.rsp -ferror-limit=0 -fsyntax-only addresses.cpp 2>&1 |
    sed -n 's/^addresses.cpp:\([0-9]*\):.*builtin functions must be directly called.*/\1/p' | while read -r line; do
    sed -n "${line}s/void\* address_of_\([A-Za-z0-9_]*\) .*/\1/p" addresses.cpp
done | sort -u >intrinsics.txt
comm -23 not_available.txt intrinsics.txt >lacking.txt
comm -23 lacking.txt excused.txt >unexcused.txt
comm -23 excused.txt lacking.txt >stale.txt
uniq -d excused.txt >twice.txt
complain unexcused.txt "declared in include/ddk but not exported (implement it, or list it with a reason)"
complain stale.txt "listed as not exported, but exported or not declared"
complain without_reason.txt "listed without a reason"
complain twice.txt "listed twice"
[ "$(wc -l <declared.txt)" -gt 100 ] || { echo "only $(wc -l <declared.txt) declarations found: the check itself is broken"; failed=yes; }
echo "$(wc -l <declared.txt) declared, $(wc -l <available.txt) available, $(wc -l <intrinsics.txt) intrinsics, $(wc -l <lacking.txt) lacking, $(wc -l <excused.txt) excused"
[ -z "$failed" ]
