#!/bin/sh
# driver_project.sh BUILD SOURCE CXX SANITIZED: installs to BUILD/package/prefix, then configures, builds and tests
# examples/driver-project with nothing of the source tree in sight.
set -eu
build=$1 source=$2 cxx=$3 sanitized=$4
work=$build/package
rm -rf "$work"
mkdir -p "$work"
cmake --install "$build" --prefix "$work/prefix" >"$work/install.log"
cp -r "$source/examples/driver-project" "$work/project"
flags=""
[ "$sanitized" = 1 ] && flags="-fsanitize=address,undefined -fno-sanitize=vptr,function"
cmake -S "$work/project" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_C_COMPILER="${cxx%++}" -DCMAKE_CXX_FLAGS="$flags" -DPORTICO_SANITIZE="$sanitized" >"$work/configure.log"
cmake --build "$work/build" >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log"; exit 1; }
ctest --test-dir "$work/build" --output-on-failure
