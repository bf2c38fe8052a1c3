#!/bin/sh
# pkg_config.sh BUILD SOURCE CXX: a program built by hand against the installed package, as pkg-config says, with the static
# and with the shared library; each plays a note. Needs package.driver_project's install tree.
set -eu
build=$1 source=$2 cxx=$3
prefix=$build/package/prefix
work=$build/package/pkg-config
mkdir -p "$work"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name portico.pc)")
libraries=$(dirname "$PKG_CONFIG_PATH")
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags portico)
link=$(pkg-config --libs portico)
driver=$libraries/portico/drivers/mpu401.so
program=$source/tests/package/one_note.cpp
# shellcheck disable=SC2086 # words
"$cxx" $flags "$program" $link -Wl,-rpath,"$libraries" -o "$work/shared"
"$cxx" $flags "$program" "$libraries/libportico.a" -lboost_context -lfmt -ldl -o "$work/static"
ldd "$work/shared" | grep -q libportico.so
ldd "$work/static" | grep -q libportico.so && { echo "the static program needs the shared library"; exit 1; }
for kind in static shared; do
  printed=$("$work/$kind" "$driver")
  [ "$printed" = "90 3c 64" ] || { echo "$kind: '$printed' on the wire instead of '90 3c 64'"; exit 1; }
done
