#!/bin/sh
# gdb_test.sh GDB TARGET linked|moved: a breakpoint in a driver that is not loaded yet is hit, with the driver's source
# lines, arguments and the host's frames above it, and no command tells gdb about the image.
set -eu
gdb=$1 target=$2 place=$3
shown=$("$gdb" --nx --batch -ex 'set breakpoint pending on' -ex 'set debuginfod enabled off' -ex 'set confirm off' \
    -ex 'set environment ASAN_OPTIONS=detect_leaks=0' \
    -ex 'break Inner::CThing::CallBack' -ex "run $place" -ex 'print m_calls' -ex backtrace -ex finish -ex continue \
    "$target" 2>&1) || true
failed=
expect() {
    if ! printf '%s\n' "$shown" | grep -Eq "$1"; then
        echo "gdb did not show: $1"
        failed=yes
    fi
}
expect 'Breakpoint 1(\.[0-9]+)?, Inner::CThing::CallBack .*sample\.cpp:[0-9]+'
expect '^\$1 = 0$'
expect '^#0 .*Inner::CThing::CallBack .*sample\.cpp:[0-9]+'
expect '^#1 .*CallBack .*sample\.cpp:[0-9]+'
expect '^#2 .* main .*gdb_target\.cpp:[0-9]+'
expect 'done at 0x6a'
if [ -n "$failed" ]; then
    printf '%s\n' "$shown"
    exit 1
fi
