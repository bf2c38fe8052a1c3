#!/bin/sh
# driver_project.sh BUILD SOURCE CXX: installs to BUILD/package/prefix, then configures, builds and tests
# examples/driver-project with nothing of the source tree in sight.
set -eu
build=$1 source=$2 cxx=$3
work=$build/package
rm -rf "$work"
mkdir -p "$work"
cmake --install "$build" --prefix "$work/prefix" >"$work/install.log"
# Every driver that the program knows by name is installed with it.
"$work/prefix/bin/portico" devices | sed '1,/^Drivers that come along/d' | while read -r name purpose; do
  [ -f "$work/prefix/lib/portico/drivers/$name.so" ] || { echo "driver $name ($purpose) is not installed"; exit 1; }
done
cp -r "$source/examples/driver-project" "$work/project"
cmake -S "$work/project" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_C_COMPILER="${cxx%++}" >"$work/configure.log"
cmake --build "$work/build" >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log"; exit 1; }
ctest --test-dir "$work/build" --output-on-failure

# The same driver as a project, and as an image that somebody built.
cp -r "$source/examples/driver-project" "$work/other"
cat >"$work/other/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(MyCard LANGUAGES C CXX)
find_package(Portico REQUIRED)
enable_testing()
portico_add_driver(mycard PROJECT driver SYS)
portico_add_driver_test(sys_test DRIVER mycard_sys SOURCES mycard_test.cpp)
portico_add_driver_test(image_test DRIVER ../build/drivers/mycard.so SOURCES mycard_test.cpp)
END
cmake -S "$work/other" -B "$work/other-build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_C_COMPILER="${cxx%++}" >"$work/configure.log"
cmake --build "$work/other-build" >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log"; exit 1; }
ctest --test-dir "$work/other-build" --output-on-failure
